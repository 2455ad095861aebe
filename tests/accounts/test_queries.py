"""What an account sees: derived, never stored (security.md §3, spine §3.2, R-RX-03, R-CK-15)."""

from datetime import timedelta

import pytest

from schoolgate.accounts.queries import access_of, child_of, children_of
from schoolgate.directory.models import DirectoryAssociation, DirectoryStudent
from schoolgate.keys.models import Tie
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import Tenant, User
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_redeemed_key
from tests.factories.tenancy import NOW, make_account, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant(portal_open=True)


@pytest.fixture
def account(tenant: Tenant) -> User:
    return make_account(tenant)


def seen(account: User) -> set[int]:
    return {child.pk for child in children_of(tenant=account.tenant, account=account, at=NOW)}


def test_an_account_without_a_tie_sees_nobody(account: User) -> None:
    make_link(make_student(account.tenant), make_contact(account.tenant))
    assert seen(account) == set()


def test_a_link_published_later_is_seen_without_a_new_key(tenant: Tenant, account: User) -> None:
    contact, first, second = make_contact(tenant), make_student(tenant), make_student(tenant)
    make_link(first, contact)
    make_redeemed_key(contact, account=account)
    assert seen(account) == {first.pk}
    make_link(second, contact)
    assert seen(account) == {first.pk, second.pk}
    DirectoryAssociation.objects.filter(student=first).update(portal_access=False)
    assert seen(account) == {second.pk}


def test_an_ended_tie_shows_nobody(tenant: Tenant, account: User) -> None:
    contact = make_contact(tenant)
    make_link(make_student(tenant), contact)
    tie = make_redeemed_key(contact, account=account)
    Tie.objects.filter(pk=tie.pk).update(ended_at=NOW)
    assert seen(account) == set()


def test_a_child_barred_from_one_of_the_account_s_contacts_is_hidden_though_another_is_linked(
    tenant: Tenant, account: User
) -> None:
    father, aunt, child, other = make_contact(tenant), make_contact(tenant), make_student(tenant), make_student(tenant)
    for contact in (father, aunt):
        make_link(other, contact)
        make_redeemed_key(contact, account=account)
    make_link(child, aunt)
    make_bar(child, father)
    assert seen(account) == {other.pk}


def test_the_same_bar_hides_nothing_from_somebody_else_s_account(tenant: Tenant, account: User) -> None:
    father, aunt, child = make_contact(tenant), make_contact(tenant), make_student(tenant)
    make_link(child, aunt)
    make_bar(child, father)
    make_redeemed_key(aunt, account=account)
    assert seen(account) == {child.pk}


def test_one_child_is_found_only_if_it_is_seen(tenant: Tenant, account: User) -> None:
    contact, child = make_contact(tenant), make_student(tenant)
    make_link(child, contact)
    make_redeemed_key(contact, account=account)
    assert child_of(tenant=tenant, account=account, student_id=child.pk, at=NOW) == child
    elsewhere = make_tenant()
    for stranger in (make_student(tenant), make_student(elsewhere)):
        with pytest.raises(NotFound):
            child_of(tenant=tenant, account=account, student_id=stranger.pk, at=NOW)


class TestMyAccess:
    def test_each_child_with_its_first_day_and_key(self, tenant: Tenant, account: User) -> None:
        contact = make_contact(tenant)
        old, new = make_student(tenant, sort_name="a"), make_student(tenant, sort_name="b")
        make_link(old, contact)
        make_link(new, contact, flag_at=NOW + timedelta(days=2))
        tie = make_redeemed_key(contact, account=account)

        access = access_of(tenant=tenant, account=account, at=NOW)

        shown = [(each.student, each.since, each.selector) for each in access.seen]
        selector = tie.key.selector
        assert shown == [(old, NOW, selector), (new, NOW + timedelta(days=2), selector)]
        assert access.empty_ties == []

    def test_a_child_of_two_contacts_is_shown_once_by_the_earlier(self, tenant: Tenant, account: User) -> None:
        child, mother, second = make_student(tenant), make_contact(tenant), make_contact(tenant)
        for contact in (mother, second):
            make_link(child, contact)
        first = make_redeemed_key(mother, account=account)
        make_redeemed_key(second, account=account, at=NOW + timedelta(days=1))

        [shown] = access_of(tenant=tenant, account=account, at=NOW + timedelta(days=1)).seen

        assert (shown.since, shown.selector) == (NOW, first.key.selector)

    def test_a_key_that_shows_nobody_is_named(self, tenant: Tenant, account: User) -> None:
        contact, child = make_contact(tenant), make_student(tenant)
        make_link(child, contact)
        tie = make_redeemed_key(contact, account=account)
        DirectoryStudent.objects.filter(pk=child.pk).update(is_active=False)
        access = access_of(tenant=tenant, account=account, at=NOW)
        assert (access.seen, access.empty_ties) == ([], [tie])

    def test_the_number_of_queries_does_not_grow(
        self, tenant: Tenant, account: User, django_assert_num_queries: object
    ) -> None:
        for _ in range(3):
            contact = make_contact(tenant)
            for _ in range(4):
                make_link(make_student(tenant), contact)
            make_redeemed_key(contact, account=account)
        with django_assert_num_queries(3):  # type: ignore[operator]
            access_of(tenant=tenant, account=account, at=NOW)
        with django_assert_num_queries(2):  # type: ignore[operator]
            children_of(tenant=tenant, account=account, at=NOW)
