"""How sign-in names are compared."""

import unicodedata


def fold(username: str) -> str:
    """The form in which usernames are unique: NFKC, without outer blanks, without regard to case."""
    return unicodedata.normalize("NFKC", username).strip().casefold()
