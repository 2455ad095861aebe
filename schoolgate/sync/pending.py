"""What is saved in enrolments and not yet published: the marks beside every flag (R-PA-01, R-CK-01, R-CK-04, B-02).

Read-only. Pages right of the directory take their pending marks from here and never read enrolments.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any  # Rows of any kind.

from schoolgate.enrolments.clock import clock_now
from schoolgate.sync.diff import Span, as_moment, differences, numbers, picked, run, span_of
from schoolgate.sync.kinds import ASSOCIATION, IS_ACTIVE, KIND_BY_NAME, KINDS
from schoolgate.tenancy.at_schools import Schools
from schoolgate.tenancy.models import Tenant

_EVERY_WRITE = 2**62

# Of an association `a` that is different, and its published row `d`: by which household it is a link, before and after.
_BEFORE, _AFTER = "CASE WHEN w.link_before THEN d.household_id END", "CASE WHEN w.link_after THEN a.household_id END"
_OPENS_OR_CLOSES = "w.link_before <> w.link_after"
_MOVES = f"({_OPENS_OR_CLOSES} OR COALESCE(d.household_id, 0) <> COALESCE(a.household_id, 0))"
_BOTH = (
    f"JOIN {ASSOCIATION.working_table} a ON a.id = w.object_id"
    f" LEFT JOIN {ASSOCIATION.published_table} d ON d.id = w.object_id"
)


@dataclass(frozen=True)
class PendingLink:
    """A pair whose published state the next sync changes. opens: the contact will see the student; else no longer.

    left_out: a sync was told to leave it out. why: import, hand or rule. saved_by_id: tenancy.User.
    """

    association_id: int
    student_id: int
    student_name: str
    school_ids: frozenset[int]
    contact_id: int
    contact_name: str
    opens: bool
    left_out: bool
    why: str
    saved_by_id: int | None
    saved_at: datetime


@dataclass(frozen=True)
class Waiting:
    """How much waits for a sync. rows: of every kind. new_contacts: PARENT contacts never published (R-CK-01).

    rows_by_person: by whom (tenancy.User; None: an import or a command) (R-PA-03).
    """

    rows: int = 0
    new_contacts: int = 0
    links_added: int = 0
    links_removed: int = 0
    rows_by_person: dict[int | None, int] = field(default_factory=dict)


def pending_by_contact(*, tenant: Tenant, contact_ids: Collection[int], today: date) -> dict[int, list[PendingLink]]:
    """For a page of contacts: what each will gain or lose. One query; contacts with nothing pending are absent."""
    found: dict[int, list[PendingLink]] = defaultdict(list)
    for link in _pending(tenant, f"contact_id IN ({numbers(contact_ids)})", today=today):
        found[link.contact_id].append(link)
    return dict(found)


def pending_by_student(*, tenant: Tenant, student_ids: Collection[int], today: date) -> dict[int, list[PendingLink]]:
    """For a page of students: who will see each, or no longer. One query; students with nothing pending are absent."""
    found: dict[int, list[PendingLink]] = defaultdict(list)
    for link in _pending(tenant, f"student_id IN ({numbers(student_ids)})", today=today):
        found[link.student_id].append(link)
    return dict(found)


def pending_by_household(
    *, tenant: Tenant, household_ids: Collection[int], today: date
) -> dict[int, list[PendingLink]]:
    """For a page of households: whose adults will see which student, or no longer, by their association there. One query.

    An association that moves to another household closes in the one and opens in the other, though it stays a link.
    """
    ids = numbers(household_ids)
    published = f"SELECT id FROM {ASSOCIATION.published_table} WHERE tenant_id = %(tenant)s AND household_id IN ({ids})"
    found: dict[int, list[PendingLink]] = defaultdict(list)
    wanted = frozenset(household_ids)
    for link, before, after in _pending_moves(
        tenant, f"(household_id IN ({ids}) OR id IN ({published}))", today=today, which=_MOVES
    ):
        for household_id, opens in ((before, False), (after, True)):
            if household_id in wanted and before != after:
                found[household_id].append(replace(link, opens=opens))
    return dict(found)


def pending_pair(*, tenant: Tenant, contact_id: int, student_id: int, today: date) -> PendingLink | None:
    """What the next sync changes for one pair; None: nothing."""
    pair = f"contact_id IN ({numbers([contact_id])}) AND student_id IN ({numbers([student_id])})"
    return next(iter(_pending(tenant, pair, today=today)), None)


def what_waits(*, tenant: Tenant, today: date) -> Waiting:
    """How much the next sync would write. The cost follows what waits."""
    span = span_of(tenant=tenant, today=today, up_to=clock_now(tenant=tenant))
    by_person: dict[int | None, int] = defaultdict(int)
    rows = opens = closes = 0
    for kind in KINDS:
        for saved_by_id, count, added, removed in run(
            f"""SELECT saved_by_id, count(*), sum(CASE WHEN link_after AND NOT link_before THEN 1 ELSE 0 END),
                sum(CASE WHEN link_before AND NOT link_after THEN 1 ELSE 0 END)
            FROM ({differences(kind, picked(kind, first=span.since == 0))}) waiting GROUP BY saved_by_id""",
            span.parameters,
        ):
            by_person[saved_by_id] += count
            rows += count
            opens += int(added)
            closes += int(removed)
    return Waiting(rows, count_new_contacts(tenant=tenant, today=today), opens, closes, dict(by_person))


def count_new_contacts(*, tenant: Tenant, today: date) -> int:
    """PARENT contacts that no sync has published yet (R-CK-01)."""
    return _count_new("contact", "e.type = 'PARENT'", tenant=tenant, today=today)


def count_new_students(*, tenant: Tenant, today: date) -> int:
    """Active students that no sync has published yet."""
    return _count_new("student", IS_ACTIVE, tenant=tenant, today=today)


def count_new_households(*, tenant: Tenant, today: date) -> int:
    """Households of active students that no sync has published yet."""
    students = KIND_BY_NAME["student"].working_table
    has_student = (
        f"EXISTS (SELECT 1 FROM {ASSOCIATION.working_table} a JOIN {students} s ON s.id = a.student_id"
        " WHERE a.household_id = e.id AND a.ended_at IS NULL AND s.state = 'active')"
    )
    return _count_new("household", has_student, tenant=tenant, today=today)


def _count_new(name: str, which: str, *, tenant: Tenant, today: date) -> int:
    """which: SQL about the row `e` in enrolments."""
    span = span_of(tenant=tenant, today=today, up_to=clock_now(tenant=tenant))
    kind = KIND_BY_NAME[name]
    changed = differences(kind, picked(kind, first=span.since == 0))
    [(found,)] = run(
        f"""SELECT count(*) FROM ({changed}) w JOIN {kind.working_table} e ON e.id = w.object_id
        WHERE w.op = 'added' AND {which}""",
        span.parameters,
    )
    return int(found)


def contacts_with_pending_links(*, tenant: Tenant, today: date, school_ids: Schools = None) -> frozenset[int]:
    """Contacts for whom the next sync opens or closes a student. The cost follows what waits."""
    return frozenset(contact_id for contact_id, *_rest in _waiting_links(tenant, today, school_ids))


def students_with_pending_links(*, tenant: Tenant, today: date, school_ids: Schools = None) -> frozenset[int]:
    """Students whom somebody will see, or no longer, from the next sync on."""
    return frozenset(student_id for _contact_id, student_id, *_rest in _waiting_links(tenant, today, school_ids))


def households_with_pending_links(*, tenant: Tenant, today: date, school_ids: Schools = None) -> frozenset[int]:
    """Households in which some adult gains or loses a student by the next sync, as pending_by_household tells it."""
    moved = ((before, after) for *_pair, before, after in _waiting_links(tenant, today, school_ids, which=_MOVES))
    return frozenset(pk for before, after in moved if before != after for pk in (before, after) if pk is not None)


def _waiting_links(
    tenant: Tenant, today: date, school_ids: Schools, *, which: str = _OPENS_OR_CLOSES
) -> list[tuple[Any, ...]]:
    """Contact, student, household before and after, of every association whose link the next sync changes; of students of these schools."""
    span = span_of(tenant=tenant, today=today, up_to=clock_now(tenant=tenant))
    changed = differences(ASSOCIATION, picked(ASSOCIATION, first=span.since == 0))
    if school_ids is not None:
        schools = numbers(school_ids)
        which = f"({which}) AND (w.school_id IN ({schools}) OR w.second_school_id IN ({schools}))"
    return run(
        f"SELECT w.contact_id, w.student_id, {_BEFORE}, {_AFTER} FROM ({changed}) w {_BOTH} WHERE {which}",
        span.parameters,
    )


def _pending(tenant: Tenant, which: str, *, today: date) -> list[PendingLink]:
    return [link for link, _before, _after in _pending_moves(tenant, which, today=today)]


def _pending_moves(
    tenant: Tenant, chosen: str, *, today: date, which: str = _OPENS_OR_CLOSES
) -> list[tuple[PendingLink, int | None, int | None]]:
    """Each with the household by which it is a link, before and after. chosen: SQL about rows of associations in enrolments."""
    span = Span(tenant, 0, _EVERY_WRITE, None, today)
    student, contact = KIND_BY_NAME["student"].working_table, KIND_BY_NAME["contact"].working_table
    ids = f"SELECT id FROM {ASSOCIATION.working_table} WHERE tenant_id = %(tenant)s AND {chosen}"
    rows = run(
        f"""SELECT w.object_id, w.student_id, COALESCE(NULLIF(s.preferred_name, ''), s.given_name), s.family_name,
            w.contact_id, c.given_name, c.family_name, w.link_after, l.id IS NOT NULL, w.why, w.saved_by_id, w.saved_at, s.school_id,
            s.second_school_id, {_BEFORE}, {_AFTER}
        FROM ({differences(ASSOCIATION, ids)}) w {_BOTH}
        JOIN {student} s ON s.id = w.student_id JOIN {contact} c ON c.id = w.contact_id
        LEFT JOIN sync_leftout l ON l.tenant_id = %(tenant)s AND l.kind = 'association' AND l.object_id = w.object_id
        WHERE {which}
        ORDER BY s.sort_name, c.sort_name, w.object_id""",
        span.parameters,
    )
    return [
        (
            PendingLink(
                association_id=row[0],
                student_id=row[1],
                student_name=f"{row[2]} {row[3]}".strip(),
                school_ids=frozenset(filter(None, row[12:14])),
                contact_id=row[4],
                contact_name=f"{row[5]} {row[6]}".strip(),
                opens=bool(row[7]),
                left_out=bool(row[8]),
                why=row[9],
                saved_by_id=row[10],
                saved_at=as_moment(row[11]),
            ),
            row[14],
            row[15],
        )
        for row in rows
    ]
