"""Tries are counted before anything is compared (R-KY-05, R-RD-04, security.md §2)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from schoolgate.audit.models import AuditEntry
from schoolgate.keys.claim import prove_key
from schoolgate.keys.errors import KeyEnded, KeyNotAccepted, NothingCompared, ProofNotAccepted
from schoolgate.keys.models import AccessKey, KeyAttempt
from schoolgate.keys.throttle import counted_try
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import OfficeNotice, TenantSettings
from tests.factories.keys import code_of, make_key, make_linked_contact
from tests.factories.tenancy import NOW, actor, make_account, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def key(tenant):
    return make_key(make_linked_contact(tenant))


@pytest.fixture
def somebody(tenant):
    return replace(actor(make_account(tenant)), source="source-1")


def wrong(key):
    code = code_of(key)
    return KeyCode(code.selector, ("0" if code.secret[0] != "0" else "1") + code.secret[1:])


def attempt(tenant, code, by, *, at=NOW):
    with counted_try(tenant=tenant, code=code, by=by, at=at):
        prove_key(tenant=tenant, code=code, at=at)


def guess(tenant, code, by, *, at=NOW, times=1):
    for _ in range(times):
        with pytest.raises(KeyNotAccepted):
            attempt(tenant, code, by, at=at)


def failures_of(key):
    return AccessKey.objects.get(pk=key.pk).failures


def test_a_wrong_secret_keeps_its_try_and_a_right_one_gets_it_back(tenant, key, somebody):
    guess(tenant, wrong(key), somebody, times=3)
    assert failures_of(key) == 3
    attempt(tenant, code_of(key), somebody)
    assert failures_of(key) == 3


def test_the_try_is_committed_before_anything_is_compared(tenant, key, somebody):
    with counted_try(tenant=tenant, code=code_of(key), by=somebody, at=NOW):
        assert not connection.in_atomic_block
        assert failures_of(key) == 1
    assert failures_of(key) == 0


def test_a_wrong_second_proof_counts_in_the_same_counter(tenant, key, somebody):
    guess(tenant, wrong(key), somebody)
    with pytest.raises(ProofNotAccepted), counted_try(tenant=tenant, code=code_of(key), by=somebody, at=NOW):
        raise ProofNotAccepted
    assert failures_of(key) == 2
    assert list(KeyAttempt.objects.order_by("pk").values_list("kind", flat=True)) == ["wrong_secret", "wrong_proof"]


def test_what_is_refused_before_the_key_is_looked_at_costs_no_try(tenant, key, somebody):
    """A key must not lock because its holder presses again in the wrong account."""
    for _ in range(12):
        with (
            pytest.raises(NothingCompared),
            counted_try(tenant=tenant, code=code_of(key), by=somebody, at=NOW),
        ):
            raise NothingCompared("Not from here.")
    key.refresh_from_db()
    assert (key.failures, key.locked_at) == (0, None)
    attempt(tenant, code_of(key), somebody)


def test_a_proved_key_that_has_ended_costs_no_try(tenant, key, somebody):
    code = code_of(key)
    AccessKey.objects.filter(pk=key.pk).update(state="revoked", ended_at=NOW)
    for _ in range(40):
        with pytest.raises(KeyEnded):
            attempt(tenant, code, somebody)


def test_a_fault_of_ours_leaves_the_try_counted(tenant, key, somebody):
    with pytest.raises(ZeroDivisionError), counted_try(tenant=tenant, code=code_of(key), by=somebody, at=NOW):
        raise ZeroDivisionError
    assert failures_of(key) == 1


def test_the_tenth_failed_try_locks_the_key_and_tells_the_office(tenant, key, somebody):
    guess(tenant, wrong(key), somebody, times=9)
    assert AccessKey.objects.get(pk=key.pk).locked_at is None
    guess(tenant, wrong(key), somebody)
    locked = AccessKey.objects.get(pk=key.pk)
    assert (locked.locked_at, locked.lock_count) == (NOW, 1)
    entry = AuditEntry.objects.get(act="key.locked")
    assert entry.subjects == [["key", key.pk], ["contact", key.subject_id]]
    assert OfficeNotice.objects.get(tenant=tenant, kind="key.locked").subjects == entry.subjects


def test_the_right_secret_of_a_locked_key_gets_the_one_sentence(tenant, key, somebody):
    """R-RD-05: a locked key is not compared at all, so nobody can go on guessing at it."""
    code = code_of(key)
    guess(tenant, wrong(key), somebody, times=10)
    guess(tenant, code, replace(somebody, source="source-2", user_id=None))
    assert failures_of(key) == 10


def test_a_key_can_ask_for_fewer_tries(tenant, key, somebody):
    TenantSettings.objects.filter(tenant=tenant).update(failed_tries=3)
    tenant.settings.refresh_from_db()
    guess(tenant, wrong(key), somebody, times=3)
    assert AccessKey.objects.get(pk=key.pk).locked_at == NOW


@pytest.mark.parametrize("shared", ["source", "user_id"])
def test_a_source_and_an_account_have_thirty_failed_tries_an_hour(tenant, somebody, shared):
    codes = [KeyCode(f"ZZZ{symbol}", "ZZZZZZZZZZ") for symbol in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"]
    other = {"source": "source-2"} if shared == "user_id" else {"user_id": None}
    right = make_key(make_linked_contact(tenant))
    for position, code in enumerate(codes[:30]):
        guess(tenant, code, replace(somebody, **other) if position % 2 else somebody)
    guess(tenant, code_of(right), somebody)
    assert KeyAttempt.objects.count() == 30
    assert OfficeNotice.objects.filter(tenant=tenant, kind="key.guesses").count() == 1
    attempt(tenant, code_of(right), replace(somebody, source="source-3", user_id=None))
    attempt(tenant, code_of(right), somebody, at=NOW + timedelta(hours=1))


def test_attempts_hold_no_part_of_the_secret(tenant, key, somebody):
    """R-AU-03."""
    code = wrong(key)
    guess(tenant, code, somebody)
    stored = KeyAttempt.objects.values().get()
    assert stored["selector"] == code.selector
    assert code.secret not in str(stored)


def test_more_than_five_locks_in_an_hour_raise_an_alarm_and_tighten_the_limit_of_each_source(tenant, somebody):
    """R-KY-05: selectors are public, so strangers could lock keys on purpose."""
    for number in range(6):
        key = make_key(make_linked_contact(tenant))
        guess(tenant, wrong(key), replace(somebody, source=f"crowd-{number}", user_id=None), times=10)
    assert OfficeNotice.objects.filter(tenant=tenant, kind="key.many_locks").count() == 1
    unknown = KeyCode("ZZZZ", "ZZZZZZZZZZ")
    newcomer = replace(somebody, source="newcomer", user_id=None)
    guess(tenant, unknown, newcomer, times=11)
    assert KeyAttempt.objects.filter(source="newcomer").count() == 10
    bystander = replace(newcomer, source="elsewhere")
    guess(make_tenant(), unknown, bystander, times=11)
    assert KeyAttempt.objects.filter(source="elsewhere").count() == 11
