"""Generate Registration Keys by School: choose, look, start (registration-keys §6, §11, §12)."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import run_job
from schoolgate.keys.models import AccessKey
from schoolgate.keys.subjects import CONTACT, STUDENT_SELF
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Role
from tests.console.contact_keys.office import said, sign_in, statements
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.enrolments import make_student as make_unpublished_student
from tests.factories.keys import make_key, make_redeemed_key
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def schools(tenant):
    return [make_school(tenant, number=9401, name="Banksia"), make_school(tenant, number=9402, name="Acacia")]


def address(tenant, name="plan", *words):
    return reverse(f"console:by_school:{name}", args=[tenant.code, *words])


def look(client, tenant, **words):
    return client.get(address(tenant), {"way": "", **words})


def start(client, tenant, *, shown, typed="", **words):
    return client.post(address(tenant, "start"), {"way": "", **words, "shown": shown, "typed": typed})


def run_of(answer):
    """The run that a start has led to, worked through."""
    assert answer.status_code == 302, said(answer.text)[:2000]
    return run_job(Job.objects.order_by("-pk")[0].pk)


def make_family(tenant, **columns):
    student, contact = make_student(tenant, **columns), make_contact(tenant)
    make_link(student, contact)
    return student, contact


def test_only_active_schools_of_the_member_are_offered(client, tenant, schools):
    """R-RK-01, registration-keys §6: inactive ones never."""
    make_school(tenant, number=9403, name="Closed", is_active=False)
    sign_in(client, tenant, school=schools[0])
    page = look(client, tenant).text
    assert "Banksia" in page
    assert "Acacia" not in page
    assert "Closed" not in page


def test_the_preview_says_per_school_and_year_how_many_and_who_is_left_out_why(client, tenant, schools):
    """R-GS-02, R-GS-03"""
    one, _contact = make_family(tenant, school=schools[0], year_level="7")
    two, shared = make_family(tenant, school=schools[1], year_level="3", birth_date=None)
    make_link(one, shared)
    make_link(one, make_contact(tenant), portal_access=False)
    make_key(keyed := make_contact(tenant))
    make_link(two, keyed)
    sign_in(client, tenant, Role.ADMINISTRATOR)
    answer = look(client, tenant, schools=["all"], students="on", parents="on")
    preview = answer.context["preview"]
    assert [row.school for row in preview.rows] == ["Acacia", "Banksia"]
    acacia, banksia = (row.line for row in preview.rows)
    assert (acacia.for_parents, acacia.for_students, dict(acacia.skipped)) == (
        0,
        0,
        {"live_key": 1, "no_birth_date": 1},
    )
    assert (banksia.for_parents, banksia.for_students, dict(banksia.skipped)) == (2, 1, {"no_link": 1})
    assert (banksia.shared, preview.to_make) == (1, 3)
    page = said(answer.text)
    assert "Makes 2 keys for parent use and 1 key for student use." in page
    assert "1 shared" in page
    assert "Generate 3 keys" in page
    assert "1 with no students Turn on Has Portal Access" in page


def test_what_is_started_is_what_was_shown_and_again_there_is_nothing_to_do(client, tenant, schools):
    """R-GS-01"""
    student, contact = make_family(tenant, school=schools[0])
    make_family(tenant, school=schools[1])
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    words = {"schools": ["9401"], "students": "on", "parents": "on"}
    job = run_of(start(client, tenant, shown=2, **words))
    assert job.done == 2
    keys = set(AccessKey.objects.values_list("subject_kind", "subject_id"))
    assert keys == {(STUDENT_SELF, student.pk), (CONTACT, contact.pk)}
    answer = look(client, tenant, **words)
    assert answer.context["preview"].to_make == 0
    assert "There is nothing to do" in said(answer.text)
    assert "/start/" not in answer.text.split('id="preview"')[1].split("</section>")[0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"students": "on"}, "Choose at least one school."),
        ({"schools": ["9401"]}, "Choose keys for student use, for parent use, or both."),
        ({"schools": ["9499"], "students": "on"}, "not one of your active schools"),
        ({"schools": ["9403"], "students": "on"}, "not one of your active schools"),
        ({"schools": ["all'; --"], "students": "on"}, "not one of your active schools"),
    ],
)
def test_what_makes_no_sense_is_told_and_starts_nothing(client, tenant, schools, words, sentence):
    """Registration-keys §12: a school that is inactive, or isn't there, is refused."""
    make_school(tenant, number=9403, name="Closed", is_active=False)
    sign_in(client, tenant)
    for answer in (look(client, tenant, **words), start(client, tenant, shown=0, **words)):
        assert answer.status_code == 422
        assert sentence in said(answer.text)
    assert not Job.objects.exists()


