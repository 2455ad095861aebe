"""The one flag: pending until a sync, refused against a restriction (R-PA-01, R-PA-03, R-PA-05)."""

from datetime import date, timedelta

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryAssociation
from schoolgate.enrolments.clock import clock_now
from schoolgate.enrolments.errors import EnrolmentRefused, Restricted
from schoolgate.enrolments.models import How, RestrictionKind
from schoolgate.enrolments.set_access import set_access
from tests.factories.enrolments import make_association, make_contact, make_restriction, make_student
from tests.factories.tenancy import NOW, actor, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def pair(tenant, **columns):
    return make_association(make_student(tenant), make_contact(tenant), **columns)


def save(tenant, wanted, **more):
    return set_access(tenant=tenant, wanted=wanted, by=actor(), at=NOW, **more)


def test_turning_on_is_saved_with_who_and_how_and_touches_no_directory():
    tenant = make_tenant()
    member, tie = make_member(tenant), pair(tenant)
    saved = set_access(tenant=tenant, wanted={tie.pk: True}, by=actor(member), at=NOW)
    tie.refresh_from_db()
    assert [row.pk for row in saved.turned_on] == [tie.pk]
    assert saved.turned_off == []
    assert (tie.receives_portal_access, tie.flag_how, tie.flag_by_id, tie.flag_at) == (True, How.HAND, member.pk, NOW)
    assert tie.changed_no == clock_now(tenant=tenant)
    assert not DirectoryAssociation.objects.exists()


def test_on_and_off_in_one_save_leave_the_others_alone():
    tenant = make_tenant()
    on, off, other = pair(tenant), pair(tenant, access=True), pair(tenant, access=True)
    before = other.changed_no
    saved = save(tenant, {on.pk: True, off.pk: False})
    other.refresh_from_db()
    assert saved.count == 2
    assert other.receives_portal_access
    assert other.changed_no == before


def test_what_is_so_already_is_no_change_and_writes_no_audit():
    tenant = make_tenant()
    tie = pair(tenant, access=True)
    entries = AuditEntry.objects.count()
    assert save(tenant, {tie.pk: True}).count == 0
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize(
    ("terms", "is_refused"),
    [
        ({"starts_on": TODAY}, True),
        ({"starts_on": TODAY - timedelta(days=9), "ends_on": TODAY - timedelta(days=1)}, True),
        ({"starts_on": TODAY + timedelta(days=1)}, False),
        ({"kind": RestrictionKind.NO_ACCESS}, True),
        ({"kind": RestrictionKind.NOTE_ONLY}, False),
        ({"lifted_at": NOW, "reviewed_at": NOW}, False),
        ({"ends_on": date(2026, 2, 1), "reviewed_at": NOW}, False),
    ],
    ids=["from today", "ended, not reviewed", "to come", "no access", "note only", "lifted", "reviewed"],
)
def test_a_flag_is_not_turned_on_against_a_restriction(terms, is_refused):
    """R-PA-05, R-RX-01, R-RX-04: nothing is saved then, not even the rest."""
    tenant = make_tenant()
    tie, other = pair(tenant), pair(tenant)
    make_restriction(tie.student, tie.contact, **terms)
    if not is_refused:
        assert save(tenant, {tie.pk: True}).count == 1
        return
    with pytest.raises(Restricted):
        save(tenant, {tie.pk: True, other.pk: True})
    other.refresh_from_db()
    assert not other.receives_portal_access


def test_a_flag_may_be_turned_off_against_a_restriction():
    tenant = make_tenant()
    tie = pair(tenant, access=True)
    make_restriction(tie.student, tie.contact)
    assert len(save(tenant, {tie.pk: False}).turned_off) == 1


def test_the_restriction_of_another_pair_is_no_hindrance():
    """R-RX-03: it acts on the pair."""
    tenant = make_tenant()
    tie = pair(tenant)
    sibling = make_association(make_student(tenant), tie.contact)
    make_restriction(sibling.student, tie.contact)
    assert save(tenant, {tie.pk: True}).count == 1


@pytest.mark.parametrize("which", ["other tenant", "ended", "other school", "unknown"])
def test_an_association_out_of_reach_refuses_the_whole_save(which):
    tenant = make_tenant()
    school = make_school(tenant)
    mine = make_association(make_student(tenant, school=school), make_contact(tenant))
    strangers = {
        "other tenant": lambda: pair(make_tenant()).pk,
        "ended": lambda: pair(tenant, ended_at=NOW).pk,
        "other school": lambda: pair(tenant).pk,
        "unknown": lambda: 10**9,
    }
    with pytest.raises(EnrolmentRefused):
        save(tenant, {mine.pk: True, strangers[which](): True}, school_ids={school.pk})
    mine.refresh_from_db()
    assert not mine.receives_portal_access


def test_the_audit_names_both_people_and_what_was_turned():
    """R-AU-01, R-AU-02: one click from either person."""
    tenant = make_tenant()
    tie = pair(tenant)
    save(tenant, {tie.pk: True})
    entry = AuditEntry.objects.get(tenant=tenant, act="access.saved")
    assert sorted(entry.subjects) == sorted([["student", tie.student_id], ["contact", tie.contact_id]])
    assert entry.detail == {"pairs": [{"student": tie.student_id, "contact": tie.contact_id, "on": True}]}
