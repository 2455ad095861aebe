"""The page of a run by school: progress, undo, first delivery, its list (R-GS-05, registration-keys §6)."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse

from schoolgate.audit.models import AuditEntry
from schoolgate.jobs.control import cancel_job, pause_job
from schoolgate.jobs.models import Job, JobItem, JobState
from schoolgate.jobs.run import run_job
from schoolgate.keys.generate import start_generate
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.plan_run import RunAsked, plan_run
from schoolgate.letters.first_delivery import GivenOut, Way, start_delivery
from schoolgate.letters.held_delivery import give_out_due
from schoolgate.letters.models import Delivery, HeldDelivery, Message
from schoolgate.tenancy.models import Role
from tests.console.by_school.test_plan import address, make_family
from tests.console.contact_keys.office import said, sign_in
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import run as run_to_its_end
from tests.factories.tenancy import NOW, actor, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(help_line="02 5550 1234", portal_open=True)


def start(tenant, *, by=None, way="", page="by_school", held_until=None, **asked):
    wanted = RunAsked(for_students=True, for_parents=True, **asked)
    plan = plan_run(tenant=tenant, asked=wanted, at=NOW)
    return start_generate(
        tenant=tenant,
        subjects=plan.subjects,
        by=actor(by),
        at=NOW,
        then=way,
        held_until=held_until,
        page=page,
        queued=False,
    )


def ended(tenant, **options):
    return run_to_its_end(start(tenant, **options))


def look(client, tenant, job):
    return client.get(address(tenant, "run", job.pk))


def deliveries_of(job):
    job.refresh_from_db()
    return list(Job.objects.filter(pk__in=job.result.get("delivered_by", [])).order_by("pk"))


def test_an_ended_run_says_what_it_made_and_offers_undo_and_delivery(client, tenant):
    make_family(tenant)
    sign_in(client, tenant)
    page = said(look(client, tenant, ended(tenant)).text)
    assert "Made 1 key for parent use and 1 key for student use." in page
    assert "Give out the keys" in page
    assert "Undo run" in page


def test_undo_run_revokes_what_nobody_was_given(client, tenant):
    """R-GS-05"""
    make_family(tenant)
    sign_in(client, tenant)
    job = ended(tenant)
    answer = client.post(address(tenant, "undo", job.pk), follow=True)
    assert "The run is undone: 2 keys revoked." in said(answer.text)
    assert set(AccessKey.objects.values_list("state", flat=True)) == {KeyState.REVOKED}


def test_a_run_can_be_paused_and_carried_on_and_stopped_from_its_page(client, tenant):
    """R-GS-05: also by a member for one school, whose own run it is."""
    school = make_school(tenant)
    make_family(tenant, school=school)
    member = sign_in(client, tenant, school=school)
    job = start(tenant, by=member)
    assert "Pause" in said(look(client, tenant, job).text)
    control = reverse("console:records:job_control", args=[tenant.code, job.pk])
    for act, state in (("pause", JobState.PAUSED), ("resume", None), ("cancel", JobState.CANCELLED)):
        client.post(control, {"act": act})
        if state:
            assert run_job(job.pk).state == state


def test_a_member_for_one_school_sees_their_own_runs_alone(client, tenant):
    school = make_school(tenant)
    make_family(tenant, school=school)
    job = start(tenant, by=make_member(tenant))
    sign_in(client, tenant, school=school)
    assert look(client, tenant, job).status_code == 404
    control = reverse("console:records:job_control", args=[tenant.code, job.pk])
    assert client.post(control, {"act": "cancel"}).status_code == 404
    assert client.post(address(tenant, "undo", job.pk)).status_code == 404


def test_an_auditor_sees_a_run_and_changes_nothing(client, tenant):
    make_family(tenant)
    job = ended(tenant)
    sign_in(client, tenant, Role.AUDITOR)
    page = look(client, tenant, job)
    assert page.status_code == 200
    assert "Undo run" not in said(page.text)
    for name in ("undo", "deliver"):
        assert client.post(address(tenant, name, job.pk), {"way": "emails"}).status_code == 403


def test_a_run_of_contact_keys_has_no_page_here(client, tenant):
    make_family(tenant)
    sign_in(client, tenant)
    assert look(client, tenant, start(tenant, page="")).status_code == 404


def test_no_delivery_unless_one_was_chosen(tenant):
    make_family(tenant)
    assert not deliveries_of(ended(tenant))


def test_emails_chosen_at_the_start_follow_by_themselves_for_exactly_these_keys(client, tenant):
    """Registration-keys §6: first delivery. A student's own key goes to the address that the school has given them."""
    _, contact = make_family(tenant, email="ada@pupils.example")
    make_student(tenant)
    job = ended(tenant, way=Way.EMAILS)
    [mails] = deliveries_of(job)
    assert (mails.kind, mails.state, mails.total) == ("letters.send_emails", JobState.PLANNED, 3)
    run_to_its_end(mails)
    assert set(Message.objects.values_list("address", flat=True)) == {contact.email, "ada@pupils.example"}
    sign_in(client, tenant)
    page = said(look(client, tenant, job).text)
    assert "2 emails in the outbox." in page
    assert "Give out the keys" not in page


