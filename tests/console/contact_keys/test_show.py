"""Show keys: the right, a fresh sign-in, one audit entry, and covered again (R-CK-05)."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.keys.models import AccessKey
from schoolgate.tenancy.models import Role
from tests.console.contact_keys.office import address, look, sign_in, tick
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key, make_linked_contact
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()


@pytest.fixture
def tenant():
    return make_tenant()


def shows():
    return list(AuditEntry.objects.filter(act="key.shown"))


def test_a_key_is_shown_in_its_row_and_recorded(client, tenant):
    contact = make_linked_contact(tenant)
    key = make_key(contact, at=timezone.now())
    member = sign_in(client, tenant)
    response = client.post(address(tenant, "show", contact.pk), headers={"HX-Request": "true"})
    assert code_of(key).grouped in response.text
    assert f"The key of {contact.shown_name} is shown for 2 minutes." in response.text
    assert "delay:120s" in response.text
    assert "no-store" in response.headers["Cache-Control"]
    [entry] = shows()
    assert entry.actor_id == member.pk
    assert ["key", key.pk] in entry.subjects
    assert code_of(key).symbols not in str(entry.__dict__)


def test_that_shown_keys_are_recorded_is_said_the_first_time(client, tenant):
    contact = make_linked_contact(tenant)
    make_key(contact, at=timezone.now())
    sign_in(client, tenant)
    first, second = (client.post(address(tenant, "show", contact.pk), headers={"HX-Request": "true"}) for _ in range(2))
    assert "Shown keys are recorded in the audit log." in first.text
    assert "Shown keys are recorded in the audit log." not in second.text


def test_it_is_covered_again(client, tenant):
    contact = make_linked_contact(tenant)
    key = make_key(contact, at=timezone.now())
    sign_in(client, tenant)
    response = client.get(address(tenant, "hide", contact.pk), headers={"HX-Request": "true"})
    assert code_of(key).grouped not in response.text
    assert f"{key.selector}…" in response.text
    assert f"The key of {contact.shown_name} is hidden." in response.text


def test_without_script_it_is_a_page_that_leaves_by_itself(client, tenant):
    contact = make_linked_contact(tenant)
    key = make_key(contact, at=timezone.now())
    sign_in(client, tenant)
    response = client.post(address(tenant, "show", contact.pk))
    assert code_of(key).grouped in response.text
    assert f'content="120;url={address(tenant)}"' in response.text


def test_an_old_sign_in_is_asked_for_the_password_first(client, tenant):
    contact = make_linked_contact(tenant)
    make_key(contact, at=timezone.now())
    sign_in(client, tenant, fresh=False)
    response = client.post(address(tenant, "show", contact.pk))
    assert response.status_code == 302
    assert "/console/fresh/" in response.url
    assert not shows()


def test_without_the_right_to_see_keys_there_is_no_button_and_no_way(client, tenant):
    contact = make_linked_contact(tenant)
    make_key(contact, at=timezone.now())
    sign_in(client, tenant, every_single_right=False)
    assert address(tenant, "show", contact.pk) not in look(client, tenant).text
    assert client.post(address(tenant, "show", contact.pk)).status_code == 403
    assert client.post(address(tenant, "show_chosen")).status_code == 403
    sign_in(client, tenant, Role.AUDITOR)
    assert client.post(address(tenant, "show", contact.pk)).status_code == 403


def test_used_and_dead_keys_cannot_be_shown(client, tenant):
    contact = make_linked_contact(tenant)
    key = make_key(contact, at=timezone.now())
    AccessKey.objects.filter(pk=key.pk).update(state="revoked", sealed=None)
    sign_in(client, tenant)
    response = client.post(address(tenant, "show", contact.pk), headers={"HX-Request": "true"})
    assert "None in force" in response.text
    assert not shows()


def test_a_get_shows_nothing(client, tenant):
    contact = make_linked_contact(tenant)
    key = make_key(contact, at=timezone.now())
    sign_in(client, tenant)
    tick(client, tenant, contact)
    assert client.get(address(tenant, "show", contact.pk)).status_code == 405
    assert code_of(key).grouped not in client.get(address(tenant, "show_chosen")).text
    assert not shows()


def test_the_keys_of_all_that_are_ticked_are_one_page_and_named_in_the_audit(client, tenant):
    contacts = [make_linked_contact(tenant) for _ in range(3)]
    keys = [make_key(contact, at=timezone.now()) for contact in contacts[:2]]
    sign_in(client, tenant)
    tick(client, tenant, *contacts)
    response = client.post(address(tenant, "show_chosen"))
    assert all(code_of(key).grouped in response.text for key in keys)
    [entry] = shows()
    assert {tuple(each) for each in entry.subjects} >= {("key", key.pk) for key in keys}


@pytest.mark.parametrize("whose", ["another tenant's", "another school's", "nobody's"])
def test_beyond_the_members_list_there_is_no_key(client, tenant, whose):
    here = make_school(tenant)
    make_link(make_student(tenant, school=here), make_contact(tenant))
    contact = make_linked_contact(make_tenant(name="Other") if whose == "another tenant's" else tenant)
    make_key(contact, at=timezone.now())
    sign_in(client, tenant, school=here if whose == "another school's" else None)
    pk = 10**9 if whose == "nobody's" else contact.pk
    assert client.post(address(tenant, "show", pk)).status_code == 404
    assert client.get(address(tenant, "hide", pk)).status_code == 404
    assert not shows()
