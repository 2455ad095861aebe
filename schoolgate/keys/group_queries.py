"""Who is meant by a group of students, for a member with these schools (R-GP-01, R-GP-02)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from schoolgate.directory.models import DirectoryStudent
from schoolgate.keys.id_list import Entry, ListCheck, check_list
from schoolgate.keys.models import GroupKind, StudentGroup
from schoolgate.keys.plan_run import RunAsked, active_students
from schoolgate.keys.student_keys import known_students
from schoolgate.keys.whom import EVERYBODY, ContactsAsked
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import School, Tenant


def groups_of(*, tenant: Tenant, own_of: int | None) -> QuerySet[StudentGroup]:
    """Query: the groups that a member sees. own_of: only this member's, for those who don't work for all schools."""
    found = StudentGroup.objects.for_tenant(tenant)
    return found if own_of is None else found.filter(created_by_id=own_of)


def kept_groups(*, tenant: Tenant, own_of: int | None) -> list[StudentGroup]:
    """Query: those with a name, by it; what they hold is not read."""
    return list(groups_of(tenant=tenant, own_of=own_of).exclude(name="").defer("rule").order_by("name")[:200])


def group_by_id(*, tenant: Tenant, group_id: int, own_of: int | None) -> StudentGroup:
    """Raises NotFound."""
    found = groups_of(tenant=tenant, own_of=own_of).filter(pk=group_id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class GroupFound:
    """asked: the run for its parents. check: of a list, what each line was; of ticked rows, those that are no longer active."""

    asked: RunAsked
    check: ListCheck | None = None
    inactive: int = 0


def find_group(
    *,
    tenant: Tenant,
    group: StudentGroup,
    school_ids: Collection[int] | None,
    today: date,
    contacts: ContactsAsked = EVERYBODY,
) -> GroupFound:
    """Query: the students of the group among these schools (None: all). Parents' keys alone come of it (R-GP-04)."""
    mine = None if school_ids is None else frozenset(school_ids)
    if group.kind == GroupKind.FILTER:
        return GroupFound(
            RunAsked(
                for_parents=True,
                school_ids=_schools(tenant, group.rule["schools"], mine),
                year_levels=frozenset(group.rule["years"]),
                roll_classes=frozenset(group.rule["classes"]),
                contacts=contacts,
            )
        )
    check, inactive = None, 0
    if group.kind == GroupKind.LIST:
        entries = [Entry(line, text) for line, text in group.rule["entries"]]
        texts = {entry.text for entry in entries if entry.text}
        known = (
            known_students(tenant=tenant, column="student_no", texts=texts, school_ids=mine, today=today)
            if texts
            else {}
        )
        check = check_list(entries, known)
        student_ids = frozenset(check.found)
    else:
        student_ids = frozenset(group.rule["student_ids"])
        inactive = _count_inactive(tenant, student_ids, mine, today)
    return GroupFound(
        RunAsked(for_parents=True, school_ids=mine, student_ids=student_ids, contacts=contacts), check, inactive
    )


def _schools(tenant: Tenant, numbers: Collection[int], mine: frozenset[int] | None) -> frozenset[int]:
    schools = School.objects.for_tenant(tenant).filter(is_active=True)
    if numbers:
        schools = schools.filter(number__in=numbers)
    found = frozenset(schools.values_list("pk", flat=True))
    return found if mine is None else found & mine


def _count_inactive(tenant: Tenant, student_ids: frozenset[int], mine: frozenset[int] | None, today: date) -> int:
    students = DirectoryStudent.objects.for_tenant(tenant).at_schools(mine).filter(pk__among=student_ids)
    asked = RunAsked(school_ids=mine, student_ids=student_ids)
    return students.count() - active_students(tenant=tenant, asked=asked, today=today).count()
