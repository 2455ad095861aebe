"""What stands about the keys of subjects of any kind: one line for each, for the list and for the window.

A handful of statements for one student as for a page of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from schoolgate.console.parent_access.key_pages.states import LOOKS, GridState, Look, key_state, trouble_said
from schoolgate.jobs.subject import Subject
from schoolgate.keys.add_key import may_be_undone
from schoolgate.keys.facts import facts_of
from schoolgate.keys.follow import NEW_ADDRESS
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.schemes import Facts, why_not_generate
from schoolgate.keys.subjects import STUDENT_SELF, subject_from, subject_of
from schoolgate.letters.models import Message
from schoolgate.letters.queries import WAITING, newest_message_by_key
from schoolgate.tenancy.dates import day_of, last_day_before
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.queries import names_of_users
from schoolgate.tenancy.templatetags.shown import day, when


@dataclass(frozen=True)
class KeyLine:
    """One subject. why_not: the verdict of an added key, "" where one would be made. key: the newest, live or not, without secrets.

    is_live: the key is in force, locked or not. usernames: of accounts with a standing tie. made, delivered, fact: in words.
    """

    subject: Subject
    facts: Facts
    why_not: str
    state: GridState
    key: AccessKey | None = None
    is_live: bool = False
    usernames: tuple[str, ...] = ()
    fact: SafeString | str = ""
    made: SafeString | str = ""
    delivered: tuple[SafeString | str, ...] = ()
    expires: SafeString | str = ""
    may_be_undone: bool = False

    @property
    def look(self) -> Look:
        return LOOKS[self.state]

    @property
    def is_registered(self) -> bool:
        return bool(self.facts.tie_key_ids)

    @property
    def is_gap(self) -> bool:
        return not self.why_not

    @property
    def selector(self) -> str:
        return self.key.selector if self.key is not None and self.is_live else ""


@dataclass(frozen=True)
class _Found:
    """What the statements gave, by subject; messages by key. readdressed: keys that follow one mailed to an older address."""

    facts: Mapping[Subject, Facts]
    keys: Mapping[Subject, AccessKey]
    ties: Mapping[Subject, list[Tie]]
    messages: Mapping[int, Message]
    makers: Mapping[int, str] = field(default_factory=dict)
    readdressed: Collection[int] = ()


def key_lines(*, tenant: Tenant, subjects: Iterable[Subject], at: datetime) -> dict[Subject, KeyLine]:
    """Query: the line of each of these subjects; those that are nobody of the directory are absent."""
    wanted = list(dict.fromkeys(subjects))
    keys = newest_keys(tenant, wanted)
    found = _Found(
        facts=facts_of(tenant=tenant, subjects=wanted, at=at),
        keys=keys,
        ties=_ties(tenant, wanted),
        messages=newest_message_by_key(tenant=tenant, keys=_these(tenant, keys.values())),
        makers=names_of_users(tenant, {key.created_by_id for key in keys.values() if key.created_by_id}),
        readdressed=_readdressed(tenant, keys.values()),
    )
    return {subject: _line(tenant, subject, found, at) for subject in wanted if subject in found.facts}


def newest_keys(tenant: Tenant, subjects: Collection[Subject]) -> dict[Subject, AccessKey]:
    """Query: the live key of each subject, or else the one that was made last. Without MAC and sealed copy."""
    found: dict[Subject, AccessKey] = {}
    for kind in {subject.kind for subject in subjects}:
        ids = {subject.id for subject in subjects if subject.kind == kind}
        keys = AccessKey.objects.for_tenant(tenant).filter(subject_kind=kind, subject_id__among=ids)
        found |= {subject_of(key): key for key in keys.defer("mac", "sealed").order_by("pk")}
    return found


def _these(tenant: Tenant, keys: Iterable[AccessKey]) -> QuerySet[AccessKey]:
    return AccessKey.objects.for_tenant(tenant).filter(pk__in=[key.pk for key in keys])


def _readdressed(tenant: Tenant, keys: Iterable[AccessKey]) -> frozenset[int]:
    """Of these keys those that took the place of one because its address on file had changed (G-09)."""
    before = AccessKey.objects.for_tenant(tenant).filter(ended_why=NEW_ADDRESS)
    return frozenset(before.filter(replaced_by__in=[key.pk for key in keys]).values_list("replaced_by_id", flat=True))


def _ties(tenant: Tenant, subjects: Collection[Subject]) -> dict[Subject, list[Tie]]:
    found: dict[Subject, list[Tie]] = defaultdict(list)
    for kind in {subject.kind for subject in subjects}:
        ids = {subject.id for subject in subjects if subject.kind == kind}
        ties = Tie.objects.for_tenant(tenant).standing().filter(subject_kind=kind, subject_id__among=ids)
        for tie in ties.select_related("account").order_by("pk"):
            found[subject_from(kind, tie.subject_id, tie.addressee_id)].append(tie)
    return found


def _line(tenant: Tenant, subject: Subject, found: _Found, at: datetime) -> KeyLine:
    facts, key, ties = found.facts[subject], found.keys.get(subject), found.ties.get(subject, [])
    message = found.messages.get(key.pk) if key is not None else None
    is_live = key is not None and key.state == KeyState.LIVE and key.expires_at > at
    state = key_state(
        key if is_live else None,
        key,
        is_locked=facts.is_locked,
        is_connected=bool(ties),
        message=message,
        has_link=facts.has_link or subject.kind == STUDENT_SELF,
    )
    return KeyLine(
        subject=subject,
        facts=facts,
        why_not=why_not_generate(facts),
        state=state,
        key=key,
        is_live=is_live,
        usernames=tuple(tie.account.username for tie in ties),
        fact=_fact(tenant, state, key, ties, message),
        made=_made(key, found.makers) if key is not None and is_live else "",
        delivered=_delivered(key, message, key.pk in found.readdressed) if key is not None and is_live else (),
        expires=day(last_day_before(tenant, key.expires_at)) if key is not None and is_live else "",
        may_be_undone=key is not None and message is None and may_be_undone(key, at=at),
    )


def _fact(
    tenant: Tenant, state: GridState, key: AccessKey | None, ties: list[Tie], message: Message | None
) -> SafeString | str:
    if state == GridState.CONNECTED:
        return format_html(_("Since {when}"), when=when(ties[0].since))
    if key is None:
        return ""
    if state in {GridState.LOCKED, GridState.BOUNCED}:
        return trouble_said(state, key, message)
    if state == GridState.EXPIRED:
        return format_html(_("Ended {day}"), day=day(last_day_before(tenant, key.expires_at)))
    if state == GridState.REVOKED and key.ended_at is not None:
        return day(day_of(tenant, key.ended_at))
    return ""


def _made(key: AccessKey, makers: Mapping[int, str]) -> SafeString:
    who = makers.get(key.created_by_id or 0)
    if who:
        return format_html(_("Made {when} by {who}"), when=when(key.created_at), who=who)
    return format_html(_("Made {when}"), when=when(key.created_at))


def _delivered(key: AccessKey, message: Message | None, is_readdressed: bool) -> tuple[SafeString | str, ...]:
    lines: list[SafeString | str] = []
    if is_readdressed and not key.emailed_at and message is None:
        lines.append(_("Address changed: a new key, not sent yet"))
    if key.printed_at:
        lines.append(format_html(_("Letter {when}"), when=when(key.printed_at)))
    if key.emailed_at:
        lines.append(format_html(_("Email {when}"), when=when(key.emailed_at)))
    if message is not None and message.state in WAITING:
        lines.append(_("Email in the outbox"))
    return tuple(lines)
