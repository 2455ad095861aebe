"""What the pages' tests share."""

from collections.abc import Callable

import pytest
from django.test import Client

from schoolgate.tenancy.models import Tenant, User
from tests.factories.tenancy import make_tenant
from tests.portal.world import Family, make_family


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant(portal_open=True, help_line="02 5550 1234")


@pytest.fixture
def family(tenant: Tenant) -> Family:
    return make_family(tenant)


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser in which this person is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="schoolgate.tenancy.sign_in.TenantBackend")
        return client

    return sign_in
