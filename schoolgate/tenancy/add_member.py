"""Give a person of the office a sign-in and a role."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Membership, Role, School, Tenant, User, UserKind
from schoolgate.tenancy.sign_in_link import sign_in_token
from schoolgate.tenancy.usernames import fold


class MemberRefused(SchoolgateError):
    code = "member.refused"
    status = 422


@dataclass(frozen=True)
class Added:
    """token: for the sign-in link with which a new member chooses a password; used once, for 3 days."""

    user: User
    token: str


@transaction.atomic(durable=True)
def add_member(
    *,
    tenant: Tenant,
    email: str,
    role: str,
    by: Actor,
    at: datetime,
    school: School | None = None,
    name: str = "",
    single_rights: Mapping[str, bool] | None = None,
) -> Added:
    """A new sign-in, or another role for one that exists. The first owner holds the single rights; others those given (Permissions).

    Raises MemberRefused for an e-mail or role that can't be, and for another role of the last owner.
    """
    try:
        validate_email(email.strip())
    except ValidationError as fault:
        raise MemberRefused(
            "This is not an e-mail address.",
            fix="Give an address such as office@school.example.",
        ) from fault
    if role not in Role.values:
        raise MemberRefused(
            f"There is no role {role!r}.",
            fix="The roles are: " + ", ".join(Role.values) + ".",
        )
    username = email.strip()
    user = User.objects.for_tenant(tenant).staff().filter(username_folded=fold(username)).first()
    if user is None:
        user = User(
            tenant=tenant,
            kind=UserKind.STAFF,
            username=username,
            username_folded=fold(username),
            email=username,
            name=name,
        )
        user.set_unusable_password()
        user.save(force_insert=True)
    had_owner = Membership.objects.for_tenant(tenant).filter(role=Role.OWNER, school=None).exists()
    first_owner = role == Role.OWNER and not Membership.objects.for_tenant(tenant).filter(role=Role.OWNER).exists()
    names = ["may_see_keys", "may_bulk_print", "may_export", "may_see_restrictions"]
    rights = {name: first_owner or bool((single_rights or {}).get(name)) for name in names}
    Membership.objects.update_or_create(
        user=user,
        tenant=tenant,
        school=school,
        defaults={"role": role, **(rights if single_rights is not None else {})},
        create_defaults={"role": role, **rights},
    )
    if had_owner:  # A tenant's first members may come before its owner.
        refuse_without_owner(tenant)
    subjects = [("user", user.pk)]
    record(
        "member.added",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=subjects,
        detail={"role": role, "school": school and school.number},
    )
    return Added(user=user, token=sign_in_token(user))


def refuse_without_owner(tenant: Tenant) -> None:
    """Step: raises MemberRefused when nobody is owner any more."""
    if not Membership.objects.for_tenant(tenant).filter(role=Role.OWNER, school=None).exists():
        raise MemberRefused("Somebody has to be owner.", fix="Make another member owner first.")
