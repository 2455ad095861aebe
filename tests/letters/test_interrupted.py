"""R4 in short form; the full form is tests/reliability/interrupted_mail.py (R-RN-02)."""

import pytest

from tests.reliability.apart import run_apart

pytestmark = [pytest.mark.reliability, pytest.mark.django_db(transaction=True)]


def test_mails_whose_workers_are_killed_are_not_doubled_and_not_lost_in_silence():
    found = run_apart("interrupted_mail", kills=6, mails=150, longest=0.6)
    assert found.kills >= 3
    assert (found.doubled, found.lost, found.left) == (0, 0, 0)
    assert found.unknown <= found.kills, "each kill leaves at most the one mail in hand unknown"


def test_without_a_claim_mails_are_doubled():
    """The control: the test above can fail."""
    control = run_apart("interrupted_mail", kills=8, mails=80, work="deliver_without_a_claim", longest=0.4)
    assert control.doubled > 0
