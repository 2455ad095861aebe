"""The adults of households and students as lists show them: each with their own key, account, and what matters about it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.utils.safestring import SafeString

from schoolgate.console.parent_access.key_pages.row_words import (
    AccountLine,
    accounts_of,
    delivered_said,
    expires_said,
    fact_said,
    is_in_force,
)
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import GridState, key_state
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact
from schoolgate.jobs.subject import Subject
from schoolgate.keys.by_school import is_locked
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.keys.subjects import subject_from, subject_of
from schoolgate.letters.models import Message
from schoolgate.letters.queries import newest_message_by_key
from schoolgate.tenancy.queries import names_of_users


@dataclass(frozen=True)
class Adult:
    """An adult of a row with their own key.

    has_link: do they see anybody there now? Some only hold a key or an account from before. selector: of the live key, ""
    without one. state: as a word; fact: what matters beside it.
    """

    subject: Subject
    name: str
    email: str
    is_usable: bool
    has_link: bool
    accounts: tuple[AccountLine, ...]
    selector: str
    state: GridState
    fact: SafeString | str
    delivered: tuple[SafeString, ...]
    expires: SafeString | str

    @property
    def trouble(self) -> SafeString | str:
        """What is wrong with their key, such as its wrong tries."""
        return self.fact if self.state in {GridState.LOCKED, GridState.BOUNCED} else ""


@dataclass(frozen=True)
class _Found:
    """What the statements gave, by subject; messages by key, names by user."""

    linked: frozenset[tuple[int | None, int]]
    keys: Mapping[Subject, AccessKey]
    ties: Mapping[Subject, list[Tie]]
    messages: Mapping[int, Message]
    names: Mapping[int, str]


def adults_of(scope: Scope, subjects: Sequence[Subject]) -> dict[Subject, Adult]:
    """Query: these subjects of the system in force; those whose adult is gone from the directory are absent. Seven statements."""
    contacts = DirectoryContact.objects.for_tenant(scope.tenant).in_bulk({each.addressee for each in subjects})
    row_ids = {subject.id for subject in subjects}
    rows = _keys_of(scope, row_ids).defer("sealed", "mac").order_by("pk")
    locked = ExpressionWrapper(is_locked(tenant=scope.tenant, at=scope.at), output_field=BooleanField())
    keys = {subject_of(key): key for key in rows.annotate(counts_as_locked=locked)}
    found = _Found(
        linked=_linked(scope, row_ids),
        keys=keys,
        ties=_ties(scope, row_ids),
        messages=newest_message_by_key(tenant=scope.tenant, keys=_keys_of(scope, row_ids)),
        names=names_of_users(scope.tenant, {key.ended_by_id for key in keys.values() if key.ended_by_id is not None}),
    )
    return {
        subject: _adult(scope, subject, contacts[subject.addressee], found)
        for subject in subjects
        if subject.addressee in contacts
    }


def _adult(scope: Scope, subject: Subject, contact: DirectoryContact, found: _Found) -> Adult:
    key, ties = found.keys.get(subject), found.ties.get(subject, [])
    message = found.messages.get(key.pk) if key is not None else None
    has_link = (subject.id, subject.addressee) in found.linked
    state = key_state(
        key if is_in_force(scope, key) else None,
        key,
        is_locked=key is not None and key.counts_as_locked,  # type: ignore[attr-defined]  # Annotated above.
        is_connected=bool(ties),
        message=message,
        has_link=has_link,
    )
    ended_by = found.names.get(key.ended_by_id or 0, "") if key is not None else ""
    return Adult(
        subject=subject,
        name=contact.shown_name,
        email=contact.email,
        is_usable=contact.email_usable,
        has_link=has_link,
        accounts=accounts_of(ties),
        selector=key.selector if key is not None and is_in_force(scope, key) else "",
        state=state,
        fact=fact_said(scope, state, key=key, ties=ties, message=message, ended_by=ended_by),
        delivered=delivered_said(key, message),
        expires=expires_said(scope, key),
    )


def _linked(scope: Scope, row_ids: Collection[int]) -> frozenset[tuple[int | None, int]]:
    """Row and contact of every link there."""
    links = DirectoryAssociation.objects.for_tenant(scope.tenant).links(today=scope.today)
    column = scope.scheme.column
    return frozenset(links.filter(**{f"{column}__in": row_ids}).values_list(column, "contact_id"))


def _keys_of(scope: Scope, row_ids: Collection[int]) -> QuerySet[AccessKey]:
    return AccessKey.objects.for_tenant(scope.tenant).filter(subject_kind=scope.scheme.kind, subject_id__in=row_ids)


def _ties(scope: Scope, row_ids: Collection[int]) -> Mapping[Subject, list[Tie]]:
    kind = scope.scheme.kind
    ties = Tie.objects.for_tenant(scope.tenant).standing().select_related("account").order_by("-since", "pk")
    found: dict[Subject, list[Tie]] = defaultdict(list)
    for tie in ties.filter(subject_kind=kind, subject_id__in=row_ids):
        found[subject_from(kind, tie.subject_id, tie.addressee_id)].append(tie)
    return found
