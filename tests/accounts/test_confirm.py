"""Proving an address, completing the account: R-RD-03, R-RD-14."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import authenticate

from schoolgate.accounts.confirm import TRIES_FOR_A_CODE, complete_account, confirm_email, confirm_email_by_link
from schoolgate.accounts.errors import CodeNotAccepted, LinkNotAccepted, PasswordRefused
from schoolgate.accounts.models import Registration
from schoolgate.accounts.register import CODE_LIFE
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.one_time import one_time_code
from tests.factories.accounts import register, somebody, token_of
from tests.factories.tenancy import NOW, make_tenant

pytestmark = pytest.mark.django_db
PASSWORD = "four words that differ"


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant(portal_open=True)


@pytest.fixture
def registration(tenant: Tenant) -> Registration:
    made = register(tenant)
    assert made is not None
    return made


def by_code(registration: Registration, typed: str, *, at: datetime = NOW) -> int:
    return confirm_email(tenant=registration.tenant, registration_id=registration.pk, typed=typed, by=somebody(), at=at)


def by_link(registration: Registration, token: str, *, at: datetime = NOW) -> int:
    return confirm_email_by_link(tenant=registration.tenant, token=token, by=somebody(), at=at)


@pytest.mark.parametrize("between", ["", " ", "-"])
def test_the_mailed_code_proves_the_address_however_it_is_spaced(registration: Registration, between: str) -> None:
    code = one_time_code(registration.nonce)
    typed = f" {code[:4]}{between}{code[4:]} "
    assert by_code(registration, typed) == registration.account_id


def test_a_code_is_used_once(registration: Registration) -> None:
    code = one_time_code(registration.nonce)
    by_code(registration, code)
    with pytest.raises(CodeNotAccepted):
        by_code(registration, code)
    with pytest.raises(LinkNotAccepted):
        by_link(registration, token_of(registration))


def test_a_code_dies_after_half_an_hour(registration: Registration) -> None:
    with pytest.raises(CodeNotAccepted):
        by_code(registration, one_time_code(registration.nonce), at=NOW + CODE_LIFE)


def test_after_five_wrong_codes_the_right_one_is_refused_with_the_same_sentence(registration: Registration) -> None:
    right = one_time_code(registration.nonce)
    wrong = "00000000" if right != "00000000" else "11111111"
    said = set()
    for typed in [*[wrong] * TRIES_FOR_A_CODE, right]:
        with pytest.raises(CodeNotAccepted) as refusal:
            by_code(registration, typed)
        said.add(refusal.value.message)
    assert len(said) == 1


def test_where_the_address_had_an_account_no_code_fits_and_the_sentence_is_the_same(registration: Registration) -> None:
    with pytest.raises(CodeNotAccepted) as nobody:
        confirm_email(tenant=registration.tenant, registration_id=None, typed="12345678", by=somebody(), at=NOW)
    with pytest.raises(CodeNotAccepted) as wrong:
        by_code(registration, "1")
    assert nobody.value.message == wrong.value.message


def test_the_link_proves_the_address_on_any_device(registration: Registration) -> None:
    assert by_link(registration, token_of(registration)) == registration.account_id


@pytest.mark.parametrize("token", ["", ".", "1", "x.y", "99999999999999999999.abc", "٣.abc"])
def test_something_that_is_no_link_is_refused(registration: Registration, token: str) -> None:
    with pytest.raises(LinkNotAccepted):
        by_link(registration, token)


def test_a_link_of_another_tenant_is_refused(registration: Registration) -> None:
    other = make_tenant(portal_open=True)
    with pytest.raises(LinkNotAccepted):
        confirm_email_by_link(tenant=other, token=token_of(registration), by=somebody(), at=NOW)


def complete(registration: Registration, password: str = PASSWORD) -> None:
    complete_account(
        tenant=registration.tenant,
        account_id=registration.account_id,
        name=" Amara Okafor ",
        password=password,
        by=somebody(),
        at=NOW,
    )


def test_a_completed_account_can_sign_in(registration: Registration) -> None:
    complete(registration)

    tenant = registration.tenant
    account = authenticate(tenant=tenant, door="portal", username="AMARA@home.example", password=PASSWORD)
    assert account is not None
    assert (account.name, account.email_confirmed_at) == ("Amara Okafor", NOW)


@pytest.mark.parametrize("password", ["short", "password1234", "amara@home.example", "Amara Okafor"])
def test_a_password_that_is_short_known_or_one_s_own_name_is_refused(registration: Registration, password: str) -> None:
    with pytest.raises(PasswordRefused):
        complete(registration, password)
    registration.account.refresh_from_db()
    assert registration.account.email_confirmed_at is None


def test_no_composition_rules(registration: Registration) -> None:
    complete(registration, "grünebananenfliegen")


def test_an_account_is_completed_once(registration: Registration) -> None:
    complete(registration)
    with pytest.raises(LinkNotAccepted):
        complete(registration, "another four words here")
    tenant = registration.tenant
    assert authenticate(tenant=tenant, door="portal", username="amara@home.example", password=PASSWORD) is not None


def test_whoever_registers_somebody_else_s_address_gains_nothing_when_they_confirm(tenant: Tenant) -> None:
    """The password comes after the proof: nobody can lay an account in wait."""
    laid = register(tenant)
    assert laid is not None
    by_link(laid, token_of(laid))
    assert authenticate(tenant=tenant, door="portal", username="amara@home.example", password="") is None
    laid.account.refresh_from_db()
    assert not laid.account.has_usable_password()


def test_asking_again_later_than_the_code_s_life_works(tenant: Tenant, registration: Registration) -> None:
    later = NOW + timedelta(days=2)
    again = register(tenant, at=later)
    assert again is not None
    assert by_code(again, one_time_code(again.nonce), at=later) == registration.account_id
