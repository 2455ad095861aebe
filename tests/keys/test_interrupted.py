"""R3 in short form; the full form is tests/reliability/interrupted_issue.py (R-RN-02)."""

import pytest
from django.db import connection

from tests.reliability.apart import run_apart
from tests.reliability.interrupted_issue import without_the_database_s_wall

pytestmark = [pytest.mark.reliability, pytest.mark.django_db(transaction=True)]


def test_an_issue_that_is_killed_again_and_again_loses_and_doubles_nothing():
    found = run_apart("interrupted_issue", kills=6, keys=1_000)
    assert found.kills == 6
    assert (found.lost, found.doubled, found.faults) == (0, 0, 0)


def test_the_same_in_two_transactions_and_without_the_index_does_double():
    """The control: the test above can fail."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite makes the whole table anew to drop its index")
    with without_the_database_s_wall():
        control = run_apart("interrupted_issue", kills=10, keys=1_000, work="carry_on_in_two_transactions")
        assert control.doubled > 0


def test_a_run_by_school_that_is_killed_again_and_again_loses_and_doubles_nothing():
    """R-GS-05, G-16, in short form of tests/reliability/interrupted_by_school.py: students and parents in one run, given out once."""
    found = run_apart("interrupted_by_school", kills=6, students=600)
    assert found.kills == 6
    assert (found.lost, found.doubled, found.deliveries_wrong, found.faults) == (0, 0, 0, 0)


def test_a_run_by_school_in_two_transactions_and_without_the_index_does_double():
    """The control: the test above can fail."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite makes the whole table anew to drop its index")
    with without_the_database_s_wall():
        control = run_apart("interrupted_by_school", kills=10, students=600, work="carry_on_in_two_transactions")
        assert control.doubled > 0
