"""What a sync would change, as sets in the database: the same sets for the preview, the dry run and the act.

Only rows written after the tenant's watermark are looked at, and those that a run left out, whose people's state changed,
or whose day has come: the cost follows the change, not the school. The sets live in a temporary table of the connection,
``sync_diff``, one row for each row that would be written.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction

from schoolgate.sync.kinds import ACCESS, ASSOCIATION, BAR, CLOSING, IS_ACTIVE, IS_LINK, KIND_BY_NAME, KINDS, Kind
from schoolgate.sync.models import SyncHead
from schoolgate.tenancy.models import Tenant

Row = tuple[str, int]  # Kind and id.

_TABLE = """
CREATE TEMPORARY TABLE sync_diff (
    kind varchar(12) NOT NULL, object_id bigint NOT NULL, op varchar(8) NOT NULL,
    student_id bigint, contact_id bigint, school_id bigint, second_school_id bigint,
    access boolean, link_before boolean NOT NULL, link_after boolean NOT NULL,
    active_before boolean NOT NULL, active_after boolean NOT NULL,
    why varchar(6) NOT NULL, saved_by_id bigint, saved_at {timestamp} NOT NULL,
    left_out boolean NOT NULL, left_before boolean NOT NULL
)
"""
_FACTS = [
    "student_id", "contact_id", "school_id", "second_school_id", "access", "link_before", "link_after", "active_before",
    "active_after", "why", "saved_by_id", "saved_at",
]  # fmt: skip
_COLUMNS = ", ".join(["kind", "object_id", "op", *_FACTS])
# Keeps a subquery from being folded into the one around it, which would work its columns out again at each use.
_FENCE = "LIMIT 9223372036854775807 OFFSET 0"


@dataclass(frozen=True)
class Span:
    """Which writes a sync looks at. since: the watermark, 0 before the first sync. up_to: the last write that counts.

    day: the day up to which dates have been looked at; today: the day it is. Both in the tenant's time zone.
    """

    tenant: Tenant
    since: int
    up_to: int
    day: date | None
    today: date

    @property
    def parameters(self) -> dict[str, Any]:  # Any: as the database's driver takes it
        return {
            "tenant": self.tenant.pk,
            "since": self.since,
            "up_to": self.up_to,
            "today": self.today,
            "day": self.day or self.today,
        }


def span_of(*, tenant: Tenant, today: date, up_to: int) -> Span:
    """Query: what waits now. up_to: the clock's number (enrolments/clock.py), or that of a preview."""
    head = SyncHead.objects.filter(tenant=tenant).first()
    return Span(tenant, head.clock_no if head else 0, up_to, head.day if head else None, today)


@contextmanager
def changes_in(span: Span, *, leave_out: Iterable[Row] = ()) -> Iterator[None]:
    """Fill ``sync_diff`` with everything that waits. leave_out: rows to be kept pending this time (R-DS-02)."""
    with difference_table():
        for kind in KINDS:
            _fill(kind, picked(kind, first=span.since == 0), span.parameters)
        know_its_size()
        _mark_left_out(span, leave_out)
        yield


