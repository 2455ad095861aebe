"""Ticks that last: a page, all that match, none (R-CK-06)."""

import pytest
from django.core.cache import cache

from schoolgate.jobs.models import SelectedRow, Selection
from schoolgate.tenancy.models import Role
from tests.console.contact_keys.office import address, look, sign_in, tick
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_linked_contact
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()


def ticked():
    return set(SelectedRow.objects.values_list("row_id", flat=True))


def select(client, tenant, **form):
    return client.post(address(tenant, "select"), form)


def test_ticks_of_a_page_leave_those_of_other_pages(client):
    tenant = make_tenant()
    one, two, three = (make_linked_contact(tenant) for _ in range(3))
    sign_in(client, tenant)
    tick(client, tenant, one, shown=[one])
    tick(client, tenant, three, shown=[two, three])
    assert ticked() == {one.pk, three.pk}
    tick(client, tenant, shown=[one])
    assert ticked() == {three.pk}
    assert "1 selected" in look(client, tenant).text


def test_all_that_match_are_stored_as_they_are_and_later_matches_are_not_drawn_in(client):
    tenant = make_tenant()
    zoe, _ = make_linked_contact(tenant, given_name="Zoe"), make_linked_contact(tenant, given_name="Bea")
    sign_in(client, tenant)
    select(client, tenant, do="all", address="q=zoe")
    later = make_linked_contact(tenant, given_name="Zoe")
    assert ticked() == {zoe.pk}
    assert later.pk not in ticked()


def test_all_adds_to_what_is_ticked_already(client):
    tenant = make_tenant()
    zoe, bea = make_linked_contact(tenant, given_name="Zoe"), make_linked_contact(tenant, given_name="Bea")
    sign_in(client, tenant)
    tick(client, tenant, zoe)
    select(client, tenant, do="all", address="q=bea")
    select(client, tenant, do="all", address="q=bea")
    assert ticked() == {zoe.pk, bea.pk}
    assert Selection.objects.get().count == 2


def test_unselect_all_clears_other_pages_too(client):
    tenant = make_tenant()
    contacts = [make_linked_contact(tenant) for _ in range(3)]
    sign_in(client, tenant)
    tick(client, tenant, *contacts)
    select(client, tenant, do="none", shown=str(contacts[0].pk))
    assert ticked() == set()
    assert "Nothing selected" in look(client, tenant).text


def test_select_all_ticks_the_page_first(client):
    tenant = make_tenant()
    contacts = [make_linked_contact(tenant) for _ in range(2)]
    sign_in(client, tenant)
    select(client, tenant, do="page", shown=",".join(str(each.pk) for each in contacts))
    response = look(client, tenant)
    assert ticked() == {each.pk for each in contacts}
    assert "Select All 2 in this list" in response.text


def test_a_selection_is_the_members_own(client, django_user_model):
    tenant = make_tenant()
    contact = make_linked_contact(tenant)
    sign_in(client, tenant)
    tick(client, tenant, contact)
    sign_in(client, tenant)
    assert "Nothing selected" in look(client, tenant).text


def test_ids_of_another_tenant_refuse_the_whole_act(client):
    """portal-console §12.2."""
    tenant, other = make_tenant(), make_tenant(name="Other")
    own, foreign = make_linked_contact(tenant), make_linked_contact(other)
    sign_in(client, tenant)
    assert tick(client, tenant, own, foreign).status_code == 404
    assert ticked() == set()


def test_a_member_of_one_school_ticks_its_contacts_only(client):
    """R-PM-01."""
    tenant = make_tenant()
    here = make_school(tenant)
    own, elsewhere = make_contact(tenant), make_linked_contact(tenant)
    make_link(make_student(tenant, school=here), own)
    sign_in(client, tenant, school=here)
    assert tick(client, tenant, elsewhere).status_code == 404
    select(client, tenant, do="all", address="")
    assert ticked() == {own.pk}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ENROLMENTS_OFFICER])
def test_who_may_not_act_may_not_tick(client, role):
    tenant = make_tenant()
    contact = make_linked_contact(tenant)
    sign_in(client, tenant, role)
    assert tick(client, tenant, contact).status_code == 403


def test_a_tick_by_htmx_answers_with_what_it_changes_alone(client):
    """Not with the Actions button, which somebody may be pressing."""
    tenant = make_tenant()
    contact = make_linked_contact(tenant)
    sign_in(client, tenant)
    response = client.post(
        address(tenant, "select"),
        {"shown": contact.pk, "ticked": contact.pk, "do": "ticks"},
        headers={"HX-Request": "true"},
    )
    assert "1 selected" in response.text
    assert "Unselect All" in response.text
    assert "data-disclose" not in response.text
