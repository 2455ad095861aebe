"""Which rows an import may be applied without, and whom they are about (``rostering.md`` §10, all or nothing).

Only where each error is about one row of a file of people or ties that says whom it is about, at most 1 row in 100 of that
file is bad, and none is about a restriction. Those people stay as they were: not changed, and not missing either.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.cells import Column, Kind
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import ERRORS_KEPT, ErrorPlace, Findings
from schoolgate.enrolments.roster.rows import ReadOptions, RestrictionRow
from schoolgate.enrolments.roster.table import Table

ROWS_PER_BAD_ONE = 100
# An error of any other kind is about a whole file, a whole column, an id that can't be believed, or a restriction.
_OF_ONE_ROW = (
    messages.CELL_REQUIRED,
    messages.CELL_ENUM,
    messages.CELL_DATE,
    messages.CELL_DATE_TWO_DIGITS,
    messages.CELL_TOO_LONG,
    messages.CELL_ERROR_VALUE,
    messages.ROW_CONFLICT,
    messages.ID_DUPLICATE_OTHER,
    messages.ID_UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class Whose:
    """By which columns a file's rows say whom they are about. is_tie: a row is about the pair, else about that person.

    restriction: the column that may bar the pair.
    """

    student: str = ""
    contact: str = ""
    is_tie: bool = False
    restriction: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The rows that an import goes without. students, contacts: whose own row it is. pairs: (student, contact) of ties."""

    count: int
    students: frozenset[str]
    contacts: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    def is_about(self, row: RestrictionRow) -> bool:
        """Would a restriction of the files be left out, or bar somebody whose row is?"""
        pair = (row.student_id, row.contact_id)
        return row.student_id in self.students or row.contact_id in self.contacts or pair in self.pairs


def rows_to_leave_out(
    files: RosterFiles, whose_by_file: Mapping[str, Whose], findings: Findings, options: ReadOptions
) -> LeftOut | None:
    """The rows with errors, as far as the files tell; None where an import can't be applied without them.

    whose_by_file: by name in small letters. The files with errors are read once more, for the ids of the bad rows.
    """
    lines_by_file: dict[str, set[int]] = defaultdict(set)
    for error in findings.errors:
        whose = whose_by_file.get(error.file.casefold())
        if whose is None or not _is_of_one_row(error, whose):
            return None
        lines_by_file[error.file].add(error.line)
    if not lines_by_file or len(findings.errors) == ERRORS_KEPT:
        return None
    students: set[str] = set()
    contacts: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    for file, lines in lines_by_file.items():
        whose = whose_by_file[file.casefold()]
        rows = _bad_rows(files, file, lines, whose, options)
        if rows is None:
            return None
        if whose.is_tie:
            pairs.update(rows)
        else:
            students.update(student for student, _ in rows if whose.student)
            contacts.update(contact for _, contact in rows if whose.contact)
    count = sum(map(len, lines_by_file.values()))
    return LeftOut(count, frozenset(students), frozenset(contacts), frozenset(pairs))


def _is_of_one_row(error: ErrorPlace, whose: Whose) -> bool:
    is_known = any(error.message is message for message in _OF_ONE_ROW)
    # A cell that should say whom the row is about, and can't be read.
    is_blind = error.message.code.startswith("cell.") and error.column in {whose.student, whose.contact}
    return bool(error.line) and is_known and not is_blind


def _bad_rows(
    files: RosterFiles, file: str, lines: set[int], whose: Whose, options: ReadOptions
) -> list[tuple[str, str]] | None:
    """(student, contact) of these lines, an id empty where the file has no such column; None where one can't be told."""
    names = [name for name in (whose.student, whose.contact, whose.restriction) if name]
    columns = [Column(name, Kind.ID) for name in dict.fromkeys(names)]
    table = Table(files, file, columns, Findings(), options, exact=False)
    found = []
    for line, cells in table.rows():
        if line in lines:
            said = {column.name: cell or "" for column, cell in zip(columns, cells, strict=True)}
            ids = tuple(said.get(name, "") for name in (whose.student, whose.contact))
            if not all(said[name] for name in (whose.student, whose.contact) if name):
                return None
            if said.get(whose.restriction, "").casefold() not in {"", "none"}:
                return None
            found.append((ids[0], ids[1]))
    is_few = len(lines) * ROWS_PER_BAD_ONE <= table.row_count
    return found if is_few and len(found) == len(lines) else None
