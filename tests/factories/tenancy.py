"""The smallest valid tenants, schools and people of the office."""

from datetime import UTC, datetime
from itertools import count

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.tenancy.create_tenant import create_tenant
from schoolgate.tenancy.models import Membership, Role, School, SchoolSettings, Tenant, TenantSettings, User, UserKind
from schoolgate.tenancy.usernames import fold

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
_numbers = count(1)


def make_tenant(
    *, name: str = "Wattle Creek College", code: str = "", time_zone: str = "UTC", **settings: object
) -> Tenant:
    """A tenant by the real action; settings: columns of TenantSettings to start with."""
    tenant = create_tenant(name=name, code=code, time_zone=time_zone, at=NOW, via="test")
    if settings:
        TenantSettings.objects.filter(tenant=tenant).update(**settings)
    return Tenant.objects.select_related("settings").get(pk=tenant.pk)


def make_school(
    tenant: Tenant, *, number: int | None = None, name: str = "Senior Campus", is_active: bool = True
) -> School:
    number = number or next(_numbers)
    return School.objects.create(tenant=tenant, number=number, name=name, is_active=is_active)


def make_member(
    tenant: Tenant,
    role: Role = Role.ADMINISTRATOR,
    *,
    school: School | None = None,
    email: str = "",
    every_single_right: bool = True,
) -> User:
    """Somebody of the office with PASSWORD; every_single_right: sees keys, prints in bulk, exports, sees restrictions."""
    email = email or f"member{next(_numbers)}@school.example"
    user = User(
        tenant=tenant, kind=UserKind.STAFF, username=email, username_folded=fold(email), email=email, name="Jo Mercer"
    )
    user.set_password(PASSWORD)
    user.save(force_insert=True)
    rights = dict.fromkeys(["may_see_keys", "may_bulk_print", "may_export", "may_see_restrictions"], every_single_right)
    Membership.objects.create(user=user, tenant=tenant, school=school, role=role, **rights)
    return user


def make_account(tenant: Tenant, *, email: str = "", kind: UserKind = UserKind.FAMILY, confirmed: bool = True) -> User:
    """A family's (or student's) sign-in with PASSWORD."""
    email = email or f"family{next(_numbers)}@home.example"
    user = User(
        tenant=tenant,
        kind=kind,
        username=email,
        username_folded=fold(email),
        email=email,
        email_confirmed_at=NOW if confirmed else None,
        name="Robin Vale",
    )
    user.set_password(PASSWORD)
    user.save(force_insert=True)
    return user


def actor(user: User | None = None, *, via: str = "test") -> Actor:
    if user is None:
        return Actor(kind=ActorKind.SYSTEM, via=via)
    return Actor(kind=ActorKind(user.kind), user_id=user.pk, via=via)


def make_exceptions(school: School, **columns: object) -> SchoolSettings:
    """What this school has stricter than its district."""
    return SchoolSettings.objects.create(school=school, tenant_id=school.tenant_id, **columns)
