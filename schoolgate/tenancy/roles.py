"""Which role may do what (spine §6), and how a view asks for it."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required

from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import Membership, Role, Tenant, User


class Right(StrEnum):
    """An act a role may cover. Reading rights end in _read."""

    ENROLMENTS_EDIT = "enrolments.edit"  # import, edit, restrictions
    ENROLMENTS_READ = "enrolments.read"
    RESTRICTIONS_READ = (
        "restrictions.read"  # that there is one, of which kind, until when; portal officers see a badge only
    )
    SYNC_RUN = "sync.run"  # run, approve, undo
    SYNC_READ = "sync.read"
    KEYS_ACT = "keys.act"  # generate, print, mail, revoke; templates; accounts
    KEYS_READ = "keys.read"
    KEYS_DISTRICT = "keys.district"  # a run for every school at once (registration-keys §11)
    FORMER_NAMES_READ = "former_names.read"  # find a student by a surname they no longer have (docs/decisions/0025)
    ACCOUNTS_DELETE = "accounts.delete"  # portal officers disable; what can't be undone after a week is for the heads
    SETTINGS_EDIT = "settings.edit"
    SETTINGS_READ = "settings.read"
    KEY_SYSTEM_CHOOSE = (
        "key_system.choose"  # any, and end what stands in its way; an administrator changes to Contact only
    )
    INTEGRATIONS_EDIT = "integrations.edit"
    MEMBERS_EDIT = "members.edit"
    MEMBERS_READ = "members.read"
    OWNERS_EDIT = "owners.edit"  # an administrator names and changes everybody but owners
    AUDIT_READ = "audit.read"
    HOME_READ = "home.read"
    # Single rights inside a role (portal-console, Permissions): off for new members.
    KEYS_SEE = "keys.see"
    KEYS_BULK_PRINT = "keys.bulk_print"
    EXPORT = "export"
    RESTRICTIONS_SEE = "restrictions.see"


_READ_ALL = {
    Right.HOME_READ,
    Right.ENROLMENTS_READ,
    Right.RESTRICTIONS_READ,
    Right.SYNC_READ,
    Right.KEYS_READ,
    Right.SETTINGS_READ,
    Right.MEMBERS_READ,
    Right.AUDIT_READ,
}
_ADMINISTRATOR = _READ_ALL | {
    Right.ENROLMENTS_EDIT,
    Right.SYNC_RUN,
    Right.KEYS_ACT,
    Right.KEYS_DISTRICT,
    Right.FORMER_NAMES_READ,
    Right.ACCOUNTS_DELETE,
    Right.SETTINGS_EDIT,
    Right.INTEGRATIONS_EDIT,
    Right.MEMBERS_EDIT,
}
RIGHTS_BY_ROLE: dict[str, set[Right]] = {
    Role.OWNER: _ADMINISTRATOR | {Right.OWNERS_EDIT, Right.KEY_SYSTEM_CHOOSE},
    Role.ADMINISTRATOR: _ADMINISTRATOR,
    Role.ENROLMENTS_OFFICER: {
        Right.HOME_READ,
        Right.ENROLMENTS_READ,
        Right.ENROLMENTS_EDIT,
        Right.RESTRICTIONS_READ,
        Right.SYNC_READ,
        Right.SYNC_RUN,
        Right.AUDIT_READ,
    },
    # Portal officers see flags, pending counts and previews (R-DS-09), and a badge for restrictions.
    Role.PORTAL_OFFICER: {
        Right.HOME_READ,
        Right.KEYS_READ,
        Right.KEYS_ACT,
        Right.SYNC_READ,
        Right.ENROLMENTS_READ,
        Right.AUDIT_READ,
    },
    Role.INTEGRATIONS_OFFICER: {
        Right.HOME_READ,
        Right.INTEGRATIONS_EDIT,
        Right.AUDIT_READ,
    },
    Role.AUDITOR: _READ_ALL,
}
# Which single right a membership's column gives, and the right that the role must cover for it to count.
_SINGLE_RIGHTS = {
    "may_see_keys": (Right.KEYS_SEE, Right.KEYS_ACT),
    "may_bulk_print": (Right.KEYS_BULK_PRINT, Right.KEYS_ACT),
    "may_export": (Right.EXPORT, Right.HOME_READ),
    "may_see_restrictions": (Right.RESTRICTIONS_SEE, Right.ENROLMENTS_EDIT),
}


def rights_of(user: User, *, tenant: Tenant) -> dict[Right, set[int] | None]:
    """What a member may do: each right with the ids of the schools it holds for, None for all of them.

    One query. Empty for anybody who isn't an active member of this tenant.
    """
    if user.tenant_id != tenant.pk or not user.is_staff_member or not user.is_active:
        return {}
    found: dict[Right, set[int] | None] = {}
    for membership in Membership.objects.for_tenant(tenant).filter(user=user):
        for right in _rights_of_membership(membership):
            if membership.school_id is None or found.get(right, set()) is None:
                found[right] = None
            else:
                cast(set[int], found.setdefault(right, set())).add(membership.school_id)
    return found


def _rights_of_membership(membership: Membership) -> set[Right]:
    held = set(RIGHTS_BY_ROLE[membership.role])
    return held | {
        single for column, (single, needs) in _SINGLE_RIGHTS.items() if getattr(membership, column) and needs in held
    }


def requires(right: Right, *, for_all_schools: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A console view for members who hold ``right``. Its `right` attribute feeds the isolation matrix and the menus.

    for_all_schools: what the view does concerns the whole tenant, so a member for some schools may not. request.rights is
    filled by the middleware; of a view that exports, every right counts only where that one is held. Raises NotAllowed (403) for other members of the same tenant.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def asked(request: TenantRequest, *args: Any, **kwargs: Any) -> Any:
            if right not in request.rights or (for_all_schools and request.rights[right] is not None):
                raise NotAllowed
            if right is Right.EXPORT:
                request.rights = _within(request.rights, request.rights[right])
            return view(request, *args, **kwargs)

        asked.right = right  # type: ignore[attr-defined]
        asked.door = "console"  # type: ignore[attr-defined]
        return asked

    return decorate


def _within(rights: dict[Right, set[int] | None], schools: set[int] | None) -> dict[Right, set[int] | None]:
    """The same rights at these schools (None: all) alone: a file leaves with nobody of a school where its taker may not export."""
    if schools is None:
        return rights
    return {each: set(schools) if ids is None else ids & schools for each, ids in rights.items()}


def for_families(view: Callable[..., Any]) -> Callable[..., Any]:
    """A portal view for signed-in accounts (kind family or student) of this tenant; staff get a 403."""

    @wraps(view)
    def asked(request: TenantRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_account:
            raise NotAllowed
        return view(request, *args, **kwargs)

    asked.door = "portal"  # type: ignore[attr-defined]
    return asked


def for_anybody(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view that needs no sign-in. Named, so that the isolation matrix can list them."""
    open_view = login_not_required(view)
    open_view.door = "open"  # type: ignore[attr-defined]
    return open_view
