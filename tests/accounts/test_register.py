"""Asking for an account: R-RD-03, portal-console §3.2, §10; R13 for the code."""

from datetime import timedelta

import pytest

from schoolgate.accounts.disable import disable_accounts
from schoolgate.accounts.enable import enable_account
from schoolgate.accounts.errors import PortalClosed, TooManyTries
from schoolgate.accounts.forget_unconfirmed import forget_unconfirmed
from schoolgate.accounts.models import Registration
from schoolgate.accounts.new_address import ask_new_address
from schoolgate.accounts.register import ACCOUNT_LIFE, MAILS_TO_AN_ADDRESS, REGISTRATIONS_FROM_A_SOURCE
from schoolgate.audit.models import AuditEntry
from schoolgate.letters.models import Message
from schoolgate.tenancy.models import Tenant, TenantSettings, User, UserKind
from schoolgate.tenancy.one_time import one_time_code, one_time_token
from tests.factories.accounts import register
from tests.factories.tenancy import NOW, actor, make_account, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant(portal_open=True, help_line="02 5550 1234")


def test_the_account_is_there_from_the_start_and_nobody_can_sign_in_to_it(tenant: Tenant) -> None:
    registration = register(tenant, "Amara@Home.example")

    account = registration.account
    assert (account.kind, account.username, account.email_confirmed_at) == ("family", "Amara@Home.example", None)
    assert not account.has_usable_password()


def test_a_code_and_a_link_go_to_the_address_and_neither_is_stored(tenant: Tenant) -> None:
    registration = register(tenant)

    message = Message.objects.for_tenant(tenant).get()
    assert (message.kind, message.address) == ("confirm_email", "amara@home.example")
    assert message.params["link"] == "key/account/confirm/"
    rows = f"{message.__dict__} {registration.__dict__}"
    assert one_time_code(registration.nonce) not in rows
    assert one_time_token(registration.nonce) not in rows


def test_asking_again_makes_the_code_before_useless_and_gives_new_tries(tenant: Tenant) -> None:
    first = register(tenant)
    Registration.objects.filter(pk=first.pk).update(tries=5)

    second = register(tenant, "AMARA@home.example ")

    assert second.pk == first.pk
    assert second.nonce != first.nonce
    assert second.tries == 0
    assert User.objects.for_tenant(tenant).accounts().count() == 1


@pytest.mark.parametrize("kind", [UserKind.FAMILY, UserKind.STUDENT])
def test_an_address_that_has_an_account_is_mailed_and_nobody_else_is_told(tenant: Tenant, kind: UserKind) -> None:
    account = make_account(tenant, email="amara@home.example", kind=kind)

    assert register(tenant) is None

    message = Message.objects.for_tenant(tenant).get()
    assert (message.kind, message.address, message.account_id) == ("already_registered", account.email, account.pk)
    account.refresh_from_db()
    assert account.has_usable_password()


def test_the_owner_of_an_account_is_mailed_once_an_hour_at_most(tenant: Tenant) -> None:
    make_account(tenant, email="amara@home.example")
    for _ in range(3):
        register(tenant)
    assert Message.objects.for_tenant(tenant).count() == 1


def test_a_member_of_the_office_with_the_same_address_is_somebody_else(tenant: Tenant) -> None:
    make_account(tenant, email="amara@home.example", kind=UserKind.STAFF)
    assert register(tenant) is not None


def test_the_same_address_in_another_tenant_is_another_account(tenant: Tenant) -> None:
    make_account(make_tenant(portal_open=True), email="amara@home.example")
    assert register(tenant) is not None


def test_an_address_is_asked_for_a_few_times_an_hour_only(tenant: Tenant) -> None:
    for number in range(MAILS_TO_AN_ADDRESS):
        register(tenant, source=f"phone {number}")
    with pytest.raises(TooManyTries):
        register(tenant, "AMARA@HOME.example", source="another phone")
    assert register(tenant, at=NOW + timedelta(hours=1)) is not None


def test_a_source_registers_a_limited_number_an_hour(tenant: Tenant) -> None:
    for number in range(REGISTRATIONS_FROM_A_SOURCE):
        register(tenant, f"parent{number}@home.example")
    with pytest.raises(TooManyTries):
        register(tenant, "one.more@home.example")
    assert register(tenant, "one.more@home.example", source="another phone") is not None


def test_a_closed_portal_takes_no_registrations(tenant: Tenant) -> None:
    TenantSettings.objects.filter(tenant=tenant).update(portal_open=False)
    closed = Tenant.objects.select_related("settings").get(pk=tenant.pk)
    with pytest.raises(PortalClosed):
        register(closed)
    assert not User.objects.for_tenant(tenant).accounts().exists()


def test_the_audit_names_the_account_and_not_the_address(tenant: Tenant) -> None:
    registration = register(tenant)
    entry = AuditEntry.objects.filter(tenant=tenant, act="account.registered").get()
    assert entry.subjects == [["account", registration.account_id]]
    assert "home.example" not in f"{entry.detail}{entry.subjects}"


def test_an_account_that_nobody_confirmed_dies_after_seven_days(tenant: Tenant) -> None:
    lapsed = register(tenant)
    kept = register(tenant, "later@home.example", at=NOW + timedelta(days=1))

    assert forget_unconfirmed(tenant=tenant, by=actor(), at=NOW + ACCOUNT_LIFE) == 1

    accounts = User.objects.for_tenant(tenant).accounts()
    assert list(accounts.values_list("pk", flat=True)) == [kept.account_id]
    assert not Registration.objects.filter(pk=lapsed.pk).exists()


def test_what_the_office_did_with_such_an_account_doesn_t_keep_the_others_alive(tenant: Tenant) -> None:
    """One that it has stopped stays, stopped; one that it has opened again, or asked another address for, dies as any."""
    [stopped, opened, asked, plain] = [register(tenant, f"{name}@home.example").account_id for name in "abcd"]
    disable_accounts(
        school_ids=None, tenant=tenant, account_ids=[stopped, opened], reason="A stranger", by=actor(), at=NOW
    )
    enable_account(school_ids=None, tenant=tenant, account_id=opened, by=actor(), at=NOW)
    ask_new_address(tenant=tenant, account_id=asked, email="e@home.example", by=actor(), at=NOW)

    assert forget_unconfirmed(tenant=tenant, by=actor(), at=NOW + ACCOUNT_LIFE) == 3

    assert list(User.objects.for_tenant(tenant).accounts().values_list("pk", flat=True)) == [stopped]
    assert plain not in Registration.objects.values_list("account_id", flat=True)


def test_an_account_that_was_completed_is_kept(tenant: Tenant) -> None:
    registration = register(tenant)
    User.objects.filter(pk=registration.account_id).update(email_confirmed_at=NOW)
    assert forget_unconfirmed(tenant=tenant, by=actor(), at=NOW + timedelta(days=30)) == 0
