"""One key system at a time: what a change ends, what stops it, and that it happens wholly or not at all (portal-console §4)."""

import pytest
from django.db import IntegrityError, connection, transaction

from schoolgate.audit.models import AuditEntry
from schoolgate.audit.verify import verify_audit
from schoolgate.jobs.models import JobItem
from schoolgate.keys.claim import claim_key
from schoolgate.keys.errors import KeyNotAccepted
from schoolgate.keys.generate import start_generate
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.replace import start_replace
from schoolgate.keys.subjects import of_contacts, of_students
from schoolgate.keys.switch_system import TiesStand, forecast_switch, standing_of, switch_system
from schoolgate.letters.models import Message
from schoolgate.letters.print_letters import PrintOptions, start_print_letters
from schoolgate.tenancy.models import KeySystem, Tenant, TenantSettings
from tests.factories.directory import make_student
from tests.factories.keys import (
    code_of,
    generate,
    make_key,
    make_key_for,
    make_linked_contact,
    make_redeemed_key,
    run,
)
from tests.factories.tenancy import NOW, actor, make_member, make_tenant
from tests.reliability.apart import run_apart

pytestmark = pytest.mark.django_db(transaction=True)
CONTACT, FAMILY, STUDENT = KeySystem.CONTACT, KeySystem.FAMILY, KeySystem.STUDENT


@pytest.fixture
def tenant():
    return make_tenant()


def fresh(tenant):
    return Tenant.objects.select_related("settings").get(pk=tenant.pk)


def switch(tenant, to=FAMILY, *, end_ties=False, by=None):
    return switch_system(tenant=fresh(tenant), to=to, end_ties_too=end_ties, by=actor(by), at=NOW)


def test_the_live_keys_of_the_old_system_end_with_it(tenant):
    """R-ST-01: one row says which system is in force; R-KY-07: what is ended has no sealed copy."""
    key = make_key(make_linked_contact(tenant))
    done = switch(tenant, by=make_member(tenant))
    assert (done.before, done.after, done.live, done.ties) == ("contact", "family", 1, 0)
    key.refresh_from_db()
    assert (key.state, key.ended_why, key.sealed) == (KeyState.REVOKED, "key system changed", None)
    assert TenantSettings.objects.get(tenant=tenant).key_system == FAMILY
    assert TenantSettings.objects.get(tenant=tenant).changed["key_system"]["at"] == NOW.isoformat()  # R-ST-07


def test_standing_ties_stop_it_and_nothing_is_changed(tenant):
    """R-MG-01: nobody loses or gains a child by a change of the system, until somebody says that it shall be so."""
    key = make_key(make_linked_contact(tenant))
    make_redeemed_key(make_linked_contact(tenant))
    with pytest.raises(TiesStand, match="1 connection"):
        switch(tenant)
    key.refresh_from_db()
    assert key.state == KeyState.LIVE
    assert key.sealed
    assert TenantSettings.objects.get(tenant=tenant).key_system == CONTACT
    assert not AuditEntry.objects.filter(act="key_system.changed").exists()


def test_ties_end_when_that_is_asked_for(tenant):
    tie = make_redeemed_key(make_linked_contact(tenant))
    done = switch(tenant, end_ties=True, by=make_member(tenant))
    assert (done.ties, done.accounts) == (1, 1)
    tie.refresh_from_db()
    assert (tie.ended_at, tie.ended_why) == (NOW, "key system changed")
    assert AccessKey.objects.get(pk=tie.key_id).state == KeyState.REVOKED


def test_keys_and_ties_of_the_students_own_are_left_alone(tenant):
    """Student-use keys are independent of the key system (registration-keys §3)."""
    own = make_key_for(of_students([make_student(tenant).pk])[0], tenant_id=tenant.pk)
    switch(tenant, STUDENT)
    own.refresh_from_db()
    assert own.state == KeyState.LIVE


def test_the_forecast_is_what_the_change_does_and_writes_nothing(tenant):
    """R-MG-02."""
    printed = make_key(make_linked_contact(tenant))
    AccessKey.objects.filter(pk=printed.pk).update(printed_at=NOW)
    make_key(make_linked_contact(tenant))
    make_redeemed_key(make_linked_contact(tenant))
    told = forecast_switch(tenant=fresh(tenant), to=FAMILY)
    assert (told.live, told.given_out, told.ties, told.accounts) == (2, 1, 1, 1)
    assert forecast_switch(tenant=fresh(tenant), to=FAMILY) == told
    assert switch(tenant, end_ties=True) == told


