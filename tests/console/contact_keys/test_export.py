"""Download list: what the page shows, never a whole key, disarmed, audited (R-CK-17)."""

import csv
import io

import pytest
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from tests.console.contact_keys.office import address, look, sign_in
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key, make_linked_contact
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def download(client, tenant, query=""):
    response = client.post(address(tenant, "export"), {"address": query})
    return b"".join(response.streaming_content).decode("utf-8")


def rows(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_file_holds_the_rows_of_the_filter_and_no_whole_key(client, tenant):
    contact = make_linked_contact(tenant, given_name="Zoe", contact_no="20418")
    key = make_key(contact, at=timezone.now())
    make_linked_contact(tenant, given_name="Bea")
    sign_in(client, tenant)
    text = download(client, tenant, "q=zoe")
    assert text.startswith("\ufeff")
    [row] = rows(text)
    assert row["Contact ID"] == "20418"
    assert row["Contact Name"] == "Zoe Okafor"
    assert row["Key start"] == key.selector
    assert row["State"] == "Ready"
    assert code_of(key).grouped not in text
    assert code_of(key).symbols not in text


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@x"])
def test_cells_that_a_spreadsheet_would_run_are_disarmed(client, tenant, name):
    make_contact(tenant, given_name=name, family_name="")
    sign_in(client, tenant)
    assert rows(download(client, tenant))[0]["Contact Name"] == f"'{name}"


def test_it_is_audited_with_filter_and_rows_but_without_the_words(client, tenant):
    make_linked_contact(tenant, given_name="Zoe")
    member = sign_in(client, tenant)
    download(client, tenant, "q=zoe&students=yes")
    entry = AuditEntry.objects.get(act="keys.exported")
    assert entry.actor_id == member.pk
    assert entry.detail == {"filters": {"q": "words", "students": "yes"}, "rows": 1}


def test_it_needs_the_right_and_a_fresh_sign_in(client, tenant):
    sign_in(client, tenant, every_single_right=False)
    assert client.post(address(tenant, "export")).status_code == 403
    assert address(tenant, "export") not in look(client, tenant).text
    sign_in(client, tenant, fresh=False)
    assert "/console/fresh/" in client.post(address(tenant, "export")).url
    assert not AuditEntry.objects.filter(act="keys.exported")


def test_a_one_school_member_downloads_its_contacts_only(client, tenant):
    here = make_school(tenant)
    own = make_contact(tenant)
    make_link(make_student(tenant, school=here), own)
    make_linked_contact(tenant)
    sign_in(client, tenant, school=here)
    assert [row["Contact ID"] for row in rows(download(client, tenant))] == [own.contact_no]
