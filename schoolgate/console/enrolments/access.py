"""One flag as pages show it: what is saved, what is published, what bars it, and whether a key stands ready."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone

from schoolgate.console.parent_access.key_pages.grid import contacts_in
from schoolgate.console.parent_access.key_pages.page import scope_of
from schoolgate.console.parent_access.key_pages.row_states import state_of
from schoolgate.console.parent_access.key_pages.states import LOOKS, GridState
from schoolgate.directory.queries import published_flags
from schoolgate.enrolments.models import Association, Restriction, RestrictionKind
from schoolgate.enrolments.queries import closed_pairs, noted_pairs
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import KeySystem, Tenant
from schoolgate.tenancy.roles import Right


@dataclass(frozen=True)
class KeyPill:
    """The state of a contact's key, as Contact Keys names and draws it."""

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
    """The rows with the state of each contact's own key, for members who see keys; one query more."""
    if Right.KEYS_READ not in request.rights or request.tenant.settings.key_system != KeySystem.CONTACT:
        return rows  # Under the other systems a contact has a key for each household, or student.
    scope = scope_of(request, Right.KEYS_READ, at=timezone.now())
    contact_ids = {row.association.contact_id for row in rows}
    states = (
        contacts_in(scope)
        .filter(pk__in=contact_ids)
        .annotate(key_state=state_of(scope, only=contact_ids))
        .values_list("pk", "key_state")
    )
    pills = {pk: _pill(GridState(state)) for pk, state in states}
    return [replace(row, key=pills.get(row.association.contact_id)) for row in rows]


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
