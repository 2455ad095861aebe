"""The facts of a selection, counted instead of listed: one statement, whatever its size, for every forecast about it (spine §3.5)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    IntegerField,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least

from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryContact
from schoolgate.jobs.subject import Subject
from schoolgate.keys.by_school import is_locked
from schoolgate.keys.facts import PARENT
from schoolgate.keys.models import AccessKey, KeyState, SubjectKind, Tie
from schoolgate.keys.schemes import NOT_PARENT, OTHER_SYSTEM, UNKNOWN, Facts, Forecast, Verdict
from schoolgate.keys.subjects import CONTACT, parent_kind
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class CountedFacts:
    """How many contacts of a selection share the same facts. In facts the ids of keys are 0: only whether there are any is told."""

    facts: Facts
    count: int
    example: Subject


def counted_facts(*, tenant: Tenant, contacts: QuerySet[DirectoryContact], at: datetime) -> list[CountedFacts]:
    """Query: the facts of keys/facts.py about these contacts, grouped; one statement.

    contacts: of this tenant. A verdict of keys/schemes.py on each group says what it would on each of its contacts.
    """
    columns = {
        "is_parent": Case(When(type=PARENT, then=True), default=False, output_field=BooleanField()),
        **_key_columns(tenant, at),
        "ties": Least(_how_many(_ties(tenant)), Value(9)),
        "has_link": Exists(_links(tenant, at)),
        "is_barred": _is_barred_everywhere(tenant, at),
    }
    grouped = contacts.order_by().annotate(**columns).values(*columns).annotate(count=Count("pk"), example=Min("pk"))
    system = "" if parent_kind(tenant) == CONTACT else OTHER_SYSTEM
    return [_counted(row, system) for row in grouped]


def forecast_counted(
    groups: Iterable[CountedFacts], verdict: Verdict, *, selected: int, counts_ties: bool = False
) -> Forecast:
    """What an act would do with a selection, by the verdict that the act itself obeys (R-CK-07).

    selected: how many ids the selection holds; those without a group are no contacts any more.
    """
    groups = list(groups)
    skipped: Counter[str] = Counter()
    acts_on = ties_ended = 0
    examples = []
    for group in groups:
        why = verdict(group.facts)
        if why:
            skipped[why] += group.count
            continue
        acts_on += group.count
        examples.append(group.example)
        ties_ended += len(group.facts.tie_key_ids) * group.count if counts_ties else 0
    gone = selected - sum(group.count for group in groups)
    if gone > 0:
        skipped[UNKNOWN] += gone
    return Forecast(acts_on, dict(skipped), min(examples, default=None), ties_ended)


def _counted(row: dict[str, Any], system: str) -> CountedFacts:
    facts = Facts(
        never=system if row["is_parent"] else NOT_PARENT,
        key_id=0 if row["has_key"] else None,
        is_locked=bool(row["is_locked"]),
        lock_count=row["locks"],
        tie_key_ids=(0,) * row["ties"],
        has_link=row["has_link"],
        is_barred=row["is_barred"] and not row["has_link"],
    )
    return CountedFacts(facts, row["count"], Subject(CONTACT, row["example"]))


def _key_columns(tenant: Tenant, at: datetime) -> dict[str, Any]:
    """The live key, locked ones included; as keys/facts.py has it."""
    live = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=SubjectKind.CONTACT, subject_id=OuterRef("pk"), state=KeyState.LIVE, expires_at__gt=at
    )
    return {
        "has_key": Exists(live),
        "is_locked": Exists(live.filter(is_locked(tenant=tenant, at=at))),
        "locks": Coalesce(Subquery(live.values("lock_count")[:1]), Value(0)),
    }


def _ties(tenant: Tenant) -> QuerySet[Tie]:
    return Tie.objects.for_tenant(tenant).standing().filter(subject_kind=SubjectKind.CONTACT, subject_id=OuterRef("pk"))


def _how_many(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def _links(tenant: Tenant, at: datetime) -> QuerySet[DirectoryAssociation]:
    return (
        DirectoryAssociation.objects.for_tenant(tenant)
        .links(today=day_of(tenant, at))
        .filter(contact_id=OuterRef("pk"))
    )


def _is_barred_everywhere(tenant: Tenant, at: datetime) -> Case:
    """As keys/facts.py has it: a bar closes a student whom they would see otherwise, or every active student."""
    closing = DirectoryBar.objects.for_tenant(tenant).closing(today=day_of(tenant, at))
    bars = closing.filter(contact_id=OuterRef("pk"))
    pair_is_barred = closing.filter(contact_id=OuterRef("contact_id"), student_id=OuterRef("student_id"))
    pairs = DirectoryAssociation.objects.for_tenant(tenant).filter(contact_id=OuterRef("pk"), student__is_active=True)
    still_open = pairs.exclude(Exists(pair_is_barred))
    taken_away = pairs.filter(Exists(pair_is_barred), portal_access=True)
    has_nothing_left = Exists(taken_away) | (Exists(bars) & ~Exists(still_open))
    return Case(When(has_nothing_left, then=True), default=False, output_field=BooleanField())
