"""Tries are counted exactly, by however many processes (security.md §2, R15 in the small)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections

from schoolgate.tenancy.models import ThrottleCount
from schoolgate.tenancy.throttle import count_try, give_back_try
from tests.factories.tenancy import NOW, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def tries(tenant, number, *, subject="somebody", at=NOW):
    return [
        count_try(tenant=tenant, bucket="test", subject=subject, limit=3, window=HOUR, at=at) for _ in range(number)
    ]


def test_the_limit_holds_for_a_window_and_ends_with_it():
    tenant = make_tenant()
    assert tries(tenant, 5) == [True, True, True, False, False]
    assert tries(tenant, 1, at=NOW + HOUR) == [True]


def test_subjects_and_tenants_are_counted_apart():
    tenant = make_tenant()
    tries(tenant, 3)
    assert tries(tenant, 1, subject="another") == [True]
    assert tries(make_tenant(), 1) == [True]


def test_a_proved_try_is_given_back():
    tenant = make_tenant()
    tries(tenant, 3)
    give_back_try(tenant=tenant, bucket="test", subject="somebody", window=HOUR, at=NOW)
    assert tries(tenant, 2) == [True, False]


def test_the_subject_is_not_stored():
    tenant = make_tenant()
    tries(tenant, 1, subject="amara@home.example")
    assert "amara" not in ThrottleCount.objects.get(tenant=tenant).subject


def test_guesses_at_the_same_moment_do_not_pass_the_limit():
    """Forty threads, each with a connection of its own: exactly three get through. A read before the count would let more in."""
    tenant = make_tenant()

    def once(_):
        try:
            return tries(tenant, 1)[0]
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(8 if connection.vendor == "postgresql" else 4) as pool:
        assert sum(pool.map(once, range(40))) == 3
