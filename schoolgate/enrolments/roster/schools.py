"""Organisations of a roster, and which of them are schools (``rostering.md`` §10): whatever people belong to."""

from collections.abc import Iterator, Sequence
from datetime import date

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.rows import SchoolRow
from schoolgate.enrolments.roster.table import Table

# The database keeps a school's number in 63 bits.
_MOST_DIGITS = 18


def school_number(*texts: str | None) -> int | None:
    """A school's code: the first of the texts that is a number; None where none is."""
    for text in texts:
        if text and text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
            return int(text)
    return None


def has_ended(last_day: str | None, today: date | None) -> bool:
    """A role's last day, as ISO 8601 writes it, is over. Whatever else stands there says nothing."""
    if today is None or not last_day:
        return False
    try:
        return date.fromisoformat(last_day[:10]) < today
    except ValueError:
        return False


class Orgs:
    """The organisations of one file. Each becomes a SchoolRow once: a school at once, another when somebody belongs to it."""

    def __init__(self) -> None:
        self._waiting: dict[str, SchoolRow] = {}
        self._given: set[str] = set()
        self._schools: set[str] = set()

    def add(self, line: int, id_: str, name: str, number: int | None, *, is_school: bool) -> Iterator[SchoolRow]:
        """Note one; gives its row if it is a school by its type."""
        self._waiting[id_] = SchoolRow(line, id_, name, number)
        if is_school:
            self._schools.add(id_)
            yield from self.use(id_)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._waiting or id_ in self._given

    def of_student(self, ids: Sequence[str], *, table: Table, line: int, column: str) -> tuple[str, str]:
        """(the main one, the second one or "") of the schools of a student who belongs to these, the main one first.

        Schools by their type count, or the first where none is one. More than two are told at this line and column.
        """
        schools = [id_ for id_ in dict.fromkeys(ids) if id_ in self._schools] or [*ids[:1], ""]
        for id_ in schools[2:]:
            table.report(messages.STUDENT_MANY_SCHOOLS, line, column, id_)
        return schools[0], schools[1] if len(schools) > 1 else ""

    def use(self, id_: str) -> Iterator[SchoolRow]:
        """Somebody belongs to it: its row, the first time."""
        row = self._waiting.pop(id_, None)
        if row is not None:
            self._given.add(id_)
            yield row
