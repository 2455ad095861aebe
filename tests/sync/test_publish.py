"""Data Sync publishes what waits, all of it or none (R-DS-01 … R-DS-05)."""

from datetime import date, timedelta

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.feed import changes_after
from schoolgate.directory.models import (
    DirectoryAssociation,
    DirectoryBar,
    DirectoryChange,
    DirectoryContact,
    DirectoryHead,
    DirectoryStudent,
)
from schoolgate.enrolments.clock import clock_now, tick
from schoolgate.enrolments.lift_restriction import lift_restriction, review_restriction
from schoolgate.enrolments.models import Association, Restriction
from schoolgate.sync.models import LeftOut, SyncHead, SyncRun
from schoolgate.sync.publish import Approval, Ending
from tests.factories.enrolments import (
    make_association,
    make_contact,
    make_household,
    make_restriction,
    make_student,
)
from tests.factories.sync import crowd, sees, sync, turn
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def school(tenant):
    return make_school(tenant)


@pytest.fixture
def pair(tenant, school):
    """A student and a contact with portal access on, not yet published."""
    return make_association(make_student(tenant, school=school), make_contact(tenant), access=True)


def test_the_first_sync_publishes_people_and_links(tenant, pair):
    outcome = sync(tenant)
    assert outcome.ending is Ending.APPLIED
    assert outcome.as_json() == {
        "run": 1,
        "state": "applied",
        "students": {"added": 1, "changed": 0, "removed": 0},
        "contacts": {"added": 1, "changed": 0, "removed": 0},
        "links": {"added": 1, "removed": 0},
        "held_why": [],
    }
    assert sees(pair)
    published = DirectoryStudent.objects.get(pk=pair.student_id)
    assert (published.source_id, published.given_name) == (pair.student.source_id, pair.student.given_name)
    assert DirectoryAssociation.objects.get(pk=pair.pk).flag_at == NOW


def test_nothing_waiting_writes_nothing(tenant, pair):
    sync(tenant)
    before = (list(SyncRun.objects.values()), list(DirectoryHead.objects.values()), AuditEntry.objects.count())
    outcome = sync(tenant)
    assert outcome.as_json()["state"] == "nothing"
    assert outcome.run is None
    assert before == (
        list(SyncRun.objects.values()),
        list(DirectoryHead.objects.values()),
        AuditEntry.objects.count(),
    )


def test_a_tenant_without_anything_has_nothing_to_publish(tenant):
    assert sync(tenant).ending is Ending.NOTHING
    assert not DirectoryHead.objects.exists()


def test_a_toggle_has_no_effect_before_the_sync(tenant, school, pair):
    crowd(tenant, school, pairs=1)
    sync(tenant)
    turn(pair, on=False)
    assert sees(pair)
    outcome = sync(tenant)
    assert outcome.as_json()["links"] == {"added": 0, "removed": 1}
    assert not sees(pair)


def test_a_toggle_there_and_back_changes_no_link(tenant, pair):
    sync(tenant)
    turn(pair, on=False)
    turn(pair, on=True)
    # Who set the flag last is published, but no link changes.
    assert sync(tenant).counts.links_removed == 0
    assert sees(pair)


def test_only_what_changed_is_written(tenant, school, pair):
    crowd(tenant, school, pairs=20)
    sync(tenant)
    end = DirectoryHead.objects.get().seq
    turn(pair, on=False)
    sync(tenant)
    [change] = changes_after(tenant=tenant, seq=end)
    assert (change.kind, change.object_id, change.op) == ("association", pair.pk, "changed")
    assert change.before["portal_access"] is True
    assert change.why == "hand"
    assert change.saved_at == NOW


def test_the_feed_has_no_gaps_and_no_row_before_its_people(tenant, school, pair):
    make_household(tenant, pair.student, pair.contact)
    make_restriction(pair.student, make_contact(tenant))
    sync(tenant)
    feed = list(DirectoryChange.objects.order_by("seq"))
    assert [change.seq for change in feed] == list(range(1, len(feed) + 1))
    assert {change.op for change in feed} == {"added"}
    assert all(change.before is None for change in feed)
    kinds = [change.kind for change in feed]
    assert kinds == sorted(kinds, key=["household", "student", "contact", "staff", "bar", "association"].index)


def test_an_ended_association_leaves_a_tombstone(tenant, school, pair):
    crowd(tenant, school, pairs=1)
    sync(tenant)
    end = DirectoryHead.objects.get().seq
    Association.objects.filter(pk=pair.pk).update(
        ended_at=NOW, receives_portal_access=False, changed_no=tick(tenant=tenant)
    )
    outcome = sync(tenant)
    assert outcome.counts.links_removed == 1
    [change] = changes_after(tenant=tenant, seq=end)
    assert change.op == "removed"
    assert change.before["student_id"] == pair.student_id
    assert not DirectoryAssociation.objects.filter(pk=pair.pk).exists()


