"""Who acts at the terminal, and for which tenant."""

import getpass

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Tenant, User, UserKind


class UnknownTenant(SchoolgateError):
    code = "tenant.unknown"
    status = 404


def tenant_named(code: str) -> Tenant:
    """The tenant of a code, without regard to case, `s-` in front allowed. Raises UnknownTenant."""
    folded = code.strip().removeprefix("s-").casefold()
    tenant = Tenant.objects.select_related("settings").filter(code_folded=folded).first()
    if tenant is None:
        raise UnknownTenant(
            f"There is no tenant with the code {code!r}.",
            fix="Give the six symbols after s- in its address.",
        )
    return tenant


def terminal_actor(tenant: Tenant) -> Actor:
    """The system user, by way of the terminal and whoever sits there."""
    system = User.objects.for_tenant(tenant).get(kind=UserKind.SYSTEM)
    try:
        person = getpass.getuser()
    except (KeyError, OSError):
        person = ""
    return Actor(kind=ActorKind.SYSTEM, user_id=system.pk, via=f"cli:{person}"[:40])
