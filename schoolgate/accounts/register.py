"""Somebody asks for an account with an e-mail address; a mail to that address says how to go on.

Whether the address has an account already is told to its owner alone, by that mail (portal-console §10, R-RD-03).
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from schoolgate.accounts.errors import TooManyTries
from schoolgate.accounts.models import Registration
from schoolgate.accounts.portal_state import require_sign_up
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.letters.queue_message import message_of, one_use, queue_messages
from schoolgate.tenancy.models import Tenant, User, UserKind
from schoolgate.tenancy.one_time import new_nonce
from schoolgate.tenancy.throttle import count_try
from schoolgate.tenancy.usernames import fold

CODE_LIFE = timedelta(minutes=30)
ACCOUNT_LIFE = timedelta(days=7)  # How long an account waits for its proof (§3.2).
HOUR = timedelta(hours=1)
MAILS_TO_AN_ADDRESS = 5
REGISTRATIONS_FROM_A_SOURCE = 60  # A parents' evening stands behind one address.


def register_account(*, tenant: Tenant, email: str, language: str, by: Actor, at: datetime) -> int | None:
    """Mail a code and a link to the address. Returns the registration's id, to be kept in the server's session.

    None: the address has an account, whose owner was mailed instead. Whoever asks is shown the same in both cases.
    The tries are counted first, each committed by itself. Raises TooManyTries, PortalClosed and SignUpClosed.
    """
    require_sign_up(tenant, is_for_student=False)
    counted = [
        count_try(
            tenant=tenant,
            bucket="register.source",
            subject=by.source,
            limit=REGISTRATIONS_FROM_A_SOURCE,
            window=HOUR,
            at=at,
        ),
        count_try(
            tenant=tenant, bucket="register.address", subject=fold(email), limit=MAILS_TO_AN_ADDRESS, window=HOUR, at=at
        ),
    ]
    if not all(counted):
        raise TooManyTries
    return _register(tenant=tenant, email=email.strip(), language=language, by=by, at=at)


@transaction.atomic(durable=True)
def _register(*, tenant: Tenant, email: str, language: str, by: Actor, at: datetime) -> int | None:
    """Where the address has an account the same is written, taken back, and noted: both take as long (R-RD-03)."""
    account = _account_of(tenant=tenant, email=email, language=language)
    if account.email_confirmed_at is not None or account.kind != UserKind.FAMILY:
        with transaction.atomic():
            nobody = f"{new_nonce()}@nobody.invalid"
            _open_registration(_made_account(tenant=tenant, email=nobody, language=language), at=at)
            transaction.set_rollback(True)
        _mail_the_owner(tenant=tenant, account=account, at=at)
        about = [("account", account.pk)]
        record("account.registered_again", tenant_id=tenant.pk, by=by, at=at, subjects=about)
        return None
    registration = _open_registration(account, at=at)
    _mail_the_code(registration, language=language, at=at)
    record("account.registered", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", account.pk)])
    return registration.pk


def _open_registration(account: User, *, at: datetime) -> Registration:
    """A new one, or the account's own with another code."""
    registration, _made = Registration.objects.update_or_create(
        tenant=account.tenant,
        account=account,
        defaults={
            "nonce": new_nonce(),
            "tries": 0,
            "asked_at": at,
            "expires_at": at + ACCOUNT_LIFE,
            "confirmed_at": None,
        },
    )
    return registration


def _mail_the_code(registration: Registration, *, language: str, at: datetime) -> None:
    account = registration.account
    queue_messages(
        message_of(
            tenant=account.tenant,
            kind="confirm_email",
            address=account.email,
            account_id=account.pk,
            language=language,
            params=one_use(
                nonce=registration.nonce, row_id=registration.pk, link="key/account/confirm/", life=CODE_LIFE
            ),
            idempotency_key=f"confirm_email:{registration.nonce}",
            at=at,
        )
    )


def _account_of(*, tenant: Tenant, email: str, language: str) -> User:
    """The account with this name, or a new one that nobody can sign in to. Of two that ask at once, one makes it."""
    accounts = User.objects.for_tenant(tenant).accounts()
    found: User | None = accounts.filter(username_folded=fold(email)).first()
    if found is not None:
        return found
    try:
        return _made_account(tenant=tenant, email=email, language=language)
    except IntegrityError:
        winner: User = accounts.get(username_folded=fold(email))
        return winner


def _made_account(*, tenant: Tenant, email: str, language: str) -> User:
    """Raises IntegrityError where there is one of this name."""
    account = User(
        tenant=tenant,
        kind=UserKind.FAMILY,
        username=email,
        username_folded=fold(email),
        email=email,
        language=language,
    )
    account.set_unusable_password()
    with transaction.atomic():
        account.save(force_insert=True)
    return account


def _mail_the_owner(*, tenant: Tenant, account: User, at: datetime) -> None:
    """Once an hour at most, so that a stranger can't fill somebody's mailbox."""
    if account.email:
        queue_messages(
            message_of(
                tenant=tenant,
                kind="already_registered",
                address=account.email,
                account_id=account.pk,
                language=account.language or tenant.settings.language,
                params={},
                idempotency_key=f"already_registered:{account.pk}:{at:%Y%m%d%H}",
                at=at,
            )
        )
