"""Plan a run for schools, or for a group of students: whom it is for, and what it would do; the act is keys/generate.py (R-GS-01, R-GS-02)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet

from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.facts import PARENT, facts_of, rows_with
from schoolgate.keys.generate import PLAIN, held_by_runs
from schoolgate.keys.subjects import parent_kind
from schoolgate.keys.whom import EVERYBODY, ContactsAsked, Plan, PlanLine, RunPair, RunStudent, plan_of, weigh, whys
from schoolgate.lib.collector import few_collections
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import School, Tenant


@dataclass(frozen=True)
class RunAsked:
    """school_ids: None for all; inactive ones count for nothing. year_levels, roll_classes: empty for all.

    student_ids: a group, None for everybody. starting_before: also students whose first day is yet to come, before this day.
    """

    for_students: bool = False
    for_parents: bool = False
    school_ids: frozenset[int] | None = None
    year_levels: frozenset[str] = frozenset()
    roll_classes: frozenset[str] = frozenset()
    student_ids: frozenset[int] | None = None
    contacts: ContactsAsked = EVERYBODY
    starting_before: date | None = None


def active_students(*, tenant: Tenant, asked: RunAsked, today: date) -> QuerySet[DirectoryStudent]:
    """Query: active students of active schools, as asked; in no order (R-GS-01). Not those who start later, unless asked (R-GS-04)."""
    return _active(tenant, asked, today, _numbers(tenant, asked))


def _active(tenant: Tenant, asked: RunAsked, today: date, school_ids: Collection[int]) -> QuerySet[DirectoryStudent]:
    begun = Q(starts_on=None) | Q(starts_on__lte=today)
    if asked.starting_before is not None:
        begun |= Q(starts_on__lt=asked.starting_before)
    return _asked(tenant, asked, school_ids).filter(begun, is_active=True)


@dataclass(frozen=True)
class Later:
    """Students of the schools asked whose first day is yet to come. left_out: active, but not asked for. not_active: asked for, but not active in the roster."""

    left_out: int
    not_active: int


def count_later(*, tenant: Tenant, asked: RunAsked, today: date) -> Later:
    """Query: whom a run leaves out since they start later (R-GS-04)."""
    later = _asked(tenant, asked, _numbers(tenant, asked)).filter(starts_on__gt=today)
    soon = Q(starts_on__lt=asked.starting_before) if asked.starting_before is not None else Q(pk__in=[])
    counted = later.aggregate(
        left_out=Count("pk", filter=Q(is_active=True) & ~soon), not_active=Count("pk", filter=Q(is_active=False) & soon)
    )
    return Later(**counted)


def _numbers(tenant: Tenant, asked: RunAsked) -> dict[int, int]:
    """The active schools of the run, each with its number."""
    schools = School.objects.for_tenant(tenant).filter(is_active=True)
    if asked.school_ids is not None:
        schools = schools.filter(pk__in=asked.school_ids)
    return dict(schools.values_list("pk", "number"))


def _asked(tenant: Tenant, asked: RunAsked, school_ids: Collection[int]) -> QuerySet[DirectoryStudent]:
    found = DirectoryStudent.objects.for_tenant(tenant).at_schools(school_ids)
    if asked.year_levels:
        found = found.filter(year_level__in=asked.year_levels)
    if asked.roll_classes:
        found = found.filter(roll_class__in=asked.roll_classes)
    return found if asked.student_ids is None else found.filter(pk__among=asked.student_ids)


def count_active_students(*, tenant: Tenant, today: date) -> int:
    """Query: how many a run for everybody would look at."""
    return active_students(tenant=tenant, asked=RunAsked(), today=today).count()


@few_collections()
def plan_run(*, tenant: Tenant, asked: RunAsked, at: datetime) -> Plan:
    """Query: whom the run is for at this moment; four statements, however many they are."""
    numbers = _numbers(tenant, asked)
    found = _active(tenant, asked, day_of(tenant, at), numbers)
    in_order = found.order_by("year_level", "roll_class", "sort_name", "pk")
    students = [
        RunStudent(
            pk,
            main if main in numbers else second,
            year_level,
            roll_class,
            birth_date,
            is_at_both=main in numbers and second in numbers,
        )
        for pk, main, second, year_level, roll_class, birth_date in in_order.values_list(
            "pk", "school_id", "second_school_id", "year_level", "roll_class", "birth_date"
        )
    ]
    students.sort(key=lambda student: numbers[student.school_id])  # By school first; of the same school as they came.
    pairs = _pairs(tenant, students, at) if asked.for_parents else []
    return plan_of(
        students,
        pairs,
        for_students=asked.for_students,
        parent_kind=parent_kind(tenant) if asked.for_parents else "",
        contacts=asked.contacts,
    )


def forecast_run(*, tenant: Tenant, plan: Plan, at: datetime) -> list[PlanLine]:
    """Query: what `start_generate` would do with the plan's subjects now, by the verdict that it obeys (R-CK-07)."""
    subjects = plan.subjects
    facts_by_subject = facts_of(tenant=tenant, subjects=subjects, at=at)
    held = held_by_runs(tenant_id=tenant.pk, subjects=subjects)
    return weigh(plan, facts_by_subject, PLAIN.verdict(), held=held)


def whys_of_run(*, tenant: Tenant, plan: Plan, at: datetime) -> dict[Subject, str]:
    """Query: the same for each subject by itself, "" for those who get a key."""
    subjects = plan.subjects
    facts_by_subject = facts_of(tenant=tenant, subjects=subjects, at=at)
    held = held_by_runs(tenant_id=tenant.pk, subjects=subjects)
    return dict(whys(plan, facts_by_subject, PLAIN.verdict(), held=held))


def _pairs(tenant: Tenant, students: list[RunStudent], at: datetime) -> list[RunPair]:
    """The published associations of these students."""
    today = day_of(tenant, at)
    ids = frozenset(student.id for student in students)
    closing = DirectoryBar.objects.for_tenant(tenant).closing(today=today)
    closed = set(closing.values_list("student_id", "contact_id"))
    pairs = DirectoryAssociation.objects.for_tenant(tenant).told_links(today=today)
    rows = rows_with(ids, pairs, "student_id").values_list(
        "is_link",
        "student_id",
        "contact_id",
        "household_id",
        "contact__type",
        "relationship",
        "lives_with",
        "order",
    )
    return [
        RunPair(
            student_id,
            contact_id,
            household_id,
            type_ == PARENT,
            is_link,
            (student_id, contact_id) in closed,
            relationship,
            lives_with,
            order,
        )
        for is_link, student_id, contact_id, household_id, type_, relationship, lives_with, order in rows
        if student_id in ids
    ]
