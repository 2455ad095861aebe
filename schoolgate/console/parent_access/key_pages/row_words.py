"""What the cells of a row say beside its state, the same for contacts, households and students."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import GridState, trouble_said
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.letters.models import Message
from schoolgate.tenancy.dates import day_of, last_day_before
from schoolgate.tenancy.templatetags.shown import day, when


@dataclass(frozen=True)
class StudentLine:
    """A student in a row. mark: "added" or "removed" while that waits for a Data Sync, else empty (R-CK-04)."""

    name: str
    mark: str = ""


@dataclass(frozen=True)
class AccountLine:
    """An account with a standing tie: its username, and when it signed in last."""

    username: str
    seen_at: datetime | None


def fact_said(
    scope: Scope,
    state: GridState,
    *,
    key: AccessKey | None,
    ties: Sequence[Tie],
    message: Message | None,
    ended_by: str,
) -> SafeString | str:
    """The fact that matters about somebody's key: sent when, ends when, why. ended_by: the name of who revoked it, or ""."""
    if state == GridState.CONNECTED:
        return when(ties[0].since) if ties else ""
    if state == GridState.NO_STUDENTS:
        return _("No access turned on")
    if state == GridState.NOT_PUBLISHED:
        return _("Waits for a Data Sync")
    if key is None:
        return ""
    if state in {GridState.LOCKED, GridState.BOUNCED}:
        return trouble_said(state, key, message)
    if state == GridState.SENDING:
        return _sending(scope, message)
    if state in {GridState.EMAILED, GridState.PRINTED}:
        out_at = key.emailed_at if state == GridState.EMAILED else key.printed_at
        return format_html(_("{day}, not used yet"), day=day(day_of(scope.tenant, out_at or key.created_at)))
    if state == GridState.READY:
        made_on = day_of(scope.tenant, key.created_at)
        return _("Made today") if made_on == scope.today else format_html(_("Made {day}"), day=day(made_on))
    if state == GridState.EXPIRED:
        return day(last_day_before(scope.tenant, key.expires_at))
    if state == GridState.REVOKED and key.ended_at is not None:
        ended_on = day(day_of(scope.tenant, key.ended_at))
        return format_html(_("{day} by {who}"), day=ended_on, who=ended_by) if ended_by else ended_on
    return ""


def _sending(scope: Scope, message: Message | None) -> SafeString | str:
    if message is not None and message.not_before > scope.at:
        return format_html(_("Leaves at {time}"), time=when(message.not_before))
    return _("In the outbox")


def delivered_said(key: AccessKey | None, message: Message | None) -> tuple[SafeString, ...]:
    """One line for each way that a key went out, and what went wrong."""
    if key is None:
        return ()
    lines = []
    if key.printed_at:
        lines.append(format_html(_("Letter {when}"), when=when(key.printed_at)))
    if key.emailed_at:
        lines.append(format_html(_("Email {when}"), when=when(key.emailed_at)))
    if message is not None and message.problem:
        lines.append(format_html("{}", message.problem))
    return tuple(lines)


def expires_said(scope: Scope, key: AccessKey | None) -> SafeString | str:
    """The last day of a key in force, or ""."""
    return day(last_day_before(scope.tenant, key.expires_at)) if is_in_force(scope, key) and key is not None else ""


def is_in_force(scope: Scope, key: AccessKey | None) -> bool:
    """Live, locked or not."""
    return key is not None and key.state == KeyState.LIVE and key.expires_at > scope.at


def accounts_of(ties: Sequence[Tie]) -> tuple[AccountLine, ...]:
    """The accounts of these standing ties."""
    return tuple(AccountLine(tie.account.username, tie.account.last_login) for tie in ties)
