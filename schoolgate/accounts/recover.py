"""A forgotten password: a link by mail, used once, for an hour. Nobody learns here whether an address has an account."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from schoolgate.accounts.errors import LinkNotAccepted, TooManyTries
from schoolgate.accounts.models import PasswordReset
from schoolgate.accounts.passwords import require_good_password
from schoolgate.accounts.portal_state import require_recovery
from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.record import record
from schoolgate.letters.queue_message import message_of, one_use, queue_messages
from schoolgate.tenancy.models import Tenant, User, UserKind
from schoolgate.tenancy.one_time import is_token_of, new_nonce, parts_of_token
from schoolgate.tenancy.throttle import count_try
from schoolgate.tenancy.usernames import fold

LINK_LIFE = timedelta(hours=1)
HOUR = timedelta(hours=1)
MAILS_TO_AN_ADDRESS = 5
ASKED_FROM_A_SOURCE = 60
# A mailbox that a home's children share; beyond that the office prints codes, or sends links.
ACCOUNTS_OF_AN_ADDRESS = 10


def ask_for_password_link(*, tenant: Tenant, email: str, by: Actor, at: datetime) -> None:
    """Mail a link to the account of this name and to every student's account of this proved address, where they can sign in.

    A mailbox that a parent shares with students gets a mail for each account, which names its kind and user name.
    Raises RecoveryClosed, and TooManyTries, for any address alike.
    """
    require_recovery(tenant)
    counted = [
        count_try(
            tenant=tenant, bucket="recover.source", subject=by.source, limit=ASKED_FROM_A_SOURCE, window=HOUR, at=at
        ),
        count_try(
            tenant=tenant, bucket="recover.address", subject=fold(email), limit=MAILS_TO_AN_ADDRESS, window=HOUR, at=at
        ),
    ]
    if not all(counted):
        raise TooManyTries
    _mail_a_link(tenant=tenant, email=email, by=by, at=at)


@transaction.atomic(durable=True)
def _mail_a_link(*, tenant: Tenant, email: str, by: Actor, at: datetime) -> None:
    """Where there is no account the same is written, taken back, and noted without a name: both take as long."""
    found = (
        User.objects.for_tenant(tenant)
        .accounts()
        .filter(Q(username_folded=fold(email)) | Q(email__iexact=email.strip(), kind=UserKind.STUDENT))
        .filter(is_active=True, email_confirmed_at__isnull=False)
        .exclude(email="")
        .order_by("pk")[:ACCOUNTS_OF_AN_ADDRESS]
    )
    # A database takes "ı" for "i" in capitals; to the limit of mails they are two addresses.
    accounts: list[User] = [each for each in found if fold(email) in {each.username_folded, fold(each.email)}]
    with transaction.atomic():
        queue_reset_links(accounts or [User(pk=0, email=email)], tenant=tenant, kind="reset_password", at=at)
        transaction.set_rollback(not accounts)
    act = "account.recovery_asked" if accounts else "account.recovery_in_vain"
    subjects = [("account", account.pk) for account in accounts] or [("tenant", tenant.pk)]
    record(act, tenant_id=tenant.pk, by=by, at=at, subjects=subjects)


def queue_reset_links(accounts: Sequence[User], *, tenant: Tenant, kind: str, at: datetime) -> None:
    """Step: for each account a link of one hour to its own address, in a mail of this kind; two statements."""
    resets = PasswordReset.objects.bulk_create(
        PasswordReset(tenant=tenant, account=account, nonce=new_nonce(), asked_at=at, expires_at=at + LINK_LIFE)
        for account in accounts
    )
    queue_messages(
        *(
            message_of(
                tenant=tenant,
                kind=kind,
                account_id=account.pk,
                address=account.email,
                language=account.language or tenant.settings.language,
                params=one_use(nonce=reset.nonce, row_id=reset.pk, link="recover/password/", life=LINK_LIFE)
                | {"several": len(accounts) > 1},
                idempotency_key=f"{kind}:{reset.nonce}",
                at=at,
            )
            for account, reset in zip(accounts, resets, strict=True)
        )
    )


@transaction.atomic(durable=True)
def recover_account(*, tenant: Tenant, token: str, password: str, by: Actor, at: datetime) -> User:
    """Set a new password by the mailed link. Every session of the account ends, and so does every other link of it.

    token: ID.SECRET. A password that is refused leaves the link usable. Works also where families may not ask for
    links themselves, since the office sends some. Raises LinkNotAccepted and PasswordRefused.
    """
    reset_id, secret = parts_of_token(token)
    reset = PasswordReset.objects.for_tenant(tenant).filter(pk=reset_id).select_related("account").first()
    nonce = reset.nonce if reset else ""
    if not is_token_of(nonce, secret) or reset is None or not reset.account.is_active:
        raise LinkNotAccepted
    require_good_password(password, account=reset.account)
    open_resets = PasswordReset.objects.for_tenant(tenant).filter(used_at=None)
    if not open_resets.filter(pk=reset.pk, expires_at__gt=at).update(used_at=at):
        raise LinkNotAccepted
    open_resets.filter(account=reset.account).update(used_at=at)
    reset.account.set_password(password)
    User.objects.for_tenant(tenant).filter(pk=reset.account_id).update(
        password=reset.account.password, session_epoch=F("session_epoch") + 1
    )
    who = Actor(kind=ActorKind(reset.account.kind), user_id=reset.account_id, via=by.via, source=by.source)
    record("account.recovered", tenant_id=tenant.pk, by=who, at=at, subjects=[("account", reset.account_id)])
    return reset.account
