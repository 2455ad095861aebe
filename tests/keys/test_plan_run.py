"""Plan a run for schools and do it: only gaps, of active students of active schools; again and again nothing new (R-GS-01 to R-GS-03)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schoolgate.jobs.models import ItemState, JobItem, JobState
from schoolgate.jobs.subject import Subject
from schoolgate.keys.generate import start_generate, undo_generate
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.plan_run import Later, RunAsked, count_later, forecast_run, plan_run
from schoolgate.keys.subjects import CONTACT, FAMILY, STUDENT, STUDENT_SELF
from schoolgate.keys.whom import ContactsAsked
from schoolgate.tenancy.dates import last_day_before
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key, make_key_for, make_redeemed_key, run
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

BOTH = RunAsked(for_students=True, for_parents=True)


@pytest.fixture
def tenant():
    return make_tenant()


def planned(tenant, asked=BOTH):
    return plan_run(tenant=tenant, asked=asked, at=NOW)


def totals(tenant, asked=BOTH):
    """What the forecast says of the whole run: for students, for parents, {why: how many}."""
    lines = forecast_run(tenant=tenant, plan=planned(tenant, asked), at=NOW)
    skipped = {}
    for line in lines:
        for why, count in line.skipped.items():
            skipped[why] = skipped.get(why, 0) + count
    return sum(line.for_students for line in lines), sum(line.for_parents for line in lines), skipped


def start(tenant, asked=BOTH, **options):
    subjects = planned(tenant, asked).subjects
    return start_generate(tenant=tenant, subjects=subjects, by=actor(), at=NOW, queued=False, **options)


def generate(tenant, asked=BOTH):
    return run(start(tenant, asked))


def ended(job):
    """{why: how many} of the items."""
    found = {}
    for why in JobItem.objects.filter(job=job).values_list("why", flat=True):
        found[why] = found.get(why, 0) + 1
    return found


def test_only_active_students_of_active_schools_and_only_gaps(tenant):
    """R-GS-01, G-16: what lives is never touched; a second run makes nothing."""
    school = make_school(tenant)
    one, two, gone = (make_student(tenant, school=school, is_active=active) for active in (True, True, False))
    elsewhere = make_student(tenant, school=make_school(tenant, is_active=False))
    first, second, tied, keyed = (make_contact(tenant) for _ in range(4))
    for contact in (first, second, tied, keyed):
        make_link(one, contact)
    make_link(two, first)
    make_link(gone, make_contact(tenant))
    make_link(elsewhere, make_contact(tenant))
    make_redeemed_key(tied)
    live = make_key(keyed)
    assert totals(tenant) == (2, 2, {"tied": 1, "live_key": 1})

    job = generate(tenant)
    assert (job.state, job.done, ended(job)) == (JobState.DONE, 4, {"": 4, "tied": 1, "live_key": 1})
    keys = set(AccessKey.objects.filter(run=job).values_list("subject_kind", "subject_id"))
    assert keys == {(STUDENT_SELF, one.pk), (STUDENT_SELF, two.pk), (CONTACT, first.pk), (CONTACT, second.pk)}
    live.refresh_from_db()
    assert live.state == KeyState.LIVE

    assert totals(tenant) == (0, 0, {"tied": 1, "live_key": 5})
    again = generate(tenant)
    assert (again.done, again.skipped) == (0, 6)


def test_students_who_start_later_are_left_out_unless_they_are_asked_for(tenant):
    """R-GS-04: asked for are those before the day; whoever the roster has as inactive gets nothing by any of it."""
    today = NOW.date()
    days = {"begun": today, "soon": today + timedelta(days=40), "late": today + timedelta(days=41)}
    students = {name: make_student(tenant, starts_on=day) for name, day in days.items()}
    make_student(tenant, is_active=False, starts_on=days["soon"])
    asked = replace(BOTH, starting_before=days["late"])
    assert [each.id for each in planned(tenant).students] == [students["begun"].pk]
    assert {each.id for each in planned(tenant, asked).students} == {students["begun"].pk, students["soon"].pk}
    assert count_later(tenant=tenant, asked=BOTH, today=today) == Later(left_out=2, not_active=0)
    assert count_later(tenant=tenant, asked=asked, today=today) == Later(left_out=1, not_active=1)


@pytest.mark.parametrize(("ahead", "lives"), [(None, 60), (30, 90), (150, 180)])
def test_keys_that_are_held_live_from_the_day_they_go_out(tenant, ahead, lives):
    """R-GS-04, R-KY-06: 180 days at most."""
    student = make_student(tenant)
    held_until = None if ahead is None else NOW.date() + timedelta(days=ahead)
    job = run(start(tenant, held_until=held_until))
    key = AccessKey.objects.get(run=job, subject_id=student.pk)
    assert last_day_before(tenant, key.expires_at) == NOW.date() + timedelta(days=lives)


def test_students_without_a_birth_date_or_too_young_are_told(tenant):
    """G-17, registration-keys §3"""
    make_student(tenant, birth_date=None)
    make_student(tenant, birth_date=date(2020, 1, 1))
    assert totals(tenant, RunAsked(for_students=True)) == (0, 0, {"no_birth_date": 1, "under_age": 1})


def test_contacts_who_see_none_of_these_students_get_no_key_by_this_run(tenant):
    """One who sees a child at another school has no key by a run for this one."""
    school, other = make_school(tenant), make_school(tenant)
    here, there = make_student(tenant, school=school), make_student(tenant, school=other)
    off, staff, barred, seen = (
        make_contact(tenant),
        make_contact(tenant, type="STAFF"),
        make_contact(tenant),
        make_contact(tenant),
    )
    make_link(here, off, portal_access=False)
    make_link(there, off)
    make_link(here, staff)
    make_link(here, barred)
    make_bar(here, barred)
    make_link(here, seen)
    asked = RunAsked(for_parents=True, school_ids=frozenset({school.pk}))
    assert totals(tenant, asked) == (0, 1, {"no_link": 1, "not_parent": 1, "restricted": 1})
    assert AccessKey.objects.filter(run=generate(tenant, asked)).get().subject_id == seen.pk


def test_a_contact_with_children_in_several_schools_gets_one_key(tenant):
    """R-GS-03, G-02"""
    one, two = make_school(tenant, number=9001), make_school(tenant, number=9002)
    contact = make_contact(tenant)
    make_link(make_student(tenant, school=one, birth_date=date(2010, 1, 1)), contact)
    make_link(make_student(tenant, school=two, birth_date=date(2015, 1, 1)), contact)
    asked = RunAsked(for_parents=True)
    old, young = forecast_run(tenant=tenant, plan=planned(tenant, asked), at=NOW)
    assert (old.place.school_id, old.for_parents) == (one.pk, 0)
    assert (young.place.school_id, young.for_parents, young.shared) == (two.pk, 1, 1)
    assert generate(tenant, asked).done == 1


def test_schools_years_classes_and_a_group_narrow_it(tenant):
    school = make_school(tenant)
    wanted = make_student(tenant, school=school, year_level="7", roll_class="7B")
    make_student(tenant, school=school, year_level="8", roll_class="8A")
    make_student(tenant, school=school, year_level="7", roll_class="7C")
    make_student(tenant, year_level="7", roll_class="7B")
    asked = RunAsked(
        for_students=True,
        school_ids=frozenset({school.pk}),
        year_levels=frozenset({"7"}),
        roll_classes=frozenset({"7B"}),
    )
    assert planned(tenant, asked).subjects == [Subject(STUDENT_SELF, wanted.pk)]
    group = RunAsked(for_students=True, student_ids=frozenset({wanted.pk, 999_999}))
    assert planned(tenant, group).subjects == [Subject(STUDENT_SELF, wanted.pk)]
    assert not planned(tenant, RunAsked(for_students=True, student_ids=frozenset())).subjects


def test_by_relationship_lives_with_and_order(tenant):
    """R-GP-03"""
    student = make_student(tenant)
    mother, aunt = make_contact(tenant), make_contact(tenant)
    make_link(student, mother, relationship="Mother", lives_with=True, order=1)
    make_link(student, aunt, relationship="Aunt", lives_with=False, order=None)
    for asked in (
        ContactsAsked(relationships=frozenset({"mother"})),
        ContactsAsked(lives_with=True),
        ContactsAsked(order_at_most=1),
    ):
        found = planned(tenant, RunAsked(for_parents=True, contacts=asked)).subjects
        assert found == [Subject(CONTACT, mother.pk)]


@pytest.mark.parametrize("system", [FAMILY, STUDENT])
def test_under_the_other_systems_each_adult_gets_the_keys_of_that_system(system):
    """registration-keys §3, R-ST-05"""
    tenant = make_tenant(key_system=system)
    student, contact = make_student(tenant), make_contact(tenant)
    make_link(student, contact, basis="household", household_id=77)
    expected = Subject(FAMILY, 77, contact.pk) if system == FAMILY else Subject(STUDENT, student.pk, contact.pk)
    assert planned(tenant, RunAsked(for_parents=True)).subjects == [expected]
    key = AccessKey.objects.get(run=generate(tenant, RunAsked(for_parents=True)))
    assert (key.subject_kind, key.subject_id, key.addressee_id) == (system, expected.id, contact.pk)


def test_what_a_run_under_way_has_before_it_is_a_gap_but_not_to_make(tenant):
    """R-RN-05"""
    make_student(tenant)
    first = start(tenant, RunAsked(for_students=True))
    assert totals(tenant) == (0, 0, {"in_run": 1})
    [line] = forecast_run(tenant=tenant, plan=planned(tenant), at=NOW)
    assert line.gaps == 1
    later = generate(tenant)
    assert ended(later) == {"in_run": 1}
    assert run(first).done == 1


def test_another_tenant_s_students_are_not_there(tenant):
    other = make_tenant()
    stranger = make_student(other)
    make_link(stranger, make_contact(other))
    assert not planned(tenant).students
    assert not planned(tenant, RunAsked(for_students=True, student_ids=frozenset({stranger.pk}))).subjects


def test_undo_run_leaves_what_was_there_before_plus_history(tenant):
    """R-GS-05, C-10: keys that are printed, mailed or used stay."""
    student, other = make_student(tenant), make_student(tenant)
    make_link(student, make_contact(tenant))
    before = make_key_for(Subject(STUDENT_SELF, other.pk), tenant_id=tenant.pk)
    job = generate(tenant)
    printed = AccessKey.objects.filter(run=job, subject_kind=CONTACT)
    printed.update(printed_at=NOW)
    assert undo_generate(tenant=tenant, job=job, by=actor(), at=NOW) == 1
    states = dict(AccessKey.objects.values_list("subject_id", "state"))
    assert states[student.pk] == KeyState.REVOKED
    assert (states[other.pk], printed.get().state) == (KeyState.LIVE, KeyState.LIVE)
    before.refresh_from_db()
    assert before.state == KeyState.LIVE
    assert totals(tenant, RunAsked(for_students=True)) == (1, 0, {"live_key": 1})


def test_the_number_of_statements_does_not_grow_with_the_school(tenant):
    """Spine §3.8"""

    def cost():
        with CaptureQueriesContext(connection) as captured:
            totals(tenant)
        return len(captured)

    for _ in range(3):
        make_link(make_student(tenant), make_contact(tenant))
    cost()  # The schools' exceptions are read once for each settings row in hand.
    few = cost()
    for _ in range(30):
        make_link(make_student(tenant), make_contact(tenant))
    assert cost() == few


def test_each_subject_has_one_item(tenant):
    for _ in range(3):
        make_link(make_student(tenant), make_contact(tenant))
    job = generate(tenant)
    items = JobItem.objects.filter(job=job, state=ItemState.DONE)
    assert items.count() == len({(item.subject_kind, item.subject_id) for item in items}) == job.total == 6


def test_a_student_at_two_schools_is_taken_once_by_either_and_counted_at_the_first_that_is_asked_for(tenant):
    """R-RK-10, R-GS-03: no key twice, and an inactive school is none."""
    north, south, closed = make_school(tenant), make_school(tenant), make_school(tenant, is_active=False)
    student = make_student(tenant, school=north, second_school=south)
    make_link(student, make_contact(tenant))
    left = make_student(tenant, school=closed, second_school=south)
    for schools, place, shared in [
        ({north}, north, 0),
        ({south}, south, 0),
        ({north, south}, north, 1),
        (None, north, 1),
    ]:
        asked = BOTH if schools is None else replace(BOTH, school_ids=frozenset(each.pk for each in schools))
        plan = planned(tenant, asked)
        assert {each.id: each.school_id for each in plan.students}[student.pk] == place.pk
        assert len([subject for subject in plan.subjects if subject.kind == CONTACT]) == 1
        assert len(plan.shared) == shared
        if schools != {north}:
            assert {each.id: each.school_id for each in plan.students}[left.pk] == south.pk
    assert AccessKey.objects.count() == 0
    generate(tenant)
    assert AccessKey.objects.for_tenant(tenant).count() == 3
