"""The student list and the Student Overview (A4): search, filters, paging on the server, nothing of another school or tenant."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schoolgate.enrolments.models import Contact, Student
from schoolgate.tenancy.models import Role
from tests.console.enrolments_pages import address, said, sign_in
from tests.factories.enrolments import make_association, make_contact, make_household, make_student
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant()


def listed(client, tenant, query=""):
    page = client.get(address(tenant, "students") + query).context["page"]
    return [row.shown_name for row in page.object_list]


def test_the_list_finds_by_the_beginning_of_any_name_and_by_id(client, tenant):
    make_student(tenant, given_name="Zoë", family_name="O’Hara", preferred_name="Zed", student_no="20418")
    make_student(tenant, given_name="Ada", family_name="Okafor", student_no="0177")
    sign_in(client, tenant)
    for words in ("zoe", "o'hara", "ZOË o", "zed", "20418", "204"):
        assert listed(client, tenant, f"?q={words}") == ["Zed O’Hara"], words
    assert listed(client, tenant, "?q=0177") == ["Ada Okafor"]
    assert listed(client, tenant, "?q=kafor") == []


def test_filters_narrow_and_combine(client, tenant):
    junior, senior = make_school(tenant), make_school(tenant)
    make_student(tenant, school=junior, given_name="Ivy", year_level="2")
    make_student(tenant, school=senior, given_name="Max", year_level="10")
    make_student(tenant, school=senior, given_name="Old", year_level="10", state="inactive")
    sign_in(client, tenant)
    assert listed(client, tenant, f"?school={junior.pk}") == ["Ivy Okafor"]
    assert listed(client, tenant, f"?school={senior.pk}&year=10&state=active") == ["Max Okafor"]
    assert listed(client, tenant, "?sort=year")[0] == "Ivy Okafor"
    assert listed(client, tenant, "?sort=-year")[-1] == "Ivy Okafor"


def test_years_stand_in_the_order_in_which_a_child_goes_through_them(client, tenant):
    for year in ["10", "2", "K", "1"]:
        make_student(tenant, year_level=year)
    sign_in(client, tenant)
    assert client.get(address(tenant, "students")).context["years"] == ["K", "1", "2", "10"]


@pytest.mark.parametrize(
    "query", ["?sort=evil", "?page=999999999", "?page=x", "?rows=7", "?school=1e9", "?year=%00", "?state=x", "?q=%25"]
)
def test_nonsense_in_the_address_is_no_error(client, tenant, query):
    """§12.2: the default list, never a 500."""
    make_student(tenant)
    sign_in(client, tenant)
    assert client.get(address(tenant, "students") + query).status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_rows(client, tenant):
    school = make_school(tenant)
    sign_in(client, tenant)

    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address(tenant, "students")).status_code == 200
            assert client.get(address(tenant, "contacts")).status_code == 200
            assert client.get(address(tenant, "households")).status_code == 200
        return len(queries)

    def add():
        for _ in range(5):
            student, contact = make_student(tenant, school=school), make_contact(tenant)
            make_association(student, contact)
            make_household(tenant, student, contact)

    add()
    few = count()
    add()
    add()
    assert count() == few


def test_a_page_shows_fifty_and_says_of_how_many(client, tenant):
    school = make_school(tenant)
    for _ in range(51):
        make_student(tenant, school=school)
    sign_in(client, tenant)
    first = client.get(address(tenant, "students"))
    assert "1–50 of 51" in first.text
    assert len(client.get(address(tenant, "students") + "?page=2").context["page"].object_list) == 1
    assert "1–51 of 51" in client.get(address(tenant, "students") + "?rows=100").text


def test_htmx_gets_the_list_alone(client, tenant):
    make_student(tenant)
    sign_in(client, tenant)
    part = client.get(address(tenant, "students"), headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert 'id="list"' in part


def test_a_member_for_one_school_sees_its_students_alone(client, tenant):
    """R-PM-01: of a contact's other students only the number."""
    mine, other = make_school(tenant), make_school(tenant)
    here, there = (
        make_student(tenant, school=mine, given_name="Here"),
        make_student(tenant, school=other, given_name="There"),
    )
    contact, stranger = make_contact(tenant), make_contact(tenant)
    make_association(here, contact)
    make_association(there, contact)
    make_association(there, stranger)
    household = make_household(tenant, here, there, contact)
    sign_in(client, tenant, school=mine)
    assert listed(client, tenant) == ["Here Okafor"]
    assert client.get(address(tenant, "student_contacts", there.pk)).status_code == 404
    assert client.get(address(tenant, "contact", stranger.pk)).status_code == 404
    card = client.get(address(tenant, "contact", contact.pk)).text
    assert "There" not in card
    assert "1 more student, at another school" in card
    assert "There" not in client.get(address(tenant, "household", household.pk)).text


def test_another_tenants_student_is_not_there(client, tenant):
    stranger = make_student(make_tenant())
    sign_in(client, tenant)
    for name in (
        "student",
        "student_contacts",
        "student_edit",
        "student_history",
        "association_find",
        "association_new",
    ):
        assert client.get(address(tenant, name, stranger.pk)).status_code == 404, name


