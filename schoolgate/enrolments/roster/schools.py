"""Organisations of a roster, and which of them are schools (``rostering.md`` §10): whatever people belong to."""

from collections.abc import Iterator

from schoolgate.enrolments.roster.rows import SchoolRow

# The database keeps a school's number in 63 bits.
_MOST_DIGITS = 18


def school_number(*texts: str | None) -> int | None:
    """A school's code: the first of the texts that is a number; None where none is."""
    for text in texts:
        if text and text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
            return int(text)
    return None


class Orgs:
    """The organisations of one file. Each becomes a SchoolRow once: a school at once, another when somebody belongs to it."""

    def __init__(self) -> None:
        self._waiting: dict[str, SchoolRow] = {}
        self._given: set[str] = set()

    def add(self, line: int, id_: str, name: str, number: int | None, *, is_school: bool) -> Iterator[SchoolRow]:
        """Note one; gives its row if it is a school by its type."""
        self._waiting[id_] = SchoolRow(line, id_, name, number)
        if is_school:
            yield from self.use(id_)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._waiting or id_ in self._given

    def use(self, id_: str) -> Iterator[SchoolRow]:
        """Somebody belongs to it: its row, the first time."""
        row = self._waiting.pop(id_, None)
        if row is not None:
            self._given.add(id_)
            yield row
