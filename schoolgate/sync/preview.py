"""What a sync would do, shown before it is done: figures, and rows in words (R-DS-01, B-04). Writes nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from schoolgate.enrolments.clock import clock_now
from schoolgate.sync.diff import Row, Span, changes_in, numbers, run, span_of
from schoolgate.sync.kinds import ASSOCIATION
from schoolgate.sync.publish import Ending, Outcome
from schoolgate.sync.thresholds import Figures, reasons_to_hold
from schoolgate.sync.weigh import Counts, count_changes, figures_of
from schoolgate.sync.words import Change, changes_in_words
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import School, Tenant


class Tab(StrEnum):
    """What the rows are sorted into. Withdrawals come first, since they are somebody's loss."""

    WITHDRAWN = "withdrawn"
    ADDED = "added"
    PEOPLE = "people"
    OTHER = "other"


_ROWS = {
    Tab.WITHDRAWN: "d.kind = 'association' AND d.link_before AND NOT d.link_after",
    Tab.ADDED: "d.kind = 'association' AND d.link_after AND NOT d.link_before",
    Tab.PEOPLE: "d.kind IN ('student', 'contact', 'staff')",
    Tab.OTHER: "(d.kind IN ('household', 'bar') OR (d.kind = 'association' AND d.link_before = d.link_after))",
}


@dataclass(frozen=True)
class Wanted:
    """Which rows of the preview to show. why: import, hand, rule; empty for all. by: whose; None for everybody's.

    by_contact: sorted by contact instead of by student. school_ids: the reader's schools, None for all (R-PM-01).
    """

    tab: Tab = Tab.WITHDRAWN
    why: str = ""
    by_id: int | None = None
    school_id: int | None = None
    school_ids: Collection[int] | None = None
    by_contact: bool = False
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True)
class SchoolTally:
    """What a sync changes at one school."""

    school: School
    links_added: int
    links_removed: int
    students: int


@dataclass(frozen=True)
class Preview:
    """up_to: to be handed to publish_changes, so that what was shown is what is published. total: rows of the chosen tab."""

    up_to: int
    counts: Counts
    figures: Figures
    held_why: list[str]
    rows_by_tab: dict[Tab, int]
    rows: list[Change] = field(default_factory=list)
    total: int = 0
    schools: list[SchoolTally] = field(default_factory=list)


def plan_sync(*, tenant: Tenant, at: datetime) -> Outcome:
    """A dry run: the figures of the act, by the act's own code."""
    span = _span(tenant, at=at, up_to=None)
    with changes_in(span):
        counts = count_changes()
        if not counts.total:
            return Outcome(Ending.NOTHING, counts)
        figures = figures_of(span, counts, at=at)
        return Outcome(Ending.PLANNED, counts, None, reasons_to_hold(figures), figures)


def preview_sync(
    *, tenant: Tenant, at: datetime, wanted: Wanted, leave_out: Iterable[Row] = (), up_to: int | None = None
) -> Preview:
    """One page of what waits. The number of statements doesn't grow with the rows."""
    span = _span(tenant, at=at, up_to=up_to)
    with changes_in(span, leave_out=leave_out):
        counts = count_changes()
        figures = figures_of(span, counts, at=at)
        rows_by_tab = {
            tab: int(run(f"SELECT count(*) FROM sync_diff d WHERE {where}{_reach(wanted)}")[0][0])
            for tab, where in _ROWS.items()
        }
        return Preview(
            up_to=span.up_to,
            counts=counts,
            figures=figures,
            held_why=reasons_to_hold(figures),
            rows_by_tab=rows_by_tab,
            total=int(run(f"SELECT count(*) FROM sync_diff d WHERE {_where(wanted)}", _values(wanted))[0][0]),
            rows=changes_in_words(tenant, _page(wanted)),
            schools=_by_school(tenant, wanted),
        )


def _span(tenant: Tenant, *, at: datetime, up_to: int | None) -> Span:
    now = clock_now(tenant=tenant)
    return span_of(tenant=tenant, today=day_of(tenant, at), up_to=now if up_to is None else min(now, up_to))


def _where(wanted: Wanted) -> str:
    clauses = [_ROWS[wanted.tab]]
    if wanted.why:
        clauses.append("d.why = %(why)s")
    if wanted.by_id is not None:
        clauses.append("d.saved_by_id = %(by)s")
    if wanted.school_id is not None:
        clauses.append("(d.school_id = %(school)s OR d.second_school_id = %(school)s)")
    return " AND ".join(clauses) + _reach(wanted)


def _reach(wanted: Wanted) -> str:
    """A member for some schools sees their students, and the contacts of those."""
    if wanted.school_ids is None:
        return ""
    schools = numbers(wanted.school_ids)
    return (
        f" AND (d.school_id IN ({schools}) OR d.second_school_id IN ({schools}) OR (d.kind = 'contact' AND EXISTS ("
        f"SELECT 1 FROM {ASSOCIATION.working_table} a JOIN enrolments_student s ON s.id = a.student_id"
        f" WHERE a.contact_id = d.object_id AND (s.school_id IN ({schools}) OR s.second_school_id IN ({schools})))))"
    )


def _values(wanted: Wanted) -> dict[str, Any]:
    return {"why": wanted.why, "by": wanted.by_id, "school": wanted.school_id}


def _page(wanted: Wanted) -> list[tuple[Any, ...]]:
    """Rows of ``sync_diff``, as words.py takes them."""
    order = "c.sort_name, s.sort_name" if wanted.by_contact else "s.sort_name, c.sort_name"
    return run(
        f"""SELECT d.kind, d.object_id, d.op, d.student_id, d.contact_id, d.link_before, d.link_after, d.active_before,
            d.active_after, d.why, d.saved_by_id, d.saved_at, d.left_out, d.left_before
        FROM sync_diff d
        LEFT JOIN enrolments_student s ON s.id = COALESCE(d.student_id, CASE WHEN d.kind = 'student' THEN d.object_id END)
        LEFT JOIN enrolments_contact c ON c.id = COALESCE(d.contact_id, CASE WHEN d.kind = 'contact' THEN d.object_id END)
        WHERE {_where(wanted)} ORDER BY {order}, d.kind, d.object_id
        LIMIT {int(wanted.page_size)} OFFSET {(max(wanted.page, 1) - 1) * int(wanted.page_size)}""",
        _values(wanted),
    )


def _by_school(tenant: Tenant, wanted: Wanted) -> list[SchoolTally]:
    found = {
        school_id: (int(added), int(removed), int(students))
        for school_id, added, removed, students in run(
            """SELECT school_id, sum(CASE WHEN link_after AND NOT link_before THEN 1 ELSE 0 END),
                sum(CASE WHEN link_before AND NOT link_after THEN 1 ELSE 0 END),
                sum(CASE WHEN kind = 'student' THEN 1 ELSE 0 END)
            FROM sync_diff WHERE NOT left_out AND school_id IS NOT NULL GROUP BY school_id"""
        )
    }
    schools = School.objects.for_tenant(tenant).filter(pk__in=found).order_by("name", "number")
    if wanted.school_ids is not None:
        schools = schools.filter(pk__in=wanted.school_ids)
    return [SchoolTally(school, *found[school.pk]) for school in schools]
