"""What is saved and not yet published is visible wherever a flag is shown (R-PA-01, R-CK-01, R-CK-04, B-02)."""

import pytest

from schoolgate.sync.pending import (
    contacts_with_pending_links,
    count_new_contacts,
    pending_by_contact,
    pending_by_student,
    pending_pair,
    what_waits,
)
from schoolgate.tenancy.dates import day_of
from tests.factories.enrolments import make_association, make_contact, make_restriction, make_student
from tests.factories.sync import crowd, sync, turn
from tests.factories.tenancy import NOW, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = NOW.date()


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def pairs(tenant):
    pairs = crowd(tenant, make_school(tenant), pairs=4)
    sync(tenant)
    return pairs


def marks(pairs):
    tenant, contact_ids = pairs[0].tenant, [pair.contact_id for pair in pairs]
    found = pending_by_contact(tenant=tenant, contact_ids=contact_ids, today=TODAY)
    return {link.association_id: link.opens for links in found.values() for link in links}


def test_a_published_flag_has_no_mark(pairs):
    assert marks(pairs) == {}


def test_a_flag_turned_off_is_marked_as_going_until_the_sync(tenant, pairs):
    turn(pairs[0], on=False)
    assert marks(pairs) == {pairs[0].pk: False}
    sync(tenant)
    assert marks(pairs) == {}


def test_a_flag_turned_on_is_marked_as_coming(tenant, pairs):
    new = make_association(pairs[0].student, pairs[1].contact)
    sync(tenant)
    turn(new, on=True)
    assert marks([*pairs, new]) == {new.pk: True}


def test_a_flag_against_a_restriction_is_no_promise(tenant, pairs):
    new = make_association(make_student(tenant, school=pairs[0].student.school), make_contact(tenant), access=True)
    make_restriction(new.student, new.contact)
    assert marks([new]) == {}


def test_marks_come_by_contact_and_by_student_in_one_query_each(tenant, pairs, django_assert_num_queries):
    new = make_association(pairs[0].student, pairs[1].contact, access=True)
    turn(pairs[1], on=False)
    with django_assert_num_queries(1):
        by_contact = pending_by_contact(tenant=tenant, contact_ids=[p.contact_id for p in pairs], today=TODAY)
    assert list(by_contact) == [new.contact_id]
    assert {(link.association_id, link.opens) for link in by_contact[new.contact_id]} == {
        (new.pk, True),
        (pairs[1].pk, False),
    }
    with django_assert_num_queries(1):
        by_student = pending_by_student(tenant=tenant, student_ids=[new.student_id], today=TODAY)
    [link] = by_student[new.student_id]
    assert link.student_name == f"{new.student.given_name} Okafor"
    assert link.saved_at == NOW


def test_what_was_left_out_says_so(tenant, pairs):
    turn(pairs[0], on=False)
    turn(pairs[1], on=False)
    sync(tenant, leave_out=[("association", pairs[0].pk)])
    link = pending_pair(tenant=tenant, contact_id=pairs[0].contact_id, student_id=pairs[0].student_id, today=TODAY)
    assert link is not None
    assert link.left_out


def test_how_much_waits_and_by_whom(tenant, pairs):
    officer = make_member(tenant)
    type(pairs[0].contact).objects.filter(pk=pairs[0].contact_id).update(
        mobile="0400 000 000", changed_no=99, changed_by_id=officer.pk
    )
    from schoolgate.enrolments.clock import tick

    for _ in range(100):
        tick(tenant=tenant)
    turn(pairs[1], on=False)
    waiting = what_waits(tenant=tenant, today=day_of(tenant, NOW))
    assert (waiting.rows, waiting.new_contacts, waiting.links_added, waiting.links_removed) == (2, 0, 0, 1)
    assert waiting.rows_by_person == {officer.pk: 1, None: 1}


def test_which_contacts_wait(tenant, pairs):
    new = make_association(pairs[0].student, make_contact(tenant), access=True)
    make_contact(tenant, type="STAFF")
    turn(pairs[1], on=False)
    assert count_new_contacts(tenant=tenant, today=TODAY) == 1
    assert contacts_with_pending_links(tenant=tenant, today=TODAY) == {new.contact_id, pairs[1].contact_id}
    sync(tenant)
    assert count_new_contacts(tenant=tenant, today=TODAY) == 0
    assert contacts_with_pending_links(tenant=tenant, today=TODAY) == frozenset()


def test_another_tenants_rows_are_never_told(pairs):
    other = make_tenant(name="Another")
    turn(pairs[0], on=False)
    assert pending_by_contact(tenant=other, contact_ids=[pairs[0].contact_id], today=TODAY) == {}
    assert what_waits(tenant=other, today=TODAY).rows == 0