@contextmanager
def closings_of(span: Span, *, restriction_ids: Iterable[int], association_ids: Iterable[int] = ()) -> Iterator[None]:
    """Fill ``sync_diff`` with nothing but what takes away, for these restrictions and these pairs (R-PA-09).

    Bars that are new or begin earlier, and published flags that they, or enrolments, put out.
    """
    bars, pairs = numbers(restriction_ids), numbers(association_ids)
    chosen_pairs = (
        f"SELECT a.id FROM {ASSOCIATION.working_table} a WHERE a.tenant_id = %(tenant)s AND a.id IN ({pairs}) UNION "
        f"SELECT a.id FROM {ASSOCIATION.working_table} a JOIN {BAR.working_table} r"
        f" ON r.student_id = a.student_id AND r.contact_id = a.contact_id WHERE r.tenant_id = %(tenant)s AND r.id IN ({bars}) AND {CLOSING.format(r='r')}"
    )
    with difference_table():
        _fill(
            BAR, f"SELECT id FROM {BAR.working_table} WHERE tenant_id = %(tenant)s AND id IN ({bars})", span.parameters
        )
        _fill(ASSOCIATION, chosen_pairs, span.parameters)
        run(
            f"""DELETE FROM sync_diff WHERE op = 'removed' OR (kind = 'association' AND (op = 'added' OR access
                OR NOT EXISTS (SELECT 1 FROM {ASSOCIATION.published_table} d WHERE d.id = object_id AND d.portal_access)))
            OR (kind = 'bar' AND op = 'changed' AND EXISTS (SELECT 1 FROM {BAR.published_table} d
                JOIN {BAR.working_table} e ON e.id = d.id WHERE d.id = object_id AND e.starts_on > d.starts_on))"""
        )
        _leave_out_the_unpublished()
        run("DELETE FROM sync_diff WHERE left_out")  # Whoever isn't published sees nothing that could be taken away.
        yield


def pending_bars(span: Span) -> list[int]:
    """Query: ids of restrictions written since the watermark: an import adds them without a sync of its own."""
    found = run(
        f"SELECT id FROM {BAR.working_table} WHERE tenant_id = %(tenant)s AND changed_no > %(since)s", span.parameters
    )
    return [id_ for (id_,) in found]


def picked(kind: Kind, *, first: bool) -> str | None:
    """SQL for the ids of the tenant's rows of a kind that may be different; None: all of them may."""
    table = kind.working_table
    if first:
        return None
    changed = f"SELECT id FROM {table} WHERE tenant_id = %(tenant)s AND changed_no > %(since)s"
    picks = [changed, _left(kind.name)]
    if kind is ASSOCIATION:
        for person in ("student", "contact"):
            people = KIND_BY_NAME[person]
            whose = f"SELECT id FROM {people.working_table} WHERE tenant_id = %(tenant)s AND changed_no > %(since)s"
            picks.append(
                f"SELECT a.id FROM ({whose} UNION {_left(person)}) p"
                f" JOIN {people.working_table} e ON e.id = p.id JOIN {people.published_table} d ON d.id = e.id"
                f" JOIN {table} a ON a.{person}_id = e.id WHERE {IS_ACTIVE} <> d.is_active"
            )
        bars = f"SELECT id FROM {BAR.working_table} WHERE tenant_id = %(tenant)s AND changed_no > %(since)s"
        picks += [
            f"""SELECT a.id FROM ({bars} UNION {_left("bar")}) p JOIN {BAR.working_table} r ON r.id = p.id
            JOIN {table} a ON a.student_id = r.student_id AND a.contact_id = r.contact_id""",
            f"SELECT id FROM {table} WHERE tenant_id = %(tenant)s AND starts_on > %(day)s AND starts_on <= %(today)s",
            f"SELECT id FROM {table} WHERE tenant_id = %(tenant)s AND ends_on >= %(day)s AND ends_on < %(today)s",
        ]
    return " UNION ".join(picks)


def _left(kind: str) -> str:
    return f"SELECT object_id AS id FROM sync_leftout WHERE tenant_id = %(tenant)s AND kind = '{kind}'"


def _fill(kind: Kind, ids: str | None, parameters: Mapping[str, Any]) -> None:
    """Step: the rows of one kind, out of these, that are different."""
    run(f"INSERT INTO sync_diff ({_COLUMNS}, left_out, left_before) {differences(kind, ids)}", parameters)


