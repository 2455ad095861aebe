"""Groups of students: who is meant, for whom, and how long they are kept (R-GP-01, R-GP-02)."""

from datetime import timedelta

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.keys.group_queries import find_group, group_by_id, kept_groups
from schoolgate.keys.id_list import Entry
from schoolgate.keys.keep_group import (
    GroupRefused,
    add_filter_group,
    add_list_group,
    add_ticked_group,
    delete_group,
    forget_unnamed,
    name_group,
)
from schoolgate.keys.models import StudentGroup
from schoolgate.keys.plan_run import active_students
from schoolgate.lib.errors import NotFound
from tests.factories.directory import make_student
from tests.factories.tenancy import NOW, actor, make_member, make_school, make_tenant

TODAY = NOW.date()

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def add_list(tenant, *texts, by=None):
    entries = [Entry(line, text) for line, text in enumerate(texts, start=1)]
    return add_list_group(tenant=tenant, entries=entries, by=actor(by), at=NOW)


def students_of(tenant, group, school_ids=None, today=TODAY):
    found = find_group(tenant=tenant, group=group, school_ids=school_ids, today=TODAY)
    assert found.asked.for_parents
    assert not found.asked.for_students, "R-GP-04"
    return set(active_students(tenant=tenant, asked=found.asked, today=TODAY).values_list("pk", flat=True))


def test_a_list_is_read_by_the_office_s_student_id(tenant):
    student = make_student(tenant, student_no="007", source_id="other")
    make_student(tenant, student_no="7")
    group = add_list(tenant, "007", "other")
    assert students_of(tenant, group) == {student.pk}
    check = find_group(tenant=tenant, group=group, school_ids=None, today=TODAY).check
    assert check.unknown == (Entry(2, "other"),)


def test_a_student_of_another_school_than_the_member_s_is_told_as_not_found(tenant):
    """R-GP-02: not yours is told only as not found."""
    here, there = make_school(tenant), make_school(tenant)
    mine, other = make_student(tenant, school=here), make_student(tenant, school=there, is_active=False)
    group = add_list(tenant, mine.student_no, other.student_no, "nobody")
    check = find_group(tenant=tenant, group=group, school_ids={here.pk}, today=TODAY).check
    assert [entry.line for entry in check.unknown] == [2, 3]
    assert not check.inactive
    assert students_of(tenant, group, {here.pk}) == {mine.pk}


def test_another_tenant_s_ids_are_unknown(tenant):
    stranger = make_student(make_tenant())
    group = add_list(tenant, stranger.student_no)
    assert not students_of(tenant, group)


def test_five_thousand_ids_are_found_in_as_many_statements_as_five(tenant, django_assert_max_num_queries):
    students = [make_student(tenant) for _ in range(5)]
    group = add_list(tenant, *(f"x{n}" for n in range(5_000)), *(student.student_no for student in students))
    with django_assert_max_num_queries(3):
        found = find_group(tenant=tenant, group=group, school_ids=None, today=TODAY)
        assert len(found.check.found) == 5
        assert active_students(tenant=tenant, asked=found.asked, today=TODAY).count() == 5


def test_a_filter_finds_whoever_is_there_when_the_run_is_made(tenant):
    school = make_school(tenant, number=9501)
    first = make_student(tenant, school=school, year_level="7", roll_class="7B")
    make_student(tenant, year_level="7", roll_class="7B")
    group = add_filter_group(tenant=tenant, schools=[9501], years=["7"], classes=["7B"], by=actor(), at=NOW)
    assert students_of(tenant, group) == {first.pk}
    later = make_student(tenant, school=school, year_level="7", roll_class="7B")
    assert students_of(tenant, group) == {first.pk, later.pk}
    assert not students_of(tenant, group, {make_school(tenant).pk})


def test_ticked_rows_are_those_and_no_later_ones(tenant):
    school = make_school(tenant)
    one, gone, other = make_student(tenant, school=school), make_student(tenant, is_active=False), make_student(tenant)
    group = add_ticked_group(tenant=tenant, student_ids=[one.pk, gone.pk, other.pk, 999_999], by=actor(), at=NOW)
    assert students_of(tenant, group) == {one.pk, other.pk}
    assert find_group(tenant=tenant, group=group, school_ids=None, today=TODAY).inactive == 1
    assert students_of(tenant, group, {school.pk}) == {one.pk}


def test_the_audit_has_the_list_s_hash_and_length_and_none_of_its_ids(tenant):
    """Registration-keys §11, R-AU-03"""
    add_list(tenant, "S-secret-1", "S-secret-2")
    entry = AuditEntry.objects.get(act="group.added")
    assert entry.detail["lines"] == 2
    assert len(entry.detail["sha256"]) == 64
    assert "secret" not in str(entry.detail)


def test_a_group_with_a_name_is_kept_others_are_forgotten_after_a_week(tenant):
    kept, dropped = add_list(tenant, "1"), add_list(tenant, "2")
    name_group(tenant=tenant, group=kept, name="  New  in year 7 ", by=actor(), at=NOW)
    assert forget_unnamed(at=NOW + timedelta(days=6)) == 0
    assert forget_unnamed(at=NOW + timedelta(days=8)) == 1
    assert [group.name for group in kept_groups(tenant=tenant, own_of=None)] == ["New in year 7"]
    assert not StudentGroup.objects.filter(pk=dropped.pk).exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\0b", "new IN year 7"])
def test_a_name_that_is_none_or_taken_is_refused(tenant, name):
    name_group(tenant=tenant, group=add_list(tenant, "1"), name="New in Year 7", by=actor(), at=NOW)
    with pytest.raises(GroupRefused):
        name_group(tenant=tenant, group=add_list(tenant, "2"), name=name, by=actor(), at=NOW)


def test_a_member_for_some_schools_sees_their_own_groups_alone(tenant):
    mine, other = make_member(tenant), make_member(tenant)
    own, foreign = add_list(tenant, "1", by=mine), add_list(tenant, "2", by=other)
    for group, name in ((own, "Own"), (foreign, "Foreign")):
        name_group(tenant=tenant, group=group, name=name, by=actor(), at=NOW)
    assert [group.name for group in kept_groups(tenant=tenant, own_of=mine.pk)] == ["Own"]
    with pytest.raises(NotFound):
        group_by_id(tenant=tenant, group_id=foreign.pk, own_of=mine.pk)
    with pytest.raises(NotFound):
        group_by_id(tenant=make_tenant(), group_id=own.pk, own_of=None)


def test_a_group_can_be_forgotten(tenant):
    group = add_list(tenant, "1")
    delete_group(tenant=tenant, group=group, by=actor(), at=NOW)
    assert not StudentGroup.objects.exists()
    assert AuditEntry.objects.filter(act="group.deleted").count() == 1
