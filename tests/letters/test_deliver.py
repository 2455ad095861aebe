"""Mails with keys: into the outbox, to a real server, each at most once (R-CK-12, R-KY-06, R-TP-11, R-RX-05, R4)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact
from schoolgate.jobs.models import ItemState, Job
from schoolgate.jobs.run import run_job
from schoolgate.keys.follow import follow_directory as follow_keys
from schoolgate.keys.generate import start_generate
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.reveal import reveal_keys
from schoolgate.keys.subjects import of_contacts
from schoolgate.letters.deliver import LEASE, confirm_message, deliver_due, resend_message
from schoolgate.letters.follow import follow_directory
from schoolgate.letters.models import Delivery, DeliveryState, Message, MessageState
from schoolgate.letters.send_emails import cancel_emails, forecast_emails, start_send_emails
from schoolgate.tenancy.dates import day_of, end_of_day
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import code_of
from tests.factories.tenancy import actor, make_tenant
from tests.letters.mail_server import free_port, mail_server, mail_settings

pytestmark = pytest.mark.django_db(transaction=True)


def now():
    return timezone.now()


def with_key(tenant, **contact):
    """A contact with a child and a live key."""
    made = make_contact(tenant, **contact)
    student = make_student(tenant)
    make_link(student, made)
    run_job(start_generate(tenant=tenant, subjects=of_contacts([made.pk]), by=actor(), at=now(), queued=False).pk)
    return made, student


def send(tenant, *contacts, hold=timedelta(0), again=False) -> Job:
    ids = [contact.pk for contact in contacts]
    job = start_send_emails(
        tenant=tenant, subjects=of_contacts(ids), by=actor(), at=now(), hold=hold, again=again, queued=False
    )
    return run_job(job.pk)


def deliver():
    return dict(deliver_due(now()))


def why(job: Job) -> list[str]:
    return [item.why for item in job.items.order_by("position")]


def state(tenant) -> list[str]:
    return list(Message.objects.for_tenant(tenant).order_by("pk").values_list("state", flat=True))


def test_a_mail_carries_the_key_as_text_and_in_the_fragment_of_its_link():
    """R-TP-09, R-TP-11, R-KY-09."""
    tenant = make_tenant(help_line="02 5550 1234", reply_to="office@school.example")
    contact, student = with_key(tenant)
    key = reveal_keys(tenant=tenant, subjects=of_contacts([contact.pk]), by=actor(), at=now())[0].code.grouped
    with mail_server() as server:
        send(tenant, contact)
        assert deliver()["sent"] == 1
    (mail,) = server.mails
    assert server.recipients == [contact.email]
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    link = f"https://portal.example/s-{tenant.code}/key/#k={key}"
    for part in (text, html):
        assert key in part
        assert link in part
        assert student.shown_name in part
        assert "02 5550 1234" in part
    assert key not in mail["Subject"]
    assert mail["Reply-To"] == "office@school.example"
    assert not re.search(r"<(img|script|link)\b", html)


def test_a_mailed_key_ends_seven_days_after_its_hand_over():
    """R-KY-06: counted from hand-over, and the mail states that day."""
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    with mail_server() as server:
        send(tenant, contact)
        deliver()
    key = AccessKey.objects.for_tenant(tenant).get()
    last_day = day_of(tenant, now()) + timedelta(days=7)
    assert key.expires_at == end_of_day(tenant, last_day)
    assert f"{last_day.day} {last_day:%B} {last_day.year}" in server.mails[0].get_body(("plain",)).get_content()
    assert Delivery.objects.for_tenant(tenant).get().state == DeliveryState.HANDED_OVER


def test_sending_twice_mails_once_and_again_mails_again():
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    with mail_server() as server:
        send(tenant, contact)
        assert why(send(tenant, contact)) == ["already_sent"]
        deliver()
        assert why(send(tenant, contact)) == ["already_sent"]
        send(tenant, contact, again=True)
        deliver()
        deliver()
    assert len(server.mails) == 2


def test_who_gets_no_mail_and_why():
    """R-CK-12."""
    tenant = make_tenant()
    plain, _ = with_key(tenant)
    keyless = make_contact(tenant)
    no_mail, _ = with_key(tenant, email="", email_usable=False)
    odd, _ = with_key(tenant, email="De Leon@example.com", email_usable=False)
    shared, student = with_key(tenant, email="one@home.example")
    other = make_contact(tenant, email="One@home.example")
    make_link(student, other)
    make_bar(student, other)
    barred, child = with_key(tenant)
    make_bar(child, barred)
    left, leaver = with_key(tenant)
    DirectoryAssociation.objects.filter(contact=left, student=leaver).delete()
    revoked, ward = with_key(tenant)
    make_bar(ward, revoked)
    follow_keys(tenant=tenant, by=actor(), at=now())
    ids = [plain.pk, keyless.pk, no_mail.pk, odd.pk, shared.pk, barred.pk, 0, left.pk, revoked.pk]
    job = run_job(start_send_emails(tenant=tenant, subjects=of_contacts(ids), by=actor(), at=now(), queued=False).pk)
    assert why(job) == [
        "",
        "no_key",
        "no_email",
        "no_email",
        "shared_email",
        "restricted",
        "unknown",
        "no_link",
        "restricted",
    ]
    assert (job.done, job.skipped) == (1, 8)


def test_the_forecast_is_what_happens():
    """R-CK-07, B-04."""
    tenant = make_tenant()
    ids = [with_key(tenant)[0].pk, with_key(tenant, email="", email_usable=False)[0].pk, make_contact(tenant).pk]
    found = forecast_emails(tenant=tenant, subjects=of_contacts(ids), at=now())
    job = run_job(start_send_emails(tenant=tenant, subjects=of_contacts(ids), by=actor(), at=now(), queued=False).pk)
    assert (found.acts_on, sum(found.skipped.values())) == (job.done, job.skipped)
    assert found.skipped == {"no_email": 1, "no_key": 1}


def test_a_held_run_waits_ten_minutes_and_can_be_cancelled():
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    with mail_server() as server:
        job = send(tenant, contact, hold=timedelta(minutes=10))
        assert deliver()["sent"] == 0
        assert cancel_emails(tenant=tenant, job=job, by=actor(), at=now()) == 1
        Message.objects.for_tenant(tenant).update(not_before=now())
        assert deliver()["sent"] == 0
    assert server.mails == []
    assert state(tenant) == [MessageState.CANCELLED]


def test_a_restriction_saved_while_a_mail_waits_stops_it():
    """R-RX-05, R-RN-06: tested at hand-over itself, whatever the follower has done."""
    tenant = make_tenant()
    contact, student = with_key(tenant)
    with mail_server() as server:
        send(tenant, contact)
        make_bar(student, contact)
        assert deliver()["sent"] == 0
    assert server.mails == []
    assert state(tenant) == [MessageState.STOPPED]
    assert AccessKey.objects.for_tenant(tenant).get().emailed_at is None


def test_a_restriction_on_somebody_who_shares_the_mailbox_stops_it_too():
    """R-CK-12, R-RX-05: at hand-over itself; a bar that begins by its date writes nothing that a follower could read."""
    tenant = make_tenant()
    contact, student = with_key(tenant, email="home@home.example")
    with mail_server() as server:
        send(tenant, contact)
        make_bar(student, make_contact(tenant, email="Home@home.example"))
        assert deliver()["sent"] == 0
    assert server.mails == []
    assert state(tenant) == [MessageState.STOPPED]


def test_the_follower_stops_what_must_not_go():
    tenant = make_tenant()
    barred, student = with_key(tenant)
    moved, _ = with_key(tenant)
    fine, _ = with_key(tenant)
    send(tenant, barred, moved, fine)
    make_bar(student, barred)
    DirectoryContact.objects.filter(pk=moved.pk).update(email="new@home.example")
    assert follow_directory(tenant=tenant, by=actor(), at=now()) == 2
    assert state(tenant) == [MessageState.STOPPED, MessageState.STOPPED, MessageState.QUEUED]


@pytest.mark.parametrize("how", [KeyState.REVOKED, KeyState.REDEEMED])
def test_an_ended_key_is_not_mailed(how):
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    with mail_server() as server:
        send(tenant, contact)
        AccessKey.objects.for_tenant(tenant).update(state=how, sealed=None)
        deliver()
    assert server.mails == []
    assert state(tenant) == [MessageState.STOPPED]


def test_nothing_is_lost_while_the_server_is_down():
    tenant = make_tenant()
    contacts = [with_key(tenant)[0] for _ in range(3)]
    with mail_settings(free_port()):
        send(tenant, *contacts)
        assert deliver() == {"sent": 0, "failed": 0, "unknown": 0}
    assert state(tenant) == [MessageState.QUEUED] * 3
    Message.objects.for_tenant(tenant).update(not_before=now())
    with mail_server() as server:
        assert deliver()["sent"] == 3
    assert sorted(server.recipients) == sorted(contact.email for contact in contacts)


def test_a_mailbox_that_is_not_there_bounces_and_is_not_written_to_again():
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    with mail_server(answers={contact.email: "550 5.1.1 No such mailbox"}):
        send(tenant, contact)
        assert deliver()["failed"] == 1
    message = Message.objects.for_tenant(tenant).get()
    assert message.state == MessageState.BOUNCED
    assert "No such mailbox" in message.problem
    assert why(send(tenant, contact)) == ["bounced"]


def test_a_mail_that_cannot_be_made_does_not_hold_up_the_others():
    """Such as one whose sealed copy is damaged: it waits, and at last a person is asked."""
    tenant = make_tenant()
    (damaged, _), (sound, _) = with_key(tenant), with_key(tenant)
    AccessKey.objects.filter(subject_id=damaged.pk).update(sealed=b"damaged")
    with mail_server() as server:
        send(tenant, damaged, sound)
        assert deliver()["sent"] == 1
        first = Message.objects.for_tenant(tenant).get(contact_id=damaged.pk)
        assert (first.state, first.tries, first.not_before > now()) == (MessageState.QUEUED, 1, True)
        Message.objects.filter(pk=first.pk).update(not_before=now(), tries=39)
        deliver()
    assert server.recipients == [sound.email]
    assert state(tenant) == [MessageState.FAILED, MessageState.SENT]


def test_one_bad_mailbox_does_not_hold_up_the_others():
    tenant = make_tenant()
    bad, _ = with_key(tenant)
    good, _ = with_key(tenant)
    with mail_server(answers={bad.email: "550 No"}) as server:
        send(tenant, bad, good)
        counts = deliver()
    assert (counts["sent"], counts["failed"]) == (1, 1)
    assert server.recipients == [good.email]


@pytest.mark.parametrize("answer", ["451 Come back later", "421 Going away"])
def test_a_server_that_asks_to_come_back_is_asked_again_later(answer):
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    with mail_server(data_answer=answer) as server:
        send(tenant, contact)
        deliver()
        message = Message.objects.for_tenant(tenant).get()
        assert message.state == MessageState.QUEUED
        assert message.not_before > now()
        server.data_answer = ""
        Message.objects.for_tenant(tenant).update(not_before=now())
        assert deliver()["sent"] == 1
    assert len(server.mails) == 1


def test_a_refused_text_fails_with_the_servers_words():
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    with mail_server(data_answer="554 Looks like spam"):
        send(tenant, contact)
        assert deliver()["failed"] == 1
    assert "Looks like spam" in Message.objects.for_tenant(tenant).get().problem


def test_a_server_that_quotes_the_mail_leaves_no_key_in_the_outbox():
    """R13: filters that refuse a mail like to name the link in it."""
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    key = code_of(AccessKey.objects.for_tenant(tenant).get())
    quoted = f"554 Blocked: http://localhost/s-A/key/#k={key.symbols} {key.grouped} /recover/password/#t=7.s3cret-s3cret_s3cret"
    with mail_server(data_answer=quoted):
        send(tenant, contact)
        deliver()
    said = [Message.objects.for_tenant(tenant).get().problem, Delivery.objects.for_tenant(tenant).get().problem]
    for text in said:
        assert "Blocked" in text
        assert not [secret for secret in (key.symbols, key.grouped, "s3cret") if secret in text]


def test_a_connection_lost_after_the_text_is_unknown_and_a_person_decides():
    """security.md §5: where it is unknown whether a mail went, it says so and asks."""
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    with mail_server(drops_after_data=True) as server:
        send(tenant, contact)
        assert deliver()["unknown"] == 1
        assert deliver() == {"sent": 0, "failed": 0, "unknown": 0}
        message = Message.objects.for_tenant(tenant).get()
        assert message.state == MessageState.UNKNOWN
        assert len(server.mails) == 1
        server.drops_after_data = False
        assert resend_message(tenant=tenant, message=message, by=actor(), at=now())
        assert not resend_message(tenant=tenant, message=message, by=actor(), at=now())
        assert deliver()["sent"] == 1
    assert AuditEntry.objects.filter(tenant=tenant, act="email.resent").exists()


def test_a_person_can_say_that_an_unknown_mail_arrived():
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    with mail_server(drops_after_data=True):
        send(tenant, contact)
        deliver()
    message = Message.objects.for_tenant(tenant).get()
    assert confirm_message(tenant=tenant, message=message, by=actor(), at=now())
    assert state(tenant) == [MessageState.SENT]


def test_a_lost_workers_mail_is_unknown_and_never_sent_by_itself():
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    send(tenant, contact)
    Message.objects.for_tenant(tenant).update(
        state=MessageState.SENDING, lease_owner="lost", lease_until=now() - timedelta(seconds=1)
    )
    with mail_server() as server:
        assert deliver() == {"sent": 0, "failed": 0, "unknown": 1}
    assert server.mails == []


def test_a_mail_another_worker_has_is_left_alone():
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    send(tenant, contact)
    Message.objects.for_tenant(tenant).update(
        state=MessageState.SENDING, lease_owner="other", lease_until=now() + LEASE
    )
    with mail_server() as server:
        assert deliver() == {"sent": 0, "failed": 0, "unknown": 0}
    assert server.mails == []


def test_mails_an_hour_are_a_limit():
    tenant = make_tenant(mails_per_hour=2)
    contacts = [with_key(tenant)[0] for _ in range(4)]
    with mail_server():
        send(tenant, *contacts)
        assert deliver()["sent"] == 2
        assert deliver()["sent"] == 0


def test_without_a_server_mails_stay_in_the_outbox(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    settings.EMAIL_URL = ""
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    send(tenant, contact)
    assert deliver() == {"sent": 0, "failed": 0, "unknown": 0}
    assert state(tenant) == [MessageState.QUEUED]


def test_an_address_that_breaks_out_of_its_header_is_never_written_to():
    tenant = make_tenant()
    contact, _ = with_key(tenant, email="amara@home.example\nBcc: everybody@elsewhere.example")
    with mail_server() as server:
        send(tenant, contact)
        deliver()
    assert server.mails == []
    assert state(tenant) == [MessageState.STOPPED]


def test_a_letters_row_holds_no_secret_and_no_body():
    """R13: what waits in the outbox opens nothing."""
    tenant = make_tenant()
    contact, _ = with_key(tenant)
    code = reveal_keys(tenant=tenant, subjects=of_contacts([contact.pk]), by=actor(), at=now())[0].code
    send(tenant, contact)
    row = str(Message.objects.for_tenant(tenant).values().get())
    assert code.grouped not in row
    assert code.grouped.replace("-", "") not in row


def test_skipped_items_say_so():
    tenant = make_tenant()
    job = send(tenant, make_contact(tenant))
    assert job.items.get().state == ItemState.SKIPPED
