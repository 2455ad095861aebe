"""The step behind redemption (R-RD-04 to R-RD-06, R-RD-10, R-KY-07, R-ST-03)."""

from datetime import timedelta

import pytest
from django.db import transaction

from schoolgate.keys.claim import claim_key, lock_key, make_tie, prove_key
from schoolgate.keys.errors import AlreadyTied, KeyEnded, KeyNotAccepted
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import KeySystem, TenantSettings
from tests.factories.keys import code_of, make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import NOW, make_account, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant(time_zone="Australia/Sydney", help_line="02 5550 1234")


@pytest.fixture
def key(tenant):
    return make_key(make_linked_contact(tenant))


def other_secret(code):
    return KeyCode(code.selector, code.secret[::-1] if code.secret != code.secret[::-1] else "0123456789")


def test_the_right_secret_uses_the_key_up_and_wipes_its_copy(tenant, key):
    claimed = claim_key(tenant=tenant, code=code_of(key), at=NOW)
    assert claimed.pk == key.pk
    stored = AccessKey.objects.get(pk=key.pk)
    assert (stored.state, stored.sealed, stored.ended_at) == (KeyState.REDEEMED, None, NOW)


def test_proving_changes_nothing(tenant, key):
    before = AccessKey.objects.values().get(pk=key.pk)
    assert prove_key(tenant=tenant, code=code_of(key), at=NOW).pk == key.pk
    assert AccessKey.objects.values().get(pk=key.pk) == before


@pytest.mark.parametrize("act", [prove_key, claim_key])
def test_unknown_wrong_and_foreign_keys_get_one_answer(tenant, key, act):
    """R-RD-05."""
    foreign = code_of(make_key(make_linked_contact(make_tenant())))
    answers = set()
    for code in (other_secret(code_of(key)), KeyCode("ZZZZ", "ZZZZZZZZZZ"), foreign):
        with pytest.raises(KeyNotAccepted) as refusal:
            act(tenant=tenant, code=code, at=NOW)
        answers.add((refusal.value.code, refusal.value.status, refusal.value.message, refusal.value.fix))
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("columns", "code", "words"),
    [
        ({"state": "revoked", "ended_at": NOW}, "key.revoked", "withdrawn on 24 November 2026"),
        ({"state": "replaced", "ended_at": NOW}, "key.replaced", "replaced by a new one on 24 November 2026"),
        ({"state": "expired", "ended_at": NOW}, "key.expired", "ended on 23 January 2027"),
        ({"state": "redeemed", "ended_at": NOW}, "key.used", "used on 24 November 2026"),
        ({"locked_at": NOW}, "key.locked", "locked"),
    ],
)
def test_whoever_proves_the_secret_of_an_ended_key_is_told_what_happened(tenant, key, columns, code, words):
    proved = code_of(key)
    AccessKey.objects.filter(pk=key.pk).update(**columns)
    for act in (prove_key, claim_key):
        with pytest.raises(KeyEnded, match=words) as refusal:
            act(tenant=tenant, code=proved, at=NOW)
        assert refusal.value.code == code
        assert "02 5550 1234" in refusal.value.fix


def test_a_key_ends_with_its_last_day_before_any_sweep(tenant, key):
    code = code_of(key)
    prove_key(tenant=tenant, code=code, at=key.expires_at - timedelta(seconds=1))
    with pytest.raises(KeyEnded, match="ended on 23 January 2027"):
        claim_key(tenant=tenant, code=code, at=key.expires_at)


def test_a_dead_keys_selector_may_name_a_live_key_too(tenant, key):
    old_code = code_of(key)
    AccessKey.objects.filter(pk=key.pk).update(state="revoked", ended_at=NOW - timedelta(days=91))
    new = make_key(make_linked_contact(tenant))
    code = code_of(new)
    # The MAC covers the selector, so a key with the old one is made the long way round.
    same = KeyCode(old_code.selector, code.secret)
    from schoolgate.keys.keyring import newest_pepper
    from schoolgate.lib.keycode import mac_of

    AccessKey.objects.filter(pk=new.pk).update(
        selector=same.selector, mac=mac_of(same, tenant_id=tenant.pk, pepper=newest_pepper())
    )
    assert claim_key(tenant=tenant, code=same, at=NOW).pk == new.pk
    with pytest.raises(KeyEnded):
        claim_key(tenant=tenant, code=old_code, at=NOW)


def test_a_key_of_a_system_not_in_force_looks_unknown(tenant, key):
    """R-ST-03."""
    code = code_of(key)
    TenantSettings.objects.filter(tenant=tenant).update(key_system=KeySystem.FAMILY)
    tenant.settings.refresh_from_db()
    with pytest.raises(KeyNotAccepted):
        claim_key(tenant=tenant, code=code, at=NOW)


def test_a_used_key_does_not_work_again(tenant, key):
    code = code_of(key)
    claim_key(tenant=tenant, code=code, at=NOW)
    with pytest.raises(KeyEnded, match="used on"):
        claim_key(tenant=tenant, code=code, at=NOW)


def test_the_tie_says_who_acts_for_whom_since_when(tenant, key):
    account = make_account(tenant)
    tie = make_tie(key=claim_key(tenant=tenant, code=code_of(key), at=NOW), account=account, at=NOW)
    assert (tie.account, tie.subject_kind, tie.subject_id) == (account, "contact", key.subject_id)
    assert (tie.since, tie.ended_at) == (NOW, None)


def test_an_account_may_add_several_keys(tenant):
    """R-RD-10: each adds a tie, none replaces another."""
    account = make_account(tenant)
    make_redeemed_key(make_linked_contact(tenant), account=account)
    make_redeemed_key(make_linked_contact(tenant), account=account)
    assert Tie.objects.filter(account=account, ended_at=None).count() == 2


def test_an_account_that_acts_for_the_contact_already_leaves_the_key_alone(tenant):
    """R-RD-06."""
    contact, account = make_linked_contact(tenant), make_account(tenant)
    make_redeemed_key(contact, account=account)
    key = make_key(contact)
    with pytest.raises(AlreadyTied), transaction.atomic():
        make_tie(key=claim_key(tenant=tenant, code=code_of(key), at=NOW), account=account, at=NOW)
    key.refresh_from_db()
    assert key.state == KeyState.LIVE


def test_a_key_can_be_locked_by_whom_it_was_wrongly_sent_to(tenant, key):
    assert lock_key(key=key, at=NOW)
    assert not lock_key(key=key, at=NOW)
    key.refresh_from_db()
    assert (key.locked_at, key.lock_count, key.state) == (NOW, 1, KeyState.LIVE)
