"""One key, at once (R-SK-01 to R-SK-04, R-SK-16, R-RK-13, §10.1)."""

from datetime import timedelta

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.jobs.subject import Subject
from schoolgate.keys.add_key import UNDO_FOR, add_key, fill_gaps, undo_add_key
from schoolgate.keys.errors import KeyNotAdded
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import of_contacts, of_students
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import TenantSettings
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key_for, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import NOW, actor, make_member, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def own(student):
    return of_students([student.pk])[0]


def parents(contact):
    return of_contacts([contact.pk])[0]


def add(tenant, subject, *, by=None, at=NOW, **more):
    key_id = add_key(tenant=tenant, subject=subject, by=actor(by), at=at, **more)
    return AccessKey.objects.get(pk=key_id)


def refused(tenant, subject, **more):
    with pytest.raises(KeyNotAdded) as told:
        add(tenant, subject, **more)
    return told.value


def test_a_key_for_student_use_is_made_and_named_in_the_audit(tenant):
    """R-SK-01."""
    student, member = make_student(tenant), make_member(tenant)
    key = add(tenant, own(student), by=member)
    assert (key.state, key.created_by_id, key.run) == (KeyState.LIVE, member.pk, None)
    entry = AuditEntry.objects.get(act="key.generated")
    assert entry.subjects == [["student", student.pk], ["key", key.pk]]


@pytest.mark.parametrize("kind", ["own", "parents"])
def test_a_live_key_stands_in_the_way_and_says_who_made_it(tenant, kind):
    """R-SK-02, R-SK-16."""
    subject = own(make_student(tenant)) if kind == "own" else parents(make_linked_contact(tenant))
    first, second = make_member(tenant), make_member(tenant)
    add(tenant, subject, by=first)
    refusal = refused(tenant, subject, by=second)
    assert (refusal.why, refusal.status) == ("live_key", 409)
    assert refusal.message == "This key was made a moment ago by Jo Mercer."
    assert refused(tenant, subject, by=first).message == "You made this key a moment ago."
    later = refused(tenant, subject, by=second, at=NOW + timedelta(hours=1))
    assert later.message == "There is a live key already."
    assert "replace" in later.fix
    assert AccessKey.objects.count() == 1


def test_a_connected_account_stands_in_the_way_and_is_named(tenant):
    """R-SK-02."""
    contact = make_linked_contact(tenant)
    tie = make_redeemed_key(contact)
    refusal = refused(tenant, parents(contact))
    assert refusal.why == "tied"
    assert refusal.message == f"Registered as {tie.account.username}."


@pytest.mark.parametrize("state", [KeyState.EXPIRED, KeyState.REVOKED, KeyState.REPLACED])
def test_a_key_that_has_ended_does_not_block_a_new_one(tenant, state):
    """R-SK-03."""
    student = make_student(tenant)
    old = make_key_for(own(student), tenant_id=tenant.pk)
    AccessKey.objects.filter(pk=old.pk).update(state=state, sealed=None)
    assert add(tenant, own(student)).pk != old.pk


def test_a_key_whose_time_is_over_is_ended_and_followed_by_a_new_one(tenant):
    """R-SK-03, before the sweep comes by."""
    student = make_student(tenant)
    old = make_key_for(own(student), tenant_id=tenant.pk)
    add(tenant, own(student), at=old.expires_at + timedelta(days=1))
    old.refresh_from_db()
    assert old.state == KeyState.EXPIRED


def test_who_may_have_none_is_told_why(tenant):
    """R-SK-04, R-SK-11, G-05, G-17."""
    assert refused(tenant, own(make_student(tenant, is_active=False))).why == "inactive"
    assert refused(tenant, own(make_student(tenant, birth_date=None))).why == "no_birth_date"
    assert refused(tenant, parents(make_linked_contact(tenant, type="STAFF"))).why == "not_parent"
    assert refused(tenant, parents(make_contact(tenant))).why == "no_link"
    assert refused(tenant, Subject("contact", 10**9)).why == "unknown"
    barred = make_contact(tenant)
    student = make_student(tenant)
    make_link(student, barred)
    make_bar(student, barred)
    assert refused(tenant, parents(barred)).why == "restricted"
    TenantSettings.objects.filter(tenant=tenant).update(key_system="family")
    assert refused(tenant, parents(make_linked_contact(tenant))).why == "other_system"
    assert not AccessKey.objects.exists()


def test_a_contact_who_sees_nobody_gets_a_key_when_that_is_asked_for(tenant):
    """R-SK-04: within the leaving grace."""
    contact = make_contact(tenant)
    make_link(make_student(tenant, is_active=False), contact)
    assert add(tenant, parents(contact), also_unlinked=True).state == KeyState.LIVE


def test_gaps_are_filled_and_nothing_else(tenant):
    """R-RK-13."""
    student, one, two = make_student(tenant), make_contact(tenant), make_contact(tenant)
    make_link(student, one)
    make_link(student, two)
    make_key_for(parents(two), tenant_id=tenant.pk)
    subjects = [own(student), parents(one), parents(two)]
    assert fill_gaps(tenant=tenant, subjects=subjects, by=actor(), at=NOW) == 2
    assert fill_gaps(tenant=tenant, subjects=subjects, by=actor(), at=NOW) == 0
    assert AccessKey.objects.count() == 3


def test_a_new_key_can_be_taken_back_for_ten_minutes(tenant):
    """§10.1."""
    student = make_student(tenant)
    key = add(tenant, own(student))
    undo_add_key(tenant=tenant, key_id=key.pk, by=actor(), at=NOW + UNDO_FOR - timedelta(seconds=1))
    key.refresh_from_db()
    assert (key.state, key.ended_why, key.sealed) == (KeyState.REVOKED, "undone", None)
    assert AuditEntry.objects.get(act="key.revoked").detail == {"keys": 1, "undone": True}


@pytest.mark.parametrize("what", ["late", "printed", "emailed", "redeemed", "another tenant's"])
def test_what_is_out_or_old_cannot_be_taken_back(tenant, what):
    """§10.1."""
    key = add(tenant, own(make_student(tenant)))
    at, where = NOW, tenant
    if what == "late":
        at = NOW + UNDO_FOR
    elif what == "redeemed":
        AccessKey.objects.update(state=KeyState.REDEEMED)
    elif what in {"printed", "emailed"}:
        AccessKey.objects.update(**{f"{what}_at": NOW})
    else:
        where = make_tenant()
    with pytest.raises(NotFound):
        undo_add_key(tenant=where, key_id=key.pk, by=actor(), at=at)
    key.refresh_from_db()
    assert key.state != KeyState.REVOKED
