"""A password, proved at the portal's door: at sign-in, and again before whatever a password protects."""

from datetime import datetime

from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import User
from schoolgate.tenancy.prove_sign_in import prove_sign_in


def proved_account(request: TenantRequest, *, username: str, password: str, at: datetime) -> User | None:
    """The account, if this is its password; None also after too many tries, which are counted."""
    return prove_sign_in(
        tenant=request.tenant,
        door="portal",
        username=username,
        password=password,
        source=request.actor.source,
        at=at,
    )
