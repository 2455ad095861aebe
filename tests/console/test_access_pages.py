"""The switch in its three places, what the pages say of it, and what leaves at once (R-PA-01 to R-PA-06, R-PA-09, R-RX-02, R-RX-06)."""

import re

import pytest
from django.utils import timezone

from schoolgate.directory.models import DirectoryAssociation
from schoolgate.directory.queries import visible_students
from schoolgate.enrolments.models import Association, HouseholdMember, Restriction
from schoolgate.jobs.subject import Subject
from schoolgate.sync.publish import Approval, publish_changes
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Role
from tests.console.enrolments_pages import address, said, sign_in
from tests.factories.enrolments import (
    make_association,
    make_contact,
    make_household,
    make_restriction,
    make_student,
)
from tests.factories.keys import make_key_for
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def tie(tenant):
    return make_association(make_student(tenant), make_contact(tenant))


def publish(tenant):
    publish_changes(tenant=tenant, by=actor(), at=NOW, approval=Approval("looked at"))


def sees(tie, *, at=NOW):
    today = day_of(tie.tenant, at)
    return tie.student_id in {
        s.pk for s in visible_students(tenant=tie.tenant, contact_ids=[tie.contact_id], today=today)
    }


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def save(client, tie, *, was, on, **more):
    page = address(tie.tenant, "student_contacts", tie.student_id)
    posted = {f"was-{tie.pk}": "1" if was else "0", "next": page, **({"on": [tie.pk]} if on else {}), **more}
    return client.post(address(tie.tenant, "access_save"), posted, follow=True)


def test_on_is_pending_until_a_sync_and_the_page_says_so(client, tenant, tie):
    """R-PA-03, R-PA-04, spine §3.1."""
    sign_in(client, tenant)
    done = save(client, tie, was=False, on=True)
    assert f"{tie.contact.shown_name} will see {tie.student.shown_name} from the next Data Sync on." in said(done)
    assert "by you" in said(done)
    assert "On, after the next Data Sync" in text_of(done)
    assert not sees(tie)
    publish(tenant)
    assert sees(tie)
    assert "On, after the next Data Sync" not in text_of(
        client.get(address(tenant, "student_contacts", tie.student_id))
    )


def test_one_flag_is_seen_from_all_three_places(client, tenant, tie):
    """R-PA-01."""
    household = make_household(tenant, tie.student, tie.contact)
    sign_in(client, tenant)
    save(client, tie, was=False, on=True)
    for name, id_ in (("student_contacts", tie.student_id), ("contact", tie.contact_id), ("household", household.pk)):
        page = client.get(address(tenant, name, id_))
        assert f'value="{tie.pk}" checked' in page.text, name
        assert "On, after the next Data Sync" in text_of(page), name


def test_turning_off_what_families_see_is_asked_about_once(client, tenant, tie):
    """§11.1."""
    Association.objects.update(receives_portal_access=True)
    publish(tenant)
    sign_in(client, tenant)
    asked = save(client, tie, was=True, on=False)
    assert f"{tie.contact.shown_name} will no longer see {tie.student.shown_name}." in text_of(asked)
    tie.refresh_from_db()
    assert tie.receives_portal_access
    done = save(client, tie, was=True, on=False, confirmed="1")
    assert "Off, after the next Data Sync" in text_of(done)
    assert sees(tie)
    publish(tenant)
    assert not sees(tie)


def test_a_flag_that_was_never_published_goes_off_without_a_question(client, tenant, tie):
    Association.objects.update(receives_portal_access=True)
    sign_in(client, tenant)
    assert "1 change saved" in said(save(client, tie, was=True, on=False))


def test_what_somebody_else_changed_and_i_did_not_touch_stays(client, tenant, tie):
    """Two people, one screen: only what a person turned is saved."""
    sign_in(client, tenant)
    Association.objects.filter(pk=tie.pk).update(receives_portal_access=True)
    save(client, tie, was=False, on=False)
    tie.refresh_from_db()
    assert tie.receives_portal_access


def test_nobody_is_sent_elsewhere_after_saving(client, tenant, tie):
    sign_in(client, tenant)
    response = client.post(
        address(tenant, "access_save"), {f"was-{tie.pk}": "0", "on": [tie.pk], "next": "https://evil.example"}
    )
    assert response.url == address(tenant, "students")


def test_another_tenants_flag_is_refused(client, tenant):
    stranger = make_tenant()
    tie = make_association(make_student(stranger), make_contact(stranger))
    sign_in(client, tenant)
    response = client.post(address(tenant, "access_save"), {f"was-{tie.pk}": "0", "on": [tie.pk]}, follow=True)
    assert "no longer belongs" in said(response)
    tie.refresh_from_db()
    assert not tie.receives_portal_access


def test_a_restricted_switch_is_off_disabled_and_named(client, tenant, tie):
    """R-PA-05, R-RX-06: a portal officer sees the badge and nothing more."""
    made = make_restriction(tie.student, tie.contact)
    sign_in(client, tenant)
    page = client.get(address(tenant, "student_contacts", tie.student_id)).text
    assert re.search(r'role="switch" disabled[^>]*>\s*<span>Restricted', page)
    assert address(tenant, "restriction", made.pk) in page
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    page = client.get(address(tenant, "student_contacts", tie.student_id)).text
    assert "Restricted" in page
    assert address(tenant, "restriction", made.pk) not in page
    for name in ("restriction", "restriction_change", "restriction_lift"):
        assert client.get(address(tenant, name, made.pk)).status_code == 403, name
    assert client.get(address(tenant, "restrictions")).status_code == 403


def restrict(client, tie, **changes):
    form = {"whom": "one", "kind": "no_access_no_mail", "starts_on": "2020-01-01", "reason": "Order shown", **changes}
    return client.post(address(tie.tenant, "restrict", tie.student_id, tie.contact_id), form, follow=True)


def test_saving_a_restriction_takes_the_child_away_at_once(client, tenant, tie):
    """R-PA-09, R-RX-02, R-RX-03: no sync by hand, no other child."""
    sibling = make_association(make_student(tenant), tie.contact)
    Association.objects.update(receives_portal_access=True)
    publish(tenant)
    sign_in(client, tenant)
    done = restrict(client, tie)
    assert "1 link was withdrawn at once." in said(done)
    assert not sees(tie)
    assert sees(sibling)


def test_all_students_of_a_contact_are_restricted_together(client, tenant, tie):
    sibling = make_association(make_student(tenant), tie.contact)
    sign_in(client, tenant)
    restrict(client, tie, whom="all")
    assert set(Restriction.objects.values_list("student_id", flat=True)) == {tie.student_id, sibling.student_id}


@pytest.mark.parametrize(
    "change", [{"reason": ""}, {"ends_on": "2019-12-31"}, {"starts_on": "31/02/2026"}, {"kind": "x"}]
)
def test_a_restriction_that_makes_no_sense_changes_nothing(client, tenant, tie, change):
    sign_in(client, tenant)
    assert restrict(client, tie, **change).status_code == 422
    assert not Restriction.objects.exists()


def test_restricting_asks_for_a_fresh_sign_in(client, tenant, tie):
    """security.md §3."""
    sign_in(client, tenant)
    session = client.session
    del session["password_proved_at"]
    session.save()
    restrict(client, tie)
    assert not Restriction.objects.exists()


def test_the_note_is_read_by_right_alone(client, tenant, tie):
    made = make_restriction(tie.student, tie.contact)
    sign_in(client, tenant, every_single_right=False)
    assert client.get(address(tenant, "restriction", made.pk)).status_code == 403
    sign_in(client, tenant)
    assert client.get(address(tenant, "restriction", made.pk)).status_code == 200


def test_lifting_says_that_nothing_opens_and_lists_move(client, tenant, tie):
    made = make_restriction(tie.student, tie.contact)
    sign_in(client, tenant)
    assert client.post(address(tenant, "restriction_lift", made.pk), {"reason": ""}).status_code == 422
    done = client.post(address(tenant, "restriction_lift", made.pk), {"reason": "Order ended"}, follow=True)
    assert "Has Portal Access is off" in said(done)
    assert "Lifted" in client.get(address(tenant, "restrictions") + "?which=past").text


def test_an_ended_restriction_waits_for_a_review(client, tenant, tie):
    """R-RX-04."""
    made = make_restriction(tie.student, tie.contact, ends_on="2026-02-01")
    sign_in(client, tenant)
    assert "To review" in text_of(client.get(address(tenant, "restrictions") + "?which=review"))
    client.post(address(tenant, "restriction_review", made.pk))
    made.refresh_from_db()
    assert made.reviewed_at is not None


def test_remove_now_withdraws_one_pair_with_a_reason(client, tenant, tie):
    """R-PA-09."""
    Association.objects.update(receives_portal_access=True)
    publish(tenant)
    sign_in(client, tenant)
    page = address(tenant, "remove_now", tie.pk)
    assert client.post(page, {"reason": ""}).status_code == 422
    client.post(page, {"reason": "Asked by the mother"})
    assert not sees(tie)
    assert DirectoryAssociation.objects.filter(pk=tie.pk).exists()


def test_a_known_contact_is_found_and_tied(client, tenant):
    student = make_student(tenant)
    contact = make_contact(tenant, given_name="Ngozi", family_name="Abara")
    sign_in(client, tenant)
    found = client.get(address(tenant, "association_find", student.pk) + "?q=ngozi")
    chosen = address(tenant, "association_add", student.pk, contact.pk)
    assert chosen in found.text
    done = client.post(chosen, {"relationship": "Grandmother", "access": "on"}, follow=True)
    assert "will see" in said(done)
    assert "Belongs already" in client.get(address(tenant, "association_find", student.pk) + "?q=ngozi").text


