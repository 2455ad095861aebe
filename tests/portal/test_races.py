"""R1 and R2 in short form: the same posts to the same two web processes, fewer of them."""

import pytest
from django.db import connection

from tests.reliability.redemption_races import (
    RaceStack,
    race_for_one,
    race_in_pairs,
    race_of_students,
    without_the_database_s_wall,
)

pytestmark = [pytest.mark.reliability, pytest.mark.django_db(transaction=True)]


def test_no_key_is_redeemed_twice_and_of_many_posts_one_wins() -> None:
    with RaceStack() as stack:
        assert race_in_pairs(stack, keys=24) == (24, 0)
        assert race_for_one(stack, rounds=2, posts=32) == [1, 1]


def test_of_two_students_who_hold_one_slip_one_has_the_account() -> None:
    """R-SU-03: the loser's account isn't there either."""
    with RaceStack() as stack:
        assert race_of_students(stack, keys=8, posts=3) == (8, 0, 0)


def test_without_the_walls_that_test_finds_keys_redeemed_twice() -> None:
    """The control."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, and no constraint of it can be dropped")
    with without_the_database_s_wall(), RaceStack(unsafe=True) as stack:
        _redeemed, twice = race_in_pairs(stack, keys=24)
        _accounts, used_twice, _loose = race_of_students(stack, keys=12)
    assert twice > 0
    assert used_twice > 0
