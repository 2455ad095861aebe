"""Keys in clear for a person's eyes, each reveal written to the audit by keys/reveal.py (R-CK-05)."""

from collections.abc import Sequence
from dataclasses import dataclass

from schoolgate.audit.actor import Actor
from schoolgate.console.parent_access.key_pages.adult_rows import AdultsRow, adult_rows_of
from schoolgate.console.parent_access.key_pages.chosen import Chosen, name_of
from schoolgate.console.parent_access.key_pages.grid import rows_in
from schoolgate.console.parent_access.key_pages.pending import PendingStudents
from schoolgate.console.parent_access.key_pages.rows import Row, rows_of
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.subjects import subjects_in
from schoolgate.directory.models import DirectoryContact
from schoolgate.jobs.subject import Subject
from schoolgate.keys.reveal import reveal_keys
from schoolgate.lib.errors import NotFound

MOST_AT_ONCE = 250


@dataclass(frozen=True)
class Shown:
    """A key in clear, in its three groups. contact: for whom it was made; of: the household or student, "" for a contact alone."""

    contact: DirectoryContact
    code: str
    of: str = ""


@dataclass(frozen=True)
class Revealed:
    """A row with the live keys of its people; none when they have ended in the meantime."""

    row: Row | AdultsRow
    keys: tuple[Shown, ...]


def cover(scope: Scope, row_id: int) -> Row | AdultsRow:
    """Query: one row as the list shows it. Raises NotFound beyond the member's list."""
    if not rows_in(scope).filter(pk=row_id).exists():
        raise NotFound
    if scope.scheme.is_own_addressee:
        return rows_of(scope, [row_id], pending=PendingStudents())[0]
    return adult_rows_of(scope, [row_id], pending={})[0]


def reveal(scope: Scope, row_id: int, *, by: Actor) -> Revealed:
    """The live keys of one row. Raises NotFound beyond the member's list."""
    row = cover(scope, row_id)
    return Revealed(row, tuple(_reveal(scope, subjects_in(scope, [row_id]), by=by)))


def reveal_chosen(chosen: Chosen, *, by: Actor) -> list[Shown]:
    """The live keys of the ticked rows, by name, 250 at most; those without one are left out."""
    return _reveal(chosen.scope, subjects_in(chosen.scope, chosen.ids()[:MOST_AT_ONCE])[:MOST_AT_ONCE], by=by)


def _reveal(scope: Scope, subjects: Sequence[Subject], *, by: Actor) -> list[Shown]:
    contacts = DirectoryContact.objects.for_tenant(scope.tenant).in_bulk([each.addressee for each in subjects])
    found = reveal_keys(tenant=scope.tenant, subjects=subjects, by=by, at=scope.at)
    names = {}
    if not scope.scheme.is_own_addressee:
        rows = rows_in(scope).filter(pk__in={each.subject.id for each in found})
        names = {row.pk: name_of(row) for row in rows}
    return [
        Shown(contacts[each.subject.addressee], each.code.grouped, names.get(each.subject.id, "")) for each in found
    ]
