"""From what a person typed, pasted or scanned to a key, or to a sentence that says what is amiss (R-KY-02, R-KY-03).

Nothing here looks a key up: what fails here costs no try.
"""

import re
import unicodedata
from urllib.parse import unquote

from schoolgate.lib.errors import SchoolgateError
from schoolgate.lib.keycode.code import ALPHABET, KEY_LENGTH, KeyCode, is_well_formed

_LOOK_ALIKES = {"O": "0", "I": "1", "L": "1"}
_PASTE_LIMIT = 4_000  # A letter has some 2,000 characters; more is not a key with a sentence around it.
_COUNTED_LIMIT = 2 * KEY_LENGTH  # Beyond this, prose was pasted, and a count of its symbols would help nobody.

_LINK = re.compile(r"#K=([^&\s<>\"']+)")
# Three groups of five that stand alone: no letter or digit, and no fourth group, before or behind them.
# A lookahead, so that runs may overlap: in "ENTER 7QK4M-2XW9D-T31HD" the right one is the second.
_RUN = re.compile(
    r"(?<![^\W_])(?<![^\W_]{5}-)(?=([^\W_]{5})([\s-]{0,3})([^\W_]{5})([\s-]{0,3})([^\W_]{5})(?![^\W_])(?!-[^\W_]{5}(?![^\W_])))"
)


class KeyMistyped(SchoolgateError):
    """What was typed can't be a key. ``code`` says why, for a page that translates it; no try is spent."""

    code = "key.mistyped"
    status = 422
    message = "This is not a key."


class KeyMissing(KeyMistyped):
    """Nothing like a key was typed."""

    code = "key.missing"
    message = "Enter the key from your letter or e-mail. It has 15 letters and numbers."


class KeySymbolRefused(KeyMistyped):
    """A sign that no key has. symbol: as typed, in capitals. position: from 1, counted without hyphens and blanks."""

    code = "key.symbol"

    def __init__(self, symbol: str, position: int) -> None:
        self.symbol = symbol
        self.position = position
        sign = f"the letter {symbol}" if symbol.isalpha() else f"the sign {symbol}"
        super().__init__(f"Keys never use {sign}. Look again at symbol {position}.")


class KeyLengthWrong(KeyMistyped):
    """Too few or too many symbols. typed: how many there were."""

    code = "key.length"

    def __init__(self, typed: int) -> None:
        self.typed = typed
        super().__init__(f"{KEY_LENGTH} letters and numbers are needed, {typed} typed.")


class KeyCheckFailed(KeyMistyped):
    """Fifteen good symbols whose check symbol says that one of them is wrong; which one can't be told."""

    code = "key.check"
    message = "There is a typing slip in this key; please compare it with your letter."


class SeveralKeys(KeyMistyped):
    """More than one key was pasted, or a text in which no single key can be made out."""

    code = "key.several"
    message = "Paste only the key."


def parse_key(typed: str) -> KeyCode:
    """The key in ``typed``: alone, in a link's fragment, or with a sentence around it. Raises KeyMistyped."""
    text = _plain(typed[:_PASTE_LIMIT])
    in_links = {_symbols(_plain(unquote(found))) for found in _LINK.findall(text)}
    if in_links:
        return _key_of(_only(in_links))

    whole = _symbols(text)
    if len(whole) == KEY_LENGTH:
        return _key_of(whole)
    grouped, spaced = _runs(text)
    if grouped:
        return _key_of(_only(grouped))
    # Words can stand in fives too ("these three words"); of those, only what the check symbol confirms is a key.
    confirmed = {run for run in spaced if is_well_formed(run)}
    if confirmed:
        return _key_of(_only(confirmed))
    if len(whole) > _COUNTED_LIMIT:
        raise SeveralKeys
    return _key_of(whole)


def _plain(text: str) -> str:
    """Capitals of plain width, decimal digits of any script as 0-9, every dash as a hyphen, no invisible signs."""
    plain = []
    for sign in unicodedata.normalize("NFKC", text).upper():
        category = unicodedata.category(sign)
        if category == "Nd":
            plain.append(str(unicodedata.decimal(sign)))
        elif category == "Pd" or sign == "\N{MINUS SIGN}":
            plain.append("-")
        elif sign.isspace() or category not in {"Cf", "Cc"}:  # Direction marks and the like come with pasted text.
            plain.append(sign)
    return "".join(plain)


def _symbols(plain: str) -> str:
    """Without blanks and hyphens, look-alikes replaced."""
    return "".join(_LOOK_ALIKES.get(sign, sign) for sign in plain if sign != "-" and not sign.isspace())


def _runs(plain: str) -> tuple[set[str], set[str]]:
    """The key-shaped runs of a text: those written as a key is (hyphens, or unbroken with a digit), and those with blanks."""
    grouped: set[str] = set()
    spaced: set[str] = set()
    for first, gap, second, next_gap, third in _RUN.findall(plain):
        symbols = first + second + third
        hyphened = "-" in gap and "-" in next_gap
        unbroken = not gap and not next_gap and any(symbol.isdigit() for symbol in symbols)
        (grouped if hyphened or unbroken else spaced).add(_symbols(symbols))
    return grouped, spaced


def _only(runs: set[str]) -> str:
    if len(runs) > 1:
        raise SeveralKeys
    return next(iter(runs))


def _key_of(symbols: str) -> KeyCode:
    """The key, or the first reason why it is none: a sign that no key has, the count, the check symbol."""
    if not symbols:
        raise KeyMissing
    for position, symbol in enumerate(symbols, start=1):
        if symbol not in ALPHABET:
            raise KeySymbolRefused(symbol, position)
    if len(symbols) != KEY_LENGTH:
        raise KeyLengthWrong(len(symbols))
    if not is_well_formed(symbols):
        raise KeyCheckFailed
    return KeyCode.from_symbols(symbols)
