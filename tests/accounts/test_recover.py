"""A forgotten password: one link, once, for an hour; nobody learns who has an account (design.md §4, R-RD-14)."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate

from schoolgate.accounts.errors import LinkNotAccepted, PasswordRefused, TooManyTries
from schoolgate.accounts.models import PasswordReset
from schoolgate.accounts.recover import LINK_LIFE, MAILS_TO_AN_ADDRESS, ask_for_password_link, recover_account
from schoolgate.letters.compose import compose
from schoolgate.letters.models import Message
from schoolgate.tenancy.models import Tenant, User, UserKind
from tests.factories.accounts import ask_for_link, register, somebody, token_of
from tests.factories.tenancy import NOW, make_account, make_tenant

pytestmark = pytest.mark.django_db
PASSWORD = "four words that differ"


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant(portal_open=True)


@pytest.fixture
def account(tenant: Tenant) -> User:
    return make_account(tenant, email="amara@home.example")


def recover(tenant: Tenant, token: str, password: str = PASSWORD, *, after: timedelta = timedelta(0)) -> User:
    return recover_account(tenant=tenant, token=token, password=password, by=somebody(), at=NOW + after)


def test_the_mailed_link_sets_a_new_password(tenant: Tenant, account: User) -> None:
    token = ask_for_link(tenant, "AMARA@home.example")
    recover(tenant, token)
    assert authenticate(tenant=tenant, door="portal", username="amara@home.example", password=PASSWORD) == account


def test_the_mail_is_queued_without_the_link(tenant: Tenant, account: User) -> None:
    token = ask_for_link(tenant, "amara@home.example")
    message = Message.objects.for_tenant(tenant).get()
    assert (message.kind, message.address) == ("reset_password", "amara@home.example")
    assert token.partition(".")[2] not in f"{message.__dict__}"


def test_a_mailbox_that_a_parent_shares_with_students_gets_a_link_for_each_account_named_by_kind(
    tenant: Tenant, account: User
) -> None:
    """R-RD-14: which account a link opens is told in its mail alone, to whoever reads the mailbox."""
    for username, email in (("ada.okafor", "Amara@Home.example"), ("ben.okafor", "ben@home.example")):
        student = make_account(tenant, email=username, kind=UserKind.STUDENT)
        User.objects.filter(pk=student.pk).update(email=email)
    ask_for_link(tenant, "amara@home.example")
    messages = list(Message.objects.for_tenant(tenant).order_by("pk"))
    texts = [" ".join(compose(message, last_day=None, at=NOW).body.split()) for message in messages]
    assert [message.address for message in messages] == ["amara@home.example", "Amara@Home.example"]
    assert "This link is for the parent’s account amara@home.example." in texts[0]
    assert "This link is for the student’s account ada.okafor." in texts[1]
    assert all("each has a mail and a link of its own" in text for text in texts)
    reset = PasswordReset.objects.get(account__username="ada.okafor")
    assert recover(tenant, token_of(reset)).username == "ada.okafor"
    assert PasswordReset.objects.get(account=account).used_at is None, "the parent's own link still works"


def test_a_mailbox_with_one_account_is_told_nothing_of_several(tenant: Tenant, account: User) -> None:
    ask_for_link(tenant, "amara@home.example")
    [message] = Message.objects.for_tenant(tenant)
    assert "more than one account" not in compose(message, last_day=None, at=NOW).body


def test_every_session_ends(tenant: Tenant, account: User) -> None:
    before = account.get_session_auth_hash()
    recover(tenant, ask_for_link(tenant, "amara@home.example"))
    account.refresh_from_db()
    assert account.get_session_auth_hash() != before
    assert account.session_epoch == 1


def test_a_link_works_once_and_takes_the_other_links_with_it(tenant: Tenant, account: User) -> None:
    first, second = ask_for_link(tenant, "amara@home.example"), ask_for_link(tenant, "amara@home.example")
    recover(tenant, second)
    for token in (first, second):
        with pytest.raises(LinkNotAccepted):
            recover(tenant, token, "another four words here")


def test_a_link_dies_after_an_hour(tenant: Tenant, account: User) -> None:
    token = ask_for_link(tenant, "amara@home.example")
    with pytest.raises(LinkNotAccepted):
        recover(tenant, token, after=LINK_LIFE)


def test_a_refused_password_leaves_the_link(tenant: Tenant, account: User) -> None:
    token = ask_for_link(tenant, "amara@home.example")
    with pytest.raises(PasswordRefused):
        recover(tenant, token, "short")
    recover(tenant, token)


@pytest.mark.parametrize(
    "email", ["nobody@home.example", "waiting@home.example", "gone@home.example", "office@school.example"]
)
def test_who_has_no_account_gets_no_mail_and_no_other_answer(tenant: Tenant, email: str) -> None:
    register(tenant, "waiting@home.example")
    User.objects.filter(pk=make_account(tenant, email="gone@home.example").pk).update(is_active=False)
    make_account(tenant, email="office@school.example", kind=UserKind.STAFF)
    Message.objects.for_tenant(tenant).delete()

    assert ask_for_link(tenant, email) == ""
    assert not Message.objects.for_tenant(tenant).exists()


@pytest.mark.parametrize("email", ["amara@home.example", "nobody@home.example"])
def test_asking_is_limited_alike_for_those_who_have_an_account_and_those_who_have_none(
    tenant: Tenant, account: User, email: str
) -> None:
    for _ in range(MAILS_TO_AN_ADDRESS):
        ask_for_link(tenant, email)
    with pytest.raises(TooManyTries):
        ask_for_link(tenant, email)


def test_a_link_of_another_tenant_is_refused(tenant: Tenant, account: User) -> None:
    token = ask_for_link(tenant, "amara@home.example")
    with pytest.raises(LinkNotAccepted):
        recover(make_tenant(portal_open=True), token)


def test_a_disabled_account_s_link_is_refused(tenant: Tenant, account: User) -> None:
    token = ask_for_link(tenant, "amara@home.example")
    User.objects.filter(pk=account.pk).update(is_active=False)
    with pytest.raises(LinkNotAccepted):
        recover(tenant, token)


def test_a_guessed_secret_is_refused(tenant: Tenant, account: User) -> None:
    token = ask_for_link(tenant, "amara@home.example")
    reset = PasswordReset.objects.for_tenant(tenant).get()
    assert token == token_of(reset)
    with pytest.raises(LinkNotAccepted):
        recover(tenant, f"{reset.pk}.{'A' * 32}")


def test_another_spelling_that_a_database_takes_for_the_address_sends_nothing(tenant: Tenant) -> None:
    """R-RD-14: the limit of mails counts by what was typed."""
    student = make_account(tenant, email="ida.okafor", kind=UserKind.STUDENT)
    User.objects.filter(pk=student.pk).update(email="ida@home.example")
    for typed in ("\u0131da@home.example", "ida@home.example "):
        ask_for_password_link(tenant=tenant, email=typed, by=somebody(), at=NOW)
    assert Message.objects.for_tenant(tenant).count() == 1
