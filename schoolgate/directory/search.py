"""Find published students by school, Student Id and surname (R-RK-02 to R-RK-04, R-RK-06, R-RK-12).

However many there are, no more than a thousand are named: whoever has more hits refines the search. So the cost of a search
is that of walking along an index for a thousand entries, in a school as in a district of a million.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet

from schoolgate.directory.models import DirectoryStudent, FormerName, StudentName
from schoolgate.lib.names import fold_name, surname_parts, surname_starts
from schoolgate.tenancy.at_schools import at_schools, beyond_schools
from schoolgate.tenancy.models import Tenant

Rows = TypeVar("Rows", QuerySet[DirectoryStudent], QuerySet[StudentName])
Names = TypeVar("Names", QuerySet[StudentName], QuerySet[FormerName])
Ids = QuerySet[DirectoryStudent, int] | QuerySet[StudentName, int] | QuerySet[FormerName, int]

MOST = 1_000
_KEY_BYTES = 600  # An index's entry has its limits; a name of such a length is found by its beginning all the same.


@dataclass(frozen=True)
class Sought:
    """What is looked for; what is given is joined by *and*.

    school_ids: of these schools alone, None for all. without_school_ids: and not of these alone. closed_school_ids: inactive
    schools; whoever is at these alone counts as inactive (G-13). student_no: a part of the Student Id
    as typed. surname: the beginning of any part of the surname. only: a condition on students besides, for filters.
    former_in: of these schools also whoever had such a surname before; None for all, none where the reader may not see that.
    """

    tenant: Tenant
    school_ids: Collection[int] | None = None
    without_school_ids: Collection[int] = ()
    closed_school_ids: Collection[int] = ()
    student_no: str = ""
    surname: str = ""
    only: Q | None = None
    former_in: Collection[int] | None = ()

    @property
    def seeks_former(self) -> bool:
        return bool(self.surname) and (self.former_in is None or bool(self.former_in))


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


def former_name_keys(family_name: str) -> list[bytes]:
    """The keys of the FormerName rows of a surname: given names are not kept."""
    return [start.encode()[:_KEY_BYTES] for start in surname_starts(family_name)]


def find_students(sought: Sought, *, is_active: bool | None) -> Hits:
    """Query: who matches, active, inactive or both (None).

    Ordered by the part of the name that matches and the given name; without a surname by Student Id; with neither by name.
    Whoever is found by a former surname alone comes last.
    """
    found = tuple(islice(_ids(sought, is_active), MOST + 1))
    return Hits(found[:MOST], len(found) <= MOST)


def all_students(sought: Sought, *, is_active: bool | None) -> QuerySet[DirectoryStudent]:
    """Query: everybody who matches, beyond the first thousand too, in no order: for acts on a whole result."""
    found = Q(pk__in=_rows(sought, is_active).order_by())
    if sought.seeks_former:
        found |= Q(pk__in=_former_rows(sought, is_active).order_by())
    return DirectoryStudent.objects.for_tenant(sought.tenant).filter(found)


def former_names(
    *, tenant: Tenant, student_ids: Collection[int], surname: str, school_ids: Collection[int] | None
) -> dict[int, list[str]]:
    """Query: of these students, at these schools (None: all), the former surnames that such a search has found them by.

    Whoever is found by the surname of today is absent.
    """
    first = _beginning(surname)
    names = _between(FormerName.objects.for_tenant(tenant), first).filter(student_id__in=student_ids)
    if school_ids is not None:
        students = DirectoryStudent.objects.for_tenant(tenant)
        names = names.filter(student__in=_of(students, Sought(tenant, school_ids=school_ids), None))
    found: dict[int, list[str]] = {}
    for pk, now, before in names.order_by("-run_id", "pk").values_list(
        "student_id", "student__family_name", "family_name"
    ):
        is_found_now = any(key.startswith(first) for key in former_name_keys(now))
        if not is_found_now and before not in found.get(pk, ()):
            found.setdefault(pk, []).append(before)
    return found


def _ids(sought: Sought, is_active: bool | None) -> Iterator[int]:
    """The ids in order, each once: somebody both parts of whose surname begin alike stands in the index twice."""
    seen: set[int] = set()
    sources = [_rows(sought, is_active)]
    if sought.seeks_former:
        sources.append(_former_rows(sought, is_active))
    for rows in sources:
        start, size, is_last = 0, MOST + 1, False
        while not is_last:
            some = list(rows[start : start + size])
            for pk in some:
                if pk not in seen:
                    seen.add(pk)
                    yield pk
            start, is_last = start + size, len(some) < size


def _rows(sought: Sought, is_active: bool | None) -> "Ids":
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
    return _between(StudentName.objects.for_tenant(tenant), _beginning(surname))


def _former_rows(sought: Sought, is_active: bool | None) -> "QuerySet[FormerName, int]":
    """The same by former surnames, of the schools where the reader may see them; in the same order."""
    if sought.former_in is not None:
        schools = set(sought.former_in) if sought.school_ids is None else {*sought.former_in} & {*sought.school_ids}
        sought = replace(sought, school_ids=schools)
    students = _of(DirectoryStudent.objects.for_tenant(sought.tenant), sought, is_active)
    if sought.student_no:
        students = students.filter(_number(sought.student_no, "student_no"))
    if sought.only is not None:
        students = students.filter(sought.only)
    names = _between(FormerName.objects.for_tenant(sought.tenant), _beginning(sought.surname))
    # Asked of each name by itself: they are few, and students may be a million.
    names = names.filter(Exists(students.filter(pk=OuterRef("student_id"))))
    return names.order_by("key", "student_id").values_list("student_id", flat=True)


def _beginning(surname: str) -> bytes:
    return "".join(surname_parts(surname)).encode()[:_KEY_BYTES]


def _between(names: Names, first: bytes) -> Names:
    """Those whose key begins so: a range of the index."""
    if not first:  # Nothing but hyphens, say: no surname begins like that.
        return names.none()
    return names.filter(key__gte=first, key__lt=first + b"\xff")


def _of(rows: Rows, sought: Sought, is_active: bool | None) -> Rows:
    """Of the schools and in the state asked for: columns that both tables have."""
    if sought.school_ids is not None:
        rows = rows.filter(at_schools(sought.school_ids))
    if sought.without_school_ids:
        rows = rows.filter(beyond_schools(sought.without_school_ids))
    if is_active is None:
        return rows
    if not sought.closed_school_ids:
        return rows.filter(is_active=is_active)
    are_active = Q(is_active=True) & beyond_schools(sought.closed_school_ids)
    return rows.filter(are_active if is_active else ~are_active)


def _number(typed: str, column: str) -> Q:
    """A part of the Student Id, in capitals or not. Digits have no case, and are looked for in half the time."""
    lookup = "contains" if typed.upper() == typed.lower() else "icontains"
    return Q(**{f"{column}__{lookup}": typed})
