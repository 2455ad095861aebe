"""Make a tenant: its code, its settings, its system user, its empty audit."""

import re
from datetime import datetime
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.models import AuditHead
from schoolgate.audit.record import record
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import (
    Tenant,
    TenantSettings,
    User,
    UserKind,
    new_tenant_code,
)


class TenantNotMade(SchoolgateError):
    code = "tenant.not_made"


@transaction.atomic(durable=True)
def create_tenant(*, name: str, at: datetime, via: str, code: str = "", time_zone: str = "UTC") -> Tenant:
    """A tenant with nothing in it yet. code: six letters or digits, drawn when empty. Raises TenantNotMade."""
    name = name.strip()
    if not name or len(name) > 200:
        raise TenantNotMade(
            "A tenant needs a name of at most 200 characters.",
            fix="Give the name of the school or district.",
            code="tenant.name",
        )
    if code and not re.fullmatch(r"[A-Za-z0-9]{6}", code):
        raise TenantNotMade(
            "A tenant code is six letters or digits.",
            fix="Give another code, or none: one is drawn.",
            code="tenant.code",
        )
    if time_zone not in available_timezones():
        raise TenantNotMade(
            "This time zone is not known.",
            fix="Give a name such as Australia/Sydney.",
            code="tenant.time_zone",
        )
    drawn = code or _free_code()
    try:
        with transaction.atomic():
            tenant = Tenant.objects.create(code=drawn, code_folded=drawn.casefold(), name=name, time_zone=time_zone)
    except IntegrityError as clash:
        raise TenantNotMade(
            "This tenant code is taken.",
            fix="Give another code, or none: one is drawn.",
            code="tenant.code_taken",
        ) from clash
    TenantSettings.objects.create(tenant=tenant)
    AuditHead.objects.create(tenant=tenant)
    system = User(
        tenant=tenant,
        kind=UserKind.SYSTEM,
        username="system",
        username_folded="system",
        is_active=False,
    )
    system.set_unusable_password()
    system.save(force_insert=True)
    by = Actor(kind=ActorKind.SYSTEM, user_id=system.pk, via=via)
    record(
        "tenant.created",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=[("tenant", tenant.pk)],
    )
    return tenant


def _free_code() -> str:
    for _ in range(20):
        code = new_tenant_code()
        if not Tenant.objects.filter(code_folded=code.casefold()).exists():
            return code
    raise TenantNotMade("No free tenant code was found.", fix="Try again, or give a code of your own.")
