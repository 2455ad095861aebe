"""What waits for a Data Sync is marked in the rows, counted and filtered (R-CK-01, R-CK-04)."""

import pytest
from django.core.cache import cache

from schoolgate.enrolments.set_access import set_access
from schoolgate.tenancy.models import Role
from tests.console.contact_keys.office import cells, look, said, sign_in
from tests.factories.enrolments import make_association, make_contact, make_student
from tests.factories.sync import sync
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()


@pytest.fixture
def tenant():
    return make_tenant()


def turn(pair, *, on):
    set_access(tenant=pair.tenant, wanted={pair.pk: on}, by=actor(), at=NOW)
    cache.clear()


def students(client, tenant, query=""):
    return [row[5] for row in cells(look(client, tenant, query))]


def test_access_that_waits_is_marked_and_makes_the_row_not_published(client, tenant):
    pair = make_association(make_student(tenant, given_name="Ada"), make_contact(tenant))
    sync(tenant)
    sign_in(client, tenant)
    assert students(client, tenant) == ["No access turned on"]
    turn(pair, on=True)
    [row] = cells(look(client, tenant))
    assert row[5] == "+ Ada Okafor (added by the next Data Sync)"
    assert row[7] == "Not published Waits for a Data Sync"
    sync(tenant)
    cache.clear()
    assert students(client, tenant) == ["Ada Okafor"]


def test_access_about_to_go_is_struck_through(client, tenant):
    pair = make_association(make_student(tenant, given_name="Ada"), make_contact(tenant), access=True)
    sync(tenant)
    sign_in(client, tenant)
    turn(pair, on=False)
    assert students(client, tenant) == ["Ada Okafor (taken away by the next Data Sync)"]


def test_contacts_never_published_are_counted_above_the_list(client, tenant):
    sync(tenant)
    make_contact(tenant)
    make_contact(tenant, type="STAFF")
    sign_in(client, tenant)
    response = look(client, tenant)
    assert "1 contact waits to be published and is not in this list yet." in said(response.text)
    assert cells(response) == []


def test_the_filter_finds_contacts_with_a_change_that_waits(client, tenant):
    waits = make_association(make_student(tenant), make_contact(tenant, contact_no="77"))
    make_association(make_student(tenant), make_contact(tenant), access=True)
    sync(tenant)
    turn(waits, on=True)
    sign_in(client, tenant)
    assert [row[1] for row in cells(look(client, tenant, "?pending=yes"))] == ["77"]


def test_a_one_school_member_is_not_told_of_students_elsewhere(client, tenant):
    """R-PM-01."""
    here, there = make_school(tenant), make_school(tenant)
    contact = make_contact(tenant)
    make_association(make_student(tenant, school=here, given_name="Ada"), contact, access=True)
    elsewhere = make_association(make_student(tenant, school=there, given_name="Chidi"), contact)
    sync(tenant)
    turn(elsewhere, on=True)
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=here)
    assert "Chidi" not in look(client, tenant).text
