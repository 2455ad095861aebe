"""Whom the keys of a list's rows are for: the contacts themselves, or the adults of each household or student."""

from collections.abc import Collection, Iterable
from itertools import starmap
from typing import Any

from django.db.models import QuerySet

from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.directory.models import DirectoryAssociation
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.subjects import of_contacts, subject_from, subjects_of


def subjects_in(scope: Scope, row_ids: Collection[int]) -> list[Subject]:
    """Query: of households and students, an adult who is linked there, or holds a live key or a tie for it, is a subject.

    A member for some schools acts for those adults alone who have a student there (R-PM-01). Rows in their order.
    """
    if scope.scheme.is_own_addressee:
        return of_contacts(row_ids)
    tenant, kind = scope.tenant, scope.scheme.kind
    linked = subjects_of(tenant=tenant, kind=kind, ids=frozenset(row_ids), today=scope.today)
    live = AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE, subject_kind=kind)
    ties = Tie.objects.for_tenant(tenant).standing().filter(subject_kind=kind)
    held = (_of_rows(rows, row_ids) for rows in (live, ties))
    found = dict.fromkeys([*linked, *(subject for some in held for subject in some)])
    seen = _in_reach(scope, found)
    by_row: dict[int, list[Subject]] = {}
    for subject in found:
        if seen is None or subject.addressee in seen:
            by_row.setdefault(subject.id, []).append(subject)
    return [subject for pk in row_ids for subject in by_row.get(pk, ())]


def _of_rows(rows: QuerySet[Any], row_ids: Collection[int]) -> Iterable[Subject]:  # Any: keys or ties
    found = rows.filter(subject_id__among=frozenset(row_ids)).order_by("pk")
    return starmap(subject_from, found.values_list("subject_kind", "subject_id", "addressee_id"))


def _in_reach(scope: Scope, subjects: Iterable[Subject]) -> set[int] | None:
    """Those of their addressees who have a student at the member's schools; None: all of them."""
    if scope.schools is None:
        return None
    pairs = DirectoryAssociation.objects.for_tenant(scope.tenant).at_schools(scope.schools)
    addressees = frozenset(subject.addressee for subject in subjects)
    return set(pairs.filter(contact_id__among=addressees).values_list("contact_id", flat=True))
