"""The mails on the way, as a family gets them: their codes and links work, and nothing at rest holds them (R-RD-12, R13)."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.core import serializers
from django.test import Client
from django.utils import timezone

from schoolgate.accounts.models import PasswordReset, Registration
from schoolgate.letters.deliver import deliver_due
from schoolgate.letters.models import Message, MessageState
from tests.factories.directory import make_bar, make_contact, make_link
from tests.factories.keys import make_redeemed_key
from tests.factories.tenancy import make_account
from tests.letters.mail_server import MailServer, mail_server, mail_settings
from tests.portal.test_key import BORN, number_in
from tests.portal.world import NEW_PASSWORD, Family, make_family

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def family(transactional_db: None) -> Family:
    return make_family()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server, mail_settings(server.port):
        yield server


def newest(server: MailServer) -> EmailMessage:
    deliver_due(timezone.now())
    return server.mails[-1]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage) -> tuple[str, str]:
    """The path of the mail's link, and what its fragment says."""
    found = re.search(r"https?://[^/]+(/s-\S+?)#t=(\S+?)[)>\s]", text_of(mail) + " ")
    assert found is not None
    return found[1], found[2]


def ask(family: Family, client: Client) -> None:
    client.post(f"{family.here}/key/", {"key": family.key})
    client.post(f"{family.here}/key/account/new/", {"email": "amara@somewhere.example"})


def test_the_mailed_code_goes_on_where_it_was_asked_for(family: Family, client: Client, server: MailServer) -> None:
    ask(family, client)
    code = re.search(r"\b\d{8}\b", text_of(newest(server)))
    assert code is not None
    answer = client.post(f"{family.here}/key/account/confirm/", {"code": code[0]})
    assert answer.headers["Location"] == f"{family.here}/key/account/complete/"


def test_the_mailed_link_goes_on_anywhere(family: Family, client: Client, server: MailServer) -> None:
    ask(family, client)
    path, token = link_in(newest(server))
    answer = Client().post(path, {"code": token})
    assert answer.headers["Location"] == f"{family.here}/key/account/complete/"


def test_opening_the_mailed_link_confirms_nothing(family: Family, client: Client, server: MailServer) -> None:
    """Mail scanners follow links (R-RD-01)."""
    ask(family, client)
    path, _token = link_in(newest(server))
    for method in ("get", "head"):
        getattr(Client(), method)(path)
    assert Registration.objects.get().confirmed_at is None


def test_the_mailed_link_sets_a_password(family: Family, client: Client, server: MailServer) -> None:
    account = make_account(family.tenant, email="amara@somewhere.example")
    client.post(f"{family.here}/recover/", {"email": "amara@somewhere.example"})
    path, token = link_in(newest(server))
    assert client.post(path, {"link": token, "password": NEW_PASSWORD}).headers["Location"] == f"{family.here}/sign-in/"
    account.refresh_from_db()
    assert account.check_password(NEW_PASSWORD)


def test_after_a_redemption_both_addresses_learn_what_to_do_if_it_was_somebody_else(
    family: Family, client: Client, server: MailServer
) -> None:
    client.force_login(
        make_account(family.tenant, email="amara@somewhere.example"), backend="schoolgate.tenancy.sign_in.TenantBackend"
    )
    client.post(f"{family.here}/key/", {"key": family.key})
    client.post(f"{family.here}/key/check/", BORN)
    number = number_in(client.get(f"{family.here}/key/children/"))
    client.post(f"{family.here}/key/children/", {"answer": "yes", "number": number})
    deliver_due(timezone.now())
    assert {mail["To"] for mail in server.mails} == {"amara@somewhere.example", "amara@home.example"}
    for mail in server.mails:
        text = text_of(mail)
        assert f"{family.here}/not-you/" in text
        assert "amara@somewhere.example" in text
        assert family.key not in text


@pytest.mark.parametrize("how", ["the account acts for somebody barred", "somebody barred shares the mailbox"])
def test_a_connection_s_mail_names_no_child_that_a_reader_is_barred_from(
    family: Family, client: Client, server: MailServer, how: str
) -> None:
    """R-RX-03, R-RX-05: an order binds whoever reads along, by a shared sign-in or a shared mailbox."""
    account = make_account(family.tenant, email="shared@somewhere.example")
    ada, obi = family.children
    other = make_contact(family.tenant, email="amara@HOME.example" if "mailbox" in how else "other@home.example")
    make_link(obi, other)
    make_bar(ada, other)
    if "account" in how:
        make_redeemed_key(other, account=account, at=timezone.now())
    client.force_login(account, backend="schoolgate.tenancy.sign_in.TenantBackend")
    client.post(f"{family.here}/key/", {"key": family.key})
    client.post(f"{family.here}/key/check/", BORN | {"day": "1", "month": "9", "year": "2017"})
    number = number_in(client.get(f"{family.here}/key/children/"))
    client.post(f"{family.here}/key/children/", {"answer": "yes", "number": number})
    deliver_due(timezone.now())
    texts = {str(mail["To"]): text_of(mail) for mail in server.mails}
    barred = "shared@somewhere.example" if "account" in how else "amara@home.example"
    assert len(texts) == 2
    assert "Obi" in texts[barred]
    assert "Ada" not in texts[barred]


def test_nothing_at_rest_holds_a_code_a_link_or_a_key(family: Family, client: Client, server: MailServer) -> None:
    ask(family, client)
    make_account(family.tenant, email="known@somewhere.example")
    client.post(f"{family.here}/recover/", {"email": "known@somewhere.example"})
    deliver_due(timezone.now())
    secrets = {family.key, family.key.replace("-", "")}
    for mail in server.mails:
        secrets |= set(re.findall(r"\b\d{8}\b", text_of(mail)))
        secrets |= {link_in(mail)[1].partition(".")[2]}
    assert len(secrets) == 5
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.SENT}
    rows = serializers.serialize(
        "json", [*Message.objects.all(), *Registration.objects.all(), *PasswordReset.objects.all()]
    )
    assert not [secret for secret in secrets if secret in rows]
