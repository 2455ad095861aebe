"""Export All and Export Results: made by a job, for the member who asked, for a day (R-AM-03)."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.jobs.control import pause_job
from schoolgate.jobs.lists import KEPT_FOR, drop_old_lists
from schoolgate.jobs.models import Job, JobBacklog, JobState, ListPiece
from schoolgate.jobs.run import run_job
from schoolgate.tenancy.models import Membership, Role, User
from tests.console.account_maintenance.office import address, sign_in, text_of
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_redeemed_key
from tests.factories.tenancy import actor, make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(portal_open=True, time_zone="Australia/Sydney")


@pytest.fixture
def home(tenant):
    class Home:
        account = make_account(tenant, email="amara@home.example")
        child = make_student(tenant, given_name="Nell")
        link = make_link(child, contact := make_contact(tenant))
        tie = make_redeemed_key(contact, account=account)

    return Home


def ask(client, tenant, query="", **fields):
    """The job, before anybody has worked on it."""
    fields = {"columns": ["name", "username", "students", "whys", "state"], "reason": "Parents' evening"} | fields
    answer = client.post(f"{address(tenant, 'export')}?{query}", fields)
    assert answer.status_code == 302
    return Job.objects.latest("pk")


def fetch(client, tenant, job):
    return client.post(address(tenant, "download", job.pk))


def rows(client, tenant, query="", **fields):
    job = ask(client, tenant, query, **fields)
    run_job(job.pk)
    text = b"".join(fetch(client, tenant, job).streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_export_results_has_exactly_the_rows_of_the_search(client, tenant, home):
    make_account(tenant, email="nokey@home.example")
    sign_in(client, tenant)
    [row] = rows(client, tenant, "accounts=with")
    assert row == {
        "Name": "Robin Vale",
        "User Name": "amara@home.example",
        "Students": "Nell Okafor",
        "Why without students": "",
        "State": "Active",
    }
    assert len(rows(client, tenant)) == 2


def test_it_holds_no_key_no_password_no_birth_date_and_runs_no_formula(client, tenant, home):
    User.objects.filter(pk=home.account.pk).update(name="=cmd()")
    sign_in(client, tenant)
    [row] = rows(client, tenant)
    assert row["Name"] == "'=cmd()"
    home.account.refresh_from_db()
    for secret in (home.account.password, "2014", home.tie.key.selector):
        assert secret not in str(row)


def test_the_page_waits_for_the_job_and_then_offers_the_list_for_a_day(client, tenant, home):
    sign_in(client, tenant)
    job = ask(client, tenant, seen="")
    here = address(tenant, "list", job.pk)
    assert "Download the list" not in client.get(here).text
    assert fetch(client, tenant, job).status_code == 404
    run_job(job.pk)
    page = client.get(here)
    assert "The list is ready: 1 account" in text_of(page)
    assert "Parents' evening" in text_of(client.get(address(tenant, "export"))).replace("&#x27;", "'")
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - KEPT_FOR)
    assert "The list is gone" in client.get(here).text
    assert fetch(client, tenant, job).status_code == 404
    drop_old_lists(at=timezone.now())
    assert not ListPiece.objects.exists()


def test_it_rests_sealed_and_the_job_keeps_no_name_and_no_word_of_the_search(client, tenant, home):
    """Spine §4: nothing personal in what outlives the list."""
    User.objects.filter(pk=home.account.pk).update(name="Quintessa Vale")
    sign_in(client, tenant)
    job = ask(client, tenant, "go=1&last_name=vale")
    run_job(job.pk)
    job.refresh_from_db()
    assert b"Quintessa" not in bytes(ListPiece.objects.get().sealed)
    assert "vale" not in f"{job.options}{job.result}".casefold()
    assert not JobBacklog.objects.exists()


def test_it_is_nobody_elses_and_can_be_deleted_at_once(client, tenant, home):
    sign_in(client, tenant)
    job = ask(client, tenant)
    run_job(job.pk)
    sign_in(client, tenant, Role.OWNER)
    for name in ("list", "download", "delete_list"):
        method = client.get if name == "list" else client.post
        assert method(address(tenant, name, job.pk)).status_code == 404
    client.force_login(User.objects.get(pk=job.actor_id))
    client.post(address(tenant, "delete_list", job.pk))
    assert not ListPiece.objects.exists()
    assert "The list is gone" in client.get(address(tenant, "list", job.pk)).text
    assert AuditEntry.objects.filter(act="list.deleted").count() == 1


def test_it_needs_right_fresh_sign_in_and_reason_and_is_audited(client, tenant, home):
    sign_in(client, tenant, every_single_right=False)
    assert client.get(address(tenant, "export")).status_code == 403
    sign_in(client, tenant, fresh=False)
    assert "/console/fresh/" in client.get(address(tenant, "export")).url
    member = sign_in(client, tenant)
    refused = client.post(address(tenant, "export"), {"columns": ["name"], "reason": ""})
    assert refused.status_code == 422
    job = ask(client, tenant, "go=1&last_name=vale&kind=family")
    assert not AuditEntry.objects.filter(act__startswith="accounts.list").exists()
    run_job(job.pk)
    made = AuditEntry.objects.get(act="accounts.list_made")
    assert (made.actor_id, made.reason, made.detail["rows"]) == (member.pk, "Parents' evening", 1)
    assert made.detail["filters"]["last_name"] == "words"
    fetch(client, tenant, job)
    assert AuditEntry.objects.get(act="accounts.exported").detail["rows"] == 1
    session = client.session
    session["password_proved_at"] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()
    assert "/console/fresh/" in fetch(client, tenant, job).url
    member.memberships.update(may_export=False)
    assert client.get(address(tenant, "list", job.pk)).status_code == 403


def test_a_member_of_one_school_exports_its_people_alone(client, tenant, home):
    """R-AM-01: and a list that was made for more schools is out of reach once the member has fewer."""
    make_link(make_student(tenant, school=make_school(tenant)), other := make_contact(tenant))
    make_redeemed_key(other, account=make_account(tenant, email="other@home.example"))
    member = sign_in(client, tenant)
    job = ask(client, tenant)
    run_job(job.pk)
    member.memberships.update(school=home.child.school)
    assert client.get(address(tenant, "list", job.pk)).status_code == 404
    assert fetch(client, tenant, job).status_code == 404
    assert [row["User Name"] for row in rows(client, tenant)] == ["amara@home.example"]


def test_a_list_that_was_paused_for_a_day_is_given_up(client, tenant, home, monkeypatch):
    monkeypatch.setattr("schoolgate.jobs.lists.ROWS_AT_ONCE", 1)
    make_account(tenant, email="nokey@home.example")
    sign_in(client, tenant)
    job = ask(client, tenant)
    run_job(job.pk, on_progress=lambda job: pause_job(job=job, by=actor(), at=timezone.now()))
    assert ListPiece.objects.count() == 1
    later = timezone.now() + KEPT_FOR
    drop_old_lists(at=later)
    job.refresh_from_db()
    assert (job.state, ListPiece.objects.count()) == (JobState.CANCELLED, 0)


def test_a_list_whose_worker_fails_again_and_again_is_given_up_after_a_day(client, tenant, home, monkeypatch):
    """R-AM-03: what is half made goes as well."""
    monkeypatch.setattr("schoolgate.jobs.lists.ROWS_AT_ONCE", 1)
    make_account(tenant, email="nokey@home.example")
    sign_in(client, tenant)
    job = ask(client, tenant)
    run_job(job.pk, on_progress=lambda job: pause_job(job=job, by=actor(), at=timezone.now()))
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, fault="broken")
    drop_old_lists(at=timezone.now() + KEPT_FOR)
    job.refresh_from_db()
    assert (job.state, ListPiece.objects.count()) == (JobState.CANCELLED, 0)


def test_a_thousand_rows_make_a_part_and_the_parts_are_in_order(client, tenant, monkeypatch):
    monkeypatch.setattr("schoolgate.jobs.lists.ROWS_AT_ONCE", 2)
    names = [make_account(tenant, email=f"a{number}@home.example").username for number in range(5)]
    sign_in(client, tenant)
    assert [row["User Name"] for row in rows(client, tenant)] == names
    assert [piece.rows for piece in ListPiece.objects.order_by("position")] == [2, 2, 1]


def test_nobody_of_a_school_where_the_member_may_not_export_is_in_the_list(client, tenant, home):
    """R-PM-01: each right holds at its own schools."""
    far = make_school(tenant)
    far_account = make_account(tenant, email="far@home.example")
    make_link(make_student(tenant, school=far), contact := make_contact(tenant))
    make_redeemed_key(contact, account=far_account)
    member = sign_in(client, tenant, school=home.child.school)
    Membership.objects.create(tenant=tenant, user=member, role=Role.PORTAL_OFFICER, school=far)
    assert [row["User Name"] for row in rows(client, tenant)] == ["amara@home.example"]
