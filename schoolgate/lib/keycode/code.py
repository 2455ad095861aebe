"""The fifteen symbols of a key: 4 of selector, 10 of secret, 1 that catches typing slips (R-KY-01)."""

from dataclasses import dataclass
from typing import Self

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O (they are read as 1, 1, 0) and no U."""

SELECTOR_LENGTH = 4
SECRET_LENGTH = 10
KEY_LENGTH = SELECTOR_LENGTH + SECRET_LENGTH + 1
GROUP_LENGTH = 5

_VALUE_BY_SYMBOL = {symbol: value for value, symbol in enumerate(ALPHABET)}
_FIELD_POLYNOMIAL = 0b100101  # GF(32) with x⁵ + x² + 1.


def _multiply(a: int, b: int) -> int:
    """Product in GF(32)."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0b100000:
            a ^= _FIELD_POLYNOMIAL
        b >>= 1
    return product


def _weights() -> list[int]:
    """α⁰ … α¹⁴ with α = 2: all different and none 0, hence every slip and every swap of two changes the sum."""
    weights = [1]
    while len(weights) < KEY_LENGTH:
        weights.append(_multiply(weights[-1], 2))
    return weights


_WEIGHTED = [{symbol: _multiply(weight, value) for symbol, value in _VALUE_BY_SYMBOL.items()} for weight in _weights()]
_CHECK_BY_SUM = {weighted: symbol for symbol, weighted in _WEIGHTED[-1].items()}


def _weighted_sum(symbols: str) -> int:
    total = 0
    for weighted, symbol in zip(_WEIGHTED, symbols, strict=False):
        total ^= weighted[symbol]
    return total


def check_symbol(selector: str, secret: str) -> str:
    """The fifteenth symbol that belongs to these fourteen."""
    return _CHECK_BY_SUM[_weighted_sum(selector + secret)]


def is_well_formed(symbols: str) -> bool:
    """Whether these are fifteen symbols of the alphabet whose weighted sum is 0 (R-KY-01)."""
    return (
        len(symbols) == KEY_LENGTH
        and all(symbol in _VALUE_BY_SYMBOL for symbol in symbols)
        and _weighted_sum(symbols) == 0
    )


@dataclass(frozen=True, slots=True, repr=False)
class KeyCode:
    """A well-formed key. What it prints as by itself names the selector only, because it may reach a log."""

    selector: str
    secret: str

    def __post_init__(self) -> None:
        lengths = (len(self.selector), len(self.secret))
        if lengths != (SELECTOR_LENGTH, SECRET_LENGTH) or not _VALUE_BY_SYMBOL.keys() >= {*self.selector, *self.secret}:
            raise ValueError("a key is 4 symbols of selector and 10 of secret")

    @classmethod
    def from_symbols(cls, symbols: str) -> Self:
        """The key of fifteen tidied symbols. Raises ValueError unless they are well formed."""
        if not is_well_formed(symbols):
            raise ValueError("not a well-formed key")
        return cls(symbols[:SELECTOR_LENGTH], symbols[SELECTOR_LENGTH:-1])

    @property
    def symbols(self) -> str:
        """All fifteen, ungrouped: for the fragment of a link."""
        return self.selector + self.secret + check_symbol(self.selector, self.secret)

    @property
    def grouped(self) -> str:
        """As it is printed: three groups of five."""
        return grouped(self.symbols)

    def __str__(self) -> str:
        return f"key {self.selector}"

    def __repr__(self) -> str:
        return f"<KeyCode {self.selector}…>"


def grouped(symbols: str) -> str:
    """Symbols in groups of five with hyphens between them."""
    return "-".join(symbols[start : start + GROUP_LENGTH] for start in range(0, len(symbols), GROUP_LENGTH))


def dummy_key() -> str:
    """A key for previews, grouped. Its check symbol is wrong, so a preview printed by mistake opens nothing (R-TP-07)."""
    return "7QK4M-2XW0D-T31HR"