def test_a_number_that_has_changed_since_the_preview_starts_nothing(client, tenant, schools):
    """R-CK-07: a double press, another member's run and a sync all show the new state instead."""
    make_family(tenant, school=schools[0])
    sign_in(client, tenant)
    words = {"schools": ["9401"], "students": "on", "parents": "on"}
    assert start(client, tenant, shown=2, **words).status_code == 302
    again = start(client, tenant, shown=2, **words)
    assert again.status_code == 422
    assert "it was 2 and is 0" in said(again.text)
    assert Job.objects.count() == 1
    assert "2 in another run" in said(again.text)


def test_a_run_of_the_whole_district_asks_for_its_number_and_a_fresh_sign_in(client, tenant, schools):
    """R-GS-06"""
    for school in schools:
        make_family(tenant, school=school)
    sign_in(client, tenant, Role.ADMINISTRATOR, fresh=False)
    words = {"schools": ["9401", "9402"], "parents": "on"}
    page = said(look(client, tenant, **words).text)
    assert "Type 2, the number of keys that this run makes" in page
    stale = start(client, tenant, shown=2, typed="2", **words)
    assert stale.status_code == 302
    assert "/console/fresh/" in stale["Location"]
    assert not Job.objects.exists()
    session = client.session
    session["password_proved_at"] = timezone.now().isoformat()
    session.save()
    for typed in ("", "3", "two"):
        answer = start(client, tenant, shown=2, typed=typed, **words)
        assert answer.status_code == 422
    assert "the run makes 2 keys" in said(answer.text)
    assert not Job.objects.exists()
    assert run_of(start(client, tenant, shown=2, typed=" 2 ", **words)).done == 2


def test_only_owners_and_administrators_run_the_whole_district(client, tenant, schools):
    """Registration-keys §11"""
    for school in schools:
        make_family(tenant, school=school)
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    words = {"schools": ["all"], "parents": "on"}
    page = said(look(client, tenant, **words).text)
    assert "started by an owner or an administrator" in page
    assert "Generate 2 keys" not in page
    assert start(client, tenant, shown=2, typed="2", **words).status_code == 403
    assert run_of(start(client, tenant, shown=1, schools=["9401"], parents="on")).done == 1


def test_an_administrator_of_one_school_has_no_run_for_the_others(client, tenant, schools):
    """R-RK-11: "all my schools" are their own."""
    _, here = make_family(tenant, school=schools[0])
    make_family(tenant, school=schools[1])
    sign_in(client, tenant, Role.ADMINISTRATOR, school=schools[0])
    assert start(client, tenant, shown=2, schools=["9402"], parents="on").status_code == 422
    job = run_of(start(client, tenant, shown=1, schools=["9401"], parents="on"))
    assert set(AccessKey.objects.filter(run=job).values_list("subject_id", flat=True)) == {here.pk}


def test_a_tenant_of_one_school_needs_no_number(client):
    tenant = make_tenant()
    make_family(tenant)
    sign_in(client, tenant, fresh=False)
    number = tenant.school_set.get().number
    assert run_of(start(client, tenant, shown=1, schools=[number], parents="on")).done == 1


def test_changes_that_wait_for_a_sync_are_told_first(client, tenant, schools):
    """R-GS-07"""
    make_family(tenant, school=schools[0])
    make_unpublished_student(tenant, school=schools[0])
    sign_in(client, tenant)
    page = said(look(client, tenant, schools=["9401"], parents="on").text)
    assert "1 change is not published; keys follow published links. Open Data Sync or go on." in page


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"years": ["8"]}, 1),
        ({"relationships": ["mother"]}, 2),
        ({"lives_with": "on"}, 1),
        ({"order_at_most": "1"}, 1),
        ({}, 3),
    ],
)
def test_years_and_contacts_narrow_it(client, tenant, schools, words, expected):
    """Registration-keys §6: years; only contacts with relationship, lives with, order ≤ n."""
    student = make_student(tenant, school=schools[0])
    make_link(student, make_contact(tenant), relationship="Mother", lives_with=True, order=1)
    make_link(student, make_contact(tenant), relationship="Aunt", order=2)
    make_family(tenant, school=schools[0], year_level="8")
    sign_in(client, tenant)
    answer = look(client, tenant, schools=["9401"], parents="on", **words)
    assert answer.context["preview"].to_make == expected


