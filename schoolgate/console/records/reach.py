"""Whom of the office a member may change: nobody with more reach than their own, and no owner but by an owner (spine §6)."""

from django.utils.translation import gettext as _

from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import Role, User
from schoolgate.tenancy.queries import memberships_of
from schoolgate.tenancy.roles import Right


def may_change(request: TenantRequest, *, role: str, school_id: int | None) -> bool:
    """May this member give, change or take away the role for that school (None: for all of them)?"""
    right = Right.OWNERS_EDIT if role == Role.OWNER else Right.MEMBERS_EDIT
    schools = request.rights.get(right, set())
    return schools is None or school_id in schools


def require_reach(request: TenantRequest, *, role: str, school_id: int | None) -> None:
    """Raises NotAllowed."""
    if may_change(request, role=role, school_id=school_id):
        return
    if role == Role.OWNER:
        raise NotAllowed(_("Only an owner changes owners."))
    raise NotAllowed(_("You work for some schools; a member beyond them is changed by a member for all schools."))


def require_reach_of_all(request: TenantRequest, user: User) -> None:
    """Before anything that opens a whole sign-in, such as its link: every role that hangs on it counts. Raises NotAllowed."""
    for membership in memberships_of(user):
        require_reach(request, role=membership.role, school_id=membership.school_id)