def differences(kind: Kind, ids: str | None) -> str:
    """SQL of the rows of a kind that are different, out of those that ``ids`` gives; columns as in ``sync_diff``.

    ids: SQL for ids of the tenant's rows, which it has to see to itself; None: all of the tenant's. Saying the tenant here once
    more would mislead PostgreSQL: without statistics it takes the two conditions for rare, and compares each row with each.
    Parameters: those of a Span.
    """
    rows = f"{kind.working_table} e" if ids is None else f"picked p JOIN {kind.working_table} e ON e.id = p.id"
    mine = "e.tenant_id = %(tenant)s" if ids is None else "TRUE"
    # A restriction counts from the moment it is written, whatever the preview had seen.
    bound = "TRUE" if kind is BAR else "e.changed_no <= %(up_to)s"
    if kind is ASSOCIATION:
        rows = (
            f"(SELECT e.*, {ACCESS} AS access, es.school_id, es.second_school_id, es.state AS student_state,"
            f" ec.state AS contact_state FROM {rows}"
            f" JOIN {KIND_BY_NAME['student'].working_table} es ON es.id = e.student_id"
            f" JOIN {KIND_BY_NAME['contact'].working_table} ec ON ec.id = e.contact_id WHERE {mine} {_FENCE}) e"
        )
        mine = "TRUE"
    return f"""
        {"" if ids is None else f"WITH picked AS ({ids})"}
        SELECT '{kind.name}' AS kind, e.id AS object_id,
            CASE WHEN d.id IS NULL THEN 'added' WHEN {kind.exists} THEN 'changed' ELSE 'removed' END AS op,
            {_facts(kind)}, FALSE AS left_out, FALSE AS left_before
        FROM {rows} LEFT JOIN {kind.published_table} d ON d.id = e.id
        WHERE {mine} AND {bound} AND CASE WHEN {kind.exists} THEN d.id IS NULL OR {_differs(kind)} ELSE d.id IS NOT NULL END
        """


def _facts(kind: Kind) -> str:
    """SQL for the columns of _FACTS."""
    facts = dict.fromkeys(_FACTS, "FALSE")
    if kind is ASSOCIATION:
        pair = {column: f"e.{column}" for column in ("student_id", "contact_id", "school_id", "second_school_id")}
        link = {"access": "e.access", "link_before": IS_LINK, "link_after": f"(e.access AND {kind.exists})"}
        facts |= pair | link
        facts |= {"why": _cause("how"), "saved_by_id": _cause("by_id"), "saved_at": _cause("at")}
    elif kind is BAR:
        facts |= {"student_id": "e.student_id", "contact_id": "e.contact_id"}
        facts |= dict.fromkeys(["school_id", "second_school_id", "access"], "NULL")
        facts |= {"why": "e.recorded_how", "saved_by_id": "COALESCE(e.lifted_by_id, e.recorded_by_id)"}
        facts |= {"saved_at": "COALESCE(e.lifted_at, e.recorded_at)"}
    else:
        facts |= dict.fromkeys(["student_id", "contact_id", "school_id", "second_school_id", "access"], "NULL")
        facts |= {"why": "e.changed_how", "saved_by_id": "e.changed_by_id", "saved_at": "e.changed_at"}
        facts |= {column: f"e.{column}" for column in ("school_id", "second_school_id") if column in kind.columns}
        if "is_active" in kind.columns:
            facts |= {"active_before": "COALESCE(d.is_active, FALSE)", "active_after": IS_ACTIVE}
    return ", ".join(f"{sql} AS {column}" for column, sql in facts.items())


def _cause(column: str) -> str:
    """SQL for who or what is behind the change of an association: a restriction, a person's state, the flag, or itself."""
    closing = (
        f"FROM {BAR.working_table} r WHERE r.student_id = e.student_id AND r.contact_id = e.contact_id"
        f" AND {CLOSING.format(r='r')}"
    )
    put_out = "d.portal_access AND NOT e.access"
    whens = [
        (
            f"{put_out} AND EXISTS (SELECT 1 {closing})",
            f"(SELECT r.recorded_{column} {closing} ORDER BY r.id DESC LIMIT 1)",
        )
    ]
    for person in ("student", "contact"):
        changed = f"(SELECT x.changed_{column} FROM {KIND_BY_NAME[person].working_table} x WHERE x.id = e.{person}_id)"
        whens.append((f"{put_out} AND e.receives_portal_access AND e.{person}_state <> 'active'", changed))
    whens.append(
        ("e.ended_at IS NULL AND COALESCE(d.portal_access, FALSE) <> e.receives_portal_access", f"e.flag_{column}")
    )
    return "CASE " + " ".join(f"WHEN {when} THEN {then}" for when, then in whens) + f" ELSE e.changed_{column} END"


