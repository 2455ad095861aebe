"""R13 in short form: the same day of a school with fewer keys, the same search, the same control."""

import pytest

from tests.reliability.secrets_at_rest import a_day

pytestmark = [pytest.mark.reliability, pytest.mark.django_db(transaction=True)]


def test_nothing_at_rest_holds_a_secret_and_the_search_finds_what_is_planted() -> None:
    outcome = a_day(keys=4, families=2)
    assert outcome.secrets > 20
    assert outcome.found == {}
    assert outcome.missed == set()
