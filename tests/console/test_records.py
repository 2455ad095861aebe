"""Jobs, the audit log, members, campuses (A2, R-AU-01 to R-AU-03, R-RN-01, R-RN-04, spine §6)."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.audit.record import record
from schoolgate.jobs import registry
from schoolgate.jobs.models import ItemState, Job, JobState
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.run import run_job
from schoolgate.jobs.start import add_job
from schoolgate.jobs.subject import Subject
from schoolgate.tenancy.models import Membership, Role, School
from tests.console.enrolments_pages import said, sign_in
from tests.factories.enrolments import make_association, make_contact, make_student
from tests.factories.tenancy import NOW, PASSWORD, actor, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant()


def address(tenant, name, *ids):
    return reverse(f"console:{name}", args=[tenant.code, *ids])


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


@pytest.fixture
def kind():
    """A kind of job that does every second item."""

    def work(job, items, at):
        for item in items:
            is_done = item.position % 2
            item.state, item.why = (ItemState.DONE, "") if is_done else (ItemState.SKIPPED, "no_email")

    registry.register(JobKind("keys.test", "Send Tests", work, chunk=2))
    yield "keys.test"
    registry._kinds.pop("keys.test")


def make_job(tenant, kind, n=4):
    contacts = [Subject("contact", make_contact(tenant).pk) for _ in range(n)]
    return add_job(tenant=tenant, kind=kind, by=actor(), at=timezone.now(), items=contacts)


def test_a_jobs_page_shows_each_end_and_why(client, tenant, kind):
    job = make_job(tenant, kind)
    run_job(job.pk)
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    page = client.get(address(tenant, "records:job", job.pk))
    assert "4 of 4" in text_of(page)
    assert "2 skipped: has no usable e-mail" in text_of(page)
    troubled = client.get(address(tenant, "records:job", job.pk) + "?state=troubled")
    assert len(troubled.context["rows"]) == 2


def test_an_open_jobs_panel_asks_again_and_an_ended_one_stops(client, tenant, kind):
    job = make_job(tenant, kind)
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    panel = address(tenant, "records:job_panel", job.pk)
    first = client.get(panel, headers={"HX-Request": "true"})
    assert (first.status_code, 'hx-trigger="every 2s"' in first.text) == (200, True)
    run_job(job.pk)
    last = client.get(panel, headers={"HX-Request": "true"})
    assert (last.status_code, "hx-trigger" in last.text) == (286, False)


def test_a_job_is_paused_carried_on_and_stopped(client, tenant, kind):
    """R-RN-04: between items, and what is done stays done."""
    job = make_job(tenant, kind)
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    control = address(tenant, "records:job_control", job.pk)
    client.post(control, {"act": "pause"})
    assert run_job(job.pk).state == JobState.PAUSED
    client.post(control, {"act": "resume"})
    client.post(control, {"act": "cancel"})
    assert run_job(job.pk).state == JobState.CANCELLED


def test_jobs_of_another_area_are_not_there(client, tenant, kind):
    job = make_job(tenant, kind)
    sign_in(client, tenant, Role.ENROLMENTS_OFFICER)
    for name in ("job", "job_panel"):
        assert client.get(address(tenant, f"records:{name}", job.pk)).status_code == 404
    assert client.post(address(tenant, "records:job_control", job.pk), {"act": "cancel"}).status_code == 404
    assert "Send Tests" not in client.get(address(tenant, "records:jobs")).text


def test_an_auditor_sees_a_job_and_stops_none(client, tenant, kind):
    job = make_job(tenant, kind)
    sign_in(client, tenant, Role.AUDITOR)
    assert "Pause" not in client.get(address(tenant, "records:job", job.pk)).text
    assert client.post(address(tenant, "records:job_control", job.pk), {"act": "cancel"}).status_code == 403
    assert Job.objects.get(pk=job.pk).wanted == ""


def test_another_tenants_job_is_not_there(client, tenant, kind):
    job = make_job(make_tenant(), kind)
    sign_in(client, tenant, Role.OWNER)
    assert client.get(address(tenant, "records:job", job.pk)).status_code == 404


def note(tenant, act, *subjects, by=None):
    record(act, tenant_id=tenant.pk, by=by or actor(), at=NOW, subjects=subjects, reason="because")


def test_the_log_filters_by_who_what_day_and_object(client, tenant):
    member, student = make_member(tenant), make_student(tenant)
    note(tenant, "student.edited", ("student", student.pk), by=actor(member))
    note(tenant, "key.revoked", ("key", 7))
    sign_in(client, tenant, Role.OWNER)
    log = address(tenant, "records:audit")

    def seen(query):
        return [line.entry.act for line in client.get(log + query).context["lines"]]

    assert seen("?act=student.") == ["student.edited"]
    assert seen(f"?who={member.pk}") == ["student.edited"]
    assert seen(f"?kind=student&id={student.pk}") == ["student.edited"]
    assert seen("?from=2026-11-25") == []
    assert seen("?to=2026-11-23") == []
    assert "key.revoked" in seen("?from=2026-11-24&to=2026-11-24")
    for nonsense in (
        "?who=x",
        "?from=31-31-31",
        "?from=0001-01-01",
        "?to=9999-12-31",
        "?kind=evil&id=1",
        "?act=%27",
        "?page=-1",
    ):
        assert client.get(log + nonsense).status_code == 200, nonsense


def test_officers_read_their_own_area_and_their_own_acts(client, tenant):
    """Spine §6."""
    note(tenant, "student.edited")
    note(tenant, "key.revoked")
    note(tenant, "setting.changed")
    for role, expected in (
        (Role.ENROLMENTS_OFFICER, {"student.edited"}),
        (Role.PORTAL_OFFICER, {"key.revoked"}),
        (Role.AUDITOR, {"student.edited", "key.revoked", "setting.changed", "tenant.created"}),
    ):
        sign_in(client, tenant, role)
        lines = client.get(address(tenant, "records:audit")).context["lines"]
        assert {line.entry.act for line in lines} == expected, role


def test_a_member_for_one_school_reads_of_its_students(client, tenant):
    mine, other = make_school(tenant), make_school(tenant)
    note(tenant, "student.edited", ("student", make_student(tenant, school=mine, given_name="Here").pk))
    note(tenant, "student.edited", ("student", make_student(tenant, school=other, given_name="There").pk))
    sign_in(client, tenant, Role.ENROLMENTS_OFFICER, school=mine)
    page = text_of(client.get(address(tenant, "records:audit")))
    assert "Here" in page
    assert "There" not in page


def test_an_entry_names_no_contact_and_no_household_of_another_school(client, tenant):
    """R-PM-01: a key's entry names the student with the adult it was made for."""
    mine, other = make_school(tenant), make_school(tenant)
    student = make_student(tenant, school=mine, given_name="Here")
    near, far = make_contact(tenant, family_name="Nearby"), make_contact(tenant, family_name="Faraway")
    make_association(student, near)
    make_association(make_student(tenant, school=other), far)
    for contact in (near, far):
        note(tenant, "key.revoked", ("student", student.pk), ("contact", contact.pk))
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=mine)
    page = text_of(client.get(address(tenant, "records:audit")))
    assert "Nearby" in page
    assert "a contact of another school" in page
    assert "Faraway" not in page


