"""Change what a member of the office may do, take it away, or hand out a new sign-in link."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.add_member import Added, MemberRefused, refuse_without_owner
from schoolgate.tenancy.models import Membership, Role, School, User
from schoolgate.tenancy.sign_in_link import sign_in_token

SINGLE_RIGHTS = ("may_see_keys", "may_bulk_print", "may_export", "may_see_restrictions")


@transaction.atomic(durable=True)
def change_member(
    *,
    membership: Membership,
    role: str,
    school: School | None,
    single_rights: Mapping[str, bool],
    by: Actor,
    at: datetime,
) -> None:
    """Another role, reach or single rights, from the member's next request on. Raises MemberRefused for the last owner."""
    tenant, before = membership.tenant, _told(membership)
    if role not in Role.values:
        raise MemberRefused(f"There is no role {role!r}.")
    others = Membership.objects.for_tenant(tenant).filter(user=membership.user, school=school).exclude(pk=membership.pk)
    if others.exists():
        raise MemberRefused("This member already has a role there.", fix="Change that one.")
    membership.role, membership.school = role, school
    for name in SINGLE_RIGHTS:
        setattr(membership, name, bool(single_rights.get(name)))
    membership.save()
    refuse_without_owner(tenant)
    detail = {"before": before, "after": _told(membership)}
    about = [("user", membership.user_id)]
    record("member.role_changed", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail=detail)


@transaction.atomic(durable=True)
def remove_member(*, membership: Membership, by: Actor, at: datetime) -> None:
    """Take a role away; the sign-in's sessions end. What the person did stays in the audit. Raises MemberRefused."""
    tenant, before = membership.tenant, _told(membership)
    membership.delete()
    refuse_without_owner(tenant)
    User.objects.filter(pk=membership.user_id).update(session_epoch=F("session_epoch") + 1)
    about = [("user", membership.user_id)]
    record("member.removed", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"before": before, "after": {}})


@transaction.atomic(durable=True)
def renew_sign_in_link(*, user: User, by: Actor, at: datetime) -> Added:
    """A new link to choose a password with, for somebody who forgot theirs: the old password stops working at once."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    about = [("user", user.pk)]
    record("member.link_made", tenant_id=user.tenant_id, by=by, at=at, subjects=about)
    return Added(user=user, token=sign_in_token(user))


def _told(membership: Membership) -> dict[str, object]:
    """What the audit keeps of a membership."""
    rights = {name: getattr(membership, name) for name in SINGLE_RIGHTS}
    return {"role": membership.role, "school": membership.school.number if membership.school else None, **rights}
