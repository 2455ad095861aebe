"""Mails as the outbox lists them: to whom, about what, how they stand and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from schoolgate.letters.models import Message, MessageState
from schoolgate.letters.queries import STUCK, WAITING, names_of_addressees
from schoolgate.tenancy.models import Tenant

# The filter's words and the states behind each.
FILTERS: dict[str, tuple[str, ...]] = {
    "waiting": tuple(state.value for state in WAITING),
    "sent": (MessageState.SENT.value,),
    "look": tuple(state.value for state in STUCK),
    "stopped": (MessageState.CANCELLED.value, MessageState.STOPPED.value),
}
_LABELS: dict[str, str | Promise] = {
    "waiting": _("Waiting"),
    "sent": _("Sent"),
    "look": _("Needs a look"),
    "stopped": _("Stopped"),
}
_KINDS: dict[str, str | Promise] = {
    "key": _("Access key"),
    "student_key": _("Key for student use"),
    "own_account": _("Own account made"),
    "confirm_email": _("Confirm e-mail"),
    "already_registered": _("Already registered"),
    "reset_password": _("New password"),
    "connected": _("Connected"),
    "sign_in_link": _("Sign-in link"),
    "account_disabled": _("Account stopped"),
    "account_enabled": _("Account open again"),
    "account_unlocked": _("Account unlocked"),
    "account_unlinked": _("Connection ended"),
    "account_deleted": _("Account deleted"),
    "account_kept": _("Account kept"),
    "account_renamed": _("Sign-in name changed"),
    "reset_by_office": _("New password, by the office"),
    "confirm_new_address": _("Confirm a new address"),
    "new_address_asked": _("New address asked for"),
}
_STATES: dict[str, tuple[str | Promise, str, str]] = {
    MessageState.QUEUED: (_("Waiting"), "info", "clock"),
    MessageState.SENDING: (_("Being sent"), "info", "clock"),
    MessageState.SENT: (_("Sent"), "ok", "check"),
    MessageState.FAILED: (_("Failed"), "bad", "warn"),
    MessageState.BOUNCED: (_("Came back"), "bad", "warn"),
    MessageState.UNKNOWN: (_("Unknown"), "warn", "help"),
    MessageState.CANCELLED: (_("Cancelled"), "0", "minus"),
    MessageState.STOPPED: (_("Stopped"), "0", "ban"),
}


@dataclass(frozen=True)
class Row:
    """name: of the contact or account. pill, icon: how the state is drawn. is_held: its time has not come yet."""

    message: Message
    name: str
    kind: str
    state: str
    pill: str
    icon: str
    is_held: bool

    @property
    def is_waiting(self) -> bool:
        return self.message.state == MessageState.QUEUED

    @property
    def may_be_cancelled(self) -> bool:
        """Only a key: what tells its owner of an account's fate goes."""
        return self.is_waiting and self.message.key_id is not None

    @property
    def is_unknown(self) -> bool:
        return self.message.state == MessageState.UNKNOWN

    @property
    def can_be_resent(self) -> bool:
        return self.message.state in STUCK


@dataclass(frozen=True)
class Filter:
    name: str
    label: str
    count: int


def rows_of(tenant: Tenant, mails: Iterable[Message], *, at: datetime) -> list[Row]:
    """Query: the mails with their people; two statements, however many they are."""
    found = list(mails)
    names = names_of_addressees(tenant=tenant, messages=found)
    rows = []
    for message in found:
        state, pill, icon = _STATES[message.state]
        is_held = message.state == MessageState.QUEUED and message.not_before > at
        kind = str(_KINDS.get(message.kind, message.kind.replace("_", " ").capitalize()))
        rows.append(Row(message, names.get(message.pk, ""), kind, str(state), pill, icon, is_held))
    return rows


def filters_of(counts: Mapping[str, int]) -> list[Filter]:
    """The chips with their numbers."""
    return [
        Filter(name, str(_LABELS[name]), sum(counts.get(state, 0) for state in states))
        for name, states in FILTERS.items()
    ]