def test_another_tenants_entries_are_not_there(client, tenant):
    note(make_tenant(), "student.edited")
    sign_in(client, tenant, Role.OWNER)
    assert "student.edited" not in client.get(address(tenant, "records:audit")).text


def test_a_download_is_itself_an_entry_and_its_cells_run_nothing(client, tenant):
    """R-CK-17's rules; R-AU-01."""
    record("key.revoked", tenant_id=tenant.pk, by=actor(), at=NOW, subjects=[("key", 1)], reason="=cmd|' /C calc'!A0")
    sign_in(client, tenant, Role.OWNER)
    response = client.get(address(tenant, "records:audit_export") + "?act=key.")
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    assert "'=cmd" in content
    assert content.count("\n") == 2
    entry = AuditEntry.objects.get(act="audit.exported")
    assert entry.detail == {"filters": {"act": "key."}, "rows": 1}


@pytest.mark.parametrize("rights", [{"every_single_right": False}, {"role": Role.INTEGRATIONS_OFFICER}])
def test_downloading_is_a_right_of_its_own(client, tenant, rights):
    role = rights.pop("role", Role.OWNER)
    sign_in(client, tenant, role, **rights)
    response = client.get(address(tenant, "records:audit_export"))
    assert response.status_code == (403 if rights else 200)


