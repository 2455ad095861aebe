"""Home, find and the menu: what a role covers, and nothing else (design.md §4, §5)."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from schoolgate.tenancy.models import OfficeNotice, Role
from schoolgate.tenancy.notify_office import notify_office
from tests.console.enrolments_pages import sign_in
from tests.factories.enrolments import make_association, make_contact, make_restriction, make_student
from tests.factories.tenancy import NOW, make_school, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()


@pytest.fixture
def tenant():
    return make_tenant()


def home(client, tenant):
    return client.get(reverse("console:home", args=[tenant.code]))


def lines(client, tenant):
    return [each.text for each in home(client, tenant).context["home"].to_do]


def test_an_empty_tenant_begins_with_a_roster(client, tenant):
    sign_in(client, tenant)
    assert "Begin with a roster" in home(client, tenant).text


def test_what_waits_is_one_line_each(client, tenant):
    tie = make_association(make_student(tenant), make_contact(tenant), access=True)
    make_restriction(tie.student, tie.contact, ends_on="2026-02-01")
    sign_in(client, tenant)
    said = lines(client, tenant)
    assert any("wait for a Data Sync" in line for line in said)
    assert "1 restriction has ended or is to be looked at soon." in said


def test_a_notice_names_whom_it_is_about_and_is_closed(client, tenant):
    student = make_student(tenant, given_name="Ada", family_name="Okafor")
    notify_office("child.missing", tenant=tenant, at=NOW, subjects=[("student", student.pk)])
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    assert "A family was connected and says that a child is missing. (Ada Okafor)" in lines(client, tenant)
    notice = OfficeNotice.objects.get()
    client.post(reverse("console:notice_close", args=[tenant.code, notice.pk]))
    assert not [line for line in lines(client, tenant) if "missing" in line]


def test_notices_go_to_their_own_area(client, tenant):
    notify_office("key.guesses", tenant=tenant, at=NOW)
    notice = OfficeNotice.objects.get()
    for role, columns in ((Role.ENROLMENTS_OFFICER, {}), (Role.PORTAL_OFFICER, {"school": make_school(tenant)})):
        sign_in(client, tenant, role, **columns)
        assert not [line for line in lines(client, tenant) if "guessing" in line], role
        assert client.post(reverse("console:notice_close", args=[tenant.code, notice.pk])).status_code == 403


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_home_and_a_menu_of_what_it_may_open(client, tenant, role):
    make_student(tenant)
    sign_in(client, tenant, role)
    page = home(client, tenant)
    assert page.status_code == 200
    from schoolgate.console.menu import menu_of

    request = page.wsgi_request
    for group in menu_of(request):
        for item in group.items:
            assert client.get(item.address).status_code == 200, item.label


def test_find_looks_for_people_and_pages_within_reach(client, tenant):
    mine, other = make_school(tenant), make_school(tenant)
    make_student(tenant, school=mine, given_name="Ada", student_no="20418")
    make_student(tenant, school=other, given_name="Adam")
    make_contact(tenant, given_name="Adaeze")
    sign_in(client, tenant, school=mine)

    def found(words):
        return client.get(reverse("console:find", args=[tenant.code]), {"q": words}).context["found"]

    assert [row.shown_name for row in found("ada").students] == ["Ada Okafor"]
    assert [row.shown_name for row in found("ada").contacts] == ["Adaeze Okafor"]
    assert [row.shown_name for row in found("20418").students] == ["Ada Okafor"]
    assert [item.label for item in found("househ").pages] == ["Households"]
    assert found("").is_empty
    assert found("%").is_empty
