"""Reset a password on the office's word: a link by mail, or, for those without e-mail, a printed code (R-AM-08, R-MU-01).

Nobody of the office sees or sets a password, and the link is never shown to them (docs/decisions/0016).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from schoolgate.accounts.errors import CodeNotAccepted, TooManyTries
from schoolgate.accounts.models import PrintedCode
from schoolgate.accounts.office_acts import AccountRefused, held_account
from schoolgate.accounts.passwords import require_good_password
from schoolgate.accounts.recover import queue_reset_links
from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.record import record
from schoolgate.keys.errors import checked_reason
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.one_time import is_code_of, new_nonce, one_time_code
from schoolgate.tenancy.throttle import count_try
from schoolgate.tenancy.usernames import fold

CODE_LIFE = timedelta(days=1)
TRIES_FOR_A_CODE = 5
CODES_FROM_A_SOURCE = 60
TOLD_FOR = timedelta(days=30)
HOUR = timedelta(hours=1)


@transaction.atomic(durable=True)
def send_reset_link(*, tenant: Tenant, account_id: int, by: Actor, at: datetime) -> None:
    """Mail a link of one hour to the account's own address. Nothing of it comes back to the office. Raises AccountRefused."""
    account = _reset_of(tenant=tenant, account_id=account_id)
    if not account.email or account.email_confirmed_at is None:
        raise AccountRefused(
            _("This account has no confirmed e-mail address."), fix=_("Print a code instead."), code="account.no_email"
        )
    queue_reset_links([account], tenant=tenant, kind="reset_by_office", at=at)
    record("account.reset_sent", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", account.pk)])


@transaction.atomic(durable=True)
def print_code(*, tenant: Tenant, account_id: int, checked: str, by: Actor, at: datetime) -> str:
    """A code of eight digits for somebody who has no e-mail address; an earlier one ends. It can't be printed again.

    checked: how the office made sure who asks. An account with an address never gets one: its owner alone reads the mail.
    Raises AccountRefused, and ReasonNeeded without a word on who was checked.
    """
    checked = checked_reason(checked)
    account = _reset_of(tenant=tenant, account_id=account_id)
    if account.email:
        raise AccountRefused(
            _("This account has an e-mail address."), fix=_("Send the link instead."), code="account.has_email"
        )
    PrintedCode.objects.for_tenant(tenant).filter(account=account, ended_at=None).update(ended_at=at)
    printed = PrintedCode.objects.create(
        tenant=tenant,
        account=account,
        nonce=new_nonce(),
        printed_at=at,
        printed_by_id=by.user_id,
        expires_at=at + CODE_LIFE,
    )
    subjects = [("account", account.pk)]
    record("account.code_printed", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, reason=checked)
    return one_time_code(printed.nonce)


def use_printed_code(*, tenant: Tenant, username: str, typed: str, password: str, by: Actor, at: datetime) -> User:
    """Choose a new password by the printed code. One answer for an unknown name, a wrong code and a code that has ended.

    A try is counted before anything is compared, by itself; five wrong ones end the code. A password that is refused
    leaves it usable. Raises TooManyTries, CodeNotAccepted and PasswordRefused.
    """
    if not count_try(
        tenant=tenant, bucket="printed.source", subject=by.source, limit=CODES_FROM_A_SOURCE, window=HOUR, at=at
    ):
        raise TooManyTries
    codes = PrintedCode.objects.for_tenant(tenant).filter(ended_at=None, expires_at__gt=at, account__is_active=True)
    printed = codes.filter(account__username_folded=fold(username)).select_related("account").first()
    open_one = codes.filter(pk=printed.pk if printed else 0)
    counted_one = open_one.filter(tries__lt=TRIES_FOR_A_CODE).update(tries=F("tries") + 1)
    if not is_code_of(printed.nonce if printed else "", typed) or not counted_one or printed is None:
        raise CodeNotAccepted
    open_one.update(tries=F("tries") - 1)  # A proved code gives its try back.
    return _choose_password(tenant=tenant, printed=printed, password=password, by=by, at=at)


@transaction.atomic(durable=True)
def _choose_password(*, tenant: Tenant, printed: PrintedCode, password: str, by: Actor, at: datetime) -> User:
    account = held_account(tenant=tenant, account_id=printed.account_id)
    require_good_password(password, account=account)
    open_one = PrintedCode.objects.for_tenant(tenant).filter(pk=printed.pk, ended_at=None, expires_at__gt=at)
    if account.email or not account.is_active or not open_one.update(used_at=at, ended_at=at):
        raise CodeNotAccepted
    account.set_password(password)
    User.objects.for_tenant(tenant).filter(pk=account.pk).update(
        password=account.password, session_epoch=F("session_epoch") + 1
    )
    who = Actor(kind=ActorKind(account.kind), user_id=account.pk, via=by.via, source=by.source)
    record("account.code_used", tenant_id=tenant.pk, by=who, at=at, subjects=[("account", account.pk)])
    return account


def office_code_used_at(*, tenant: Tenant, account: User, at: datetime) -> datetime | None:
    """Query: when a printed code last opened this account, for thirty days; its owner is told at each sign-in.

    More than once, since the first to sign in afterwards may be somebody who should not have had the code.
    """
    used = PrintedCode.objects.for_tenant(tenant).filter(account=account, used_at__gt=at - TOLD_FOR)
    return used.order_by("-used_at").values_list("used_at", flat=True).first()


def _reset_of(*, tenant: Tenant, account_id: int) -> User:
    account = held_account(tenant=tenant, account_id=account_id)
    if not account.is_active:
        raise AccountRefused(_("This account is stopped."), fix=_("Enable it first."), code="account.stopped")
    return account
