"""Revoke, replace, unlock, expire (R-CK-13, R-KY-05, R-KY-06, R-KY-07, E-14, E-22, §3.1)."""

from datetime import timedelta

import pytest
from django.db import transaction

from schoolgate.audit.models import AuditEntry
from schoolgate.jobs.models import ItemState, JobItem
from schoolgate.keys.end_keys import end_keys
from schoolgate.keys.errors import ReasonNeeded
from schoolgate.keys.expire import expire_keys
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.replace import start_replace
from schoolgate.keys.revoke import start_revoke
from schoolgate.keys.subjects import of_contacts
from schoolgate.keys.unlock import start_unlock
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key, make_linked_contact, make_redeemed_key, run
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def tenant():
    return make_tenant()


def ends(job):
    return {item.subject_id: (item.state, item.why) for item in JobItem.objects.filter(job=job)}


def fresh(row):
    row.refresh_from_db()
    return row


class TestRevoke:
    def revoke(self, tenant, *contacts, used=False, reason="Letters went to the wrong street."):
        ids = [contact.pk for contact in contacts]
        return run(
            start_revoke(
                tenant=tenant, subjects=of_contacts(ids), reason=reason, used=used, by=actor(), at=LATER, queued=False
            ),
            at=LATER,
        )

    def test_a_live_key_dies_with_its_sealed_copy(self, tenant):
        key = make_key(contact := make_linked_contact(tenant))
        assert ends(self.revoke(tenant, contact)) == {contact.pk: (ItemState.DONE, "")}
        fresh(key)
        assert (key.state, key.sealed, key.ended_at) == (KeyState.REVOKED, None, LATER)
        assert key.ended_why == "Letters went to the wrong street."

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
    def test_a_reason_is_asked_for(self, tenant, reason):
        with pytest.raises(ReasonNeeded):
            self.revoke(tenant, make_linked_contact(tenant), reason=reason)

    def test_a_used_key_is_left_alone_unless_ticked(self, tenant):
        tie = make_redeemed_key(contact := make_linked_contact(tenant))
        assert ends(self.revoke(tenant, contact)) == {contact.pk: (ItemState.SKIPPED, "tied")}
        assert fresh(tie).ended_at is None
        assert ends(self.revoke(tenant, contact, used=True)) == {contact.pk: (ItemState.DONE, "")}
        assert (fresh(tie).ended_at, tie.ended_why) == (LATER, "Letters went to the wrong street.")
        assert fresh(tie.key).state == KeyState.REVOKED

    def test_a_live_key_and_a_tie_of_one_contact_both_end(self, tenant):
        tie = make_redeemed_key(contact := make_linked_contact(tenant))
        key = make_key(contact)
        assert self.revoke(tenant, contact, used=True).done == 1
        assert fresh(tie).ended_at == LATER
        assert fresh(key).state == KeyState.REVOKED

    def test_contacts_without_a_key_and_of_elsewhere_are_skipped(self, tenant):
        keyless, stranger = make_linked_contact(tenant), make_linked_contact(make_tenant())
        foreign = make_key(stranger)
        skipped = ends(self.revoke(tenant, keyless, stranger))
        assert skipped == {keyless.pk: (ItemState.SKIPPED, "no_key"), stranger.pk: (ItemState.SKIPPED, "unknown")}
        assert fresh(foreign).state == KeyState.LIVE

    def test_the_audit_names_keys_contacts_and_the_reason(self, tenant):
        key = make_key(contact := make_linked_contact(tenant))
        job = self.revoke(tenant, contact)
        entry = AuditEntry.objects.get(act="key.revoked")
        assert entry.subjects == [["job", job.pk], ["contact", contact.pk], ["key", key.pk]]
        assert entry.reason == "Letters went to the wrong street."

    def test_a_key_that_was_redeemed_in_the_same_moment_is_left_out(self, tenant):
        """E-22: the state is part of the UPDATE."""
        tie = make_redeemed_key(make_linked_contact(tenant))
        with transaction.atomic():
            ended = end_keys(tenant=tenant, key_ids=[tie.key_id], state=KeyState.REVOKED, by_id=None, at=LATER, why="")
        assert ended == []
        assert fresh(tie.key).state == KeyState.REDEEMED


