"""Keys in clear (R-CK-05, R-KY-07, R-AU-01)."""

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.keys.keyring import SecretMissing
from schoolgate.keys.models import AccessKey
from schoolgate.keys.reveal import reveal_keys, unsealed
from schoolgate.keys.subjects import of_contacts
from schoolgate.lib.keycode import SealBroken
from tests.factories.keys import code_of, make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def test_live_keys_are_shown_and_the_audit_names_each(tenant):
    keys = [make_key(make_linked_contact(tenant)) for _ in range(2)]
    make_key(make_linked_contact(tenant))
    shown = reveal_keys(tenant=tenant, subjects=of_contacts([key.subject_id for key in keys]), by=actor(), at=NOW)
    assert [(each.subject.id, each.code) for each in shown] == [(key.subject_id, code_of(key)) for key in keys]
    entry = AuditEntry.objects.get(act="key.shown")
    assert [subject for subject in entry.subjects if subject[0] == "key"] == [["key", key.pk] for key in keys]
    assert shown[0].code.secret not in f"{entry.detail}{shown[0]}"


def test_used_dead_and_foreign_keys_cannot_be_shown(tenant):
    used = make_redeemed_key(make_linked_contact(tenant))
    dead = make_key(make_linked_contact(tenant))
    AccessKey.objects.filter(pk=dead.pk).update(state="revoked", sealed=None, ended_at=NOW)
    foreign = make_key(make_linked_contact(make_tenant()))
    asked = of_contacts([used.subject_id, dead.subject_id, foreign.subject_id])
    assert reveal_keys(tenant=tenant, subjects=asked, by=actor(), at=NOW) == []
    assert not AuditEntry.objects.filter(act="key.shown").exists()


def test_a_sealed_copy_put_into_another_row_does_not_open(tenant):
    first, second = make_key(make_linked_contact(tenant)), make_key(make_linked_contact(tenant))
    second.sealed = first.sealed
    with pytest.raises(SealBroken):
        unsealed([second])


def test_older_secrets_still_open_and_a_missing_one_is_named(tenant, settings):
    """R-KY-08."""
    key = make_key(make_linked_contact(tenant))
    code = code_of(key)
    settings.SEALING_KEYS = {**settings.SEALING_KEYS, max(settings.SEALING_KEYS) + 1: bytes(32)}
    settings.ACCESS_KEY_PEPPERS = {**settings.ACCESS_KEY_PEPPERS, max(settings.ACCESS_KEY_PEPPERS) + 1: bytes(32)}
    assert code_of(key) == code
    newer = make_key(make_linked_contact(tenant))
    assert (newer.sealing_no, newer.pepper_no) == (max(settings.SEALING_KEYS), max(settings.ACCESS_KEY_PEPPERS))
    assert code_of(newer).selector == newer.selector
    settings.SEALING_KEYS = {newer.sealing_no: bytes(32)}
    with pytest.raises(SecretMissing, match=f"number {key.sealing_no}"):
        code_of(key)
