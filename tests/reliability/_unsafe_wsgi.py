"""schoolgate with its wall against double redemption taken out: the control of redemption_races.py, and nothing else."""

import time
from datetime import datetime

from django.core.wsgi import get_wsgi_application

from schoolgate.lib.keycode import KeyCode

application = get_wsgi_application()  # What follows can be imported after it only.


def take_the_wall_out() -> None:
    """Put another step in the place of the one that claims a key."""
    from schoolgate.accounts import redeem, sign_up
    from schoolgate.keys.claim import prove_key
    from schoolgate.keys.models import AccessKey, KeyState
    from schoolgate.tenancy.models import Tenant

    def claim_by_reading_first(*, tenant: Tenant, code: KeyCode, at: datetime) -> AccessKey:
        """Look whether the key is live, and then write that it is used: what claim_key doesn't do."""
        key = prove_key(tenant=tenant, code=code, at=at)
        time.sleep(0.05)
        key.state, key.sealed, key.ended_at = KeyState.REDEEMED, None, at
        key.save(update_fields=["state", "sealed", "ended_at"])
        return key

    redeem.claim_key = claim_by_reading_first
    sign_up.claim_key = claim_by_reading_first
    # The rule of one account for a student is a wall of its own: it sees the winner's tie once the key's row is free.
    sign_up.require_allowed = lambda **_: None


take_the_wall_out()
