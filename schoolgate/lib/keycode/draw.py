"""New keys at random, thousands at a time; all randomness is the operating system's."""

import secrets
from collections.abc import Container

from schoolgate.lib.keycode.code import ALPHABET, SECRET_LENGTH, SELECTOR_LENGTH, KeyCode

SELECTOR_SPACE = len(ALPHABET) ** SELECTOR_LENGTH
"""How many selectors there are: 1,048,576 (R-KY-04)."""

# 256 is a multiple of 32, so that each symbol is equally likely.
_SYMBOL_BY_BYTE = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))


def _draw(count: int, length: int) -> list[str]:
    symbols = secrets.token_bytes(count * length).translate(_SYMBOL_BY_BYTE).decode("ascii")
    return [symbols[start : start + length] for start in range(0, count * length, length)]


def draw_secrets(count: int) -> list[str]:
    """Secrets of ten symbols, 50 bits each."""
    return _draw(count, SECRET_LENGTH)


def draw_selectors(count: int, *, taken: Container[str]) -> list[str]:
    """Different selectors, none of them in ``taken``, in no order.

    The caller keeps the tenant well under `SELECTOR_SPACE` (R-KY-04); near it the draw would go on for ever.
    """
    drawn: dict[str, None] = {}
    while len(drawn) < count:
        for selector in _draw(count - len(drawn), SELECTOR_LENGTH):
            if selector not in taken:
                drawn[selector] = None
    return list(drawn)


def draw_key(*, taken: Container[str]) -> KeyCode:
    """One new key."""
    return KeyCode(draw_selectors(1, taken=taken)[0], draw_secrets(1)[0])