def test_who_leaves_stays_in_the_directory_as_inactive_and_the_link_goes(tenant, school, pair):
    crowd(tenant, school, pairs=1)
    sync(tenant)
    student = pair.student
    type(student).objects.filter(pk=student.pk).update(state="inactive", changed_no=tick(tenant=tenant))
    outcome = sync(tenant)
    assert outcome.as_json()["students"] == {"added": 0, "changed": 1, "removed": 0}
    assert outcome.as_json()["links"] == {"added": 0, "removed": 1}
    assert not DirectoryStudent.objects.get(pk=student.pk).is_active
    assert not DirectoryAssociation.objects.get(pk=pair.pk).portal_access


def test_who_comes_back_is_seen_again_only_by_a_sync(tenant, school, pair):
    crowd(tenant, school, pairs=1)
    sync(tenant)
    students = type(pair.student).objects.filter(pk=pair.student_id)
    students.update(state="inactive", changed_no=tick(tenant=tenant))
    sync(tenant)
    students.update(state="active", changed_no=tick(tenant=tenant))
    assert not sees(pair)
    sync(tenant)
    assert sees(pair)


def test_a_restriction_beats_the_flag(tenant, pair):
    make_restriction(pair.student, pair.contact)
    outcome = sync(tenant)
    assert outcome.counts.links_added == 0
    assert not sees(pair)
    assert not DirectoryAssociation.objects.get(pk=pair.pk).portal_access
    assert DirectoryBar.objects.count() == 1


def test_a_note_enforces_nothing(tenant, pair):
    make_restriction(pair.student, pair.contact, kind="note_only")
    sync(tenant)
    assert sees(pair)
    assert not DirectoryBar.objects.exists()


def test_a_restriction_to_come_begins_by_itself(tenant, pair):
    make_restriction(pair.student, pair.contact, starts_on=NOW.date() + timedelta(days=3))
    sync(tenant)
    assert sees(pair, at=NOW + timedelta(days=2))
    assert not sees(pair, at=NOW + timedelta(days=3))


def test_nothing_opens_when_a_restriction_ends(tenant, pair):
    make_restriction(pair.student, pair.contact, starts_on=date(2026, 1, 1), ends_on=NOW.date())
    sync(tenant)
    later = NOW + timedelta(days=90)
    sync(tenant, at=later)
    assert not sees(pair, at=later)
    tick(tenant=tenant)
    Association.objects.filter(pk=pair.pk).update(changed_no=tick(tenant=tenant))
    sync(tenant, at=later)
    assert not sees(pair, at=later)


def test_a_reviewed_pair_opens_only_by_a_person_and_a_second_look(tenant, pair):
    restriction = make_restriction(pair.student, pair.contact, ends_on=NOW.date() - timedelta(days=1))
    sync(tenant)
    review_restriction(restriction=restriction, by=actor(), at=NOW)
    sync(tenant)
    assert not sees(pair)
    assert not DirectoryBar.objects.exists()
    turn(pair, on=True)
    held = sync(tenant)
    assert (held.ending, held.held_why) == (Ending.HELD, ["restriction_ends"])
    assert not sees(pair)
    sync(tenant, approval=Approval("The order has ended."))
    assert sees(pair)


def test_a_lifted_restriction_opens_nothing_by_itself(tenant, pair):
    restriction = make_restriction(pair.student, pair.contact)
    sync(tenant)
    lift_restriction(restriction=restriction, reason="Order set aside", by=actor(), at=NOW)
    sync(tenant)
    assert not sees(pair)


def test_an_associations_own_dates_come_by_themselves(tenant, school):
    pair = make_association(
        make_student(tenant, school=school),
        make_contact(tenant),
        access=True,
        starts_on=NOW.date() + timedelta(days=5),
        ends_on=NOW.date() + timedelta(days=10),
    )
    crowd(tenant, school, pairs=1)
    sync(tenant)
    assert not sees(pair)
    assert sync(tenant, at=NOW + timedelta(days=5)).counts.links_added == 1
    assert sync(tenant, at=NOW + timedelta(days=10)).ending is Ending.NOTHING
    assert sync(tenant, at=NOW + timedelta(days=12)).counts.links_removed == 1