def _differs(kind: Kind) -> str:
    word = "IS NOT" if connection.vendor == "sqlite" else "IS DISTINCT FROM"
    return "(" + " OR ".join(f'd."{column}" {word} {kind.wanted(column)}' for column in kind.columns) + ")"


def _mark_left_out(span: Span, leave_out: Iterable[Row]) -> None:
    """Mark what is told to wait, and all that can't go without it: a person's associations, a bar's pair (R-DS-02)."""
    run(
        """UPDATE sync_diff SET left_before = TRUE WHERE EXISTS (SELECT 1 FROM sync_leftout l
            WHERE l.tenant_id = %(tenant)s AND l.kind = sync_diff.kind AND l.object_id = sync_diff.object_id)""",
        span.parameters,
    )
    ids_by_kind: dict[str, list[int]] = {}
    for kind, id_ in leave_out:
        ids_by_kind.setdefault(kind, []).append(int(id_))
    for kind, ids in ids_by_kind.items():
        # A restriction is never kept waiting; only its removal can be (R-RX-01).
        run(
            f"UPDATE sync_diff SET left_out = TRUE WHERE kind = %(kind)s AND object_id IN ({numbers(ids)})"
            " AND NOT (kind = 'bar' AND op <> 'removed')",
            {"kind": kind},
        )
    if ids_by_kind:
        for person in ("student", "contact"):
            run(
                f"UPDATE sync_diff SET left_out = TRUE WHERE kind = 'association' AND {person}_id IN"
                f" (SELECT p.object_id FROM sync_diff p WHERE p.kind = '{person}' AND p.left_out)"
            )
        run(
            """UPDATE sync_diff SET left_out = TRUE WHERE kind = 'association' AND EXISTS (SELECT 1 FROM sync_diff b
                WHERE b.kind = 'bar' AND b.left_out AND b.student_id = sync_diff.student_id
                AND b.contact_id = sync_diff.contact_id)"""
        )
    _leave_out_the_unpublished()


def _leave_out_the_unpublished() -> None:
    """What belongs to a pair waits until both people are published."""
    for person in ("student", "contact"):
        run(
            f"""UPDATE sync_diff SET left_out = TRUE WHERE {person}_id IS NOT NULL AND op = 'added'
                AND NOT EXISTS (SELECT 1 FROM {KIND_BY_NAME[person].published_table} d WHERE d.id = sync_diff.{person}_id)
                AND NOT EXISTS (SELECT 1 FROM sync_diff p WHERE p.kind = '{person}' AND p.object_id = sync_diff.{person}_id
                    AND NOT p.left_out)"""
        )


@contextmanager
def difference_table() -> Iterator[None]:
    """An empty ``sync_diff``, which is gone afterwards."""
    with _unit():
        run("DROP TABLE IF EXISTS sync_diff")
        timestamp = "timestamp with time zone" if connection.vendor == "postgresql" else "datetime"
        run(_TABLE.format(timestamp=timestamp))
        yield
        run("DROP TABLE IF EXISTS sync_diff")


def know_its_size() -> None:
    """Ten rows or a million: the database must not guess."""
    run(
        "CREATE INDEX sync_diff_rows ON sync_diff (kind, object_id)"
        if connection.vendor == "sqlite"
        else "ANALYZE sync_diff"
    )


def _unit() -> AbstractContextManager[None]:
    """A temporary table needs one connection from end to end. SQLite has that anyway, and a transaction would stop its writers."""
    return nullcontext() if connection.vendor == "sqlite" else transaction.atomic()


def as_moment(value: Any) -> datetime:
    """A point in time as either database's driver hands it over."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def numbers(ids: Iterable[int]) -> str:
    """Whole numbers as SQL text."""
    return ", ".join(str(int(id_)) for id_ in ids) or "NULL"


def run(sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """One statement; its rows, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []
