"""Templates: the editor and its preview (R-TP-02 to R-TP-05, R-TP-07, design.md §5)."""

import pytest
from django.urls import reverse

from schoolgate.letters.models import Template
from schoolgate.tenancy.models import Role
from tests.console.enrolments_pages import sign_in
from tests.factories.directory import make_student
from tests.factories.keys import make_linked_contact
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

LETTER = "{school.logo} · {contact.postal_address}\r\n\r\nOur own words.\r\n\r\n{key} {key.qr}\r\n\r\n{expires_on}"


@pytest.fixture
def tenant():
    return make_tenant(help_line="02 5550 1234")


@pytest.fixture
def office(client, tenant):
    sign_in(client, tenant, Role.ADMINISTRATOR)
    return client


def address(tenant, name="template", *ids):
    return reverse(f"console:portal_console:{name}", args=[tenant.code, *ids])


def test_the_editor_opens_with_the_text_in_force(office, tenant):
    page = office.get(address(tenant, "template", "letter"))
    assert page.status_code == 200
    assert "follow school life online" in page.text
    assert "{contact.salutation}" in page.text


def test_saving_makes_a_version_that_is_used_from_then_on(office, tenant):
    answer = office.post(address(tenant, "template", "letter"), {"body": LETTER, "based_on": "0"})
    assert answer.status_code == 302
    assert Template.objects.get().body == LETTER.replace("\r\n", "\n")
    assert "Our own words" in office.get(address(tenant, "template", "letter")).text
    assert "Your own text" in office.get(address(tenant, "templates")).text


def test_a_refused_text_comes_back_as_typed_with_line_and_column(office, tenant):
    answer = office.post(address(tenant, "template", "letter"), {"body": LETTER + "{nobody}", "based_on": "0"})
    assert answer.status_code == 422
    assert "Line 7, column 13" in answer.text
    assert "{nobody}" in answer.text
    assert not Template.objects.exists()


def test_a_text_that_somebody_saved_meanwhile_is_not_overwritten(office, tenant):
    for _ in range(2):
        answer = office.post(address(tenant, "template", "letter"), {"body": LETTER, "based_on": "0"})
    assert answer.status_code == 422
    assert "Somebody else has saved" in answer.text
    assert Template.objects.count() == 1


def test_a_preview_shows_what_is_typed_and_saves_nothing(office, tenant):
    part = office.post(
        address(tenant, "template_preview", "letter"),
        {"body": LETTER, "based_on": "0", "values": "longest"},
        headers={"HX-Request": "true"},
    )
    assert part.status_code == 200
    drawn = office.get(address(tenant, "template_drawn", "letter"))
    assert drawn["Content-Type"] == "image/svg+xml"
    assert "sandbox" in drawn["Content-Security-Policy"]
    assert not Template.objects.exists()


def test_a_fault_leaves_the_last_preview_and_names_the_place(office, tenant):
    office.post(
        address(tenant, "template_preview", "email"),
        {"subject": "A", "body": "Good {key} {expires_on}", "based_on": "0"},
    )
    part = office.post(
        address(tenant, "template_preview", "email"),
        {"subject": "A", "body": "Bad {key} {expires_on} <script>", "based_on": "0"},
        headers={"HX-Request": "true"},
    )
    assert (part.status_code, part["HX-Retarget"]) == (422, "#faults")
    assert "Line 1, column 24" in part.text
    drawn = office.get(address(tenant, "template_drawn", "email"))
    assert "Good" in drawn.text
    assert "<script" not in drawn.text


def test_without_script_the_whole_page_comes_back_with_the_preview(office, tenant):
    page = office.post(
        address(tenant, "template_preview", "email"), {"subject": "Ours", "body": "{key} {expires_on}", "based_on": "0"}
    )
    assert page.status_code == 200
    assert "<h1>" in page.text
    assert 'value="Ours"' in page.text


def test_a_contact_of_another_school_cannot_be_looked_at(client, tenant):
    """R-PM-01."""
    elsewhere = make_linked_contact(tenant)
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=make_school(tenant))
    page = client.post(
        address(tenant, "template_preview", "email"),
        {
            "subject": "A",
            "body": "{key} {expires_on}",
            "based_on": "0",
            "values": "contact",
            "contact": elsewhere.contact_no,
        },
    )
    assert page.status_code == 422
    assert "no contact with this Contact ID" in page.text


@pytest.mark.parametrize("role", [Role.AUDITOR])
def test_who_may_only_read_can_look_and_not_save(client, tenant, role):
    sign_in(client, tenant, role)
    assert client.get(address(tenant, "template", "letter")).status_code == 200
    assert client.post(address(tenant, "template", "letter"), {"body": LETTER, "based_on": "0"}).status_code == 403


def test_a_member_for_one_school_does_not_change_everybodys_text(client, tenant):
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=make_school(tenant))
    assert client.post(address(tenant, "template", "letter"), {"body": LETTER, "based_on": "0"}).status_code == 403


def test_a_template_that_does_not_exist_is_not_found(office, tenant):
    assert office.get(address(tenant, "template", "postcard")).status_code == 404


def test_students_letters_and_mails_have_texts_of_their_own(office, tenant):
    """registration-keys §3: a key for student use is worded for the student."""
    listed = office.get(address(tenant, "templates")).text
    for title in ("Letter with a student&#x27;s own key", "E-mail with a student&#x27;s own key"):
        assert title in listed
    page = office.get(address(tenant, "template", "student-letter")).text
    assert "makes your own account" in page
    assert "{student.label}" in page
    assert "{contact.postal_address}" not in page

    text = LETTER.replace("contact.postal_address", "student.label")
    assert (
        office.post(address(tenant, "template", "student-letter"), {"body": text, "based_on": "0"}).status_code == 302
    )
    assert Template.objects.get().kind == "student_key"
    assert "Our own words" not in office.get(address(tenant, "template", "letter")).text
    refused = office.post(
        address(tenant, "template", "student-email"), {"subject": "x", "body": LETTER, "based_on": "0"}
    )
    assert refused.status_code == 422


def test_a_student_s_text_is_looked_at_with_a_real_student(office, tenant):
    student = make_student(tenant, given_name="Mia", family_name="Cole", student_no="00077")
    form = {"subject": "Hello", "body": "{student.full_name}: {key}\n\n{expires_on}", "based_on": "0"}
    chosen = {"values": "contact", "contact": "00077"}
    assert office.post(address(tenant, "template_preview", "student-email"), form | chosen).status_code == 200
    assert student.shown_name in office.get(address(tenant, "template_drawn", "student-email")).text
    missing = office.post(address(tenant, "template_preview", "student-email"), form | chosen | {"contact": "77"})
    assert "There is no student with this Student Id." in missing.text


@pytest.mark.parametrize("channel", ["sms", "student", "student_key"])
def test_there_are_no_other_texts(office, tenant, channel):
    assert office.get(address(tenant, "template", channel)).status_code == 404