def test_students_who_start_later_wait_for_their_day(client, tenant, schools):
    """R-GS-04"""
    today = day_of(tenant, timezone.now())
    make_family(tenant, school=schools[0], starts_on=today + timedelta(days=39))
    make_student(tenant, school=schools[0], starts_on=today + timedelta(days=39), is_active=False)
    sign_in(client, tenant)
    words = {"schools": ["9401"], "parents": "on", "way": "emails"}
    plain = look(client, tenant, **words)
    assert "1 student starts later and is left out." in said(plain.text)
    assert plain.context["preview"].to_make == 0
    words |= {"starting_before": (today + timedelta(days=40)).isoformat(), "days_before": "10"}
    answer = look(client, tenant, **words)
    held = today + timedelta(days=30)
    assert answer.context["preview"].held_until == held
    for told in (
        f"Nothing goes out by itself before {held.day} ",
        "1 student starts before that day and is not",
    ):
        assert told in said(answer.text)
    job = run_of(start(client, tenant, shown=1, **words))
    assert job.done == 1
    assert (job.options["held_until"], job.result) == (held.isoformat(), {})


@pytest.mark.parametrize("days", [-1, 0, 151])
def test_a_day_that_has_come_or_lies_beyond_a_key_s_life_is_refused(client, tenant, schools, days):
    """R-GS-04"""
    sign_in(client, tenant)
    day = day_of(tenant, timezone.now()) + timedelta(days=days)
    answer = look(client, tenant, schools=["9401"], parents="on", starting_before=day.isoformat())
    assert answer.status_code == 422
    assert "Give a day after today, at most 150 days ahead" in said(answer.text)


def test_the_list_can_be_downloaded_without_a_key_in_it(client, tenant, schools):
    """R-GS-02, R-CK-17"""
    student, contact = make_family(tenant, school=schools[0], given_name="=cmd()", family_name="Cole")
    barred = make_contact(tenant)
    make_link(student, barred)
    make_bar(student, barred)
    make_redeemed_key(tied := make_contact(tenant))
    make_link(student, tied)
    sign_in(client, tenant)
    answer = client.post(
        address(tenant, "download"), {"way": "", "schools": ["9401"], "students": "on", "parents": "on"}
    )
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert {row["Contact ID"]: row["Outcome"] for row in rows} == {
        "": "gets a key",
        contact.contact_no: "gets a key",
        barred.contact_no: "is restricted",
        tied.contact_no: "is connected already",
    }
    assert {row["Student"] for row in rows} == {"'=cmd() Cole"}
    assert {row["School"] for row in rows} == {"Banksia"}
    entry = AuditEntry.objects.get(act="key_plan.exported")
    assert entry.detail["rows"] == 4
    assert not re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}", content)


def test_the_download_needs_the_right_and_a_fresh_sign_in(client, tenant, schools):
    make_family(tenant, school=schools[0])
    words = {"way": "", "schools": ["9401"], "parents": "on"}
    sign_in(client, tenant, fresh=False)
    assert "/fresh/" in client.post(address(tenant, "download"), words)["Location"]
    sign_in(client, tenant, every_single_right=False)
    assert client.post(address(tenant, "download"), words).status_code == 403


def test_the_page_costs_the_same_for_many_as_for_few(client, tenant, schools):
    """Spine §3.8"""
    sign_in(client, tenant)
    words = {"schools": ["9401"], "students": "on", "parents": "on"}
    make_family(tenant, school=schools[0])
    look(client, tenant, **words)
    few = statements(lambda: look(client, tenant, **words))
    for _ in range(20):
        make_family(tenant, school=schools[0])
    assert statements(lambda: look(client, tenant, **words)) == few


@pytest.mark.parametrize("system", ["family", "student"])
def test_under_another_system_the_page_says_what_adults_get(client, system):
    tenant = make_tenant(key_system=system)
    student, contact = make_student(tenant), make_contact(tenant)
    make_link(student, contact, basis="household", household_id=7)
    sign_in(client, tenant)
    words = {"schools": [student.school.number], "parents": "on"}
    page = said(look(client, tenant, **words).text)
    assert f"This district uses {system.capitalize()} keys" in page
    job = run_of(start(client, tenant, shown=1, **words))
    assert AccessKey.objects.get(run=job).subject_kind == system