def test_a_new_grandmother_is_added_with_access(client, tenant):
    """The walk, step 2."""
    student = make_student(tenant)
    sign_in(client, tenant)
    form = {
        "family_name": "Abara",
        "given_name": "Ngozi",
        "relationship": "Grandmother",
        "access": "on",
        "type": "PARENT",
        "state": "active",
    }
    done = client.post(address(tenant, "association_new", student.pk), form, follow=True)
    assert "On, after the next Data Sync" in text_of(done)


def test_the_tie_is_edited_and_taken_away(client, tenant, tie):
    sign_in(client, tenant)
    client.post(address(tenant, "association_edit", tie.pk), {"relationship": "Aunt", "lives_with": "no"})
    tie.refresh_from_db()
    assert (tie.relationship, tie.lives_with) == ("Aunt", False)
    client.post(address(tenant, "association_end", tie.pk))
    tie.refresh_from_db()
    assert tie.ended_at is not None


def test_a_tie_that_was_taken_away_shows_until_families_no_longer_see_it(client, tenant, tie):
    Association.objects.update(receives_portal_access=True)
    publish(tenant)
    sign_in(client, tenant)
    client.post(address(tenant, "association_end", tie.pk))
    page = address(tenant, "student_contacts", tie.student_id)
    assert "Association ended" in client.get(page).text
    publish(tenant)
    assert "Association ended" not in client.get(page).text


def test_somebody_joins_and_leaves_a_household(client, tenant):
    student, contact = make_student(tenant), make_contact(tenant)
    household = make_household(tenant, student)
    sign_in(client, tenant)
    join = address(tenant, "household_join", household.pk)
    assert contact.shown_name in client.get(f"{join}?kind=contact&q={contact.given_name}").text
    client.post(join, {"kind": "contact", "id": contact.pk})
    assert Association.objects.filter(student=student, contact=contact, receives_portal_access=False).exists()
    member = HouseholdMember.objects.get(contact=contact)
    client.post(address(tenant, "household_leave", member.pk))
    assert Association.objects.get(student=student).ended_at is not None


def test_a_member_for_one_school_takes_nobody_out_of_another_s_household(client, tenant):
    """R-PM-01: a contact has no school; the household's students have."""
    here, there = make_school(tenant), make_school(tenant)
    student, contact = make_student(tenant, school=there), make_contact(tenant)
    make_household(tenant, student, contact)
    member = HouseholdMember.objects.get(contact=contact)
    sign_in(client, tenant, school=here)
    assert client.post(address(tenant, "household_leave", member.pk)).status_code == 404
    assert HouseholdMember.objects.get(pk=member.pk).ended_at is None


def test_history_tells_it_in_sentences(client, tenant, tie):
    """R-AU-02: from student, contact and household."""
    member = sign_in(client, tenant)
    save(client, tie, was=False, on=True)
    for name, id_ in (("student_history", tie.student_id), ("contact_history", tie.contact_id)):
        page = text_of(client.get(address(tenant, name, id_)))
        assert (
            f"{member.name} turned portal access on for {tie.contact.shown_name} to see {tie.student.shown_name}."
            in page
        )


def test_a_reason_of_a_restriction_is_for_those_with_the_right(client, tenant, tie):
    sign_in(client, tenant)
    restrict(client, tie, reason="Violence at home")
    page = address(tenant, "student_history", tie.student_id)
    assert "Violence at home" in client.get(page).text
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    assert "Violence at home" not in client.get(page).text


@pytest.mark.parametrize("system", ["family", "student"])
def test_under_the_other_systems_the_key_for_this_student_is_shown(client, system):
    """portal-console §4, §8: the key of the household, or of the student, that the contact has."""
    tenant = make_tenant(key_system=system)
    student, mother, aunt = make_student(tenant), make_contact(tenant), make_contact(tenant, sort_name="zz")
    household = make_household(tenant, student, mother)
    make_association(student, mother, access=True, basis="household", household=household, order=1)
    make_association(student, aunt, access=True, order=2)
    publish(tenant)
    subject = Subject(system, household.pk if system == "family" else student.pk, mother.pk)
    make_key_for(subject, tenant_id=tenant.pk, at=timezone.now())
    sign_in(client, tenant, Role.OWNER)
    page = client.get(address(tenant, "student_contacts", student.pk)).text
    shown = re.findall(r'data-l="Key">(.*?)</td>', page, re.DOTALL)
    assert [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in shown] == [
        "Ready",
        "–" if system == "family" else "No key",
    ]
