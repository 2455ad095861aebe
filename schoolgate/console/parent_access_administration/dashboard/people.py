"""The lists behind the dashboard's numbers: which students, which parents; the same frame of SQL, so that number and list agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from schoolgate.console.parent_access_administration.dashboard.asked import Asked
from schoolgate.console.parent_access_administration.dashboard.reach import (
    Reach,
    ids_framed,
    rows_framed,
    students_in,
)
from schoolgate.console.parent_access_administration.dashboard.stages import (
    COVERAGE_OF,
    NOT_REGISTERED,
    Coverage,
    Stage,
    stages_of_own,
)
from schoolgate.console.parent_access_administration.dashboard.tables import NONE
from schoolgate.directory.models import DirectoryContact, DirectoryHousehold, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.subjects import FAMILY, parent_kind, students_by_subject, subject_from

EVERY_STAGE = (Stage.REGISTERED, *NOT_REGISTERED)


@dataclass(frozen=True)
class StudentRow:
    """A student of the list, with how far the student is covered. own: where the key for the student's own use stands."""

    student: DirectoryStudent
    coverage: Coverage
    own: Stage


@dataclass(frozen=True)
class ParentRow:
    """One subject of parents' keys. household: its name, under family keys. others: their students whom the member may not see."""

    contact: DirectoryContact
    household: str
    students: tuple[DirectoryStudent, ...]
    others: int
    stage: Stage


def students_of(reach: Reach, asked: Asked) -> QuerySet[DirectoryStudent]:
    """Query: the active students that a number counts, by name."""
    reach = asked.within(reach)
    students = students_in(reach)
    if asked.year:
        students = students.filter(year_level="" if asked.year == NONE else asked.year)
    if asked.stages == (Stage.NOBODY,):
        students = students.exclude(pk__in=ids_framed(reach, "SELECT student_id FROM best"))
    elif asked.stages:
        select = f"SELECT student_id FROM best WHERE stage IN ({_numbers(asked.stages)})"
        students = students.filter(pk__in=ids_framed(reach, select))
    own = stages_of_own(asked.own_word)
    if Stage.NEVER in own:
        others = _numbers([stage for stage in EVERY_STAGE if stage not in own])
        students = students.exclude(
            pk__in=ids_framed(reach, f"SELECT student_id FROM own WHERE stage IN ({others})", own=True)
        )
    elif own:
        select = f"SELECT student_id FROM own WHERE stage IN ({_numbers(own)})"
        students = students.filter(pk__in=ids_framed(reach, select, own=True))
    return students.select_related("school", "second_school").order_by("sort_name", "pk")


def student_rows(reach: Reach, students: Sequence[DirectoryStudent]) -> list[StudentRow]:
    """The rows of one page, or of one piece of a file. Two statements."""
    ids = ", ".join(str(student.pk) for student in students) or "0"
    found = dict(rows_framed(reach, f"SELECT student_id, stage FROM best WHERE student_id IN ({ids})"))
    own = dict(rows_framed(reach, f"SELECT student_id, stage FROM own WHERE student_id IN ({ids})", own=True))
    return [
        StudentRow(each, COVERAGE_OF[Stage(found.get(each.pk, Stage.NOBODY))], Stage(own.get(each.pk, Stage.NEVER)))
        for each in students
    ]


class Parents:
    """The subjects that a number counts, by the name of whom their keys are for; read in slices, as a paginator does."""

    ordered = True

    def __init__(self, reach: Reach, asked: Asked) -> None:
        self.reach, self.asked = reach, asked

    def count(self) -> int:
        """How many there are."""
        select, parameters = self._select()
        [[found]] = rows_framed(self.asked.within(self.reach), f"SELECT COUNT(*) FROM ({select}) listed", parameters)
        return int(found)

    def __getitem__(self, part: slice) -> list[ParentRow]:
        select, parameters = self._select()
        contacts = DirectoryContact._meta.db_table
        rows = rows_framed(
            self.asked.within(self.reach),
            f"""SELECT listed.subject_id, listed.addressee_id, listed.stage FROM ({select}) listed
                JOIN {contacts} c ON c.id = listed.addressee_id
                ORDER BY c.sort_name, c.id, listed.subject_id LIMIT %s OFFSET %s""",
            [*parameters, part.stop - (part.start or 0), part.start or 0],
        )
        return parent_rows(self.reach, rows)

    def contact_ids(self) -> Any:
        """The same as a subquery of contacts' ids."""
        select, parameters = self._select()
        return ids_framed(
            self.asked.within(self.reach), f"SELECT DISTINCT addressee_id FROM ({select}) listed", parameters
        )

    def _select(self) -> tuple[str, list[Any]]:
        select = "SELECT DISTINCT subject_id, addressee_id, stage FROM opened"
        select += f" WHERE stage IN ({_numbers(self.asked.stages or EVERY_STAGE)})"
        if not self.asked.language:
            return select, []
        return f"{select} AND language = %s", ["" if self.asked.language == NONE else self.asked.language]


def parent_rows(reach: Reach, rows: Sequence[tuple[Any, ...]]) -> list[ParentRow]:
    """Whom these (subject, addressee, stage) are: a handful of statements, whatever their number."""
    kind = parent_kind(reach.tenant)
    contacts = DirectoryContact.objects.for_tenant(reach.tenant).in_bulk([addressee for _, addressee, _ in rows])
    subjects = {(pk, addressee): subject_from(kind, pk, addressee) for pk, addressee, _ in rows}
    students = students_by_subject(tenant=reach.tenant, subjects=set(subjects.values()), today=reach.today)
    names = _household_names(reach, subjects.values()) if kind == FAMILY else {}
    found = []
    for pk, addressee, stage in rows:
        if addressee not in contacts:  # Gone since the ids were read.
            continue
        theirs = students.get(subjects[pk, addressee], [])
        seen = [each for each in theirs if each.is_at(reach.schools)]
        row = ParentRow(contacts[addressee], names.get(pk, ""), tuple(seen), len(theirs) - len(seen), Stage(stage))
        found.append(row)
    return found


def page_of(rows: Parents, *, number: str | None, size: int) -> "Page[ParentRow]":
    """One page; one beyond the last is the last."""
    return Paginator(rows, size).get_page(number)  # type: ignore[arg-type]  # Counted and sliced alone.


def _household_names(reach: Reach, subjects: Any) -> dict[int, str]:
    ids: list[int] = [subject.id for subject in subjects if isinstance(subject, Subject)]
    households = DirectoryHousehold.objects.for_tenant(reach.tenant).filter(pk__in=ids)
    return dict(households.values_list("pk", "name"))


def _numbers(stages: Sequence[Stage]) -> str:
    return ", ".join(str(int(stage)) for stage in stages)
