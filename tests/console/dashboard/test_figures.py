"""The dashboard's numbers: exact by definition, summing up, and the same as the lists behind them (registration-keys §13, C-04)."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from schoolgate.console.parent_access_administration.dashboard.asked import Asked
from schoolgate.console.parent_access_administration.dashboard.figures import count_figures, count_own
from schoolgate.console.parent_access_administration.dashboard.people import (
    Parents,
    students_of,
)
from schoolgate.console.parent_access_administration.dashboard.reach import Reach
from schoolgate.console.parent_access_administration.dashboard.stages import (
    COVERAGE_OF,
    COVERAGES,
    NOT_REGISTERED,
    WORD_OF,
    WORDS,
    Stage,
)
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import STUDENT_SELF, parent_subjects, students_by_subject
from schoolgate.letters.models import MessageState
from schoolgate.letters.queries import stuck_messages, waiting_messages
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import KeySystem, Tenant
from tests.console.dashboard.district import STAGES, bring_student_to, change_key, make_family, make_mail
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key_for, make_tie_for
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def reach_of(tenant: Tenant, *schools: int) -> Reach:
    now = timezone.now()
    return Reach(tenant, frozenset(schools) if schools else None, now, day_of(tenant, now))


@pytest.mark.parametrize("stage", STAGES)
def test_a_parent_stands_in_exactly_one_stage(stage):
    tenant = make_tenant()
    school = make_school(tenant)
    make_family(tenant, school, stage, language="AR")
    figures = count_figures(reach_of(tenant))
    assert figures.parents == {("ar", WORDS[stage]): 1}
    assert figures.at_schools == {(school.pk, WORDS[stage]): 1}
    assert figures.students == {(school.pk, "7", COVERAGE_OF[WORDS[stage]].name): 1}


def test_a_student_is_covered_by_the_parent_who_has_come_furthest():
    tenant = make_tenant()
    school = make_school(tenant)
    registered = make_family(tenant, school, "registered")
    expired = make_family(tenant, school, "expired")
    student = DirectoryStudent.objects.for_tenant(tenant).get(associations__contact=expired)
    make_link(student, registered)
    assert count_figures(reach_of(tenant)).students == {(school.pk, "7", "registered"): 2}


@pytest.mark.parametrize("why", ["no contact", "access off", "barred", "inactive contact", "not a parent"])
def test_a_student_whom_nobody_may_see_is_said_to_have_nobody(why):
    tenant = make_tenant()
    school = make_school(tenant)
    student = make_student(tenant, school=school)
    if why != "no contact":
        kind = "STAFF" if why == "not a parent" else "PARENT"
        contact = make_contact(tenant, is_active=why != "inactive contact", type=kind)
        make_link(student, contact, portal_access=why != "access off")
        if why == "barred":
            make_bar(student, contact)
    figures = count_figures(reach_of(tenant))
    assert figures.students == {(school.pk, "7", "nobody"): 1}
    assert not figures.parents


def test_inactive_students_are_not_counted():
    tenant = make_tenant()
    contact = make_contact(tenant)
    make_link(make_student(tenant, is_active=False), contact)
    figures = count_figures(reach_of(tenant))
    assert not figures.students
    assert not figures.parents


def test_only_the_newest_key_counts():
    tenant = make_tenant()
    contact = make_family(tenant, make_school(tenant), "revoked")
    assert count_figures(reach_of(tenant)).parents == {("", Stage.ENDED): 1}
    make_key_for(Subject("contact", contact.pk), tenant_id=tenant.pk, at=timezone.now())
    assert count_figures(reach_of(tenant)).parents == {("", Stage.READY): 1}


def test_a_mail_that_is_on_its_way_is_given_out_and_one_that_went_again_has_not_bounced():
    tenant = make_tenant()
    contact = make_family(tenant, make_school(tenant), "ready")
    key = AccessKey.objects.for_tenant(tenant).get(subject_id=contact.pk)
    make_mail(key, MessageState.BOUNCED)
    assert count_figures(reach_of(tenant)).parents == {("", Stage.BOUNCED): 1}
    make_mail(key, MessageState.QUEUED)
    assert count_figures(reach_of(tenant)).parents == {("", Stage.GIVEN_OUT): 1}


def test_a_parent_at_two_schools_counts_at_both_and_once_in_all():
    tenant = make_tenant()
    first, second = make_school(tenant), make_school(tenant)
    contact = make_family(tenant, first, "ready")
    make_link(make_student(tenant, school=second), contact)
    figures = count_figures(reach_of(tenant))
    assert figures.at_schools == {(first.pk, Stage.READY): 1, (second.pk, Stage.READY): 1}
    assert figures.parents.total() == 1
    assert figures.at_several_schools == 1


@pytest.mark.parametrize("system", list(KeySystem))
@pytest.mark.parametrize("seed", range(4))
def test_numbers_are_those_that_the_rules_give_one_by_one(system, seed):
    """Against the domain's own queries, subject by subject, under all three key systems, for the whole tenant and for one school."""
    tenant = make_tenant(key_system=system)
    schools = [make_school(tenant) for _ in range(3)]
    draw_district(tenant, schools, random.Random(seed))
    for only in ((), (schools[0].pk,)):
        reach = reach_of(tenant, *only)
        expected_students, expected_parents = one_by_one(reach)
        figures = count_figures(reach)
        assert figures.students == expected_students
        assert figures.parents == expected_parents
        check_sums(reach, figures)
        check_lists(reach, figures)


