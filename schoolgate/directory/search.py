"""Find published students by school, Student Id and surname (R-RK-02 to R-RK-04, R-RK-06, R-RK-12).

However many there are, no more than a thousand are named: whoever has more hits refines the search. So the cost of a search
is that of walking along an index for a thousand entries, in a school as in a district of a million.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db.models import Q, QuerySet

from schoolgate.directory.models import DirectoryStudent, StudentName
from schoolgate.lib.names import fold_name, surname_parts, surname_starts
from schoolgate.tenancy.models import Tenant

Rows = TypeVar("Rows", QuerySet[DirectoryStudent], QuerySet[StudentName])

MOST = 1_000
_KEY_BYTES = 600  # An index's entry has its limits; a name of such a length is found by its beginning all the same.


@dataclass(frozen=True)
class Sought:
    """What is looked for; what is given is joined by *and*.

    school_ids: of these schools alone, None for all. without_school_ids: and not of these. student_no: a part of the Student Id
    as typed. surname: the beginning of any part of the surname. only: a condition on students besides, for filters.
    """

    tenant: Tenant
    school_ids: Collection[int] | None = None
    without_school_ids: Collection[int] = ()
    student_no: str = ""
    surname: str = ""
    only: Q | None = None


@dataclass(frozen=True)
class Hits:
    """ids: of the first thousand, in order. is_all: there are no more."""

    ids: tuple[int, ...]
    is_all: bool

    @property
    def count(self) -> int:
        return len(self.ids)


def name_keys(*, family_name: str, given_name: str) -> list[bytes]:
    """The keys of a student's StudentName rows: one for each part of the surname."""
    given = fold_name(given_name)
    return [f"{start} {given}".encode()[:_KEY_BYTES] for start in surname_starts(family_name)]


def find_students(sought: Sought, *, is_active: bool | None) -> Hits:
    """Query: who matches, active, inactive or both (None).

    Ordered by the part of the name that matches and the given name; without a surname by Student Id; with neither by name.
    """
    found = tuple(islice(_ids(sought, is_active), MOST + 1))
    return Hits(found[:MOST], len(found) <= MOST)


def all_students(sought: Sought, *, is_active: bool | None) -> QuerySet[DirectoryStudent]:
    """Query: everybody who matches, beyond the first thousand too, in no order: for acts on a whole result."""
    students = DirectoryStudent.objects.for_tenant(sought.tenant)
    return students.filter(pk__in=_rows(sought, is_active).order_by())


def _ids(sought: Sought, is_active: bool | None) -> Iterator[int]:
    """The ids in order, each once: somebody both parts of whose surname begin alike stands in the index twice."""
    rows = _rows(sought, is_active)
    seen: set[int] = set()
    start, size = 0, MOST + 1
    while True:
        some = list(rows[start : start + size])
        for pk in some:
            if pk not in seen:
                seen.add(pk)
                yield pk
        if len(some) < size:
            return
        start += size


def _rows(sought: Sought, is_active: bool | None) -> "QuerySet[DirectoryStudent, int] | QuerySet[StudentName, int]":
    students = DirectoryStudent.objects.for_tenant(sought.tenant)
    if not sought.surname:
        if sought.only is not None:
            students = students.filter(sought.only)
        if sought.student_no:
            students = students.filter(_number(sought.student_no, "student_no")).order_by("student_no", "pk")
        else:
            students = students.order_by("sort_name", "pk")
        return _of(students, sought, is_active).values_list("pk", flat=True)
    names = surnames_beginning(tenant=sought.tenant, surname=sought.surname)
    if sought.student_no:
        names = names.filter(_number(sought.student_no, "student__student_no"))
    if sought.only is not None:
        names = names.filter(student__in=students.filter(sought.only))
    return _of(names, sought, is_active).order_by("key", "student_id").values_list("student_id", flat=True)


def surnames_beginning(*, tenant: Tenant, surname: str) -> "QuerySet[StudentName]":
    """Query: every part of a published student's surname that begins so, folded; a range of the index."""
    first = "".join(surname_parts(surname)).encode()[:_KEY_BYTES]
    if not first:  # Nothing but hyphens, say: no surname begins like that.
        return StudentName.objects.for_tenant(tenant).none()
    return StudentName.objects.for_tenant(tenant).filter(key__gte=first, key__lt=first + b"\xff")


def _of(rows: Rows, sought: Sought, is_active: bool | None) -> Rows:
    """Of the schools and in the state asked for: columns that both tables have."""
    if sought.school_ids is not None:
        rows = rows.filter(school_id__in=sought.school_ids)
    if sought.without_school_ids:
        rows = rows.exclude(school_id__in=sought.without_school_ids)
    return rows if is_active is None else rows.filter(is_active=is_active)


def _number(typed: str, column: str) -> Q:
    """A part of the Student Id, in capitals or not. Digits have no case, and are looked for in half the time."""
    lookup = "contains" if typed.upper() == typed.lower() else "icontains"
    return Q(**{f"{column}__{lookup}": typed})
