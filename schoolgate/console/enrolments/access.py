"""One flag as pages show it: what is saved, what is published, what bars it, and whether a key stands ready."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone

from schoolgate.console.parent_access.key_pages.adults import Adult, adults_of
from schoolgate.console.parent_access.key_pages.grid import contacts_in
from schoolgate.console.parent_access.key_pages.page import scope_of
from schoolgate.console.parent_access.key_pages.row_states import state_of
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import LOOKS, GridState
from schoolgate.directory.queries import published_flags
from schoolgate.enrolments.models import Association, Restriction, RestrictionKind
from schoolgate.enrolments.queries import closed_pairs, noted_pairs
from schoolgate.jobs.subject import Subject
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.roles import Right


@dataclass(frozen=True)
class KeyPill:
    """The state of a contact's key, as the key pages name and draw it."""

    label: str
    tone: str
    icon: str


@dataclass(frozen=True)
class AccessRow:
    """published: the flag in the directory, None where the pair isn't published. restrictions: what the office minds."""

    association: Association
    published: bool | None
    is_closed: bool
    restrictions: list[Restriction]
    key: KeyPill | None = None

    @property
    def is_on(self) -> bool:
        return self.association.receives_portal_access and self.association.ended_at is None

    @property
    def is_pending(self) -> bool:
        """What is saved differs from what is published."""
        return self.is_on != bool(self.published)

    @property
    def may_be_restricted(self) -> bool:
        """Is there anything that one more restriction would bar? Not beside one that bars all, from now on and without an end."""
        return not any(
            restriction.kind == RestrictionKind.NO_ACCESS_NO_MAIL and restriction.ends_on is None
            for restriction in self.restrictions
            if self.is_closed
        )

    @property
    def has_ended(self) -> bool:
        return self.association.ended_at is not None


def with_keys(request: TenantRequest, rows: list[AccessRow]) -> list[AccessRow]:
    """The rows with the state of each contact's key for this student, for members who see keys; a few queries more.

    Under the Family and Student systems a contact has a key for each household, or student: the one that this row is about.
    """
    if Right.KEYS_READ not in request.rights:
        return rows
    scope = scope_of(request, Right.KEYS_READ, at=timezone.now())
    contact_ids = {row.association.contact_id for row in rows}
    contacts = contacts_in(scope).filter(pk__in=contact_ids)
    if scope.scheme.is_own_addressee:
        states = contacts.annotate(key_state=state_of(scope, only=contact_ids)).values_list("pk", "key_state")
        pills = {pk: _pill(GridState(state)) for pk, state in states}
        return [replace(row, key=pills.get(row.association.contact_id)) for row in rows]
    seen = set(contacts.values_list("pk", flat=True))
    subjects = [_subject(scope, row) for row in rows if row.association.contact_id in seen]
    adults = adults_of(scope, subjects)
    return [replace(row, key=_pill_of(adults.get(_subject(scope, row)))) for row in rows]


def _subject(scope: Scope, row: AccessRow) -> Subject:
    """What the contact's key for this student is for; of no household, where the pair belongs to none."""
    return Subject(scope.scheme.kind, getattr(row.association, scope.scheme.column) or 0, row.association.contact_id)


def _pill_of(adult: Adult | None) -> KeyPill | None:
    return None if adult is None or not adult.subject.id else _pill(adult.state)


def _pill(state: GridState) -> KeyPill:
    look = LOOKS[state]
    return KeyPill(str(state.label), look.tone, look.icon)


def access_rows(*, tenant: Tenant, associations: Collection[Association], today: date) -> list[AccessRow]:
    """The rows in their order; three queries. Associations that ended are left out unless families still see them."""
    student_ids = {row.student_id for row in associations}
    published = published_flags(tenant=tenant, association_ids=[row.pk for row in associations])
    closed = closed_pairs(tenant=tenant, student_ids=student_ids, today=today)
    noted = noted_pairs(tenant=tenant, student_ids=student_ids, today=today)
    rows = [
        AccessRow(
            association=row,
            published=published.get(row.pk),
            is_closed=(row.student_id, row.contact_id) in closed,
            restrictions=noted.get((row.student_id, row.contact_id), []),
        )
        for row in associations
    ]
    return [row for row in rows if not row.has_ended or row.published]