class TestReplace:
    def replace(self, tenant, *contacts):
        ids = [contact.pk for contact in contacts]
        job = start_replace(
            tenant=tenant, subjects=of_contacts(ids), by=actor(), at=LATER, reason="Lost in the post.", queued=False
        )
        return run(job, at=LATER)

    def test_the_old_key_is_dead_and_a_new_one_lives(self, tenant):
        old = make_key(contact := make_linked_contact(tenant))
        job = self.replace(tenant, contact)
        new = AccessKey.objects.get(state=KeyState.LIVE)
        fresh(old)
        assert (old.state, old.sealed, old.ended_at, old.replaced_by_id) == (KeyState.REPLACED, None, LATER, new.pk)
        assert (new.subject_id, new.run_id) == (contact.pk, job.pk)
        assert new.selector != old.selector
        assert bytes(new.mac) != bytes(old.mac)

    def test_a_locked_key_is_replaced_too(self, tenant):
        key = make_key(contact := make_linked_contact(tenant))
        AccessKey.objects.filter(pk=key.pk).update(locked_at=NOW, lock_count=2, failures=10)
        assert self.replace(tenant, contact).done == 1
        new = AccessKey.objects.get(state=KeyState.LIVE)
        assert (new.locked_at, new.lock_count, new.failures) == (None, 0, 0)

    def test_who_has_nothing_to_replace_or_may_have_no_new_key_keeps_what_there_is(self, tenant):
        keyless, tied, unlinked, barred = (
            make_linked_contact(tenant),
            make_linked_contact(tenant),
            make_contact(tenant),
            make_contact(tenant),
        )
        make_redeemed_key(tied)
        make_link(student := make_student(tenant), barred)
        keys = [make_key(unlinked), make_key(barred)]
        make_bar(student, barred)
        assert {pk: why for pk, (_, why) in ends(self.replace(tenant, keyless, tied, unlinked, barred)).items()} == {
            keyless.pk: "no_key",
            tied.pk: "tied",
            unlinked.pk: "no_link",
            barred.pk: "restricted",
        }
        assert {fresh(key).state for key in keys} == {KeyState.LIVE}


class TestUnlock:
    def locked(self, tenant, *, lock_count):
        key = make_key(contact := make_linked_contact(tenant))
        AccessKey.objects.filter(pk=key.pk).update(locked_at=NOW, lock_count=lock_count, failures=10)
        return contact, key

    def unlock(self, tenant, *contacts):
        ids = [contact.pk for contact in contacts]
        return run(start_unlock(tenant=tenant, subjects=of_contacts(ids), by=actor(), at=LATER, queued=False))

    def test_a_locked_key_gets_its_tries_back(self, tenant):
        contact, key = self.locked(tenant, lock_count=1)
        assert self.unlock(tenant, contact).done == 1
        fresh(key)
        assert (key.locked_at, key.failures, key.lock_count) == (None, 0, 1)
        assert AuditEntry.objects.get(act="key.unlocked").subjects == [["key", key.pk], ["contact", contact.pk]]

    def test_a_key_is_unlocked_once(self, tenant):
        contact, key = self.locked(tenant, lock_count=2)
        assert ends(self.unlock(tenant, contact)) == {contact.pk: (ItemState.SKIPPED, "locked_twice")}
        assert fresh(key).locked_at == NOW

    def test_others_are_skipped(self, tenant):
        make_key(open_key := make_linked_contact(tenant))
        keyless = make_linked_contact(tenant)
        assert ends(self.unlock(tenant, open_key, keyless)) == {
            open_key.pk: (ItemState.SKIPPED, "not_locked"),
            keyless.pk: (ItemState.SKIPPED, "no_key"),
        }

    def test_a_key_whose_last_try_was_never_answered_is_unlocked_as_well(self, tenant):
        """The process died between counting the tenth try and comparing it."""
        key = make_key(contact := make_linked_contact(tenant))
        AccessKey.objects.filter(pk=key.pk).update(failures=10)
        assert self.unlock(tenant, contact).done == 1
        assert fresh(key).failures == 0


class TestExpire:
    def test_keys_past_their_last_day_end_and_are_wiped(self, tenant):
        old = make_key(make_linked_contact(tenant), at=NOW - timedelta(days=61))
        young = make_key(make_linked_contact(tenant))
        elsewhere = make_key(make_linked_contact(make_tenant()), at=NOW - timedelta(days=61))
        assert expire_keys(tenant=tenant, by=actor(), at=NOW) == 1
        assert (fresh(old).state, old.sealed, old.ended_at) == (KeyState.EXPIRED, None, NOW)
        assert fresh(young).state == fresh(elsewhere).state == KeyState.LIVE
        assert AuditEntry.objects.get(act="key.expired").subjects == [["key", old.pk]]

    def test_nothing_to_do_writes_nothing(self, tenant):
        make_key(make_linked_contact(tenant))
        assert expire_keys(tenant=tenant, by=actor(), at=NOW) == 0
        assert not AuditEntry.objects.filter(act="key.expired").exists()
