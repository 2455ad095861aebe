"""The way from letter to child, by forms alone."""

import re

import pytest
from django.test import Client

from schoolgate.accounts.models import Registration
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.letters.models import Message
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.one_time import one_time_code
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key
from tests.factories.tenancy import make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "four words that differ"


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant(portal_open=True, help_line="02 5550 1234")


def test_a_parent_comes_from_the_letter_to_the_child(tenant: Tenant, client: Client) -> None:
    contact = make_contact(tenant)
    make_link(make_student(tenant, given_name="Ada", family_name="Okafor"), contact)
    code = code_of(make_key(contact))
    here = f"/s-{tenant.code}"

    said = client.post(f"{here}/key/", {"key": code.grouped.lower()})
    assert said.headers["Location"] == f"{here}/key/account/"
    said = client.post(f"{here}/key/account/new/", {"email": "amara@home.example"})
    assert said.headers["Location"] == f"{here}/key/account/confirm/"
    nonce = Registration.objects.for_tenant(tenant).get().nonce
    said = client.post(f"{here}/key/account/confirm/", {"code": one_time_code(nonce)})
    assert said.headers["Location"] == f"{here}/key/account/complete/"
    said = client.post(f"{here}/key/account/complete/", {"name": "Amara Okafor", "password": PASSWORD})
    assert said.headers["Location"] == f"{here}/key/check/"
    said = client.post(f"{here}/key/check/", {"day": "27", "month": "3", "year": "2014"})
    assert said.headers["Location"] == f"{here}/key/children/"
    asked = client.get(f"{here}/key/children/").content.decode()
    assert "Ada" in asked
    number = re.search(r'name="number" value="([^"]+)"', asked)[1]
    said = client.post(f"{here}/key/children/", {"answer": "yes", "number": number})
    assert said.headers["Location"] == f"{here}/home/"
    assert "Ada Okafor" in client.get(f"{here}/home/").content.decode()
    assert Tie.objects.for_tenant(tenant).get().subject_id == contact.pk
    assert AccessKey.objects.for_tenant(tenant).get().sealed is None
    assert sorted(Message.objects.for_tenant(tenant).values_list("kind", flat=True)) == [
        "confirm_email",
        "connected",
        "connected",
    ]
    for page in ["my-access/", "account/", "lost-letter/", "not-you/", "recover/", "key/", "", "recover/password/"]:
        assert client.get(f"{here}/{page}").status_code in {200, 302}, page
