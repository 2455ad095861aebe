"""Keys in clear for a person's eyes, each reveal written to the audit by keys/reveal.py (R-CK-05)."""

from dataclasses import dataclass

from schoolgate.audit.actor import Actor
from schoolgate.console.parent_access.key_pages.chosen import Chosen
from schoolgate.console.parent_access.key_pages.grid import Scope, contacts_in
from schoolgate.console.parent_access.key_pages.pending import PendingStudents
from schoolgate.console.parent_access.key_pages.rows import Row, rows_of
from schoolgate.directory.models import DirectoryContact
from schoolgate.keys.reveal import reveal_keys
from schoolgate.keys.subjects import of_contacts
from schoolgate.lib.errors import NotFound

MOST_AT_ONCE = 250


@dataclass(frozen=True)
class Shown:
    """A contact's key in clear, in its three groups; empty when the key has ended in the meantime."""

    contact: DirectoryContact
    code: str
    row: Row | None = None


def cover(scope: Scope, contact_id: int) -> Row:
    """Query: one contact's row as the list shows it. Raises NotFound beyond the member's list."""
    if not contacts_in(scope).filter(pk=contact_id).exists():
        raise NotFound
    return rows_of(scope, [contact_id], pending=PendingStudents())[0]


def reveal(scope: Scope, contact_id: int, *, by: Actor) -> Shown:
    """The live key of one contact. Raises NotFound beyond the member's list."""
    row = cover(scope, contact_id)
    found = reveal_keys(tenant=scope.tenant, subjects=of_contacts([contact_id]), by=by, at=scope.at)
    return Shown(row.contact, found[0].code.grouped if found else "", row)


def reveal_chosen(chosen: Chosen, *, by: Actor) -> list[Shown]:
    """The live keys of the ticked contacts, by name, 250 at most; those without one are left out."""
    contacts = {each.pk: each for each in chosen.contacts.order_by("sort_name", "pk")[:MOST_AT_ONCE]}
    found = reveal_keys(tenant=chosen.scope.tenant, subjects=of_contacts(contacts), by=by, at=chosen.at)
    code_by_contact = {each.subject.id: each.code.grouped for each in found}
    return [Shown(contact, code_by_contact[pk]) for pk, contact in contacts.items() if pk in code_by_contact]