def test_the_system_in_force_stays_as_it_is(tenant):
    make_key(make_linked_contact(tenant))
    done = switch(tenant, CONTACT)
    assert (done.is_same, done.live) == (True, 0)
    assert standing_of(tenant=fresh(tenant)).live == 1
    assert TenantSettings.objects.get(tenant=tenant).changed == {}


def test_the_audit_names_every_key_and_connection(tenant):
    """R-AU-01, R-AU-02."""
    key, tie = make_key(make_linked_contact(tenant)), make_redeemed_key(make_linked_contact(tenant))
    switch(tenant, end_ties=True)
    acts = {entry.act: entry for entry in AuditEntry.objects.filter(tenant=tenant)}
    assert ["key", key.pk] in acts["key.revoked"].subjects
    assert ["account", tie.account_id] in acts["tie.ended"].subjects
    assert acts["key_system.changed"].detail == {
        "before": {"key_system": "contact"},
        "after": {"key_system": "family"},
        "keys": 1,
        "ties": 1,
    }
    assert verify_audit(tenant_id=tenant.pk).ok


def test_nobody_is_mailed_by_the_change(tenant):
    """R-MG-06."""
    make_redeemed_key(make_linked_contact(tenant))
    before = Message.objects.count()
    switch(tenant, end_ties=True)
    assert Message.objects.count() == before


def test_an_old_letter_is_an_unknown_key_afterwards(tenant):
    """R-ST-03."""
    code = code_of(make_key(make_linked_contact(tenant)))
    switch(tenant)
    with pytest.raises(KeyNotAccepted):
        claim_key(tenant=fresh(tenant), code=code, at=NOW)


def test_the_database_knows_no_fourth_system_and_no_second_row(tenant):
    """R-ST-01: held by the database, and not only by the form."""
    with pytest.raises(IntegrityError), transaction.atomic():
        TenantSettings.objects.filter(tenant=tenant).update(key_system="class")
    with pytest.raises(IntegrityError), transaction.atomic():
        TenantSettings.objects.bulk_create([TenantSettings(tenant=tenant, key_system=FAMILY)])


@pytest.mark.parametrize("act", ["generate", "replace", "print"])
def test_a_run_that_began_before_the_change_makes_no_key_of_the_old_system(tenant, act):
    """R-ST-03: whoever makes keys reads the system again under the lock under which it changes."""
    contact = make_linked_contact(tenant)
    make_key(contact) if act == "replace" else None
    whom = {"tenant": fresh(tenant), "subjects": of_contacts([contact.pk]), "by": actor(), "at": NOW, "queued": False}
    start = {
        "generate": lambda: start_generate(**whom),
        "replace": lambda: start_replace(**whom),
        "print": lambda: start_print_letters(**whom, options=PrintOptions(also_generate=True)),
    }
    job = start[act]()
    switch(tenant)
    assert {item.why for item in JobItem.objects.filter(job=run(job))} == {"other_system"}
    assert not AccessKey.objects.filter(tenant=tenant, state=KeyState.LIVE).exists()


def test_after_the_change_and_back_everybody_is_a_gap(tenant):
    contact = make_linked_contact(tenant)
    make_redeemed_key(contact)
    switch(tenant, end_ties=True)
    switch(tenant, CONTACT)
    assert generate(fresh(tenant), contact).done == 1
    assert Tie.objects.filter(tenant=tenant, ended_at=None).count() == 0


@pytest.mark.reliability
@pytest.mark.parametrize(("against", "keys"), [("generate", 1_000), ("redeem", 120)])
def test_whatever_runs_beside_it_nothing_of_the_wrong_system_is_left(against, keys):
    """A switch in the middle of a run of Generate Keys, and of redemptions: real processes."""
    found = run_apart("switched_systems", against=against, rounds=4, keys=keys)
    assert found.rounds == 4
    assert (found.wrong_keys, found.wrong_ties, found.faults) == (0, 0, 0)
    assert found.met > 0, "The switch never fell into the middle of it."


@pytest.mark.reliability
def test_killed_in_the_middle_it_has_changed_all_or_nothing():
    """R-MG-05."""
    found = run_apart("switched_systems", against="kill", rounds=12, keys=150)
    assert (found.half, found.faults) == (0, 0)
    assert found.kills > 0


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("against", "keys", "fault"),
    [("generate", 1_000, "wrong_keys"), ("redeem", 120, "wrong_ties"), ("kill", 120, "half")],
)
def test_the_controls_find_what_is_wrong(against, keys, fault):
    """Without reading the system again, without waiting for redemptions, in two transactions: the tests above can fail."""
    if connection.vendor != "postgresql":
        pytest.skip("On SQLite one writer at a time has the whole database: there is no race to lose")
    found = run_apart("switched_systems", against=against, rounds=12, keys=keys, unsafe=True)
    assert getattr(found, fault) > 0
