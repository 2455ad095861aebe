"""Schools and people of the office, for pages."""

from collections.abc import Collection

from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import Membership, OfficeNotice, School, Tenant, User, UserKind
from schoolgate.tenancy.usernames import fold


def schools_of(tenant: Tenant, *, only: Collection[int] | None = None) -> list[School]:
    """The tenant's schools by name, active ones first; of these ids alone, None for all."""
    found = School.objects.for_tenant(tenant)
    if only is not None:
        found = found.filter(pk__in=only)
    return list(found.order_by("-is_active", "name", "number"))


def members_of(tenant: Tenant) -> list[Membership]:
    """Who of the office may do what, by name."""
    rows = Membership.objects.for_tenant(tenant).select_related("user", "school")
    return list(rows.order_by("user__name", "user__username_folded", "school__name"))


def member_name(tenant: Tenant, user_id: int | None) -> str:
    """What a sign-in is called: the name, or the username; empty for nobody."""
    return names_of_users(tenant, [user_id] if user_id else []).get(user_id or 0, "")


def names_of_users(tenant: Tenant, user_ids: Collection[int]) -> dict[int, str]:
    """Names by id, "schoolgate" for the system user; one query."""
    users = User.objects.for_tenant(tenant).filter(pk__in=user_ids)
    return {user.pk: "schoolgate" if user.kind == UserKind.SYSTEM else user.name or user.username for user in users}


def membership_by_id(*, tenant: Tenant, membership_id: int) -> Membership:
    """With its user and school. Raises NotFound."""
    rows = Membership.objects.for_tenant(tenant).select_related("user", "school", "tenant")
    found = rows.filter(pk=membership_id).first()
    if found is None:
        raise NotFound
    return found


def memberships_of(user: User) -> list[Membership]:
    """Every role that a sign-in holds."""
    return list(Membership.objects.for_tenant(user.tenant).filter(user=user).order_by("pk"))


def member_by_email(*, tenant: Tenant, email: str) -> User | None:
    """The office's sign-in of this name, however it is written; None where there is none."""
    found: User | None = User.objects.for_tenant(tenant).staff().filter(username_folded=fold(email)).first()
    return found


def school_by_id(*, tenant: Tenant, school_id: int) -> School:
    """Raises NotFound."""
    found = School.objects.for_tenant(tenant).select_related("tenant").filter(pk=school_id).first()
    if found is None:
        raise NotFound
    return found


def open_notices(*, tenant: Tenant) -> list[OfficeNotice]:
    """What a person of the office should look at, oldest first; at most 50."""
    return list(OfficeNotice.objects.for_tenant(tenant).filter(closed_at=None).order_by("raised_at")[:50])


def notice_by_id(*, tenant: Tenant, notice_id: int) -> OfficeNotice:
    """Raises NotFound."""
    found = OfficeNotice.objects.for_tenant(tenant).filter(pk=notice_id).first()
    if found is None:
        raise NotFound
    return found
