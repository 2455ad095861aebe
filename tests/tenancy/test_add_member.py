"""People of the office and their links to a first password (spine §6, Permissions)."""

import pytest

from schoolgate.tenancy.add_member import MemberRefused, add_member
from schoolgate.tenancy.choose_password import LinkNotAccepted, choose_password
from schoolgate.tenancy.models import Membership, User, UserKind
from schoolgate.tenancy.roles import Right, rights_of
from tests.factories.tenancy import NOW, PASSWORD, actor, make_account, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def add(tenant, email="jo@school.example", role="administrator", **more):
    return add_member(tenant=tenant, email=email, role=role, by=actor(), at=NOW, **more)


def test_the_first_owner_holds_the_single_rights_and_nobody_else_does():
    tenant = make_tenant()
    first, second = add(tenant, role="owner").user, add(tenant, "bo@school.example", role="owner").user
    assert Right.KEYS_SEE in rights_of(first, tenant=tenant)
    assert Right.KEYS_SEE not in rights_of(second, tenant=tenant)


def test_the_same_address_is_one_sign_in_whatever_its_case():
    tenant = make_tenant()
    assert add(tenant, "Jo@School.example").user == add(tenant, "jo@school.EXAMPLE", role="auditor").user
    assert Membership.objects.for_tenant(tenant).get().role == "auditor"


def test_an_address_may_occur_in_two_tenants_and_at_both_doors():
    """Spine §4: a sign-in belongs to one tenant."""
    one, two = make_tenant(), make_tenant()
    add(one)
    add(two)
    make_account(one, email="jo@school.example")
    assert User.objects.filter(username_folded="jo@school.example").count() == 3


@pytest.mark.parametrize("email", ["", "jo", "jo@school.example\nBcc: x@example.org"])
def test_what_is_no_address_is_refused(email):
    with pytest.raises(MemberRefused):
        add(make_tenant(), email)


def test_the_link_works_once_and_only_in_its_tenant():
    tenant, other = make_tenant(), make_tenant()
    token = add(tenant).token
    with pytest.raises(LinkNotAccepted):
        choose_password(tenant=other, token=token, password=PASSWORD, source="", via="console", at=NOW)
    choose_password(tenant=tenant, token=token, password=PASSWORD, source="", via="console", at=NOW)
    with pytest.raises(LinkNotAccepted):
        choose_password(tenant=tenant, token=token, password=PASSWORD, source="", via="console", at=NOW)


def test_rights_of_one_school_are_for_that_school():
    tenant = make_tenant()
    school = make_school(tenant)
    member = make_member(tenant, "portal-officer", school=school)
    assert rights_of(member, tenant=tenant)[Right.KEYS_ACT] == {school.pk}
    assert Right.SYNC_RUN not in rights_of(member, tenant=tenant)


def test_a_role_for_all_schools_is_not_narrowed_by_another_for_one():
    tenant = make_tenant()
    member = make_member(tenant, "portal-officer", school=make_school(tenant))
    Membership.objects.create(user=member, tenant=tenant, role="portal-officer")
    assert rights_of(member, tenant=tenant)[Right.KEYS_ACT] is None


def test_nobody_of_another_tenant_or_another_door_has_rights():
    tenant, other = make_tenant(), make_tenant()
    assert rights_of(make_member(tenant), tenant=other) == {}
    assert rights_of(make_account(tenant, kind=UserKind.FAMILY), tenant=tenant) == {}


def test_the_last_owner_is_not_added_as_something_else():
    """Adding somebody again replaces their role; that must not leave a tenant without an owner."""
    tenant = make_tenant()
    add(tenant, role="owner")
    with pytest.raises(MemberRefused):
        add(tenant, role="auditor")
    assert Membership.objects.for_tenant(tenant).get().role == "owner"
