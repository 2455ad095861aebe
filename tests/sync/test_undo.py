"""Undo puts back what was published before, bit for bit, and opens nothing (R-DS-06, B-02)."""

from datetime import timedelta

import pytest

from schoolgate.directory.models import DirectoryChange
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.lift_restriction import lift_restriction
from schoolgate.enrolments.models import Association
from schoolgate.enrolments.save_restriction import RestrictionTerms
from schoolgate.sync.models import SyncRun
from schoolgate.sync.publish import Approval, Ending
from schoolgate.sync.restrict import restrict_contact, withdraw_now
from schoolgate.sync.undo import NotUndone, undo_run
from tests.factories.enrolments import make_association, make_contact, make_household, make_restriction, make_student
from tests.factories.sync import bars, crowd, published, sees, sync, turn
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def pairs(tenant):
    """Ten published links."""
    pairs = crowd(tenant, make_school(tenant), pairs=10)
    sync(tenant)
    return pairs


def undo(tenant, number):
    return undo_run(tenant=tenant, number=number, reason="Published too early", by=actor(), at=NOW)


def restrict(pair):
    restrict_contact(
        tenant=pair.tenant,
        student_ids=[pair.student_id],
        contact_id=pair.contact_id,
        terms=RestrictionTerms(),
        reason="Order",
        by=actor(),
        at=NOW,
    )


def change_everything(tenant, pairs):
    """Adds, changes and removes rows of every kind."""
    student, contact = pairs[0].student, pairs[1].contact
    type(student).objects.filter(pk=student.pk).update(
        year_level="8", email="ada@school.example", birth_date=None, changed_no=tick(tenant=tenant)
    )
    type(contact).objects.filter(pk=contact.pk).update(state="inactive", changed_no=tick(tenant=tenant))
    Association.objects.filter(pk=pairs[2].pk).update(
        ended_at=NOW, receives_portal_access=False, changed_no=tick(tenant=tenant)
    )
    Association.objects.filter(pk=pairs[3].pk).update(
        relationship="Carer", lives_with=True, order=3, changed_no=tick(tenant=tenant)
    )
    new = make_association(make_student(tenant, school=student.school), make_contact(tenant), access=True)
    make_household(tenant, new.student, new.contact)
    turn(pairs[4], on=False)
    return new


def test_undo_restores_the_published_state_bit_for_bit(tenant, pairs):
    before = published(tenant)
    new = change_everything(tenant, pairs)
    done = sync(tenant)
    assert published(tenant) != before
    undone = undo(tenant, done.run.number)
    assert published(tenant) == before
    assert not sees(new)
    assert sees(pairs[4])
    assert (undone.kind, undone.state) == ("undo", "applied")
    assert SyncRun.objects.get(pk=done.run.pk).undone_by == undone


def test_what_was_undone_waits_again(tenant, pairs):
    change_everything(tenant, pairs)
    done = sync(tenant)
    after = published(tenant)
    undo(tenant, done.run.number)
    again = sync(tenant)
    assert again.counts.as_json() == done.counts.as_json()
    assert published(tenant) == after


def test_rows_left_out_before_wait_again_too(tenant, pairs):
    turn(pairs[0], on=False)
    turn(pairs[1], on=False)
    sync(tenant, leave_out=[("association", pairs[0].pk)])
    done = sync(tenant)
    assert not sees(pairs[0])
    undo(tenant, done.run.number)
    assert sees(pairs[0])
    assert sync(tenant).counts.links_removed == 1


def test_the_first_sync_can_be_undone(tenant):
    crowd(tenant, make_school(tenant), pairs=3)
    make_restriction(make_student(tenant), make_contact(tenant))
    done = sync(tenant)
    undo(tenant, done.run.number)
    assert not any(published(tenant).values())
    assert sync(tenant).counts.as_json() == done.counts.as_json()