def test_letters_go_to_those_without_an_email_the_rest_is_mailed(tenant):
    """First delivery: letters where no e-mail."""
    _, with_email = make_family(tenant)
    student, _contact = make_family(tenant, year_level="8")
    without = make_contact(tenant, email="", email_usable=False)
    make_link(student, without)
    job = ended(tenant, way=Way.LETTERS_WITHOUT_EMAIL)
    mails, letters, for_class = deliveries_of(job)
    assert (mails.kind, letters.kind, for_class.kind) == ("letters.send_emails", "letters.print", "letters.print")
    assert list(letters.items.values_list("subject_id", flat=True)) == [without.pk]
    assert set(for_class.items.values_list("subject_kind", flat=True)) == {"student_self"}, "Files of their own."
    assert with_email.pk in set(mails.items.values_list("subject_id", flat=True))
    assert run_to_its_end(letters).done == 1
    assert AccessKey.objects.get(subject_id=without.pk).printed_at is not None


def test_a_run_that_was_stopped_gives_out_nothing_by_itself(client, tenant):
    """R-RN-04: what is made stays made, and the page says so and offers the rest."""
    make_family(tenant)
    job = start(tenant, way=Way.EMAILS)
    cancel_job(job=job, by=actor(), at=NOW)
    assert run_to_its_end(job).state == JobState.CANCELLED
    assert not deliveries_of(job)
    sign_in(client, tenant)
    assert "nothing was sent or printed by itself" in said(look(client, tenant, job).text)


def test_a_paused_run_delivers_when_it_has_ended_and_not_before(tenant):
    make_family(tenant)
    job = start(tenant, way=Way.EMAILS)
    pause_job(job=job, by=actor(), at=NOW)
    run_to_its_end(job)
    assert not deliveries_of(job)


def held(tenant, *, by=None, days=30):
    """A run that has ended, whose mails wait."""
    make_family(tenant)
    return ended(tenant, by=by, way=Way.EMAILS, held_until=NOW.date() + timedelta(days=days))


def test_what_is_held_goes_out_on_its_day_once(client, tenant):
    """R-GS-04"""
    member = sign_in(client, tenant)
    job = held(tenant, by=member)
    page = said(look(client, tenant, job).text)
    assert "goes out by itself on" in page
    assert "Give out the keys" in page
    give_out_due(NOW + timedelta(days=29))
    assert not deliveries_of(job)
    for _ in range(2):
        give_out_due(NOW + timedelta(days=30))
    [mails] = deliveries_of(job)
    assert (mails.kind, mails.actor_id) == ("letters.send_emails", member.pk)
    assert "goes out by itself on" not in said(look(client, tenant, job).text)


@pytest.mark.parametrize(
    "how",
    ["cancelled", "given out by hand", "undone", "its starter has left", "has no right", "has another school"],
)
def test_what_is_held_does_not_go_out_by_itself_any_more(client, tenant, how):
    """R-GS-04: somebody can stop it at any time."""
    member = sign_in(client, tenant)
    job = held(tenant, by=member)
    if how == "cancelled":
        for _ in range(2):
            client.post(address(tenant, "cancel_delivery", job.pk))
        assert AuditEntry.objects.filter(act="delivery.cancelled").count() == 1
    elif how == "given out by hand":
        client.post(address(tenant, "deliver", job.pk), {"way": "emails"})
    elif how == "undone":
        client.post(address(tenant, "undo", job.pk))
    elif how == "has no right":
        member.memberships.update(role=Role.AUDITOR)
    elif how == "has another school":
        member.memberships.update(school=make_school(tenant))
    else:
        type(member).objects.filter(pk=member.pk).update(is_active=False)
    before = deliveries_of(job)
    give_out_due(NOW + timedelta(days=30))
    after = deliveries_of(job)
    if how == "undone":
        assert [run_to_its_end(mails, at=NOW + timedelta(days=30)).done for mails in after] == [0]
    else:
        assert after == before
    assert not HeldDelivery.objects.exists()


