"""What a Data Sync makes necessary for keys and ties (R-DS-08, E-05, E-10, E-13, E-17, §3.1)."""

from datetime import date, timedelta

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryAssociation, DirectoryChange, DirectoryContact, DirectoryHead
from schoolgate.jobs.sweeps import run_sweeps
from schoolgate.keys import follow
from schoolgate.keys.facts import facts_of
from schoolgate.keys.follow import follow_directory, review_keys
from schoolgate.keys.models import AccessKey, KeysHead, KeyState
from schoolgate.keys.subjects import of_contacts
from schoolgate.letters.print_letters import why_not_print
from schoolgate.tenancy.models import Tenant
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
GRACE = timedelta(days=30)


@pytest.fixture
def tenant():
    return make_tenant()


def publish(row, op="changed", *, kind, before=None):
    """Append a row to the feed, as Data Sync does."""
    head, _ = DirectoryHead.objects.get_or_create(tenant_id=row.tenant_id)
    head.seq += 1
    head.save()
    DirectoryChange.objects.create(
        tenant_id=row.tenant_id, seq=head.seq, kind=kind, object_id=row.pk, op=op, run_id=1, before=before
    )


def link_ends(contact):
    """The flag goes off, and that is published."""
    link = DirectoryAssociation.objects.get(contact=contact)
    DirectoryAssociation.objects.filter(pk=link.pk).update(portal_access=False)
    before = {"contact_id": contact.pk, "student_id": link.student_id, "portal_access": True}
    publish(link, kind="association", before=before)
    return link


def links_again(link):
    DirectoryAssociation.objects.filter(pk=link.pk).update(portal_access=True)
    publish(link, kind="association", before={"contact_id": link.contact_id, "portal_access": False})


def followed(tenant, *, at=NOW):
    return dict(follow_directory(tenant=tenant, by=actor(), at=at))


def reviewed(tenant, *, at):
    return {what: count for what, count in review_keys(tenant=tenant, by=actor(), at=at).items() if count}


def fresh(row):
    row.refresh_from_db()
    return row


def test_a_restriction_that_leaves_nothing_to_see_revokes_the_key_at_once(tenant):
    """E-05."""
    contact = make_linked_contact(tenant)
    key = make_key(contact)
    bar = make_bar(DirectoryAssociation.objects.get(contact=contact).student, contact)
    publish(bar, "added", kind="bar")
    assert followed(tenant) == {"revoked": 1}
    assert (fresh(key).state, key.sealed, key.ended_why) == (KeyState.REVOKED, None, "restricted")
    entry = AuditEntry.objects.get(act="key.revoked")
    assert entry.subjects == [["key", key.pk], ["contact", contact.pk]]


def test_a_restriction_that_takes_the_last_visible_child_revokes_though_another_is_associated(tenant):
    """E-05, R-RX-05: a child whose flag is off is nothing to see."""
    contact = make_linked_contact(tenant)
    seen = DirectoryAssociation.objects.get(contact=contact).student
    make_link(make_student(tenant), contact, portal_access=False)
    key = make_key(contact)
    assert print_why(contact) == ""
    publish(make_bar(seen, contact), "added", kind="bar")
    assert print_why(contact) == "restricted"
    assert followed(tenant) == {"revoked": 1}
    assert fresh(key).state == KeyState.REVOKED


def print_why(contact):
    """Why Print Letters would leave the contact out at this moment."""
    [subject] = of_contacts([contact.pk])
    tenant = Tenant.objects.select_related("settings").get(pk=contact.tenant_id)
    return why_not_print(facts_of(tenant=tenant, subjects=[subject], at=NOW).get(subject))


def test_a_restriction_from_one_child_of_two_leaves_the_key(tenant):
    contact, barred_from = make_linked_contact(tenant), make_student(tenant)
    make_link(barred_from, contact)
    key = make_key(contact)
    publish(make_bar(barred_from, contact), "added", kind="bar")
    assert followed(tenant) == {}
    assert fresh(key).state == KeyState.LIVE


def test_a_used_key_survives_a_restriction_as_its_tie_shows_nothing_then(tenant):
    contact = make_linked_contact(tenant)
    tie = make_redeemed_key(contact)
    publish(make_bar(DirectoryAssociation.objects.get(contact=contact).student, contact), "added", kind="bar")
    assert followed(tenant) == {}
    assert fresh(tie).ended_at is None


def test_the_last_link_gone_the_key_is_revoked_when_the_leaving_grace_is_over(tenant):
    """R-DS-08."""
    contact = make_linked_contact(tenant)
    key = make_key(contact)
    link_ends(contact)
    assert followed(tenant) == {}
    assert reviewed(tenant, at=NOW + GRACE - timedelta(hours=1)) == {}
    assert fresh(key).state == KeyState.LIVE
    assert reviewed(tenant, at=NOW + GRACE) == {"revoked": 1}
    assert (fresh(key).state, key.ended_why) == (KeyState.REVOKED, "no students left")


def test_without_a_leaving_grace_the_key_ends_with_the_sync_that_ends_the_link():
    """R-DS-08, A10: what a sync makes necessary is done at once; the used key of a contact who stays keeps its tie."""
    tenant = make_tenant(leaving_grace_days=0)
    contact, tied = make_linked_contact(tenant), make_linked_contact(tenant)
    key, tie = make_key(contact), make_redeemed_key(tied)
    link_ends(contact)
    link_ends(tied)
    assert followed(tenant) == {"revoked": 1}
    assert (fresh(key).state, fresh(tie).ended_at) == (KeyState.REVOKED, None)