@pytest.mark.parametrize("role", [Role.PORTAL_OFFICER, Role.AUDITOR])
def test_who_only_reads_is_offered_no_change_and_refused_one(client, tenant, role):
    """R-PM-03: hidden buttons are also refused at the server."""
    student, contact = make_student(tenant), make_contact(tenant)
    tie = make_association(student, contact)
    sign_in(client, tenant, role)
    page = client.get(address(tenant, "student_contacts", student.pk)).text
    assert 'role="switch"' not in page
    assert "Add a contact" not in page
    for name, ids in (
        ("student_edit", [student.pk]),
        ("access_save", []),
        ("association_end", [tie.pk]),
        ("restrict", [student.pk, contact.pk]),
    ):
        assert client.post(address(tenant, name, *ids)).status_code == 403, name


def test_an_integrations_officer_sees_no_people(client, tenant):
    sign_in(client, tenant, Role.INTEGRATIONS_OFFICER)
    assert client.get(address(tenant, "students")).status_code == 403
    assert "Students" not in client.get(f"/s-{tenant.code}/console/").text


def student_form(school, **changes):
    return {
        "family_name": "Vale",
        "given_name": "Robin",
        "student_no": "77",
        "school_id": school.pk,
        "state": "active",
        **changes,
    }


def test_a_student_is_added_by_hand(client, tenant):
    school = make_school(tenant)
    sign_in(client, tenant)
    response = client.post(address(tenant, "student_add"), student_form(school, birth_date="2014-03-27"), follow=True)
    assert "Robin Vale was added" in said(response)
    assert Student.objects.get(student_no="77").source == "office"


def test_a_refused_form_comes_back_filled_with_a_summary_that_links(client, tenant):
    school = make_school(tenant)
    sign_in(client, tenant)
    response = client.post(
        address(tenant, "student_add"), student_form(school, family_name="", birth_date="2999-01-01")
    )
    assert response.status_code == 422
    assert "<title>Problem:" in response.text
    assert '<a href="#id_family_name">Enter a family name.</a>' in response.text
    assert 'aria-describedby="id_family_name_error"' in response.text
    assert 'value="Robin"' in response.text


def test_an_edit_conflict_says_who_saved_what_and_a_second_save_keeps_ones_own(client, tenant):
    student = make_student(tenant, student_no="77", family_name="Vale", given_name="Robin")
    member = sign_in(client, tenant)
    seen = student_form(student.school, base_no=student.changed_no)
    edit = address(tenant, "student_edit", student.pk)
    client.post(edit, seen | {"roll_class": "8A"})
    conflict = client.post(edit, seen | {"roll_class": "8B"})
    assert conflict.status_code == 422
    assert f"{member.name} saved this" in conflict.text
    assert "Saved meanwhile: 8A" in conflict.text
    again = client.post(edit, seen | {"roll_class": "8B", "base_no": conflict.context["form"]["base_no"].value()})
    assert again.status_code == 302
    assert Student.objects.get(pk=student.pk).roll_class == "8B"


def test_a_contact_is_added_edited_and_found(client, tenant):
    sign_in(client, tenant)
    form = {
        "family_name": "Abara",
        "given_name": "Ngozi",
        "type": "PARENT",
        "state": "active",
        "email": "ngozi@home.example",
        "country": "au",
    }
    client.post(address(tenant, "contact_add"), form)
    contact = Contact.objects.get(family_name="Abara")
    assert (contact.country, contact.email_usable) == ("AU", True)
    client.post(
        address(tenant, "contact_edit", contact.pk), form | {"given_name": "Ngo", "base_no": contact.changed_no}
    )
    assert "Ngo Abara" in client.get(address(tenant, "contacts") + "?q=ngozi@").text


def test_a_household_is_not_found_by_a_child_of_another_school(client, tenant):
    """R-PM-01: a search that finds the household would tell that a child of that name lives there."""
    here, there = make_school(tenant), make_school(tenant)
    mine = make_student(tenant, school=here, given_name="Ivy", family_name="Vale")
    sister = make_student(tenant, school=there, given_name="Zora", family_name="Secret")
    make_household(tenant, mine, sister, name="")
    for school, found in ((here, [0, 1]), (None, [1, 1])):
        sign_in(client, tenant, school=school)
        pages = [
            client.get(address(tenant, "households") + f"?q={words}").context["page"] for words in ("secret", "ivy")
        ]
        assert [page.paginator.count for page in pages] == found


@pytest.mark.parametrize("email", ["a@b", "one@x.example;two@x.example", "x@x.example\nBcc: all@x.example"])
def test_an_address_that_cannot_be_written_to_is_refused(client, tenant, email):
    sign_in(client, tenant)
    form = {"family_name": "Abara", "type": "PARENT", "state": "active", "email": email}
    assert client.post(address(tenant, "contact_add"), form).status_code == 422
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "Robert'); DROP TABLE--", "\u202eevil", "😀" * 50, "{{ 7*7 }}"]
)
def test_hostile_names_are_shown_as_they_are(client, tenant, name):
    student = make_student(tenant, given_name=name)
    sign_in(client, tenant)
    page = client.get(address(tenant, "student_contacts", student.pk))
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert listed(client, tenant) == [student.shown_name]


def test_pages_from_both_ends_tell_one_story(client, tenant):
    """The far half of a list is read from its end: nothing is shown twice or left out."""
    school = make_school(tenant)
    made = {make_student(tenant, school=school, family_name=f"F{n:03}").pk for n in range(260)}
    sign_in(client, tenant)
    pages = [client.get(address(tenant, "students") + f"?page={n}").context["page"].object_list for n in range(1, 7)]
    rows = [row for page in pages for row in page]
    assert [len(page) for page in pages] == [50, 50, 50, 50, 50, 10]
    assert [row.sort_name for row in rows] == sorted(row.sort_name for row in rows)
    assert {row.pk for row in rows} == made