def test_keys_are_given_out_afterwards_once(client, tenant):
    """The follow-up acts on exactly the run's keys; a second press has no effect."""
    make_family(tenant)
    make_link(make_student(tenant), make_contact(tenant))
    sign_in(client, tenant)
    job = ended(tenant)
    page = said(client.get(address(tenant, "deliver", job.pk)).text)
    assert "2 emails. Skips 2 with no email." in page
    assert "4 letters." in page
    client.post(address(tenant, "deliver", job.pk), {"way": "emails"})
    [mails] = deliveries_of(job)
    assert set(mails.items.values_list("subject_id", flat=True)) == set(
        JobItem.objects.filter(job=job).values_list("subject_id", flat=True)
    )
    client.post(address(tenant, "deliver", job.pk), {"way": "letters"})
    assert deliveries_of(job) == [mails]
    with pytest.raises(GivenOut):
        start_delivery(tenant=tenant, run=job, way=Way.LETTERS, by=actor(), at=NOW)


def test_letters_need_the_rights_to_see_keys_and_to_print_in_bulk(client, tenant):
    make_family(tenant)
    job = ended(tenant)
    sign_in(client, tenant, every_single_right=False)
    offered = client.get(address(tenant, "deliver", job.pk)).text
    assert 'value="letters' not in offered
    assert 'value="emails"' in offered
    assert client.post(address(tenant, "deliver", job.pk), {"way": "letters"}).status_code == 403
    plan = client.get(address(tenant)).text
    assert 'value="letters"' not in plan
    assert 'value="emails"' in plan
    assert not deliveries_of(job)


def test_the_run_s_list_says_what_became_of_everybody(client, tenant):
    """R-GS-05: one result per subject; without keys (R-CK-17)."""
    student, contact = make_family(tenant)
    ended(tenant)
    again = ended(tenant)
    member = sign_in(client, tenant)
    answer = client.post(address(tenant, "download_run", again.pk))
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["Key for"], row["Student Id"], row["Contact ID"], row["Outcome"]) for row in rows] == [
        ("student use", student.student_no, "", "has a live key already"),
        ("parent use", student.student_no, contact.contact_no, "has a live key already"),
    ]
    entry = AuditEntry.objects.get(act="key_run.exported")
    assert (entry.actor_id, entry.detail["rows"]) == (member.pk, 2)


def test_a_member_for_one_school_fetches_the_letters_of_their_own_students_alone(client, tenant):
    """R-PM-01: students and contacts have ids of their own each, and neither stands for the other."""
    school = make_school(tenant)
    student, _contact = make_family(tenant, school=school)
    member = sign_in(client, tenant, school=school)
    job = ended(tenant, by=member, way=Way.LETTERS, school_ids=frozenset({school.pk}))
    for letters in deliveries_of(job):
        run_to_its_end(letters)
    page = look(client, tenant, job).text
    assert page.count("/letters/1/") == 2
    student.school = make_school(tenant)
    student.save()
    assert "/letters/1/" not in look(client, tenant, job).text


def test_who_works_for_one_school_today_reads_and_undoes_nothing_of_the_others_in_their_own_older_run(client, tenant):
    """R-RK-11, R-PM-01: rows by today's reach, whatever the member's schools were when the run was started."""
    near, far = make_school(tenant), make_school(tenant)
    student, contact = make_family(tenant, school=near)
    make_family(tenant, school=far)
    member = sign_in(client, tenant)
    job = ended(tenant, by=member, way=Way.LETTERS)
    letters = [run_to_its_end(each) for each in deliveries_of(job)]
    member.memberships.update(school=near)
    answer = client.post(address(tenant, "download_run", job.pk))
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["Student Id"], row["Contact ID"]) for row in rows] == [
        (student.student_no, ""),
        (student.student_no, contact.contact_no),
    ]
    page = client.get(reverse("console:records:job", args=[tenant.code, job.pk]))
    assert len(page.context["rows"]) == 2
    assert "2 more are about people of other schools" in said(page.text)
    assert "Undo run" not in look(client, tenant, job).text
    assert client.post(address(tenant, "undo", job.pk)).status_code == 403
    mark = reverse("console:contact_keys:mark", args=[tenant.code, letters[0].pk])
    assert client.post(mark, {"became": "destroyed"}).status_code == 403
    Delivery.objects.update(fetched_at=NOW, page_no=1)
    AccessKey.objects.update(state=KeyState.REVOKED, sealed=None)
    shown = look(client, tenant, job).context["found"].deliveries
    to_pull = {letter.number for each in shown for letter in each.to_pull}
    assert to_pull == {student.student_no, contact.contact_no}
