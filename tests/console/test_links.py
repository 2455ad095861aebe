"""No page of ParentAccess Administration offers a member a link that leads nowhere: absent, or beyond their rights (design.md §4)."""

import re
from html import unescape

import pytest
from django.urls import reverse

from schoolgate.directory.models import DirectoryContact
from schoolgate.tenancy.models import Role
from tests.console.contact_keys.office import sign_in
from tests.factories.enrolments import make_association, make_contact, make_student
from tests.factories.keys import make_redeemed_key
from tests.factories.sync import sync
from tests.factories.tenancy import make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def pages(tenant):
    """The rooms, and in each what opens in it."""
    school = make_school(tenant)
    student = make_student(tenant, school=school, family_name="Berg")
    registered = make_contact(tenant)
    for contact in (registered, make_contact(tenant)):
        make_association(student, contact, access=True)
    sync(tenant)
    account = make_account(tenant)
    make_redeemed_key(DirectoryContact.objects.get(pk=registered.pk), account=account)

    def page(name, *words, query=""):
        return f"{reverse(f'console:{name}', args=[tenant.code, *words])}{query}"

    return [
        page("dashboard:home"),
        page("registration_keys:search", query="?go=1&surname=berg"),
        page("registration_keys:student", student.pk),
        page("registration_keys:history", student.pk),
        page("registration_keys:select_contact", student.pk),
        page("by_school:plan", query=f"?schools={school.number}&parents=on&students=on&way="),
        page("parent_groups:plan"),
        page("account_maintenance:search", query="?accounts=all"),
        page("account_maintenance:account", account.pk),
        page("district_settings:edit"),
    ]


def links_of(answer, path):
    found = {unescape(each).partition("#")[0] for each in re.findall(r'<a [^>]*?href="([^"]+)"', answer.text)}
    return {f"{path.partition('?')[0]}{each}" if each.startswith("?") else each for each in found if each[:1] in "/?"}


@pytest.mark.parametrize("role", Role.values)
def test_every_link_opens(client, tenant, pages, role):
    sign_in(client, tenant, role)
    tried, dead = set(), []
    for path in pages:
        answer = client.get(path)
        if answer.status_code == 403:
            continue  # Beyond the role; whether it should be is the matrix's affair.
        assert answer.status_code == 200, path
        for link in links_of(answer, path) - tried:
            tried.add(link)
            if client.get(link).status_code >= 400:
                dead.append((path, link))
    assert dead == []
