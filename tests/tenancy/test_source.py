"""Whom the throttles count: a caller, not each address that they can take."""

import pytest
from django.test import RequestFactory

from schoolgate.tenancy.middleware import source_of


def source(address: str) -> str:
    return source_of(RequestFactory().get("/", REMOTE_ADDR=address))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("2001:db8:1:2::1", "2001:0DB8:0001:0002::0001"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_addresses_of_one_caller_are_one_source(one, other):
    assert source(one) == source(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("203.0.113.9", "203.0.113.10"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("", "127.0.0.1"), ("unix:", "")],
)
def test_other_callers_are_other_sources_and_nobody_can_be_looked_up(one, other):
    assert source(one) != source(other)
    assert one not in source(one) or not one