def test_the_chain_is_verified_on_a_press(client, tenant):
    sign_in(client, tenant, Role.AUDITOR)
    assert "entries stand as they were written" in said(
        client.post(address(tenant, "records:audit_verify"), follow=True)
    )


def member_form(**changes):
    return {
        "name": "Lee Chan",
        "email": "lee@school.example",
        "role": "portal-officer",
        "may_see_keys": "on",
        **changes,
    }


def test_a_member_is_added_with_a_link_that_is_shown_once(client, tenant):
    sign_in(client, tenant, Role.OWNER)
    shown = client.post(address(tenant, "records:member_add"), member_form())
    link = re.search(r"/console/welcome/#t=([^<\s]+)", shown.text)[1]
    membership = Membership.objects.get(user__username="lee@school.example")
    assert (membership.role, membership.may_see_keys, membership.may_export) == ("portal-officer", True, False)
    client.logout()
    client.post(address(tenant, "welcome"), {"link": link, "password": PASSWORD})
    assert client.get(address(tenant, "home")).status_code == 200


@pytest.mark.parametrize("change", [{"email": "x"}, {"role": "king"}, {"name": ""}, {"school": "999999"}])
def test_a_member_that_cannot_be_is_refused(client, tenant, change):
    sign_in(client, tenant, Role.OWNER)
    assert client.post(address(tenant, "records:member_add"), member_form(**change)).status_code == 422
    assert Membership.objects.filter(tenant=tenant).count() == 1


def test_an_administrator_names_everybody_but_owners(client, tenant):
    """Spine §6."""
    owner = Membership.objects.get(user=make_member(tenant, Role.OWNER))
    sign_in(client, tenant, Role.ADMINISTRATOR)
    assert client.post(address(tenant, "records:member_add"), member_form(role="owner")).status_code == 422
    assert client.post(address(tenant, "records:member_add"), member_form()).status_code == 200
    for name in ("member_edit", "member_remove", "member_link"):
        assert client.post(address(tenant, f"records:{name}", owner.pk), {}).status_code == 403, name


def test_the_last_owner_stays(client, tenant):
    member = sign_in(client, tenant, Role.OWNER)
    mine = member.memberships.get()
    client.post(address(tenant, "records:member_remove", mine.pk))
    client.post(address(tenant, "records:member_edit", mine.pk), {"role": "auditor"})
    assert Membership.objects.get(pk=mine.pk).role == "owner"


def test_a_changed_role_holds_from_the_next_page(client, tenant):
    make_member(tenant, Role.OWNER)
    member = sign_in(client, tenant, Role.ENROLMENTS_OFFICER)
    students = reverse("console:enrolments:student_add", args=[tenant.code])
    assert client.get(students).status_code == 200
    Membership.objects.filter(user=member).update(role=Role.AUDITOR)
    assert client.get(students).status_code == 403


def hands_on(client, tenant, membership, **form):
    """What came of each act on a member's role, and of adding that person once more."""
    found = {
        name: client.post(address(tenant, f"records:{name}", membership.pk), {"role": "auditor", **form}).status_code
        for name in ("member_edit", "member_remove", "member_link")
    }
    again = member_form(email=membership.user.email.upper(), role="auditor", **form)
    return found | {"member_add": client.post(address(tenant, "records:member_add"), again).status_code}


def test_no_other_role_of_an_owner_is_a_way_to_their_sign_in(client, tenant):
    """Spine §6: an administrator's hands stay off owners, by whichever of their roles, and by adding them anew."""
    make_member(tenant, Role.OWNER)
    owner = make_member(tenant, Role.OWNER)
    besides = Membership.objects.create(user=owner, tenant=tenant, school=make_school(tenant), role=Role.AUDITOR)
    sign_in(client, tenant, Role.ADMINISTRATOR)
    assert client.post(address(tenant, "records:member_link", besides.pk)).status_code == 403
    assert set(hands_on(client, tenant, owner.memberships.get(school=None)).values()) == {403}
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
    assert set(owner.memberships.values_list("role", flat=True)) == {Role.OWNER, Role.AUDITOR}


