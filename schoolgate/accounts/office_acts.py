"""What every act of the office on accounts has: who was acted on, who was left out and why, and the mail that tells (R-AM-13)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from schoolgate.accounts.models import Stop, StopKind
from schoolgate.letters.queue_message import message_of, queue_messages
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Tenant, User


class AccountRefused(SchoolgateError):
    """The account is not in a state in which this can be done; the message says which, the fix what to do."""

    code = "account.refused"
    status = 409


@dataclass(frozen=True)
class Acted:
    """done: ids of the accounts acted on (of ties, where connections ended). skipped: {why: how many}."""

    done: tuple[int, ...]
    skipped: Mapping[str, int]


UNKNOWN, DISABLED, DELETED, NOT_LOCKED, NO_TIE = "unknown", "disabled", "deleted", "not_locked", "no_tie"


def held_accounts(*, tenant: Tenant, account_ids: Collection[int]) -> dict[int, User]:
    """Step: these accounts, each held until the commit; taken in one order (docs/decisions/0017)."""
    held = User.objects.for_tenant(tenant).accounts().filter(pk__in=account_ids).select_for_update(no_key=True)
    return {account.pk: account for account in held.order_by("pk")}


def held_account(*, tenant: Tenant, account_id: int) -> User:
    """Step: one account, held until the commit. Raises AccountRefused when it is gone."""
    found = held_accounts(tenant=tenant, account_ids=[account_id]).get(account_id)
    if found is None:
        raise AccountRefused(_("This account is gone."), code="account.gone")
    return found


def in_the_bin(*, tenant: Tenant, accounts: Collection[User]) -> set[int]:
    """Step: which of these accounts are deleted and can still be taken back."""
    ids = [account.pk for account in accounts]
    stops = Stop.objects.for_tenant(tenant).filter(account_id__in=ids, kind=StopKind.BINNED, ended_at=None)
    return set(stops.values_list("account_id", flat=True))


def reach_of(school_ids: Collection[int] | None) -> list[int] | None:
    """As a stop keeps the schools of the member who sets it; None for all."""
    return None if school_ids is None else sorted(school_ids)


def may_end(stop: Stop, *, school_ids: Collection[int] | None) -> bool:
    """May a member for these schools (None: all) end it? Only one who has each school that whoever set it had."""
    return school_ids is None or (stop.school_ids is not None and set(stop.school_ids) <= set(school_ids))


def require_may_end(stops: Iterable[Stop], *, school_ids: Collection[int] | None) -> None:
    """Step: raises AccountRefused where one of these stops was set by somebody for more schools."""
    if not all(may_end(stop, school_ids=school_ids) for stop in stops):
        raise AccountRefused(
            _("This account was stopped by somebody who looks after other schools as well."),
            fix=_("Ask them, or a member for all schools."),
            code="account.stopped_by_wider",
        )


def counted(whys: Collection[str]) -> dict[str, int]:
    """{why: how many}, by name."""
    return dict(sorted(Counter(whys).items()))


def tell_account(kind: str, account: User, *, tenant: Tenant, at: datetime, address: str = "") -> None:
    """Step: queue a mail to the account's own address; nothing for those who have none. address: another one of theirs."""
    to = address or account.email
    if to:
        queue_messages(
            message_of(
                tenant=tenant,
                kind=kind,
                address=to,
                account_id=account.pk,
                language=account.language or tenant.settings.language,
                idempotency_key=f"{kind}:{account.pk}:{at.timestamp()}:{address and 'other'}",
                at=at,
            )
        )
