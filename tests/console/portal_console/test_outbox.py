"""The outbox: states, a dummy key, Show by right, cancel, send again (A7, R-CK-05, R-RN-02, R-PM-01)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from schoolgate.accounts.models import PasswordReset
from schoolgate.accounts.new_address import ask_new_address
from schoolgate.accounts.recover import ask_for_password_link
from schoolgate.audit.models import AuditEntry
from schoolgate.jobs.run import run_job
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import of_contacts
from schoolgate.letters.models import Message, MessageState
from schoolgate.letters.send_emails import start_send_emails
from schoolgate.lib.keycode import dummy_key
from schoolgate.tenancy.models import Role
from schoolgate.tenancy.one_time import one_time_token
from tests.console.enrolments_pages import sign_in
from tests.factories.keys import code_of, make_key, make_linked_contact
from tests.factories.tenancy import actor, make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(help_line="02 5550 1234")


@pytest.fixture
def office(client, tenant):
    sign_in(client, tenant, Role.ADMINISTRATOR)
    return client


def queue(tenant, **columns):
    contact = make_linked_contact(tenant, **columns)
    key = make_key(contact, at=timezone.now())
    job = start_send_emails(
        tenant=tenant, subjects=of_contacts([contact.pk]), by=actor(), at=timezone.now(), queued=False
    )
    run_job(job.pk)
    return Message.objects.get(key=key), key


def address(tenant, name="outbox", *ids):
    return reverse(f"console:portal_console:{name}", args=[tenant.code, *ids])


def test_it_lists_mails_with_their_state(office, tenant):
    queue(tenant, given_name="Ines")
    page = office.get(address(tenant))
    assert "Ines" in page.text
    assert "Waiting" in page.text
    assert "No mail server is set up" in page.text


def test_a_mail_shows_a_key_that_opens_nothing(office, tenant):
    message, key = queue(tenant)
    page = office.get(address(tenant, "outbox_mail", message.pk))
    body = office.get(address(tenant, "outbox_body", message.pk))
    assert dummy_key() in body.text
    assert code_of(key).grouped not in page.text + body.text
    assert "sandbox" in body["Content-Security-Policy"]
    assert not AuditEntry.objects.filter(act="key.shown").exists()


def test_show_takes_a_press_and_is_in_the_audit(office, tenant):
    message, key = queue(tenant)
    asked = office.get(address(tenant, "outbox_show", message.pk))
    assert code_of(key).grouped not in asked.text
    shown = office.post(address(tenant, "outbox_show", message.pk))
    assert code_of(key).grouped in shown.text
    assert shown["Cache-Control"] == "private, no-store"
    entry = AuditEntry.objects.get(act="key.shown")
    assert ["key", key.pk] in entry.subjects
    assert code_of(key).secret not in str(entry.__dict__)


def test_nobody_of_the_office_reads_what_opens_a_family_s_account(office, tenant, settings):
    """R-MU-01, R-MU-05: a link to a new password is its owner's; without a mail server it has no other way to arrive."""
    make_account(tenant, email="amara@home.example")
    settings.EMAIL_URL = "smtp://mail.school.example"
    ask_for_password_link(tenant=tenant, email="amara@home.example", by=actor(), at=timezone.now())
    message, reset = Message.objects.get(kind="reset_password"), PasswordReset.objects.get()
    assert (
        "Show" not in office.get(address(tenant, "outbox_mail", message.pk)).text.split("</main>")[0].split("<main")[1]
    )
    refused = office.post(address(tenant, "outbox_show", message.pk))
    assert refused.status_code == 403
    assert one_time_token(reset.nonce) not in refused.text
    settings.EMAIL_URL = ""
    assert one_time_token(reset.nonce) in office.post(address(tenant, "outbox_show", message.pk)).text


def test_show_needs_the_right(client, tenant):
    message, _key = queue(tenant)
    sign_in(client, tenant, Role.PORTAL_OFFICER, every_single_right=False)
    assert client.post(address(tenant, "outbox_show", message.pk)).status_code == 403


def test_a_mail_of_a_dead_key_shows_nothing(office, tenant):
    message, _key = queue(tenant)
    AccessKey.objects.update(state=KeyState.REVOKED, sealed=None)
    assert office.post(address(tenant, "outbox_show", message.pk)).status_code == 302
    assert not AuditEntry.objects.filter(act="key.shown").exists()


def test_word_to_the_owner_of_an_account_is_not_kept_back(office, tenant):
    """R-AM-13, R-RD-12: whoever of the office acts on an account can't stop the mail that tells of it."""
    account = make_account(tenant, email="amara@home.example")
    ask_new_address(tenant=tenant, account_id=account.pk, email="new@home.example", by=actor(), at=timezone.now())
    told = Message.objects.get(kind="new_address_asked")
    assert "Cancel this mail" not in office.get(address(tenant, "outbox_mail", told.pk)).text
    assert office.post(address(tenant, "outbox_cancel", told.pk)).status_code == 404
    told.refresh_from_db()
    assert told.state == MessageState.QUEUED


def test_a_waiting_mail_can_be_cancelled_once(office, tenant):
    message, _key = queue(tenant)
    office.post(address(tenant, "outbox_cancel", message.pk))
    message.refresh_from_db()
    assert message.state == MessageState.CANCELLED
    page = office.post(address(tenant, "outbox_cancel", message.pk), follow=True)
    assert "too late" in page.text


def test_an_unknown_mail_goes_again_only_by_a_press(office, tenant):
    message, _key = queue(tenant)
    Message.objects.update(state=MessageState.UNKNOWN)
    assert "Did it arrive?" in office.get(address(tenant, "outbox_mail", message.pk)).text
    office.post(address(tenant, "outbox_resend", message.pk))
    message.refresh_from_db()
    assert message.state == MessageState.QUEUED


def test_an_unknown_mail_that_arrived_is_noted_as_sent(office, tenant):
    message, _key = queue(tenant)
    Message.objects.update(state=MessageState.UNKNOWN)
    office.post(address(tenant, "outbox_arrived", message.pk))
    message.refresh_from_db()
    assert message.state == MessageState.SENT


def test_another_schools_mails_are_not_seen(client, tenant):
    """R-PM-01."""
    message, _key = queue(tenant, given_name="Ines")
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=make_school(tenant))
    assert "Ines" not in client.get(address(tenant)).text
    assert client.get(address(tenant, "outbox_mail", message.pk)).status_code == 404


def test_nonsense_in_the_address_gives_the_whole_list(office, tenant):
    queue(tenant, given_name="Ines")
    assert "Ines" in office.get(address(tenant) + "?state=x&run=y&page=999999999").text


def test_the_number_of_statements_does_not_grow(office, tenant, django_assert_max_num_queries):
    for _ in range(3):
        queue(tenant)
    Message.objects.update(not_before=timezone.now() + timedelta(hours=1))
    office.get(address(tenant))
    with django_assert_max_num_queries(14):
        office.get(address(tenant))
