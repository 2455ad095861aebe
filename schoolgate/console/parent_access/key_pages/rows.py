"""The rows of one page: names, students, accounts, keys and what matters about each, joined from their modules (style.md §2).

As many statements for 250 rows as for one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from schoolgate.console.parent_access.key_pages.pending import PendingStudents
from schoolgate.console.parent_access.key_pages.row_states import state_of
from schoolgate.console.parent_access.key_pages.row_words import (
    AccountLine,
    StudentLine,
    accounts_of,
    delivered_said,
    expires_said,
    fact_said,
    is_in_force,
)
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import LOOKS, GridState, Look
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact
from schoolgate.keys.models import AccessKey, SubjectKind, Tie
from schoolgate.letters.models import Message
from schoolgate.letters.queries import newest_message_by_key
from schoolgate.tenancy.models import User


@dataclass(frozen=True)
class Row:
    """One contact as the list shows them.

    other_students: how many of their students the member may not see (R-PM-01). selector: of the live key, "" without one.
    key_words: what stands there instead. fact: the line below the state. delivered: one line for each way the key went out.
    """

    contact: DirectoryContact
    relationship: str
    students: tuple[StudentLine, ...]
    other_students: int
    accounts: tuple[AccountLine, ...]
    selector: str
    key_words: str
    state: GridState
    look: Look
    fact: SafeString | str
    delivered: tuple[SafeString, ...]
    expires: SafeString | str

    @property
    def pk(self) -> int:
        return self.contact.pk

    @property
    def name(self) -> str:
        return self.contact.shown_name


def rows_of(scope: Scope, contact_ids: Sequence[int], *, pending: PendingStudents) -> list[Row]:
    """The rows of these contacts, in this order. pending: what Data Sync says of them."""
    found = DirectoryContact.objects.for_tenant(scope.tenant).filter(pk__in=contact_ids)
    contacts = {each.pk: each for each in found.annotate(state=state_of(scope, only=contact_ids))}
    pairs = _pairs_by_contact(scope, contact_ids)
    keys = _newest_keys(scope, contact_ids)
    ties = _ties_by_contact(scope, contact_ids)
    messages = newest_message_by_key(tenant=scope.tenant, keys=_keys_of(scope, contact_ids))
    rows = []
    for contact_id in contact_ids:
        contact = contacts.get(contact_id)
        if contact is None:  # Gone since the page's ids were read.
            continue
        key = keys.get(contact_id)
        rows.append(
            _row(
                scope,
                contact,
                pairs=pairs[contact_id],
                key=key,
                ties=ties[contact_id],
                message=messages.get(key.pk) if key else None,
                pending=pending,
            )
        )
    return rows


def _row(
    scope: Scope,
    contact: DirectoryContact,
    *,
    pairs: Sequence[DirectoryAssociation],
    key: AccessKey | None,
    ties: Sequence[Tie],
    message: Message | None,
    pending: PendingStudents,
) -> Row:
    students, hidden = _students(scope, contact.pk, pairs, pending)
    state = GridState(contact.state)  # type: ignore[attr-defined]  # Annotated above.
    if state == GridState.NO_STUDENTS and any(line.mark == "added" for line in students):
        state = GridState.NOT_PUBLISHED
    ended_by = "" if key is None else key.ended_by_name  # type: ignore[attr-defined]  # Annotated below.
    fact = fact_said(scope, state, key=key, ties=ties, message=message, ended_by=ended_by or "")
    return Row(
        contact=contact,
        relationship=", ".join(dict.fromkeys(pair.relationship for pair in pairs if pair.relationship)),
        students=students,
        other_students=hidden,
        accounts=accounts_of(ties),
        selector=key.selector if key is not None and is_in_force(scope, key) else "",
        key_words=_key_words(key, ties),
        state=state,
        look=LOOKS[state],
        fact=fact if contact.is_active or state != GridState.NO_STUDENTS else _("No longer active"),
        delivered=delivered_said(key, message),
        expires=expires_said(scope, key),
    )


def _students(
    scope: Scope, contact_id: int, pairs: Sequence[DirectoryAssociation], pending: PendingStudents
) -> tuple[tuple[StudentLine, ...], int]:
    removed = pending.removed_by_contact.get(contact_id, frozenset())
    lines: list[StudentLine] = []
    hidden = 0
    for pair in pairs:
        if not pair.is_link:  # type: ignore[attr-defined]  # Annotated below.
            continue
        if not pair.student.is_at(scope.schools):
            hidden += 1
        else:
            lines.append(StudentLine(pair.student.shown_name, "removed" if pair.student_id in removed else ""))
    lines += [
        StudentLine(added.name, "added")
        for added in pending.added_by_contact.get(contact_id, ())
        if scope.schools is None or scope.schools & added.school_ids
    ]
    return tuple(lines), hidden


def _key_words(key: AccessKey | None, ties: Sequence[Tie]) -> str:
    if ties:
        return _("Used")
    return _("None") if key is None else _("None in force")


def _pairs_by_contact(scope: Scope, contact_ids: Collection[int]) -> Mapping[int, list[DirectoryAssociation]]:
    """Every published association of these contacts with its student, those without access too; is_link tells which open."""
    of_page = DirectoryAssociation.objects.for_tenant(scope.tenant).filter(contact_id__in=contact_ids)
    links = of_page.links(today=scope.today).filter(pk=OuterRef("pk"))
    found: dict[int, list[DirectoryAssociation]] = defaultdict(list)
    ordered = of_page.annotate(is_link=Exists(links)).select_related("student").order_by("student__sort_name", "pk")
    for pair in ordered:
        found[pair.contact_id].append(pair)
    return found


def _keys_of(scope: Scope, contact_ids: Collection[int]) -> QuerySet[AccessKey]:
    return AccessKey.objects.for_tenant(scope.tenant).filter(
        subject_kind=SubjectKind.CONTACT, subject_id__in=contact_ids
    )


def _newest_keys(scope: Scope, contact_ids: Collection[int]) -> dict[int, AccessKey]:
    """The live key of each contact, or else the one that ended last."""
    names = User.objects.for_tenant(scope.tenant).filter(pk=OuterRef("ended_by_id")).values("name")
    keys = (
        _keys_of(scope, contact_ids).annotate(ended_by_name=Subquery(names[:1])).defer("sealed", "mac").order_by("pk")
    )
    return {key.subject_id: key for key in keys}


def _ties_by_contact(scope: Scope, contact_ids: Collection[int]) -> Mapping[int, list[Tie]]:
    ties = Tie.objects.for_tenant(scope.tenant).standing().select_related("account").order_by("-since", "pk")
    found: dict[int, list[Tie]] = defaultdict(list)
    for tie in ties.filter(subject_kind=SubjectKind.CONTACT, subject_id__in=contact_ids):
        found[tie.subject_id].append(tie)
    return found
