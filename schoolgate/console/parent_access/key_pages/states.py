"""The one word that each contact's row shows, and the segments of the coverage bar that the words fall into (design.md §5)."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from schoolgate.console.parent_access.key_pages.schemes import Scheme
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.letters.models import Message
from schoolgate.letters.queries import STUCK, WAITING


class GridState(models.TextChoices):
    """In their order of precedence: trouble outranks delivery, delivery outranks age."""

    LOCKED = "locked", _("Locked")
    BOUNCED = "bounced", _("Email bounced")
    CONNECTED = "connected", _("Connected")
    SENDING = "sending", _("Sending…")
    EMAILED = "emailed", _("Emailed")
    PRINTED = "printed", _("Printed")
    READY = "ready", _("Ready")
    NOT_PUBLISHED = "not_published", _("Not published")  # Access is on, and waits for a Data Sync.
    NO_STUDENTS = "no_students", _("No students")
    EXPIRED = "expired", _("Expired")
    REVOKED = "revoked", _("Revoked")
    NO_KEY = "no_key", _("No key")


def state_label(state: GridState, scheme: Scheme) -> str:
    """What the list calls a state: nobody to be written to is something else for a contact than for a household."""
    return str(scheme.no_link if state == GridState.NO_STUDENTS else state.label)


def key_state(
    live: AccessKey | None,
    newest: AccessKey | None,
    *,
    is_locked: bool,
    is_connected: bool,
    message: Message | None,
    has_link: bool = True,
) -> GridState:
    """One subject's word, by the precedence of GridState: the rules of grid.py's statement, for keys that are at hand.

    live: the key in force, locked or not. newest: the one made last. message: as newest_message_by_key has it.
    """
    if live is not None and is_locked:
        return GridState.LOCKED
    if live is not None and message is not None and message.state in STUCK:
        return GridState.BOUNCED
    if is_connected:
        return GridState.CONNECTED
    if live is not None:
        return _delivery_of(live, message)
    if not has_link:
        return GridState.NO_STUDENTS
    if newest is None or newest.state == KeyState.REDEEMED:
        return GridState.NO_KEY
    return GridState.EXPIRED if newest.state in {KeyState.LIVE, KeyState.EXPIRED} else GridState.REVOKED


def trouble_said(state: GridState, key: AccessKey, message: Message | None) -> str:
    """The fact beside a locked key, or beside one whose mail came back."""
    if state == GridState.LOCKED:
        return ngettext("%(tries)s wrong try", "%(tries)s wrong tries", key.failures) % {"tries": key.failures}
    return f"“{message.problem}”" if message is not None and message.problem else gettext("It was not delivered")


def _delivery_of(live: AccessKey, message: Message | None) -> GridState:
    if message is not None and message.state in WAITING:
        return GridState.SENDING
    if live.emailed_at is not None and (live.printed_at is None or live.emailed_at >= live.printed_at):
        return GridState.EMAILED
    return GridState.READY if live.printed_at is None else GridState.PRINTED


@dataclass(frozen=True)
class Look:
    """How a state's pill is drawn: the tone of site.css and an icon of _icons.html."""

    tone: str
    icon: str


LOOKS = {
    GridState.LOCKED: Look("bad", "lock"),
    GridState.BOUNCED: Look("bad", "warn"),
    GridState.CONNECTED: Look("ok", "check"),
    GridState.SENDING: Look("info", "mail"),
    GridState.EMAILED: Look("info", "mail"),
    GridState.PRINTED: Look("info", "print"),
    GridState.READY: Look("info", "key"),
    GridState.NOT_PUBLISHED: Look("warn", "sync"),
    GridState.NO_STUDENTS: Look("warn", "people"),
    GridState.EXPIRED: Look("warn", "clock"),
    GridState.REVOKED: Look("0", "ban"),
    GridState.NO_KEY: Look("0", "minus"),
}


@dataclass(frozen=True)
class Segment:
    """A stretch of the coverage bar and its entry in the legend, which filters the list. fill: a class of site.css."""

    name: str
    label: str | Promise
    fill: str
    states: tuple[GridState, ...]


SEGMENTS = (
    Segment("connected", _("Connected"), "ok", (GridState.CONNECTED,)),
    Segment("given_out", _("Key given out"), "info", (GridState.SENDING, GridState.EMAILED, GridState.PRINTED)),
    Segment("ready", _("Key ready"), "v3", (GridState.READY,)),
    Segment(
        "no_key",
        _("No key"),
        "v4",
        (GridState.NO_KEY, GridState.NO_STUDENTS, GridState.NOT_PUBLISHED, GridState.REVOKED),
    ),
    Segment("attention", _("Needs attention"), "bad", (GridState.LOCKED, GridState.BOUNCED, GridState.EXPIRED)),
)
SEGMENT_BY_NAME = {segment.name: segment for segment in SEGMENTS}


def states_of(word: str) -> tuple[GridState, ...]:
    """What a filter word stands for: a segment of the bar, or one state; nothing for an unknown word.

    The words that are both ("connected", "ready", "no_key") mean the segment.
    """
    if word in SEGMENT_BY_NAME:
        return SEGMENT_BY_NAME[word].states
    return (GridState(word),) if word in GridState.values else ()
