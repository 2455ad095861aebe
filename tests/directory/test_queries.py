"""The access rule: who sees whom (security.md §3, R-RX-01…04, spine §3)."""

from datetime import date, timedelta

import pytest

from schoolgate.directory.queries import published_reasons, students_by_contact, visible_students
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.tenancy import make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 11, 24)


def sees(contact, student, *others, today=TODAY):
    ids = [contact.pk, *(other.pk for other in others)]
    return student in visible_students(tenant=contact.tenant, contact_ids=ids, today=today)


def pair(tenant=None, **link):
    tenant = tenant or make_tenant()
    student, contact = make_student(tenant), make_contact(tenant)
    make_link(student, contact, **link)
    return student, contact


def test_a_published_link_shows_the_child():
    student, contact = pair()
    assert sees(contact, student)


def test_without_the_flag_nothing_is_seen():
    student, contact = pair(portal_access=False)
    assert not sees(contact, student)


@pytest.mark.parametrize("who", ["student", "contact"])
def test_an_inactive_person_ends_the_link(who):
    student, contact = pair()
    person = student if who == "student" else contact
    person.is_active = False
    person.save()
    assert not sees(contact, student)


def test_a_bar_begins_and_ends_by_the_day_but_opens_nothing_by_itself():
    """R-RX-02, R-RX-04."""
    student, contact = pair()
    make_bar(student, contact, starts_on=TODAY, ends_on=TODAY + timedelta(days=3))
    assert sees(contact, student, today=TODAY - timedelta(days=1))
    assert not sees(contact, student, today=TODAY)
    assert not sees(contact, student, today=TODAY + timedelta(days=3))
    assert not sees(contact, student, today=TODAY + timedelta(days=30))


def test_a_bar_acts_on_the_pair_and_leaves_other_children():
    """R-RX-03, E-06."""
    tenant = make_tenant()
    student, contact = pair(tenant)
    sibling = make_student(tenant)
    make_link(sibling, contact)
    make_bar(student, contact)
    assert not sees(contact, student)
    assert sees(contact, sibling)


def test_a_shared_account_does_not_see_a_child_that_one_of_its_contacts_is_barred_from():
    """Spine §3.2: shared accounts fail safe."""
    student, mother = pair()
    father = make_contact(mother.tenant)
    assert sees(mother, student, father)
    make_bar(student, father)
    assert sees(mother, student)
    assert not sees(mother, student, father)


def test_another_tenants_people_are_not_found():
    _student, contact = pair()
    other = make_tenant(name="Other")
    assert not visible_students(tenant=other, contact_ids=[contact.pk], today=TODAY).exists()
    assert students_by_contact(tenant=other, contact_ids=[contact.pk], today=TODAY) == {}


def test_links_of_many_contacts_are_one_query(django_assert_num_queries):
    tenant = make_tenant()
    contacts = [pair(tenant)[1] for _ in range(5)]
    with django_assert_num_queries(1):
        found = students_by_contact(tenant=tenant, contact_ids=[contact.pk for contact in contacts], today=TODAY)
    assert {len(students) for students in found.values()} == {1}


@pytest.mark.parametrize("bar", [None, -10, 0, 10])
@pytest.mark.parametrize("ends", [None, 2])
@pytest.mark.parametrize("access", [True, False])
@pytest.mark.parametrize("active", [True, False])
def test_the_reasons_speak_against_exactly_when_the_rule_says_no(bar, ends, access, active):
    """B-01 in the small: the answer equals the access check."""
    student, contact = pair(portal_access=access)
    student.is_active = active
    student.save()
    if bar is not None:
        begins = TODAY + timedelta(days=bar)
        make_bar(student, contact, starts_on=begins, ends_on=begins + timedelta(days=ends) if ends else None)
    reasons = published_reasons(tenant=student.tenant, contact_id=contact.pk, student_id=student.pk, today=TODAY)
    assert all(reason.speaks_for for reason in reasons) == sees(contact, student)
