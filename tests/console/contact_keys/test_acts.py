"""The Actions menu, its forecasts, previews, and what they start (R-CK-07, R-CK-08, R-CK-13, R-CK-14)."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.console.parent_access.key_pages.acts import ACTS
from schoolgate.directory.models import DirectoryStudent
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import run_job
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.tenancy.models import Membership, Role
from tests.console.contact_keys.office import address, look, said, sign_in, tick
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()


@pytest.fixture
def tenant():
    return make_tenant()


def menu(client, tenant):
    return said(client.get(address(tenant, "actions"), headers={"HX-Request": "true"}).text)


def test_the_menu_forecasts_each_act_for_this_selection(client, tenant):
    without, with_key, connected = (make_linked_contact(tenant) for _ in range(3))
    make_key(with_key, at=timezone.now())
    make_redeemed_key(connected, at=timezone.now())
    sign_in(client, tenant)
    tick(client, tenant, without, with_key, connected)
    words = menu(client, tenant)
    assert "Generate Keys 1 contact gets a key. Skips 1 that already has a key, 1 that is connected." in words
    assert "Replace Keys… 1 key stops and a new one is made. Skips 1 with no key, 1 that is connected." in words
    assert "Revoke Keys… 1 key stops working. Nobody who is connected loses access." in words


def test_an_act_leads_back_to_the_search_it_came_from(client, tenant):
    """§11.1: every list keeps filter and place on the way back, with script and without."""
    contact = make_linked_contact(tenant)
    sign_in(client, tenant)
    tick(client, tenant, contact)
    here = f"http://testserver{address(tenant)}?q=oka&rows=100"
    with_script = client.get(address(tenant, "actions"), headers={"HX-Request": "true", "HX-Current-URL": here})
    without = client.post(address(tenant, "actions"), {"do": "ticks"}, headers={"Referer": here})
    for shown in (with_script, without):
        assert f"{address(tenant, 'generate')}?back=q%3Doka%26rows%3D100" in shown.text
    page = client.get(address(tenant, "generate") + "?back=q%3Doka%26rows%3D100")
    assert f'href="{address(tenant)}?q=oka&amp;rows=100"' in page.text
    done = client.post(address(tenant, "generate"), {"back": "q=oka&rows=100"})
    assert done.url == f"{address(tenant)}?q=oka&rows=100"
    closed = client.post(address(tenant, "close", Job.objects.get().pk), headers={"Referer": here})
    assert closed.url == f"{address(tenant)}?q=oka&rows=100"


@pytest.mark.parametrize("back", ["//evil.example/", "q=a\r\nSet-Cookie: x=1", "https://evil.example/?q=a"])
def test_nobody_is_led_elsewhere_after_an_act(client, tenant, back):
    sign_in(client, tenant)
    tick(client, tenant, make_linked_contact(tenant))
    done = client.post(address(tenant, "generate"), {"back": back}, headers={"Referer": "https://evil.example/?q=a"})
    assert done.url.startswith(f"{address(tenant)}?")
    assert "\n" not in done.url


def test_with_nothing_ticked_the_menu_opens_and_says_so(client, tenant):
    make_linked_contact(tenant)
    sign_in(client, tenant)
    assert "Nothing is selected." in menu(client, tenant)


def test_the_menu_costs_the_same_for_many_as_for_few(client, tenant):
    """R-CK-18: the forecasts of all verbs are a fixed number of statements, whatever is ticked."""
    sign_in(client, tenant)
    costs = []
    for number in (2, 30):
        tick(client, tenant, *[make_linked_contact(tenant) for _ in range(number)])
        with CaptureQueriesContext(connection) as queries:
            menu(client, tenant)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_opening_the_menu_keeps_the_ticks_of_the_page_without_script(client, tenant):
    contact = make_linked_contact(tenant)
    sign_in(client, tenant)
    form = {"shown": contact.pk, "ticked": contact.pk, "do": "ticks"}
    response = client.post(address(tenant, "actions"), form)
    assert "1 contact selected" in said(response.text)
    assert "1 contact gets a key." in said(response.text)


def test_generate_previews_and_then_makes_the_keys_it_said(client, tenant):
    """R-CK-07, R-CK-08: preview and act agree; a second time makes nothing."""
    amara, ben = make_linked_contact(tenant), make_linked_contact(tenant)
    make_key(ben, at=timezone.now())
    member = sign_in(client, tenant)
    tick(client, tenant, amara, ben)
    preview = client.get(address(tenant, "generate")).text
    assert amara.shown_name in preview
    assert "Generate 1 key" in preview
    assert Job.objects.count() == 0
    response = client.post(address(tenant, "generate"))
    assert response.status_code == 302
    job = run_job(Job.objects.get().pk)
    assert (job.done, job.skipped, job.actor_id) == (1, 1, member.pk)
    again = said(client.get(address(tenant, "generate")).text)
    assert "There is nothing to do for this selection." in again
    assert "2 that already have a key" in again


def test_facts_that_changed_after_the_preview_are_skipped_and_told(client, tenant):
    """R-CK-07."""
    contact = make_linked_contact(tenant)
    sign_in(client, tenant)
    tick(client, tenant, contact)
    client.get(address(tenant, "generate"))
    make_redeemed_key(contact, at=timezone.now())
    client.post(address(tenant, "generate"))
    run_job(Job.objects.get().pk)
    assert "0 keys made. Skips 1 that is connected." in said(look(client, tenant).text)


def test_contacts_with_no_students_are_counted_in_when_asked_for(client, tenant):
    alone = make_contact(tenant)
    sign_in(client, tenant)
    tick(client, tenant, alone)
    assert "1 with no students" in client.get(address(tenant, "generate")).text
    part = client.get(address(tenant, "generate"), {"also_unlinked": "on"}, headers={"HX-Request": "true"})
    assert "1 contact gets a key." in part.text
    client.post(address(tenant, "generate"), {"also_unlinked": "on"})
    assert run_job(Job.objects.get().pk).done == 1


def test_a_key_for_another_account_needs_a_reason(client, tenant):
    """R-CK-14."""
    contact = make_linked_contact(tenant)
    make_redeemed_key(contact, at=timezone.now())
    sign_in(client, tenant)
    tick(client, tenant, contact)
    refused = client.post(address(tenant, "generate"), {"another_account": "on"})
    assert refused.status_code == 422
    assert "Say why a second account is needed." in refused.text
    client.post(address(tenant, "generate"), {"another_account": "on", "reason": "two phones"})
    assert run_job(Job.objects.get().pk).done == 1


def test_revoke_asks_for_a_reason_and_ticks_used_keys_apart(client, tenant):
    """R-CK-13."""
    live, used = make_linked_contact(tenant), make_linked_contact(tenant)
    make_key(live, at=timezone.now())
    tie = make_redeemed_key(used, account=make_account(tenant, email="amara@home.example"), at=timezone.now())
    sign_in(client, tenant)
    tick(client, tenant, live, used)
    page = said(client.get(address(tenant, "revoke")).text)
    assert "Revoke 1 key" in page
    assert f"Ends the access of amara@home.example ({used.shown_name}) to 1 student" in page
    assert client.post(address(tenant, "revoke")).status_code == 422
    client.post(address(tenant, "revoke"), {"reason": "left the school"})
    run_job(Job.objects.get().pk)
    assert AccessKey.objects.get(subject_id=live.pk).state == KeyState.REVOKED
    assert Tie.objects.get(pk=tie.pk).ended_at is None
    assert "Revoke, and end the access of 1 account" in client.get(address(tenant, "revoke"), {"used": "on"}).text
    client.post(address(tenant, "revoke"), {"reason": "left the school", "used": "on"})
    run_job(Job.objects.latest("pk").pk)
    assert Tie.objects.get(pk=tie.pk).ended_at is not None


def test_replace_and_unlock_start_their_own_jobs(client, tenant):
    contact = make_linked_contact(tenant)
    key = make_key(contact, at=timezone.now())
    AccessKey.objects.filter(pk=key.pk).update(failures=10, locked_at=timezone.now(), lock_count=1)
    sign_in(client, tenant)
    tick(client, tenant, contact)
    client.post(address(tenant, "unlock"))
    run_job(Job.objects.latest("pk").pk)
    assert AccessKey.objects.get(pk=key.pk).locked_at is None
    client.post(address(tenant, "replace"), {"reason": "lost in the post"})
    run_job(Job.objects.latest("pk").pk)
    assert AccessKey.objects.get(pk=key.pk).state == KeyState.REPLACED


def test_an_act_of_a_one_school_member_reaches_its_contacts_only(client, tenant):
    """R-PM-01: also when a contact left their schools after it was ticked."""
    here, there = make_school(tenant), make_school(tenant)
    stays, leaves = make_contact(tenant), make_contact(tenant)
    make_link(make_student(tenant, school=here), stays)
    student = make_student(tenant, school=here)
    make_link(student, leaves)
    sign_in(client, tenant, school=here)
    tick(client, tenant, stays, leaves)
    student.school = there
    student.save()
    client.post(address(tenant, "generate"))
    run_job(Job.objects.get().pk)
    assert set(AccessKey.objects.values_list("subject_id", flat=True)) == {stays.pk}


@pytest.mark.parametrize("act", [act.name for act in ACTS])
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ENROLMENTS_OFFICER, Role.INTEGRATIONS_OFFICER])
def test_who_may_not_act_is_refused_at_the_server(client, tenant, act, role):
    sign_in(client, tenant, role)
    assert client.get(address(tenant, act)).status_code == 403
    assert client.post(address(tenant, act), {"reason": "x"}).status_code == 403
    assert Job.objects.count() == 0


def test_undo_revokes_what_nobody_has_been_given(client, tenant):
    """Undo of §6."""
    kept, given = make_linked_contact(tenant), make_linked_contact(tenant)
    sign_in(client, tenant)
    tick(client, tenant, kept, given)
    client.post(address(tenant, "generate"))
    job = run_job(Job.objects.get().pk)
    AccessKey.objects.filter(subject_id=given.pk).update(printed_at=timezone.now())
    page = look(client, tenant)
    assert "2 keys made." in page.text
    assert "Undo run" in page.text
    response = client.post(address(tenant, "undo", job.pk), follow=True)
    assert "The run is undone: 1 key revoked." in response.text
    assert "Undo run" not in response.text
    states = dict(AccessKey.objects.values_list("subject_id", "state"))
    assert states == {kept.pk: KeyState.REVOKED, given.pk: KeyState.LIVE}


def test_an_ended_run_stays_until_it_is_closed_and_is_the_starters_alone(client, tenant):
    contact = make_linked_contact(tenant)
    starter = sign_in(client, tenant)
    tick(client, tenant, contact)
    client.post(address(tenant, "generate"))
    job = Job.objects.get()
    assert "You can leave this page." in look(client, tenant).text
    run_job(job.pk)
    sign_in(client, tenant)
    assert "1 key made." not in look(client, tenant).text
    client.force_login(starter)
    assert "1 key made." in look(client, tenant).text
    client.post(address(tenant, "close", job.pk))
    assert "1 key made." not in look(client, tenant).text


def test_the_panel_asks_for_the_list_once_the_run_has_ended(client, tenant):
    contact = make_linked_contact(tenant)
    sign_in(client, tenant)
    tick(client, tenant, contact)
    client.post(address(tenant, "generate"))
    job = Job.objects.get()
    asking = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{address(tenant)}?q=x"}
    assert address(tenant, "run", job.pk) in client.get(address(tenant, "run", job.pk), headers=asking).text
    run_job(job.pk)
    ended = client.get(address(tenant, "run", job.pk), headers=asking).text
    assert f'hx-get="{address(tenant)}?q=x"' in ended
    assert "every" not in ended


def test_another_tenants_run_is_not_found(client, tenant):
    other = make_tenant(name="Other")
    job = Job.objects.create(tenant=other, kind="keys.generate", actor_kind="staff", created_at=timezone.now())
    sign_in(client, tenant)
    for name in ("run", "close", "undo"):
        method = client.get if name == "run" else client.post
        assert method(address(tenant, name, job.pk)).status_code == 404


def test_nothing_is_written_by_a_preview(client, tenant):
    contact = make_linked_contact(tenant)
    make_key(contact, at=timezone.now())
    sign_in(client, tenant)
    tick(client, tenant, contact)
    before = AuditEntry.objects.count()
    for act in ACTS:
        assert client.get(address(tenant, act.name)).status_code == 200
    assert (AuditEntry.objects.count(), Job.objects.count()) == (before, 0)


def test_emails_wait_in_the_outbox_and_the_run_can_be_cancelled(client, tenant, settings):
    """R-CK-12: held 10 minutes; cancelling leaves nothing to go."""
    with_key, without, no_email = (
        make_linked_contact(tenant),
        make_linked_contact(tenant),
        make_linked_contact(tenant, email="", email_usable=False),
    )
    for contact in (with_key, no_email):
        make_key(contact, at=timezone.now())
    sign_in(client, tenant)
    tick(client, tenant, with_key, without, no_email)
    assert "Send Emails 1 email. Skips 1 with no email, 1 with no key." in menu(client, tenant)
    assert with_key.shown_name in client.get(address(tenant, "email")).text
    client.post(address(tenant, "email"))
    job = run_job(Job.objects.get().pk)
    page = said(look(client, tenant).text)
    assert "1 email in the outbox. Skips 1 with no email, 1 with no key." in page
    assert "leaves at" not in page
    assert "1 email waits in the outbox: there is no mail server" in page
    settings.EMAIL_URL = "smtp://mail.school.example"
    assert "1 email leaves at" in said(look(client, tenant).text)
    assert "Sending…" in page
    response = client.post(address(tenant, "cancel", job.pk), follow=True)
    assert "1 email will not be sent." in response.text
    assert "Cancel the emails" not in response.text


def test_who_gets_a_letter_and_a_mail_is_counted(client, tenant):
    """R-KY-10: both are allowed for one key, and the preview says how many get both."""
    printed, mailed, unseen = (make_linked_contact(tenant) for _ in range(3))
    for contact, given_out in ((printed, "printed_at"), (mailed, "emailed_at"), (unseen, "")):
        key = make_key(contact, at=timezone.now())
        if given_out:
            AccessKey.objects.filter(pk=key.pk).update(**{given_out: timezone.now()})
    sign_in(client, tenant)
    tick(client, tenant, printed, mailed, unseen)
    assert "1 of them gets both: the same key was printed before." in said(client.get(address(tenant, "email")).text)
    assert "1 of them gets both: the same key was e-mailed before." in said(client.get(address(tenant, "print")).text)
    assert "both" not in said(client.get(address(tenant, "revoke")).text)


@pytest.fixture
def printed(client, tenant):
    """A run of two letters, by a member who may fetch them."""
    contacts = [make_linked_contact(tenant) for _ in range(2)]
    for contact in contacts:
        make_key(contact, at=timezone.now())
    sign_in(client, tenant)
    tick(client, tenant, *contacts)
    client.post(address(tenant, "print"))
    return run_job(Job.objects.get().pk)


def test_letters_are_fetched_by_a_post_and_then_posted(client, tenant, printed):
    """R-CK-09, R-CK-16: a file is set when it is fetched; a GET fetches nothing."""
    page = look(client, tenant).text
    assert "2 letters ready." in page
    assert "File 1: 2 letters" in page
    here = address(tenant, "letters", printed.pk, 1)
    assert client.get(here).status_code == 405
    answer = client.post(here)
    assert answer.content.startswith(b"%PDF")
    assert "no-store" in answer["Cache-Control"]
    assert AuditEntry.objects.filter(act="letter.fetched").count() == 1
    client.post(address(tenant, "mark", printed.pk), {"became": "posted"})
    assert "Are they in the post?" not in look(client, tenant).text


def test_letters_go_to_nobody_who_may_not_see_all_their_keys(client, tenant, printed):
    """R-PM-01: the right to see keys of one school opens no file with another school's, whoever made the run."""
    here = make_school(tenant)
    auditor = sign_in(client, tenant, Role.AUDITOR)  # Reads the runs of all schools.
    rights = {"role": Role.PORTAL_OFFICER, "may_see_keys": True, "may_bulk_print": True}
    Membership.objects.create(user=auditor, tenant=tenant, school=here, **rights)
    fetch = address(tenant, "letters", printed.pk, 1)
    assert client.post(fetch).status_code == 403
    Job.objects.filter(pk=printed.pk).update(actor_id=auditor.pk)
    assert client.post(fetch).status_code == 403
    assert fetch not in client.get(address(tenant)).text
    DirectoryStudent.objects.for_tenant(tenant).update(school=here)
    assert client.post(fetch).status_code == 200


def test_destroyed_letters_have_their_keys_replaced(client, tenant, printed):
    client.post(address(tenant, "mark", printed.pk), {"became": "destroyed"})
    run_job(Job.objects.latest("pk").pk)
    states = list(AccessKey.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["replaced", "replaced", "live", "live"]


def test_letters_need_the_right_to_see_keys_and_more_than_one_the_right_to_print_in_bulk(client, tenant):
    contacts = [make_linked_contact(tenant) for _ in range(2)]
    for contact in contacts:
        make_key(contact, at=timezone.now())
    member = sign_in(client, tenant, every_single_right=False)
    tick(client, tenant, *contacts)
    assert client.get(address(tenant, "print")).status_code == 403
    assert "Print Letters" not in menu(client, tenant)
    member.memberships.update(may_see_keys=True)
    assert "More than one needs the right to print in bulk." in client.get(address(tenant, "print")).text
    assert client.post(address(tenant, "print")).status_code == 403
    tick(client, tenant, contacts[0], shown=contacts)
    assert client.post(address(tenant, "print")).status_code == 302