def draw_district(tenant: Tenant, schools: list[Any], chance: random.Random) -> None:
    """Families of every kind: several children and parents, at one school or two, with bars, flags off, people inactive."""
    household = 1
    for _ in range(14):
        household += 1
        students = [
            make_student(
                tenant,
                school=chance.choice(schools),
                year_level=chance.choice(["K", "7", "10", ""]),
                is_active=chance.random() < 0.85,
            )
            for _ in range(chance.randint(1, 3))
        ]
        for _ in range(chance.randint(0, 3)):
            contact = make_contact(
                tenant,
                language=chance.choice(["", "en", "AR", "vi"]),
                is_active=chance.random() < 0.9,
                type=chance.choice(["PARENT"] * 8 + ["STAFF"]),
            )
            for student in students:
                if chance.random() < 0.8:
                    at_home = chance.choice([household, household, None])
                    make_link(student, contact, portal_access=chance.random() < 0.85, household_id=at_home)
                    if chance.random() < 0.1:
                        make_bar(student, contact)
    today = day_of(tenant, timezone.now())
    contacts = list(
        DirectoryAssociation.objects.for_tenant(tenant)
        .filter(contact__type="PARENT")
        .values_list("contact_id", flat=True)
        .distinct()
    )
    for subject in parent_subjects(tenant=tenant, contact_ids=contacts, today=today):
        for _ in range(chance.randint(0, 2)):
            draw_key(tenant, subject, chance)


def draw_key(tenant: Tenant, subject: Subject, chance: random.Random) -> None:
    stage = chance.choice(STAGES)
    live = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=subject.kind, subject_id=subject.id, addressee_id=subject.addressee, state=KeyState.LIVE
    )
    live.update(state=KeyState.REPLACED)
    if stage == "registered":
        make_tie_for(subject, tenant_id=tenant.pk, at=timezone.now())
    elif stage != "never":
        change_key(make_key_for(subject, tenant_id=tenant.pk, at=timezone.now()), stage)


def one_by_one(reach: Reach) -> tuple[Counter[Any], Counter[Any]]:
    """The same numbers the slow way: every subject's facts by keys/facts.py, what it opens by keys/subjects.py."""
    tenant, links = reach.tenant, DirectoryAssociation.objects.for_tenant(reach.tenant).links(today=reach.today)
    contacts = list(links.filter(contact__type="PARENT").values_list("contact_id", flat=True).distinct())
    subjects = parent_subjects(tenant=tenant, contact_ids=contacts, today=reach.today)
    facts = facts_of(tenant=tenant, subjects=subjects, at=reach.at)
    opened = students_by_subject(tenant=tenant, subjects=subjects, today=reach.today)
    best: dict[int, Stage] = {}
    parents: Counter[Any] = Counter()
    languages = {each.pk: each.language.lower() for each in _contacts(tenant, contacts)}
    for subject in subjects:
        seen = [each for each in opened[subject] if not reach.schools or each.school_id in reach.schools]
        if not seen:
            continue
        stage = stage_of(reach, subject, facts[subject])
        parents[languages[subject.addressee], stage] += 1
        for student in seen:
            best[student.pk] = min(stage, best.get(student.pk, Stage.NOBODY))
    students: Counter[Any] = Counter()
    for each in DirectoryStudent.objects.for_tenant(tenant).filter(is_active=True):
        if not reach.schools or each.school_id in reach.schools:
            students[each.school_id, each.year_level, COVERAGE_OF[best.get(each.pk, Stage.NOBODY)].name] += 1
    return students, parents


def _contacts(tenant: Tenant, ids: list[int]) -> Any:
    return DirectoryContact.objects.for_tenant(tenant).filter(pk__in=ids)


