"""Another e-mail address for an account: asked for by the office, confirmed by its owner (R-AM-04, R-MU-03).

The office could give an account an address of its own and have a new password sent there. So the link in the mail is not
enough: whoever opens it proves the account's password, which no member of the office has. The old address is told both times.
Who has lost mailbox and password alike gets a new key, and with it a new account.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from schoolgate.accounts.errors import LinkNotAccepted
from schoolgate.accounts.models import NewAddress, PasswordReset
from schoolgate.accounts.office_acts import AccountRefused, held_account, tell_account
from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.record import record
from schoolgate.letters.queue_message import message_of, one_use, queue_messages
from schoolgate.tenancy.models import Tenant, User, UserKind
from schoolgate.tenancy.one_time import is_token_of, new_nonce, parts_of_token
from schoolgate.tenancy.usernames import fold

LINK_LIFE = timedelta(days=1)


@transaction.atomic(durable=True)
def ask_new_address(*, tenant: Tenant, account_id: int, email: str, by: Actor, at: datetime) -> None:
    """Mail a link to the new address and word to the old one. An earlier request ends. Raises AccountRefused.

    An address of the office, or of another account, is refused: which of the two is not said.
    """
    account = held_account(tenant=tenant, account_id=account_id)
    email = email.strip()
    if not account.is_active:
        raise AccountRefused(_("This account is stopped."), fix=_("Enable it first."), code="account.stopped")
    if fold(email) == fold(account.email):
        raise AccountRefused(_("This is the account's address already."), code="account.same_address")
    if User.objects.for_tenant(tenant).filter(username_folded=fold(email)).exists():
        raise AccountRefused(
            _("This address can't be used for this account."), fix=_("Ask for another."), code="account.taken"
        )
    NewAddress.objects.for_tenant(tenant).filter(account=account, ended_at=None).update(ended_at=at)
    asked = NewAddress.objects.create(
        tenant=tenant,
        account=account,
        email=email,
        nonce=new_nonce(),
        asked_at=at,
        asked_by_id=by.user_id,
        expires_at=at + LINK_LIFE,
    )
    queue_messages(
        message_of(
            tenant=tenant,
            kind="confirm_new_address",
            address=email,
            account_id=account.pk,
            language=account.language or tenant.settings.language,
            params=one_use(nonce=asked.nonce, row_id=asked.pk, link="account/new-address/", life=LINK_LIFE),
            idempotency_key=f"confirm_new_address:{asked.nonce}",
            at=at,
        )
    )
    tell_account("new_address_asked", account, tenant=tenant, at=at)
    record("account.address_asked", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", account.pk)])


def username_of_link(*, tenant: Tenant, token: str, at: datetime) -> str:
    """Query: whose password must be proved for this link. token: ID.SECRET. Raises LinkNotAccepted."""
    username: str = _asked_by(tenant=tenant, token=token, at=at).account.username
    return username


@transaction.atomic(durable=True)
def confirm_new_address(*, tenant: Tenant, token: str, account: User, by: Actor, at: datetime) -> User:
    """account: whose password was proved in this very request. The address changes, sessions and open links end.

    Whoever signed in by the old address signs in by the new one. Raises LinkNotAccepted.
    """
    asked = _asked_by(tenant=tenant, token=token, at=at)
    ended = NewAddress.objects.for_tenant(tenant).filter(pk=asked.pk, ended_at=None).update(ended_at=at)
    if not ended or asked.account_id != account.pk:
        raise LinkNotAccepted
    held = held_account(tenant=tenant, account_id=account.pk)
    before = held.email
    signs_in_by_it = fold(held.username) == fold(before) if before else held.kind == UserKind.FAMILY
    changed: dict[str, object] = {"email": asked.email, "email_confirmed_at": at}
    if signs_in_by_it:
        changed |= {"username": asked.email, "username_folded": fold(asked.email)}
    try:
        with transaction.atomic():
            User.objects.for_tenant(tenant).filter(pk=held.pk).update(**changed, session_epoch=F("session_epoch") + 1)
    except IntegrityError as taken:  # Somebody has registered with it meanwhile.
        raise LinkNotAccepted from taken
    PasswordReset.objects.for_tenant(tenant).filter(account=held, used_at=None).update(used_at=at)
    held.refresh_from_db()
    tell_account("account_renamed", held, tenant=tenant, at=at)
    if before:
        tell_account("account_renamed", held, tenant=tenant, at=at, address=before)
    who = Actor(kind=ActorKind(held.kind), user_id=held.pk, via=by.via, source=by.source)
    record("account.address_confirmed", tenant_id=tenant.pk, by=who, at=at, subjects=[("account", held.pk)])
    return held


def _asked_by(*, tenant: Tenant, token: str, at: datetime) -> NewAddress:
    asked_id, secret = parts_of_token(token)
    open_ones = NewAddress.objects.for_tenant(tenant).filter(pk=asked_id, ended_at=None, expires_at__gt=at)
    asked = open_ones.select_related("account").first()
    if not is_token_of(asked.nonce if asked else "", secret) or asked is None or not asked.account.is_active:
        raise LinkNotAccepted
    return asked
