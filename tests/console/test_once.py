"""A form that is sent twice has one effect, and the second press says so (§12.2: double click, back button, two tabs)."""

import re

import pytest
from django.urls import reverse

from schoolgate.enrolments.models import Association, Contact, Household, Restriction, RosterImport
from schoolgate.jobs.models import Job
from schoolgate.tenancy.models import Role
from tests.console.contact_keys.office import address as keys_address
from tests.console.contact_keys.office import tick
from tests.console.enrolments_pages import address, said, sign_in
from tests.console.test_imports import upload
from tests.factories.enrolments import make_association, make_contact, make_student
from tests.factories.keys import make_linked_contact
from tests.factories.rosters import one_family
from tests.factories.tenancy import make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def number_of(page):
    """What the page gives the form along; another each time."""
    [number] = set(re.findall(r'name="once" value="([0-9a-f]{32})"', page.text))
    return number


def twice(client, here, form):
    """Open the page, send its form twice; the second answer, with the page it leads to."""
    once = {"once": number_of(client.get(here))}
    first = client.post(here, form | once)
    assert first.status_code == 302, first.content
    return client.post(here, form | once, follow=True)


def test_a_new_contact_is_added_once(client, tenant):
    student = make_student(tenant)
    sign_in(client, tenant)
    form = {"family_name": "Abara", "type": "PARENT", "state": "active", "relationship": "Grandmother"}
    again = twice(client, address(tenant, "association_new", student.pk), form)
    assert "done already" in said(again)
    assert Contact.objects.count() == Association.objects.count() == 1
    twice(client, address(tenant, "contact_add"), form)
    assert Contact.objects.count() == 2


def test_a_household_and_a_restriction_too(client, tenant):
    tie = make_association(make_student(tenant), make_contact(tenant))
    sign_in(client, tenant)
    assert "done already" in said(twice(client, address(tenant, "household_add"), {"name": "Vale"}))
    assert Household.objects.count() == 1
    restrict = address(tenant, "restrict", tie.student_id, tie.contact_id)
    form = {"kind": "no_access_no_mail", "starts_on": "2026-01-01", "whom": "one", "reason": "order"}
    assert "done already" in said(twice(client, restrict, form))
    assert Restriction.objects.count() == 1


@pytest.mark.parametrize("act", ["generate", "print"])
def test_a_run_is_started_once(client, tenant, act):
    """Two runs of letters one after the other would make a second copy of each."""
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    tick(client, tenant, make_linked_contact(tenant))
    twice(client, keys_address(tenant, act), {"also_generate": "on"})
    assert Job.objects.count() == 1


def test_an_upload_too(client, tenant):
    sign_in(client, tenant)
    once = number_of(client.get(reverse("console:imports:new", args=[tenant.code])))
    for _ in range(2):
        assert upload(client, tenant, one_family(), once=once).status_code == 302
    assert RosterImport.objects.count() == 1


def test_what_was_refused_may_be_sent_again(client, tenant):
    sign_in(client, tenant)
    here = address(tenant, "household_add")
    once = {"once": number_of(client.get(here))}
    assert client.post(here, {"name": "x" * 300, **once}).status_code == 422
    assert client.post(here, {"name": "Vale", **once}).status_code == 302
    assert Household.objects.count() == 1


def test_two_pages_are_two_forms_and_another_member_has_their_own(client, tenant):
    sign_in(client, tenant)
    here = address(tenant, "household_add")
    numbers = {number_of(client.get(here)) for _ in range(2)}
    assert len(numbers) == 2
    for number in numbers:
        client.post(here, {"name": "Vale", "once": number})
    sign_in(client, tenant)
    client.post(here, {"name": "Vale", "once": numbers.pop()})
    assert Household.objects.count() == 3
