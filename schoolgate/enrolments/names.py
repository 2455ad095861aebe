"""How names are folded for sorting and search. Whoever writes or looks for a person uses these."""

import unicodedata

_MARKS = dict.fromkeys(range(768, 880))  # Accents; vowel signs of other scripts carry meaning and stay.


def fold_name(text: str) -> str:
    """Without regard to case, accents and runs of blanks: "Zoë  O’Hara" and "zoe o'hara" are one."""
    if text.isascii():  # Most names, and there are 300,000 of them in an import.
        return " ".join(text.casefold().split())
    plain = unicodedata.normalize("NFKD", text).translate(_MARKS).replace("’", "'")
    return " ".join(unicodedata.normalize("NFC", plain).casefold().split())


def sort_name(*, family_name: str, given_name: str) -> str:
    """What sort_name holds: family name, then given name."""
    return fold_name(f"{family_name} {given_name}")
