"""Steps that write the directory: its rows, its feed, its head. Used by the acts of this module and by nothing else.

All of them run inside the act's transaction, which holds the tenant's clock: readers see the whole run or none of it (R-DS-04).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, DateTimeField

from schoolgate.audit.actor import Actor
from schoolgate.directory.models import DirectoryChange, DirectoryHead
from schoolgate.sync.diff import run
from schoolgate.sync.kinds import KINDS, STUDENT, Kind
from schoolgate.sync.models import LeftOut, SyncHead, SyncKind, SyncRun, SyncState
from schoolgate.sync.names import forget_names, keep_former_names, write_names
from schoolgate.tenancy.models import Tenant

_FEED = DirectoryChange._meta.db_table


def hold_head(*, tenant: Tenant) -> int:
    """Step: take the end of the feed until the transaction ends; its seq. The one writer at a time holds it."""
    DirectoryHead.objects.bulk_create([DirectoryHead(tenant=tenant)], ignore_conflicts=True)
    return DirectoryHead.objects.select_for_update().get(tenant=tenant).seq


def open_run(
    *, tenant: Tenant, kind: SyncKind, by: Actor, at: datetime, held: SyncRun | None = None, **columns: object
) -> SyncRun:
    """Step: a run's row with the tenant's next number; or the one that was held, carried on."""
    SyncHead.objects.bulk_create([SyncHead(tenant=tenant)], ignore_conflicts=True)
    given = {"actor_kind": by.kind.value, "actor_id": by.user_id, "via": by.via, **columns}
    if held is not None:
        for name, value in columns.items():
            setattr(held, name, value)
        held.save(update_fields=list(columns))
        return held
    head = SyncHead.objects.select_for_update().get(tenant=tenant)
    head.last_run_no += 1
    head.save(update_fields=["last_run_no"])
    return SyncRun.objects.create(tenant=tenant, number=head.last_run_no, kind=kind, created_at=at, **given)


def close_run(sync_run: SyncRun, *, first_seq: int, last_seq: int, at: datetime) -> None:
    """Step: the run has been applied, and this is its part of the feed."""
    sync_run.state, sync_run.applied_at = SyncState.APPLIED, at
    sync_run.first_seq, sync_run.last_seq = first_seq, last_seq
    sync_run.save(update_fields=["state", "applied_at", "first_seq", "last_seq"])
    DirectoryHead.objects.filter(tenant_id=sync_run.tenant_id).update(seq=last_seq)


def move_watermark(*, tenant: Tenant, clock_no: int, day: date, at: datetime, by: Actor) -> None:
    """Step: all of ``sync_diff`` is published, but for the rows that were left out and stay pending (R-DS-02)."""
    SyncHead.objects.filter(tenant=tenant).update(clock_no=clock_no, day=day)
    if LeftOut.objects.for_tenant(tenant).exists():
        run(
            """DELETE FROM sync_leftout WHERE tenant_id = %(tenant)s AND NOT EXISTS (SELECT 1 FROM sync_diff s
                WHERE s.left_out AND s.kind = sync_leftout.kind AND s.object_id = sync_leftout.object_id)""",
            {"tenant": tenant.pk},
        )
    run(
        """INSERT INTO sync_leftout (tenant_id, kind, object_id, by_id, at)
        SELECT %(tenant)s, s.kind, s.object_id, %(by)s, %(at)s FROM sync_diff s WHERE s.left_out
        ON CONFLICT (tenant_id, kind, object_id) DO NOTHING""",
        {"tenant": tenant.pk, "by": by.user_id, "at": moment(at)},
    )


@dataclass(frozen=True)
class Source:
    """Where the new columns come from. join: SQL that joins it to ``sync_diff s``; value: SQL for one column of it."""

    join: Callable[[Kind], str]
    value: Callable[[Kind, str], str]


FROM_ENROLMENTS = Source(
    join=lambda kind: f"JOIN {kind.working_table} e ON e.id = s.object_id",
    value=lambda kind, column: kind.wanted(column),
)


def from_feed(undone: SyncRun) -> Source:
    """The rows as they were before a run."""
    run_id = int(undone.pk)
    return Source(
        join=lambda _kind: f"JOIN {_FEED} f ON f.run_id = {run_id} AND f.kind = s.kind AND f.object_id = s.object_id",
        value=lambda kind, column: column_from_json(kind, column, alias="f"),
    )


def write_changes(
    sync_run: SyncRun,
    *,
    seq: int,
    source: Source = FROM_ENROLMENTS,
    columns_by_kind: Mapping[str, Sequence[str]] | None = None,
) -> int:
    """Step: append ``sync_diff`` to the feed after ``seq`` and make the directory so; the last seq.

    columns_by_kind: of changed rows of these kinds write only these columns (a withdrawal publishes nothing else).
    """
    parts: list[tuple[Kind, list[str]]] = [(kind, ["added", "changed"]) for kind in KINDS]
    parts += [(kind, ["removed"]) for kind in reversed(KINDS)]
    sizes: dict[tuple[str, str], int] = {
        (kind, op): rows
        for kind, op, rows in run("SELECT kind, op, count(*) FROM sync_diff WHERE NOT left_out GROUP BY kind, op")
    }
    for kind, possible in parts:
        ops = [op for op in possible if (kind.name, op) in sizes]
        if not ops:
            continue
        rows = sum(sizes[kind.name, op] for op in ops)
        _append_feed(kind, ops, sync_run=sync_run, seq=seq)
        seq += rows
        if kind is STUDENT and ops != ["added"]:
            forget_names()
            if source is FROM_ENROLMENTS:  # An undo takes names back, and makes none a former one.
                keep_former_names(sync_run)
        if "removed" in ops:
            run(
                f"DELETE FROM {kind.published_table} WHERE id IN (SELECT object_id FROM sync_diff"
                f" WHERE kind = '{kind.name}' AND op = 'removed' AND NOT left_out)"
            )
            continue
        if "changed" in ops:
            _update(kind, source, (columns_by_kind or {}).get(kind.name, kind.columns))
        if "added" in ops:
            _insert(kind, source)
        if kind is STUDENT:
            write_names()
    return seq


def _append_feed(kind: Kind, ops: Sequence[str], *, sync_run: SyncRun, seq: int) -> None:
    listed = ", ".join(f"'{op}'" for op in ops)
    before, published = "NULL", ""
    if ops != ["added"]:
        before = f"CASE WHEN s.op <> 'added' THEN {row_as_json(kind, 'd')} END"
        published = f"LEFT JOIN {kind.published_table} d ON d.id = s.object_id"
    run(
        f"""INSERT INTO {_FEED} (tenant_id, seq, kind, object_id, op, run_id, before, why, saved_by_id, saved_at)
        SELECT %(tenant)s, %(seq)s + row_number() OVER (ORDER BY s.object_id), s.kind, s.object_id, s.op, %(run)s,
            {before}, s.why, s.saved_by_id, s.saved_at
        FROM sync_diff s {published}
        WHERE s.kind = '{kind.name}' AND s.op IN ({listed}) AND NOT s.left_out""",
        {"tenant": sync_run.tenant_id, "seq": seq, "run": sync_run.pk},
    )


def _insert(kind: Kind, source: Source) -> None:
    names = ", ".join(f'"{column}"' for column in kind.columns)
    values = ", ".join(_value(kind, source, column) for column in kind.columns)
    run(
        f"""INSERT INTO {kind.published_table} (id, {names}) SELECT s.object_id, {values}
        FROM sync_diff s {source.join(kind)}
        WHERE s.kind = '{kind.name}' AND s.op = 'added' AND NOT s.left_out"""
    )


def _update(kind: Kind, source: Source, columns: Sequence[str]) -> None:
    values = ", ".join(f'"{column}" = {_value(kind, source, column)}' for column in columns)
    run(
        f"""UPDATE {kind.published_table} SET {values} FROM sync_diff s {source.join(kind)}
        WHERE s.kind = '{kind.name}' AND s.op = 'changed' AND NOT s.left_out AND {kind.published_table}.id = s.object_id"""
    )


def _value(kind: Kind, source: Source, column: str) -> str:
    """The flag as ``sync_diff`` worked it out: what is written is what was counted."""
    return "s.access" if column == "portal_access" else source.value(kind, column)


def row_as_json(kind: Kind, alias: str) -> str:
    """SQL for a published row as JSON of its columns, the id included; ``column_from_json`` reads it back bit for bit."""
    if connection.vendor == "postgresql":
        return f"to_jsonb({alias})"
    pairs = []
    for column in kind.published._meta.concrete_fields:
        value = f'{alias}."{column.column}"'
        if isinstance(column, BooleanField):
            value = f"CASE WHEN {value} IS NULL THEN NULL WHEN {value} THEN json('true') ELSE json('false') END"
        pairs.append(f"'{column.column}', {value}")
    return f"json_object({', '.join(pairs)})"


def column_from_json(kind: Kind, column: str, *, alias: str) -> str:
    """SQL for a published column as it was, out of the ``before`` of the feed's row ``alias``: the counterpart of row_as_json."""
    if connection.vendor == "postgresql":
        return f'(jsonb_populate_record(NULL::{kind.published_table}, {alias}.before))."{column}"'
    return f"json_extract({alias}.before, '$.\"{column}\"')"


def moment(at: datetime) -> Any:  # Any: text for SQLite, itself for PostgreSQL
    """A point in time as the database keeps it."""
    return connection.ops.adapt_datetimefield_value(DateTimeField().get_prep_value(at))
