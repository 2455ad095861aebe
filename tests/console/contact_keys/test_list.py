"""The Contact Keys page: whom it lists, what it says of each (R-CK-01 to R-CK-05, R-CK-18, R-PM-01)."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from schoolgate.tenancy.models import KeySystem, Role
from tests.console.contact_keys.office import cells, look, sign_in, statements
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()


def test_every_parent_contact_is_one_row_whatever_the_number_of_students(client):
    """R-CK-01, R-CK-02, R-CK-04."""
    tenant = make_tenant()
    contact = make_contact(tenant, given_name="Amara", contact_no="20418", email="amara@home.example")
    for name in ("Chidi", "Ada"):
        make_link(make_student(tenant, given_name=name), contact)
    make_contact(tenant, type="STUDENT")
    make_contact(tenant, type="STAFF")
    sign_in(client, tenant)
    rows = cells(look(client, tenant))
    assert [row[1:] for row in rows] == [
        ["20418", "Amara Okafor Mother", "amara @home.example", "– None", "Ada Okafor Chidi Okafor", "None", "No key"]
    ]


def test_a_contact_without_access_says_so(client):
    """R-CK-04: empty is allowed."""
    tenant = make_tenant()
    make_link(make_student(tenant), make_contact(tenant), portal_access=False)
    sign_in(client, tenant)
    [row] = cells(look(client, tenant))
    assert row[5] == "No access turned on"
    assert row[7] == "No students No access turned on"


def test_the_username_appears_with_the_redemption(client):
    """R-CK-03."""
    tenant = make_tenant()
    contact = make_linked_contact(tenant)
    make_redeemed_key(contact, account=make_account(tenant, email="amara@home.example"), at=timezone.now())
    sign_in(client, tenant)
    [row] = cells(look(client, tenant))
    assert row[4] == "amara @home.example"
    assert row[6] == "Used"
    assert row[7].startswith("Connected")


def test_only_the_start_of_a_key_is_shown(client):
    """R-CK-05."""
    tenant = make_tenant()
    key = make_key(make_linked_contact(tenant), at=timezone.now())
    sign_in(client, tenant)
    [row] = cells(look(client, tenant))
    assert row[6].startswith(f"{key.selector}… and 11 hidden symbols")
    assert row[7] == "Ready Made today"


def test_another_tenants_contacts_are_not_listed(client):
    tenant, other = make_tenant(), make_tenant(name="Other")
    make_linked_contact(other)
    sign_in(client, tenant)
    response = look(client, tenant)
    assert cells(response) == []
    assert "No contacts have been published yet" in response.text
    assert look(client, other).status_code == 302


def test_a_member_of_one_school_sees_contacts_with_a_student_there_and_of_other_students_the_count(client):
    """R-PM-01."""
    tenant = make_tenant()
    here, there = make_school(tenant), make_school(tenant, name="Junior Campus")
    both, elsewhere = make_contact(tenant), make_contact(tenant)
    make_link(make_student(tenant, school=here, given_name="Ada"), both)
    make_link(make_student(tenant, school=there, given_name="Chidi"), both)
    make_link(make_student(tenant, school=there), elsewhere)
    sign_in(client, tenant, school=here)
    [row] = cells(look(client, tenant))
    assert row[5] == "Ada Okafor and 1 at another school"
    assert "Chidi" not in look(client, tenant, "?q=chidi").text
    assert cells(look(client, tenant, "?q=chidi")) == []


@pytest.mark.parametrize("role", [Role.ENROLMENTS_OFFICER, Role.INTEGRATIONS_OFFICER])
def test_roles_without_keys_are_refused(client, role):
    tenant = make_tenant()
    sign_in(client, tenant, role)
    assert look(client, tenant).status_code == 403


def test_an_auditor_reads_and_can_tick_nothing(client):
    tenant = make_tenant()
    make_linked_contact(tenant)
    sign_in(client, tenant, Role.AUDITOR)
    response = look(client, tenant)
    assert 'name="ticked"' not in response.text
    assert 'id="batch"' not in response.text


def test_in_another_key_system_the_page_says_which(client):
    """R-ST-02."""
    tenant = make_tenant(key_system=KeySystem.FAMILY)
    sign_in(client, tenant)
    response = look(client, tenant)
    assert response.status_code == 404
    assert "This school uses family keys" in response.text


@pytest.mark.parametrize(
    "query", ["?page=1000000000", "?sort=nonsense", "?school=x&state=%00&rows=7", "?expires=-1", "?q=%00%F0%9F%98%80"]
)
def test_nonsense_in_the_address_gives_a_list_and_never_a_fault(client, query):
    """portal-console §12.2."""
    tenant = make_tenant()
    make_linked_contact(tenant)
    sign_in(client, tenant)
    assert look(client, tenant, query).status_code == 200


def test_the_number_of_statements_does_not_grow_with_the_rows(client):
    """R-CK-18."""
    tenant = make_tenant()
    sign_in(client, tenant)

    def cost():
        cache.clear()
        return statements(lambda: look(client, tenant, "?columns=delivered&columns=expires&columns=seen"))

    def some_contacts():
        for number in range(5):
            contact = make_linked_contact(tenant)
            (make_key if number % 2 else make_redeemed_key)(contact, at=timezone.now())

    some_contacts()
    few = cost()
    some_contacts()
    assert cost() == few


def test_a_page_without_keys_costs_as_many_statements_as_one_with(client):
    """R-CK-18: the last page of a school may hold nobody with a key."""
    tenant = make_tenant()
    sign_in(client, tenant)
    contact = make_linked_contact(tenant)

    def cost():
        cache.clear()
        return statements(lambda: look(client, tenant))

    without = cost()
    make_key(contact, at=timezone.now())
    assert cost() == without


def test_htmx_gets_the_list_alone(client):
    tenant = make_tenant()
    sign_in(client, tenant)
    response = look(client, tenant, **{"HX-Request": "true"})
    assert "<html" not in response.text
    assert 'id="contact-keys"' in response.text