def test_what_is_left_out_stays_pending(tenant, school, pair):
    """R-DS-02."""
    others = crowd(tenant, school, pairs=2)
    sync(tenant)
    turn(pair, on=False)
    turn(others[0], on=False)
    outcome = sync(tenant, leave_out=[("association", pair.pk)])
    assert outcome.counts.links_removed == 1
    assert outcome.counts.left_out == 1
    assert sees(pair)
    assert LeftOut.objects.get().object_id == pair.pk
    assert sync(tenant).counts.links_removed == 1
    assert not sees(pair)
    assert not LeftOut.objects.exists()


def test_leaving_a_person_out_leaves_out_what_hangs_on_them(tenant, pair):
    outcome = sync(tenant, leave_out=[("student", pair.student_id)])
    assert outcome.counts.left_out == 2
    assert DirectoryContact.objects.count() == 1
    assert not DirectoryAssociation.objects.exists()
    sync(tenant)
    assert sees(pair)


def test_leaving_a_leaver_out_keeps_the_link(tenant, school, pair):
    crowd(tenant, school, pairs=1)
    sync(tenant)
    type(pair.student).objects.filter(pk=pair.student_id).update(state="inactive", changed_no=tick(tenant=tenant))
    assert sync(tenant, leave_out=[("student", pair.student_id)]).ending is Ending.NOTHING
    assert sees(pair)


def test_a_restriction_is_never_left_out(tenant, school, pair):
    crowd(tenant, school, pairs=1)
    sync(tenant)
    restriction = make_restriction(pair.student, pair.contact)
    sync(tenant, leave_out=[("bar", restriction.pk), ("association", pair.pk)])
    assert not sees(pair)


def test_what_was_saved_after_the_preview_stays_pending(tenant, school, pair):
    others = crowd(tenant, school, pairs=1)
    sync(tenant)
    turn(pair, on=False)
    seen = clock_now(tenant=tenant)
    turn(others[0], on=False)
    assert sync(tenant, up_to=seen).counts.links_removed == 1
    assert SyncHead.objects.get().clock_no == seen
    assert sees(others[0])
    assert sync(tenant, approval=Approval("Yes")).counts.links_removed == 1


def test_too_many_withdrawals_wait_for_a_person(tenant, school):
    pairs = crowd(tenant, school, pairs=20)
    sync(tenant)
    for pair in pairs[:5]:
        turn(pair, on=False)
    held = sync(tenant)
    assert (held.ending, held.held_why) == (Ending.HELD, ["links_removed"])
    assert all(sees(pair) for pair in pairs)
    again = sync(tenant)
    assert again.run == held.run
    assert SyncRun.objects.filter(state="held").count() == 1
    assert AuditEntry.objects.filter(act="sync.held").count() == 1
    done = sync(tenant, approval=Approval("The five have moved away."))
    assert done.ending is Ending.APPLIED
    assert done.run.number == held.run.number
    assert [sees(pair) for pair in pairs[:6]] == [False] * 5 + [True]
    assert AuditEntry.objects.get(act="sync.approved").reason == "The five have moved away."


def test_a_school_that_would_lose_every_link_waits_for_a_person(tenant, school, pair):
    other = make_school(tenant, number=4711)
    crowd(tenant, school, pairs=3)
    alone = make_association(make_student(tenant, school=other), make_contact(tenant), access=True)
    sync(tenant)
    turn(alone, on=False)
    held = sync(tenant)
    assert held.held_why == ["school_emptied"]
    assert held.figures.schools_emptied == (4711,)


def test_a_held_run_is_dropped_when_what_held_it_goes_away(tenant, pair):
    sync(tenant)
    pair_columns = Association.objects.filter(pk=pair.pk).values().get()
    turn(pair, on=False)
    assert sync(tenant).ending is Ending.HELD
    Association.objects.filter(pk=pair.pk).update(**{**pair_columns, "changed_no": tick(tenant=tenant)})
    assert sync(tenant).ending is Ending.NOTHING
    assert SyncRun.objects.get(number=2).state == "dropped"


def test_each_tenant_has_its_own(tenant, pair):
    other = make_tenant(name="Another")
    elsewhere = make_association(make_student(other), make_contact(other), access=True)
    sync(tenant)
    assert sees(pair)
    assert not DirectoryStudent.objects.filter(tenant=other).exists()
    sync(other)
    assert sees(elsewhere)
    assert DirectoryChange.objects.filter(tenant=other).order_by("seq").first().seq == 1


def test_a_restriction_of_people_not_yet_published_is_published_with_them(tenant, pair):
    make_restriction(pair.student, pair.contact)
    sync(tenant, leave_out=[("contact", pair.contact_id)])
    assert not DirectoryBar.objects.exists()
    sync(tenant)
    assert DirectoryBar.objects.count() == 1
    assert Restriction.objects.count() == 1