def test_a_member_for_one_school_changes_no_member_beyond_it(client, tenant):
    """Spine §6, R-PM-01: nobody gets more reach than they have, for others or for themself."""
    here, there = make_school(tenant), make_school(tenant)
    make_member(tenant, Role.OWNER)
    mine = sign_in(client, tenant, Role.ADMINISTRATOR, school=here).memberships.get()
    for school in (None, there):
        beyond = make_member(tenant, Role.ADMINISTRATOR, school=school).memberships.get()
        assert set(hands_on(client, tenant, beyond, school=here.pk).values()) == {403}
        assert beyond.user.check_password(PASSWORD)
        assert Membership.objects.filter(pk=beyond.pk, role=Role.ADMINISTRATOR).exists()
        wider = {"role": "administrator", "school": school.pk if school else ""}
        assert client.post(address(tenant, "records:member_edit", mine.pk), wider).status_code == 422
        assert client.post(address(tenant, "records:member_add"), member_form(**wider)).status_code == 422
    colleague = make_member(tenant, Role.AUDITOR, school=here).memberships.get()
    assert client.post(address(tenant, "records:member_link", colleague.pk)).status_code == 200


def test_a_removed_member_is_out(client, tenant):
    other = make_member(tenant, Role.AUDITOR)
    sign_in(client, tenant, Role.OWNER)
    client.post(address(tenant, "records:member_remove", other.memberships.get().pk))
    client.logout()
    client.force_login(other)
    assert client.get(address(tenant, "home")).status_code in {302, 403}


def test_a_new_link_ends_the_old_password(client, tenant):
    other = make_member(tenant, Role.AUDITOR)
    sign_in(client, tenant, Role.OWNER)
    assert "#t=" in client.post(address(tenant, "records:member_link", other.memberships.get().pk)).text
    client.logout()
    response = client.post(address(tenant, "sign_in"), {"username": other.username, "password": PASSWORD})
    assert response.status_code == 422


def test_campuses_list_their_codes(client, tenant):
    make_student(tenant, school=make_school(tenant, number=8123, name="Senior Campus"))
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    page = text_of(client.get(address(tenant, "school_information:campuses")))
    assert "Senior Campus 8123" in page
    assert client.post(address(tenant, "school_information:campus_add"), {}).status_code == 403


def test_what_concerns_the_whole_tenant_is_not_changed_by_a_member_for_one_school(client, tenant):
    """Spine §6."""
    here, there = make_school(tenant), make_school(tenant)
    sign_in(client, tenant, Role.ADMINISTRATOR, school=here)
    for name, ids, form in (
        ("school_information:campus_edit", [there.pk], {"name": "Gone", "number": str(there.number)}),
        ("school_information:campus_add", [], {"name": "New", "number": "99"}),
        ("settings:save", ["portal"], {"second_proof": "none"}),
    ):
        assert client.post(address(tenant, name, *ids), form).status_code == 403, name
    assert "<button" not in client.get(address(tenant, "settings:edit")).text.split("<main")[1].split("</main>")[0]


def test_a_campus_is_added_and_closed_and_codes_are_unique(client, tenant):
    sign_in(client, tenant, Role.ADMINISTRATOR)
    add = address(tenant, "school_information:campus_add")
    client.post(add, {"name": "Junior", "number": "8124"})
    assert client.post(add, {"name": "Again", "number": "8124"}).status_code == 422
    school = School.objects.get(tenant=tenant)
    client.post(address(tenant, "school_information:campus_edit", school.pk), {"name": "Junior", "number": "8124"})
    school.refresh_from_db()
    assert not school.is_active


def test_a_refused_act_is_an_entry_and_a_refused_look_is_none(client, tenant):
    """R-PM-03, R-AU-01."""
    member = sign_in(client, tenant, Role.AUDITOR)
    add = address(tenant, "enrolments:student_add")
    assert client.get(add).status_code == 403
    assert not AuditEntry.objects.filter(act="act.refused").exists()
    assert client.post(add, {"family_name": "Vale"}).status_code == 403
    entry = AuditEntry.objects.get(act="act.refused")
    assert (entry.actor_id, entry.detail) == (
        member.pk,
        {"page": "console:enrolments:student_add", "code": "not_allowed"},
    )