def test_undo_never_opens_a_pair_that_was_restricted_since(tenant, pairs):
    turn(pairs[0], on=False)
    turn(pairs[1], on=False)
    done = sync(tenant)
    restrict(pairs[0])
    undo(tenant, done.run.number)
    assert not sees(pairs[0])
    assert sees(pairs[1])
    assert bars(tenant) == 1


def test_undo_never_takes_a_bar_away(tenant, pairs):
    make_restriction(pairs[0].student, pairs[0].contact)
    done = sync(tenant)
    undo(tenant, done.run.number)
    assert bars(tenant) == 1
    assert not sees(pairs[0])


def test_undo_opens_nothing_after_a_restriction_was_lifted(tenant, pairs):
    restriction = make_restriction(pairs[0].student, pairs[0].contact)
    done = sync(tenant)
    lift_restriction(restriction=restriction, reason="Set aside", by=actor(), at=NOW)
    undo(tenant, done.run.number)
    assert not sees(pairs[0])
    sync(tenant)
    assert not sees(pairs[0])


def test_undo_leaves_withdrawn_pairs_closed(tenant, pairs):
    Association.objects.filter(pk=pairs[0].pk).update(relationship="Aunt", changed_no=tick(tenant=tenant))
    done = sync(tenant)
    withdraw_now(tenant=tenant, association_ids=[pairs[0].pk], reason="Asked", by=actor(), at=NOW)
    undo(tenant, done.run.number)
    assert not sees(pairs[0])
    assert published(tenant)["association"][0]["relationship"] == "Mother"


def test_people_published_and_restricted_since_go_with_their_bar(tenant, pairs):
    before = published(tenant)
    new = make_association(make_student(tenant, school=pairs[0].student.school), make_contact(tenant), access=True)
    done = sync(tenant)
    restrict(new)
    undo(tenant, done.run.number)
    assert published(tenant) == before
    sync(tenant)
    assert bars(tenant) == 1
    assert not sees(new)


def test_an_undo_brings_back_a_bar_that_was_taken_away(tenant, pairs):
    restriction = make_restriction(pairs[0].student, pairs[0].contact)
    sync(tenant)
    lift_restriction(restriction=restriction, reason="Set aside", by=actor(), at=NOW)
    before = published(tenant)
    done = sync(tenant)
    assert bars(tenant) == 0
    undo(tenant, done.run.number)
    assert published(tenant)["bar"] == before["bar"]
    assert not sees(pairs[0])


def test_only_the_last_published_run_and_only_once(tenant, pairs):
    turn(pairs[0], on=False)
    done = sync(tenant)
    with pytest.raises(NotUndone):
        undo(tenant, done.run.number - 1)
    undo(tenant, done.run.number)
    with pytest.raises(NotUndone):
        undo(tenant, done.run.number)


def test_undo_writes_tombstones(tenant, pairs):
    new = make_association(make_student(tenant, school=pairs[0].student.school), make_contact(tenant), access=True)
    done = sync(tenant)
    undone = undo(tenant, done.run.number)
    feed = DirectoryChange.objects.filter(run_id=undone.pk).order_by("seq")
    assert [(change.kind, change.op) for change in feed] == [
        ("association", "removed"),
        ("contact", "removed"),
        ("student", "removed"),
    ]
    assert feed[0].before["student_id"] == new.student_id
    assert feed[0].seq == done.run.last_seq + 1
    assert undone.counts["links"] == {"added": 0, "removed": 1}


def test_after_an_undo_a_reopening_is_held(tenant, pairs):
    restriction = make_restriction(pairs[0].student, pairs[0].contact)
    sync(tenant)
    lift_restriction(restriction=restriction, reason="Set aside", by=actor(), at=NOW)
    sync(tenant)
    turn(pairs[0], on=True)
    assert sync(tenant).ending is Ending.HELD
    sync(tenant, approval=Approval("Judge's letter seen"))
    assert sees(pairs[0], at=NOW + timedelta(days=1))
