"""The contacts that a member has ticked, as the acts take them: those ids that their list still holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Count, QuerySet

from schoolgate.console.parent_access.key_pages.grid import Scope, contacts_in
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact
from schoolgate.jobs.models import Selection
from schoolgate.jobs.selection import selected_ids, selection_of
from schoolgate.jobs.subject import Subject
from schoolgate.keys.counted import CountedFacts, counted_facts
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import SubjectKind, Tie
from schoolgate.keys.schemes import Facts
from schoolgate.keys.subjects import of_contacts
from schoolgate.tenancy.models import User

LIST_NAME = "contact_keys"
_READ_AT_ONCE = 250
_READ_AT_MOST = 2_000


@dataclass(frozen=True)
class Losing:
    """Somebody whose portal access a revocation would end: the contact, the username, how many students they see."""

    contact_id: int
    name: str
    username: str
    students: int


@dataclass(frozen=True)
class Chosen:
    """A member's selection. scope: whose list, and the moment of asking."""

    scope: Scope
    selection: Selection

    @property
    def count(self) -> int:
        return self.selection.count

    @property
    def at(self) -> datetime:
        return self.scope.at

    @property
    def contacts(self) -> QuerySet[DirectoryContact]:
        """Those whom the member's list holds now."""
        return contacts_in(self.scope).filter(pk__in=selected_ids(self.selection))

    @cached_property
    def groups(self) -> list[CountedFacts]:
        """Their facts, counted: one statement for every forecast."""
        return counted_facts(tenant=self.scope.tenant, contacts=self.contacts, at=self.at)

    def ids(self) -> list[int]:
        """On whom an act acts, by name. Ids that are gone from the directory are left out: there is nothing to act on."""
        return list(self.contacts.order_by("sort_name", "pk").values_list("pk", flat=True))

    def subjects(self) -> list[Subject]:
        """The same, as acts on keys take them."""
        return of_contacts(self.ids())

    def facts(self, contact_ids: Sequence[int]) -> dict[int, Facts]:
        """What decides about some of them."""
        found = facts_of(tenant=self.scope.tenant, subjects=of_contacts(contact_ids), at=self.at)
        return {subject.id: facts for subject, facts in found.items()}

    def first(self, whys: Callable[[Sequence[int]], Mapping[int, str]], *, limit: int) -> list[DirectoryContact]:
        """Some of those on whom an act would act, by name; looks at the first two thousand ticked, no further."""
        found: list[DirectoryContact] = []
        by_name = self.contacts.order_by("sort_name", "pk")
        for start in range(0, min(self.count, _READ_AT_MOST), _READ_AT_ONCE):
            some = list(by_name[start : start + _READ_AT_ONCE])
            why_by_id = whys([each.pk for each in some])
            found += [each for each in some if not why_by_id[each.pk]]
            if len(found) >= limit or len(some) < _READ_AT_ONCE:
                break
        return found[:limit]

    def losing(self, *, limit: int) -> list[Losing]:
        """Who would lose the portal if the used keys were revoked too (R-CK-13): the first, by username."""
        tenant = self.scope.tenant
        ties = Tie.objects.for_tenant(tenant).standing().filter(subject_kind=SubjectKind.CONTACT)
        ties = ties.filter(subject_id__in=self.contacts.values("pk")).select_related("account")
        some = list(ties.order_by("account__username_folded", "pk")[:limit])
        ids = [tie.subject_id for tie in some]
        names = {each.pk: each.shown_name for each in DirectoryContact.objects.for_tenant(tenant).filter(pk__in=ids)}
        links = DirectoryAssociation.objects.for_tenant(tenant).links(today=self.scope.today).filter(contact_id__in=ids)
        students = dict(links.values_list("contact_id").annotate(students=Count("pk")))
        return [
            Losing(tie.subject_id, names.get(tie.subject_id, ""), tie.account.username, students.get(tie.subject_id, 0))
            for tie in some
        ]


def chosen_by(user: User, *, scope: Scope) -> Chosen:
    """What this member has ticked in the list of contacts."""
    return Chosen(scope, selection_of(tenant=scope.tenant, user=user, list_name=LIST_NAME))