def test_a_link_that_comes_back_stops_the_grace(tenant):
    contact = make_linked_contact(tenant)
    key = make_key(contact)
    link = link_ends(contact)
    followed(tenant)
    links_again(link)
    followed(tenant, at=NOW + timedelta(days=3))
    assert fresh(key).no_link_since is None
    assert reviewed(tenant, at=NOW + GRACE) == {}


def test_a_student_who_leaves_starts_the_grace_too(tenant):
    contact = make_linked_contact(tenant)
    key = make_key(contact)
    student = DirectoryAssociation.objects.get(contact=contact).student
    student.is_active = False
    student.save()
    publish(student, kind="student", before={"is_active": True})
    followed(tenant)
    assert fresh(key).no_link_since == NOW


def test_a_key_made_for_a_contact_with_no_students_yet_waits(tenant):
    """R-CK-08: it can be redeemed once a student is published; until then nothing was lost."""
    contact = make_contact(tenant)
    key = make_key(contact)
    publish(contact, "added", kind="contact")
    followed(tenant)
    assert reviewed(tenant, at=NOW + GRACE + timedelta(days=1)) == {}
    assert fresh(key).state == KeyState.LIVE


def test_a_bar_that_begins_by_itself_is_noticed_by_the_daily_review(tenant):
    contact = make_linked_contact(tenant)
    key = make_key(contact)
    make_bar(DirectoryAssociation.objects.get(contact=contact).student, contact, starts_on=date(2026, 11, 26))
    assert reviewed(tenant, at=NOW) == {}
    assert reviewed(tenant, at=NOW + timedelta(days=2)) == {"revoked": 1}
    assert fresh(key).ended_why == "restricted"


def test_the_review_expires_what_is_over(tenant):
    make_key(make_linked_contact(tenant), at=NOW - timedelta(days=61))
    assert reviewed(tenant, at=NOW) == {"expired": 1}


def test_a_contact_that_is_gone_loses_key_and_tie_at_once(tenant):
    """Deleted or merged: a tombstone."""
    with_key, with_tie = make_linked_contact(tenant), make_linked_contact(tenant)
    key, tie = make_key(with_key), make_redeemed_key(with_tie)
    for contact in (with_key, with_tie):
        link = DirectoryAssociation.objects.get(contact=contact)
        publish(link, "removed", kind="association", before={"contact_id": contact.pk})
        publish(contact, "removed", kind="contact", before={"email": contact.email})
        link.delete()
        DirectoryContact.objects.filter(pk=contact.pk).delete()
    assert followed(tenant) == {"revoked": 1, "ties_ended": 1}
    assert fresh(key).state == KeyState.REVOKED
    assert (fresh(tie).ended_at, tie.ended_why) == (NOW, "contact removed")
    assert fresh(tie.key).state == KeyState.REVOKED


def test_an_inactive_contacts_tie_ends_with_the_grace_and_not_before(tenant):
    """E-17, and E-21: a bad import must not cost every family its tie."""
    tie = make_redeemed_key(contact := make_linked_contact(tenant))
    DirectoryContact.objects.filter(pk=contact.pk).update(is_active=False)
    publish(contact, kind="contact", before={"email": contact.email, "is_active": True})
    followed(tenant)
    assert reviewed(tenant, at=NOW + GRACE - timedelta(hours=1)) == {}
    assert reviewed(tenant, at=NOW + GRACE) == {"ties_ended": 1}
    assert fresh(tie).ended_why == "contact inactive"


def test_a_tie_without_students_stays_empty(tenant):
    """E-13."""
    tie = make_redeemed_key(contact := make_linked_contact(tenant))
    link_ends(contact)
    followed(tenant)
    assert reviewed(tenant, at=NOW + GRACE + timedelta(days=1)) == {}
    assert fresh(tie).ended_at is None


@pytest.mark.parametrize(("emailed_at", "replaced"), [(NOW, 1), (None, 0)])
def test_a_new_address_on_file_replaces_a_key_that_was_mailed_to_the_old_one(tenant, emailed_at, replaced):
    """E-10: replaced, and not sent again by itself."""
    contact = make_linked_contact(tenant)
    key = make_key(contact)
    AccessKey.objects.filter(pk=key.pk).update(emailed_at=emailed_at)
    before = {"email": contact.email}
    DirectoryContact.objects.filter(pk=contact.pk).update(email="new@home.example")
    publish(contact, kind="contact", before=before)
    assert followed(tenant).get("replaced", 0) == replaced
    live = AccessKey.objects.get(state=KeyState.LIVE)
    assert (live.pk != key.pk) == bool(replaced)
    assert live.emailed_at is None


def test_the_feed_is_read_once_and_to_its_end(tenant, monkeypatch):
    monkeypatch.setattr(follow, "PAGE", 2)
    contacts = [make_linked_contact(tenant) for _ in range(5)]
    keys = [make_key(contact) for contact in contacts]
    for contact in contacts:
        link_ends(contact)
    followed(tenant)
    assert KeysHead.objects.get(tenant=tenant).feed_seq == 5
    assert {fresh(key).no_link_since for key in keys} == {NOW}
    followed(tenant, at=NOW + timedelta(days=9))
    assert {fresh(key).no_link_since for key in keys} == {NOW}


def test_the_worker_follows_every_tenant_whose_feed_has_grown(tenant):
    keys = []
    for each in (tenant, make_tenant()):
        contact = make_linked_contact(each)
        keys.append(make_key(contact))
        publish(make_bar(DirectoryAssociation.objects.get(contact=contact).student, contact), "added", kind="bar")
    counts = run_sweeps(at=NOW, last={})
    assert counts["keys_revoked"] == 2
    assert {fresh(key).state for key in keys} == {KeyState.REVOKED}
