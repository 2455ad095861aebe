"""Whether an address has an account can't be told by how long an answer takes: the database is asked the same (A2, R-RD-03, R-RD-14)."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schoolgate.accounts.recover import ask_for_password_link
from schoolgate.tenancy.models import Tenant, User, UserKind
from schoolgate.tenancy.prove_sign_in import prove_sign_in
from tests.factories.accounts import register, somebody
from tests.factories.tenancy import NOW, make_account, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
KNOWN, UNKNOWN = "amara@home.example", "nobody@home.example"


def sign_in(tenant: Tenant, email: str) -> None:
    prove_sign_in(tenant=tenant, door="portal", username=email, password="wrong", source="phone", at=NOW)


def recover(tenant: Tenant, email: str) -> None:
    ask_for_password_link(tenant=tenant, email=email, by=somebody(), at=NOW)


def statements(act: Callable[[Tenant, str], object], tenant: Tenant, email: str) -> Counter[str]:
    """How often each kind of statement was sent to each table; savepoints, which cost nothing, are left out."""
    with CaptureQueriesContext(connection) as asked:
        act(tenant, email)
    found: Counter[str] = Counter()
    for query in asked.captured_queries:
        words = re.match(r"(SELECT|INSERT|UPDATE|DELETE|BEGIN|COMMIT|ROLLBACK$)", query["sql"])
        table = re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', query["sql"])
        if words:
            found[f"{words[1]} {table[1] if table else ''}"] += 1
    return found


def test_nor_can_it_be_told_that_several_accounts_share_an_address() -> None:
    tenant = make_tenant(portal_open=True)
    for account in (make_account(tenant, email=KNOWN), make_account(tenant, email="ada", kind=UserKind.STUDENT)):
        User.objects.filter(pk=account.pk).update(email=KNOWN)
    recover(tenant, "first@home.example")
    assert statements(recover, tenant, KNOWN) == statements(recover, tenant, UNKNOWN)


@pytest.mark.parametrize("act", [register, recover, sign_in])
def test_known_and_unknown_addresses_cost_the_same_statements(act: Callable[[Tenant, str], object]) -> None:
    tenant = make_tenant(portal_open=True)
    make_account(tenant, email=KNOWN)
    act(tenant, "first@home.example")  # Afterwards the throttle's rows of this hour are there for both.
    assert statements(act, tenant, KNOWN) == statements(act, tenant, UNKNOWN)