def stage_of(reach: Reach, subject: Subject, facts: Any) -> Stage:
    if facts.tie_key_ids:
        return Stage.REGISTERED
    if facts.key_id is None:
        newest = (
            AccessKey.objects.for_tenant(reach.tenant)
            .filter(subject_kind=subject.kind, subject_id=subject.id, addressee_id=subject.addressee)
            .order_by("-pk")
            .first()
        )
        if newest is None:
            return Stage.NEVER
        return Stage.EXPIRED if newest.state in {KeyState.LIVE, KeyState.EXPIRED} else Stage.ENDED
    if facts.is_locked:
        return Stage.LOCKED
    if stuck_messages(tenant=reach.tenant).filter(key_id=facts.key_id).exists():
        return Stage.BOUNCED
    key = AccessKey.objects.for_tenant(reach.tenant).get(pk=facts.key_id)
    is_going = waiting_messages(tenant=reach.tenant).filter(key_id=key.pk).exists()
    return Stage.GIVEN_OUT if key.printed_at or key.emailed_at or is_going else Stage.READY


@pytest.mark.parametrize("seed", range(3))
def test_the_statement_of_the_bench_gives_the_same_numbers(seed, pytestconfig):
    """Else the bench would compare two different things."""
    if pytestconfig.getoption("database") != "postgresql":
        pytest.skip("It is written for PostgreSQL alone.")
    from bench.dashboard import as_counted, ask, parameters_of

    tenant, chance = make_tenant(), random.Random(seed)
    draw_district(tenant, [make_school(tenant) for _ in range(3)], chance)
    for student in DirectoryStudent.objects.for_tenant(tenant):
        for _ in range(chance.randint(0, 2)):
            draw_key(tenant, Subject(STUDENT_SELF, student.pk), chance)
    reach = reach_of(tenant)
    figures = count_figures(reach)
    assert as_counted(ask(parameters_of(reach))) == (
        figures.students,
        figures.parents,
        figures.at_schools,
        count_own(reach),
    )


def check_sums(reach: Reach, figures: Any) -> None:
    """Every active student is in exactly one coverage, and all reasons together are those not registered."""
    active = DirectoryStudent.objects.for_tenant(reach.tenant).filter(is_active=True)
    if reach.schools:
        active = active.filter(school_id__in=reach.schools)
    assert figures.students.total() == active.count()
    not_registered = sum(n for (_, stage), n in figures.parents.items() if stage != Stage.REGISTERED)
    assert not_registered == sum(n for (_, stage), n in figures.parents.items() if stage in NOT_REGISTERED)


def check_lists(reach: Reach, figures: Any) -> None:
    """Each number has exactly as many people behind it as it says, and nobody stands in two lists."""
    seen: list[int] = []
    for coverage in COVERAGES:
        listed = students_of(reach, Asked(word=coverage.name, stages=coverage.stages))
        counted = sum(n for (_, _, name), n in figures.students.items() if name == coverage.name)
        assert listed.count() == counted
        seen += [each.pk for each in listed]
    assert sorted(seen) == sorted(set(seen))
    for stage in (Stage.REGISTERED, *NOT_REGISTERED):
        parents = Parents(reach, Asked(word=WORD_OF[stage], stages=(stage,)))
        rows = parents[0:1000]
        assert parents.count() == len(rows) == sum(n for (_, each), n in figures.parents.items() if each == stage)
        assert {row.stage for row in rows} <= {stage}


def test_ten_times_the_people_cost_no_more_statements():
    tenant = make_tenant()
    school = make_school(tenant)

    def statements() -> int:
        reach = reach_of(tenant)
        assert reach.tenant.settings.exceptions == ()  # Read once for all that a request asks.
        with CaptureQueriesContext(connection) as captured:
            count_figures(reach)
        return len(captured)

    make_family(tenant, school, "ready")
    few = statements()
    for stage in STAGES:
        make_family(tenant, school, stage)
    assert statements() == few == 1


@pytest.mark.parametrize("stage", STAGES)
def test_a_students_own_key_stands_in_exactly_one_stage_and_counts_for_no_parent(stage):
    tenant = make_tenant()
    student = make_student(tenant, school=make_school(tenant), year_level="9")
    bring_student_to(student, stage)
    make_student(make_tenant(), year_level="9")
    make_student(tenant, is_active=False)
    assert count_own(reach_of(tenant)) == {(student.school_id, "9", WORDS[stage]): 1}
    assert not count_figures(reach_of(tenant)).parents


def test_what_expires_tonight_is_expired_tomorrow():
    tenant = make_tenant()
    make_family(tenant, make_school(tenant), "ready")
    reach = reach_of(tenant)
    later = Reach(tenant, None, reach.at + timedelta(days=200), reach.today + timedelta(days=200))
    assert count_figures(later).parents == {("", Stage.EXPIRED): 1}
