"""The rows that a member has ticked, as the acts take them: those ids that their list still holds, and whom their keys are for."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

from django.db.models import Count, QuerySet

from schoolgate.console.parent_access.key_pages.grid import rows_in
from schoolgate.console.parent_access.key_pages.schemes import Scheme
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.subjects import subjects_in
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact
from schoolgate.jobs.models import Selection
from schoolgate.jobs.selection import selected_ids, selection_of
from schoolgate.jobs.subject import Subject
from schoolgate.keys.counted import CountedFacts, counted_facts
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import Tie
from schoolgate.keys.schemes import Facts
from schoolgate.keys.subjects import of_contacts, students_by_subject, subject_of
from schoolgate.tenancy.models import User

NOBODY = "nobody"  # A household, or student, with no adult to write to.
_READ_AT_ONCE = 250
_READ_AT_MOST = 2_000


@dataclass(frozen=True)
class Losing:
    """Somebody whose portal access a revocation would end: the contact, the username, how many students they see by it."""

    contact_id: int
    name: str
    username: str
    students: int


@dataclass(frozen=True)
class Named:
    """Somebody on whom an act would act. contact_no: as the office knows them. of: the household or student, "" for a contact alone."""

    shown_name: str
    contact_no: str
    of: str = ""


@dataclass(frozen=True)
class Chosen:
    """A member's selection. scope: whose list, and the moment of asking."""

    scope: Scope
    selection: Selection

    @property
    def scheme(self) -> Scheme:
        return self.scope.scheme

    @property
    def count(self) -> int:
        """How many rows are ticked."""
        return self.selection.count

    @property
    def said(self) -> str:
        """How many rows are ticked, with their noun."""
        return self.scheme.counted(self.count)

    @property
    def at(self) -> datetime:
        return self.scope.at

    @property
    def rows(self) -> QuerySet[Any]:
        """Those that the member's list holds now."""
        return rows_in(self.scope).filter(pk__in=selected_ids(self.selection))

    @cached_property
    def groups(self) -> list[CountedFacts]:
        """The facts of their subjects, counted; for contacts one statement for every forecast."""
        if self.scheme.is_own_addressee:
            return counted_facts(tenant=self.scope.tenant, contacts=self.rows, at=self.at)
        subjects = self.subjects()
        counted = Counter(_alike(facts) for facts in self.facts(subjects).values())
        first: dict[Facts, Subject] = {}
        for subject, facts in self.facts(subjects).items():
            first.setdefault(_alike(facts), subject)
        groups = [CountedFacts(facts, n, first[facts]) for facts, n in counted.items()]
        if self.rows_without_anybody:
            nobody = Subject(self.scheme.kind, 0, 0)
            groups.append(CountedFacts(Facts(never=NOBODY), self.rows_without_anybody, nobody))
        return groups

    @cached_property
    def rows_without_anybody(self) -> int:
        """How many of the ticked rows have no adult to write to."""
        if self.scheme.is_own_addressee:
            return 0
        return len(self.ids()) - len({subject.id for subject in self.subjects()})

    @property
    def asked(self) -> int:
        """How many ends an act on this selection has: of subjects, of rows without any, and of rows that are gone."""
        if self.scheme.is_own_addressee:
            return self.count
        return len(self.subjects()) + self.rows_without_anybody + self.count - len(self.ids())

    def ids(self) -> list[int]:
        """The rows on which an act acts, by name. Ids that are gone from the directory are left out."""
        return self._ids

    @cached_property
    def _ids(self) -> list[int]:
        return list(self.rows.order_by("sort_name", "pk").values_list("pk", flat=True))

    def subjects(self) -> list[Subject]:
        """Whom the keys of these rows are for, as acts on keys take them: one letter for each addressee."""
        return self._subjects

    @cached_property
    def _subjects(self) -> list[Subject]:
        return subjects_in(self.scope, self.ids())

    def facts(self, subjects: Sequence[Subject]) -> dict[Subject, Facts]:
        """What decides about some of them."""
        return facts_of(tenant=self.scope.tenant, subjects=subjects, at=self.at)

    def first(self, whys: Callable[[Sequence[Subject]], Mapping[Subject, str]], *, limit: int) -> list[Named]:
        """Some of those on whom an act would act, by name; looks at the first two thousand ticked, no further."""
        if not self.scheme.is_own_addressee:
            return self._first_addressees(whys, limit=limit)
        found: list[Named] = []
        by_name = self.rows.order_by("sort_name", "pk")
        for start in range(0, min(self.count, _READ_AT_MOST), _READ_AT_ONCE):
            some = list(by_name[start : start + _READ_AT_ONCE])
            subjects = of_contacts([each.pk for each in some])
            why_by_subject = whys(subjects)
            found += [
                Named(each.shown_name, each.contact_no)
                for each, subject in zip(some, subjects, strict=True)
                if not why_by_subject[subject]
            ]
            if len(found) >= limit or len(some) < _READ_AT_ONCE:
                break
        return found[:limit]

    def _first_addressees(
        self, whys: Callable[[Sequence[Subject]], Mapping[Subject, str]], *, limit: int
    ) -> list[Named]:
        some = self.subjects()[:_READ_AT_MOST]
        why_by_subject = whys(some)
        acted_on = [subject for subject in some if not why_by_subject[subject]][:limit]
        tenant = self.scope.tenant
        adults = DirectoryContact.objects.for_tenant(tenant).in_bulk([subject.addressee for subject in acted_on])
        rows = rows_in(self.scope).in_bulk([subject.id for subject in acted_on])
        return [
            Named(adults[each.addressee].shown_name, adults[each.addressee].contact_no, name_of(rows[each.id]))
            for each in acted_on
            if each.addressee in adults and each.id in rows
        ]

    def losing(self, *, limit: int) -> list[Losing]:
        """Who would lose the portal if the used keys were revoked too (R-CK-13): the first, by username.

        Of a household, those adults alone for whom the member acts.
        """
        tenant = self.scope.tenant
        ties = Tie.objects.for_tenant(tenant).standing().filter(subject_kind=self.scheme.kind)
        ties = ties.filter(subject_id__in=self.rows.order_by().values("pk")).select_related("account")
        in_order = ties.order_by("account__username_folded", "pk")
        if self.scheme.is_own_addressee:
            some = list(in_order[:limit])
        else:
            mine = frozenset(self.subjects())
            some = list(islice((tie for tie in in_order.iterator() if subject_of(tie) in mine), limit))
        ids = [tie.addressee_id for tie in some]
        names = {each.pk: each.shown_name for each in DirectoryContact.objects.for_tenant(tenant).filter(pk__in=ids)}
        students = self._students_of(some)
        return [
            Losing(
                tie.addressee_id,
                names.get(tie.addressee_id, ""),
                tie.account.username,
                students.get(subject_of(tie), 0),
            )
            for tie in some
        ]

    def _students_of(self, ties: Sequence[Tie]) -> dict[Subject, int]:
        """How many students each of them opens."""
        tenant, today = self.scope.tenant, self.scope.today
        subjects = [subject_of(tie) for tie in ties]
        if not self.scheme.is_own_addressee:
            found = students_by_subject(tenant=tenant, subjects=subjects, today=today)
            return {subject: len(students) for subject, students in found.items()}
        links = DirectoryAssociation.objects.for_tenant(tenant).links(today=today)
        links = links.filter(contact_id__in=[subject.id for subject in subjects])
        counted = links.values_list("contact_id").annotate(students=Count("pk"))
        return {of_contacts([pk])[0]: n for pk, n in counted}


def _alike(facts: Facts) -> Facts:
    """The same with no key named: what a verdict looks at, so that equal ones can be counted."""
    return replace(
        facts,
        key_id=None if facts.key_id is None else 0,
        tie_key_ids=(0,) * len(facts.tie_key_ids),
        overdue_key_id=None,
    )


def name_of(row: Any) -> str:  # Any: a household or a student
    """What a household or a student is called in a sentence."""
    return str(getattr(row, "shown_name", "") or getattr(row, "name", "") or row.source_id)


def chosen_by(user: User, *, scope: Scope) -> Chosen:
    """What this member has ticked in the list."""
    return Chosen(scope, selection_of(tenant=scope.tenant, user=user, list_name=scope.scheme.list_name))
