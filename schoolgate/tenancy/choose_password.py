"""A member of staff chooses a password with the link that an administrator handed over."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.record import record
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.sign_in_link import user_of_token


class LinkNotAccepted(SchoolgateError):
    code = "sign_in_link.not_accepted"
    status = 422
    message = "This link was used, or is too old."
    fix = "Ask an administrator of your school for a new one."


class PasswordRefused(SchoolgateError):
    """message: every fault of the password, each a sentence."""

    code = "password.refused"
    status = 422


@transaction.atomic(durable=True)
def choose_password(*, tenant: Tenant, token: str, password: str, source: str, via: str, at: datetime) -> User:
    """Set the password of the link's owner; the link and all other sessions end with it.

    Raises LinkNotAccepted and PasswordRefused.
    """
    user = user_of_token(token, tenant=tenant)
    if user is None:
        raise LinkNotAccepted
    try:
        validate_password(password, user)
    except ValidationError as faults:
        raise PasswordRefused(" ".join(faults.messages)) from faults
    user.set_password(password)
    user.save(update_fields=["password"])
    by = Actor(kind=ActorKind.STAFF, user_id=user.pk, via=via, source=source)
    record("member.password_chosen", tenant_id=tenant.pk, by=by, at=at, subjects=[("user", user.pk)])
    return user
