"""Lists of contacts with their keys (R-CK-01 to R-CK-05)."""

from datetime import date, timedelta

import pytest

from schoolgate.keys.models import AccessKey
from schoolgate.keys.queries import contact_keys, contact_keys_of
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import generate, make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import NOW, make_account, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(time_zone="Australia/Sydney")


def test_every_parent_contact_stands_in_one_row_and_nobody_else(tenant):
    parent = make_linked_contact(tenant, family_name="Zeb")
    inactive = make_contact(tenant, is_active=False, family_name="Adams")
    make_contact(tenant, type="STAFF")
    make_contact(tenant, type="STUDENT")
    make_linked_contact(make_tenant())
    assert [row.contact_id for row in contact_keys(tenant=tenant, at=NOW, at_once=1)] == [inactive.pk, parent.pk]


def test_students_are_the_published_links(tenant):
    contact, seen, barred, off = make_contact(tenant), make_student(tenant), make_student(tenant), make_student(tenant)
    make_link(seen, contact)
    make_link(barred, contact)
    make_bar(barred, contact)
    make_link(off, contact, portal_access=False)
    [row] = contact_keys(tenant=tenant, at=NOW)
    assert row.student_ids == (seen.source_id,)


def test_states(tenant):
    none, live, overdue, dead = (make_linked_contact(tenant) for _ in range(4))
    used = make_linked_contact(tenant)
    live_key = make_key(live)
    make_key(overdue, at=NOW - timedelta(days=61))
    AccessKey.objects.filter(pk=make_key(dead).pk).update(state="revoked", sealed=None, ended_at=NOW)
    make_redeemed_key(used, account=make_account(tenant, email="ada@home.example"))
    ids = [none.pk, live.pk, overdue.pk, dead.pk, used.pk]
    rows = contact_keys_of(tenant=tenant, contact_ids=ids, at=NOW)
    assert [row.state for row in rows] == ["none", "live", "expired", "revoked", "redeemed"]
    assert rows[1].selector == live_key.selector
    assert (rows[1].last_day, rows[3].last_day) == (date(2027, 1, 23), None)
    assert [row.usernames for row in rows] == [(), (), (), (), ("ada@home.example",)]


def test_a_newer_key_is_shown_before_an_older_and_every_username(tenant):
    contact = make_linked_contact(tenant)
    for name in ("one@home.example", "two@home.example"):
        make_redeemed_key(contact, account=make_account(tenant, email=name))
    make_key(contact)
    [row] = contact_keys(tenant=tenant, at=NOW)
    assert (row.state, row.usernames) == ("live", ("one@home.example", "two@home.example"))


def test_the_number_of_statements_does_not_grow_with_the_rows(tenant, django_assert_num_queries):
    ids = [make_linked_contact(tenant).pk for _ in range(3)]
    generate(tenant, *ids)
    for some in (ids[:1], ids):
        with django_assert_num_queries(4):
            contact_keys_of(tenant=tenant, contact_ids=some, at=NOW)
