"""How names are folded: for sorting, and for finding them again however they are typed."""

import unicodedata

_MARKS = dict.fromkeys(range(768, 880))  # Accents; vowel signs of other scripts carry meaning and stay.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters with a stroke and the like, which Unicode doesn't take apart."""
_APOSTROPHES = frozenset("'’‘‛ʼʻʹ′`´＇.")  # A dot too: "St. John".
_MOST_PARTS = 12


def fold_name(text: str) -> str:
    """Without regard to case, accents and runs of blanks: "Zoë  O’Hara" and "zoe o'hara" are one."""
    if text.isascii():  # Most names, and there are 300,000 of them in an import.
        return " ".join(text.casefold().split())
    plain = unicodedata.normalize("NFKD", text).translate(_MARKS).replace("’", "'")
    return " ".join(unicodedata.normalize("NFC", plain).casefold().split())


def surname_parts(family_name: str) -> list[str]:
    """The parts of a surname, folded: split at blanks, hyphens and apostrophes (R-RK-03).

    "van der Berg" has three, "O'Hara-Łukasz" has "o", "hara" and "lukasz". All other signs are plain: "%" is a "%".
    """
    folded = fold_name(family_name).translate(_STROKES)
    if folded.isascii() and folded.isalpha():
        return [folded]
    return "".join(" " if _divides(sign) else sign for sign in folded).split()


def surname_starts(family_name: str) -> list[str]:
    """What a surname may be looked up by: from each of its parts to its end, without what divides them.

    "van der Berg" is found by the beginning of "vanderberg", of "derberg" and of "berg"; twelve at most.
    """
    parts = surname_parts(family_name)[:_MOST_PARTS]
    return list(dict.fromkeys("".join(parts[at:]) for at in range(len(parts))))


def _divides(sign: str) -> bool:
    return sign in _APOSTROPHES or unicodedata.category(sign) in {"Pd", "Zs", "Cf"}
