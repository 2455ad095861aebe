"""The dashboard's tables and lists as CSV: UTF-8 with BOM, cells disarmed, never a key (R-CK-17)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from schoolgate.console.parent_access_administration.dashboard.asked import Asked
from schoolgate.console.parent_access_administration.dashboard.people import (
    ParentRow,
    Parents,
    student_rows,
    students_of,
)
from schoolgate.console.parent_access_administration.dashboard.reach import Reach
from schoolgate.console.parent_access_administration.dashboard.tables import DashboardTable, Row
from schoolgate.lib.csvfile import csv_bytes

AT_ONCE = 1_000


@dataclass(frozen=True)
class Exported:
    """A file piece by piece, what it was filtered by, and how many rows it has, for the audit."""

    pieces: Iterator[bytes]
    rows: int
    filters: dict[str, str] = field(default_factory=dict)


def table_exported(table: DashboardTable) -> Exported:
    """A table as it stands on the page, its total last."""
    lines = [_numbers(row) for row in (*table.rows, table.total)]
    return Exported(csv_bytes([table.head, table.whole, *table.heads], lines), len(table.rows))


def students_exported(reach: Reach, asked: Asked) -> Exported:
    """The list of students; two statements for each thousand."""
    headings = [
        _("Student Id"),
        _("Family name"),
        _("Given name"),
        _("School"),
        _("Year"),
        _("Class"),
        _("Coverage"),
        _("Key for student use"),
    ]
    students = list(students_of(reach, asked))

    def lines() -> Iterator[list[str]]:
        for start in range(0, len(students), AT_ONCE):
            for row in student_rows(reach, students[start : start + AT_ONCE]):
                each = row.student
                names = [each.student_no, each.family_name, each.preferred_name or each.given_name]
                yield [
                    *names,
                    each.school_names,
                    each.year_level,
                    each.roll_class,
                    str(row.coverage.label),
                    str(row.own.label),
                ]

    return Exported(csv_bytes(headings, lines()), len(students), asked.said)


def parents_exported(reach: Reach, asked: Asked) -> Exported:
    """The list of parents; a few statements for each thousand."""
    headings = [_("Contact ID"), _("Contact Name"), _("Contact Email"), _("Household"), _("Students"), _("State")]
    parents = Parents(reach, asked)
    count = parents.count()

    def lines() -> Iterator[list[str]]:
        for start in range(0, count, AT_ONCE):
            for row in parents[start : start + AT_ONCE]:
                yield _parent_line(row)

    return Exported(csv_bytes(headings, lines()), count, asked.said)


def _parent_line(row: ParentRow) -> list[str]:
    students = [each.shown_name for each in row.students]
    if row.others:
        students.append(_("and %(n)s at other schools") % {"n": row.others})
    contact = row.contact
    names = [contact.contact_no, contact.shown_name, contact.email, row.household]
    return [*names, "; ".join(students), str(row.stage.label)]


def _numbers(row: Row) -> list[object]:
    label = f"{row.label} ({row.label_note})" if row.label_note else row.label
    return [label, row.whole.count, *(cell.count for cell in row.cells)]
