"""The order in which people count years and classes."""

import re

_DIGITS = re.compile(r"(\d+)")


def natural(text: str) -> list[tuple[int, int, str]]:
    """So that year 7 stands before year 10, and K before both: words first, numbers by their value."""
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part.casefold()) for part in _DIGITS.split(text) if part]
