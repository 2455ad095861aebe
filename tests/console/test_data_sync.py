"""The Data Sync pages: preview, publish, hold, approve, undo, history (R-DS-01 … R-DS-09, B-02)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.enrolments.set_access import set_access
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import run_job
from schoolgate.sync.models import SyncRun
from schoolgate.tenancy.models import Role
from tests.factories.enrolments import make_association, make_contact, make_restriction, make_student
from tests.factories.sync import crowd, sees, sync
from tests.factories.tenancy import actor, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def school(tenant):
    return make_school(tenant, name="Senior Campus")


@pytest.fixture
def pairs(tenant, school):
    """Published links."""
    pairs = crowd(tenant, school, pairs=20)
    sync(tenant, at=timezone.now())
    return pairs


@pytest.fixture
def officer(client, tenant):
    member = make_member(tenant, Role.ENROLMENTS_OFFICER)
    client.force_login(member)
    return member


def turn(pair, *, on, by=None):
    set_access(tenant=pair.tenant, wanted={pair.pk: on}, by=actor(by), at=timezone.now())


def address(tenant, name="home", *arguments):
    return reverse(f"console:data_sync:{name}", args=[tenant.code, *arguments])


def words(response):
    body = re.sub(r"<(script|svg|head).*?</\1>", " ", response.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def up_to(response):
    return re.search(r'name="up_to" value="(\d+)"', response.text).group(1)


def press(client, tenant, *, page=None, name="publish", **posted):
    """What pressing Publish on the page sends; then a worker does it."""
    page = page or client.get(address(tenant))
    posted = {"up_to": up_to(page), "publish": "1", **posted}
    answer = client.post(address(tenant, name), posted)
    for job in Job.objects.filter(state="planned"):
        run_job(job.pk)
    return answer


def test_nothing_waiting_says_when_it_was_published_last(client, tenant, pairs, officer):
    page = client.get(address(tenant))
    assert "Nothing is waiting" in words(page)
    assert "Last published" in words(page)


def test_the_preview_words_a_withdrawal_as_loss_and_comes_first(client, tenant, pairs, officer):
    turn(pairs[0], on=False, by=officer)
    new = make_association(make_student(tenant, school=pairs[0].student.school), pairs[1].contact, access=True)
    page = client.get(address(tenant))
    said = words(page)
    contact, student = pairs[0].contact, pairs[0].student
    assert f"{contact.given_name} Okafor will no longer see {student.given_name} Okafor." in said
    assert new.student.given_name not in said
    assert "By hand Jo Mercer" in said
    assert "Publish 3 changes" in said
    added = words(client.get(address(tenant) + "?tab=added"))
    assert f"{new.contact.given_name} Okafor will see {new.student.given_name} Okafor." in added


def test_a_flag_that_the_rule_has_set_is_shown_as_by_rule(client, tenant, school, officer):
    """R-PA-07: each such row of the preview says so, and they can be listed alone."""
    for how in ("rule", "import"):
        make_association(make_student(tenant, school=school), make_contact(tenant), access=True, flag_how=how)
    for look in ("?tab=added", "?tab=added&why=rule"):
        said = re.findall(r'data-l="Why"><span>([^<]+)', client.get(address(tenant) + look).text)
        assert said.count("By rule") == 1
    assert set(said) == {"By rule"}


def test_a_preview_writes_nothing(client, tenant, pairs, officer):
    turn(pairs[0], on=False)
    before = (SyncRun.objects.count(), AuditEntry.objects.count())
    client.get(address(tenant))
    assert (SyncRun.objects.count(), AuditEntry.objects.count()) == before
    assert sees(pairs[0], at=timezone.now())


def test_publishing_does_what_the_page_showed(client, tenant, pairs, officer):
    turn(pairs[0], on=False)
    page = client.get(address(tenant))
    turn(pairs[1], on=False)
    press(client, tenant, page=page)
    assert not sees(pairs[0], at=timezone.now())
    assert sees(pairs[1], at=timezone.now())
    assert AuditEntry.objects.get(act="sync.applied", actor_id=officer.pk)


def test_the_panel_leads_to_what_was_done(client, tenant, pairs, officer):
    turn(pairs[0], on=False)
    press(client, tenant)
    answer = client.get(address(tenant, "progress", Job.objects.get().pk), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == address(tenant, "run", 2)
    said = words(client.get(address(tenant, "run", 2)))
    assert "Published 1 change" in said
    assert f"{pairs[0].contact.given_name} Okafor will no longer see {pairs[0].student.given_name} Okafor." in said


def test_a_sync_under_way_is_not_joined_by_a_second(client, tenant, pairs, officer):
    turn(pairs[0], on=False)
    page = client.get(address(tenant))
    for _ in range(2):
        client.post(address(tenant, "publish"), {"up_to": up_to(page), "publish": "1"})
    assert Job.objects.count() == 1
    assert "You can leave this page" in words(client.get(address(tenant)))


def test_ticked_rows_stay_pending(client, tenant, pairs, officer):
    turn(pairs[0], on=False)
    turn(pairs[1], on=False)
    rows = [f"association-{pair.pk}" for pair in pairs[:2]]
    ticks = {"here": rows, "out": rows[:1]}
    answer = client.post(
        address(tenant, "publish"), {"up_to": "1", "leave-out": "1", "query": "tab=withdrawn", **ticks}
    )
    assert answer.headers["Location"] == address(tenant) + "?tab=withdrawn"
    page = client.get(address(tenant))
    assert "Publish 1 change" in words(page)
    assert "1 is left out this time" in words(page)
    press(client, tenant, page=page, **ticks)
    assert sees(pairs[0], at=timezone.now())
    assert not sees(pairs[1], at=timezone.now())
    page = client.get(address(tenant))
    assert "Left out before" in words(page)
    press(client, tenant, page=page)
    assert not sees(pairs[0], at=timezone.now())


def test_new_ticks_are_shown_in_the_figures_before_anything_is_published(client, tenant, pairs, officer):
    turn(pairs[0], on=False)
    press(client, tenant, here=[f"association-{pairs[0].pk}"], out=[f"association-{pairs[0].pk}"])
    assert not Job.objects.exists()
    assert sees(pairs[0], at=timezone.now())


def test_a_held_sync_says_why_and_goes_ahead_with_a_reason(client, tenant, pairs, officer):
    for pair in pairs[:6]:
        turn(pair, on=False)
    assert "will be held for a second look" in words(client.get(address(tenant)))
    press(client, tenant)
    assert all(sees(pair, at=timezone.now()) for pair in pairs)
    page = client.get(address(tenant))
    assert "Held for a second look" in words(page)
    assert "6 links would be withdrawn" in words(page)
    refused = press(client, tenant, page=page, name="approve", reason=" ")
    assert refused.status_code == 422
    assert "Say why it may go ahead." in words(refused)
    press(client, tenant, page=page, name="approve", reason="The family moved away")
    assert not sees(pairs[0], at=timezone.now())
    run = SyncRun.objects.get(number=2)
    assert (run.state, run.reason, run.approved_by_id) == ("applied", "The family moved away", officer.pk)


def test_undo_asks_why_and_puts_back(client, tenant, pairs, officer):
    turn(pairs[0], on=False)
    press(client, tenant)
    assert "Undo this run" in words(client.get(address(tenant, "run", 2)))
    assert client.post(address(tenant, "undo", 2), {"reason": ""}).status_code == 422
    client.post(address(tenant, "undo", 2), {"reason": "Too early"})
    for job in Job.objects.filter(state="planned"):
        run_job(job.pk)
    assert sees(pairs[0], at=timezone.now())
    said = words(client.get(address(tenant, "history")))
    assert "Run 3" in said
    assert "Undone" in said
    assert "Publish 1 change" in words(client.get(address(tenant)))
    answer = client.get(address(tenant, "undo", 2), follow=True)
    assert "Only the last published run can be undone" in words(answer)


def test_contacts_with_students_and_no_key_are_offered(client, tenant, pairs):
    """R-DS-07."""
    client.force_login(make_member(tenant, Role.ADMINISTRATOR))
    assert "20 contacts now have students but no key." in words(client.get(address(tenant, "run", 1)))


def test_a_run_shows_what_changed_in_a_person(client, tenant, pairs, officer):
    student = pairs[0].student
    from schoolgate.enrolments.clock import tick

    type(student).objects.filter(pk=student.pk).update(
        year_level="8", birth_date="2013-01-02", changed_no=tick(tenant=tenant), changed_how="import"
    )
    said = words(client.get(address(tenant) + "?tab=people"))
    assert "Year level: 7 Year level: 8; Date of birth: changed Import" in said
    assert "2013" not in said
    press(client, tenant)
    type(student).objects.filter(pk=student.pk).update(year_level="9", changed_no=tick(tenant=tenant))
    press(client, tenant)
    assert "Year level: 7 Year level: 8; Date of birth: changed" in words(client.get(address(tenant, "run", 2)))
    assert "Year level: 8 Year level: 9" in words(client.get(address(tenant, "run", 3)))


def test_portal_officers_see_the_preview_and_cannot_publish(client, tenant, pairs):
    """R-DS-09."""
    client.force_login(make_member(tenant, Role.PORTAL_OFFICER))
    turn(pairs[0], on=False)
    page = client.get(address(tenant))
    assert "will no longer see" in words(page)
    assert 'name="publish"' not in page.text
    for name in ("publish", "approve"):
        assert client.post(address(tenant, name), {"up_to": "99", "publish": "1"}).status_code == 403
    assert client.post(address(tenant, "undo", 1), {"reason": "x"}).status_code == 403


def test_a_member_for_one_school_sees_its_rows_and_cannot_publish_for_all(client, tenant, pairs):
    other = make_school(tenant, name="Junior Campus")
    elsewhere = make_association(make_student(tenant, school=other), make_contact(tenant), access=True)
    sync(tenant, at=timezone.now())
    turn(pairs[0], on=False)
    turn(elsewhere, on=False)
    client.force_login(make_member(tenant, Role.ENROLMENTS_OFFICER, school=other))
    said = words(client.get(address(tenant)))
    assert elsewhere.student.given_name in said
    assert pairs[0].student.given_name not in said
    assert client.post(address(tenant, "publish"), {"up_to": "99", "publish": "1"}).status_code == 403
    assert pairs[0].student.given_name not in words(client.get(address(tenant, "run", 1)))


def test_the_number_of_queries_does_not_grow(client, tenant, pairs, officer):
    counted = []
    for some in (pairs[:6], pairs[6:]):
        for pair in some:
            turn(pair, on=False)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address(tenant)).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


@pytest.mark.parametrize("query", ["?tab=nonsense&page=-1&rows=x&school=abc&why=%00", "?page=99999999"])
def test_nonsense_in_the_address_gives_the_default(client, tenant, pairs, officer, query):
    turn(pairs[0], on=False)
    assert client.get(address(tenant) + query).status_code == 200


def test_another_tenants_runs_are_not_there(client, tenant, pairs, officer):
    other = make_tenant(name="Another")
    crowd(other, make_school(other), pairs=1)
    sync(other)
    crowd(other, make_school(other), pairs=1)
    sync(other, at=timezone.now() + timedelta(seconds=1))
    assert client.get(address(tenant, "run", 2)).status_code == 404
    assert client.get(address(other)).status_code in {302, 403, 404}


def test_a_restriction_cannot_be_ticked(client, tenant, pairs, officer):
    restriction = make_restriction(pairs[0].student, pairs[0].contact)
    page = client.get(address(tenant) + "?tab=other")
    assert "is restricted from" in words(page)
    assert f"bar-{restriction.pk}" not in page.text


def explained(client, tenant, **query):
    return client.get(reverse("console:explain:ask", args=[tenant.code]), query)


def test_explain_answers_for_a_pair_chosen_by_id(client, tenant, pairs, officer):
    page = explained(client, tenant, student=pairs[0].student_id, contact=pairs[0].contact_id)
    said = words(page)
    assert f"{pairs[0].contact.given_name} Okafor sees {pairs[0].student.given_name} Okafor" in said
    assert "Has Portal Access is on. For" in said
    assert "The portal is closed to all families. Told besides" in said


def test_explain_finds_people_by_words(client, tenant, pairs, officer):
    page = explained(client, tenant, s="okafor", c=pairs[0].contact.contact_no)
    assert "Which student?" in words(page)
    page = explained(client, tenant, s=pairs[0].student.student_no, c=pairs[0].contact.contact_no)
    assert "sees" in words(page)
    assert "Nobody matches" in words(explained(client, tenant, s="zzz", c=""))


def test_explain_keeps_details_of_a_restriction_from_those_who_may_not_know(client, tenant, pairs):
    make_restriction(pairs[0].student, pairs[0].contact)
    sync(tenant, at=timezone.now())
    client.force_login(make_member(tenant, Role.PORTAL_OFFICER))
    said = words(explained(client, tenant, student=pairs[0].student_id, contact=pairs[0].contact_id))
    assert "Restricted." in said
    assert "A restriction is in force" not in said
