"""An e-mail address is proved, by the code that was mailed or by the link beside it; then the account is completed."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from schoolgate.accounts.errors import CodeNotAccepted, LinkNotAccepted, TooManyTries
from schoolgate.accounts.models import Registration
from schoolgate.accounts.passwords import require_good_password
from schoolgate.accounts.portal_state import require_sign_up
from schoolgate.accounts.register import CODE_LIFE
from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant, User, UserKind
from schoolgate.tenancy.one_time import is_code_of, is_token_of, parts_of_token
from schoolgate.tenancy.throttle import count_try

TRIES_FOR_A_CODE = 5
CODES_FROM_A_SOURCE = 100
HOUR = timedelta(hours=1)


def confirm_email(*, tenant: Tenant, registration_id: int | None, typed: str, by: Actor, at: datetime) -> int:
    """Prove the address by the typed code. Returns the account's id: whoever is told it may complete the account.

    registration_id: from the server's session; None when the address had an account, and then no code fits. A try is
    counted before anything is compared. Raises CodeNotAccepted, for every cause, and TooManyTries.
    """
    if not count_try(
        tenant=tenant, bucket="confirm.source", subject=by.source, limit=CODES_FROM_A_SOURCE, window=HOUR, at=at
    ):
        raise TooManyTries
    registrations = Registration.objects.for_tenant(tenant).filter(pk=registration_id or 0)
    counted = registrations.filter(tries__lt=TRIES_FOR_A_CODE).update(tries=F("tries") + 1)
    registration = registrations.first()
    nonce = registration.nonce if registration else ""
    if not is_code_of(nonce, typed) or not counted or registration is None:
        raise CodeNotAccepted
    if not _confirm(tenant=tenant, registration=registration, how="code", by=by, at=at):
        raise CodeNotAccepted
    return registration.account_id


def confirm_email_by_link(*, tenant: Tenant, token: str, by: Actor, at: datetime) -> int:
    """The same by the link, which may be opened on another device. token: ID.SECRET. Raises LinkNotAccepted."""
    registration_id, secret = parts_of_token(token)
    registration = Registration.objects.for_tenant(tenant).filter(pk=registration_id).first()
    nonce = registration.nonce if registration else ""
    if not is_token_of(nonce, secret) or registration is None:
        raise LinkNotAccepted
    if not _confirm(tenant=tenant, registration=registration, how="link", by=by, at=at):
        raise LinkNotAccepted
    return registration.account_id


@transaction.atomic(durable=True)
def _confirm(*, tenant: Tenant, registration: Registration, how: str, by: Actor, at: datetime) -> bool:
    """Once: of two that hold the same code, one goes on. False when it was used, renewed meanwhile, or is too old."""
    used = (
        Registration.objects.for_tenant(tenant)
        .filter(pk=registration.pk, nonce=registration.nonce, confirmed_at=None, asked_at__gt=at - CODE_LIFE)
        .update(confirmed_at=at)
    )
    if used:
        subjects = [("account", registration.account_id)]
        record("account.email_confirmed", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail={"how": how})
    return bool(used)


@transaction.atomic(durable=True)
def complete_account(*, tenant: Tenant, account_id: int, name: str, password: str, by: Actor, at: datetime) -> User:
    """Give the account that was proved in this very session its name and password; from now on it can sign in.

    The password is chosen after the proof and never before it, so nobody can prepare an account for somebody else's
    address and wait. Raises SignUpClosed, PasswordRefused, and LinkNotAccepted when the account was completed elsewhere meanwhile.
    """
    require_sign_up(tenant, is_for_student=False)
    account: User | None = (
        User.objects.for_tenant(tenant).filter(pk=account_id, kind=UserKind.FAMILY, email_confirmed_at=None).first()
    )
    if account is None:
        raise LinkNotAccepted
    account.name = name.strip()
    require_good_password(password, account=account)
    account.set_password(password)
    completed = (
        User.objects.for_tenant(tenant)
        .filter(pk=account.pk, email_confirmed_at=None)
        .update(name=account.name, password=account.password, email_confirmed_at=at)
    )
    if not completed:
        raise LinkNotAccepted
    account.email_confirmed_at = at
    who = Actor(kind=ActorKind.FAMILY, user_id=account.pk, via=by.via, source=by.source)
    record("account.completed", tenant_id=tenant.pk, by=who, at=at, subjects=[("account", account.pk)])
    return account
