"""Put the directory back to what it was before the last publishing run, as a new run (R-DS-06, B-02).

Bit for bit, with one exception: nothing that a restriction or a withdrawal has closed since is opened again, and no bar is taken
away (R-RX-01). Enrolments stay as they are, so what was undone waits again for the next sync.
"""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.directory.models import DirectoryChange
from schoolgate.enrolments.clock import hold_clock
from schoolgate.lib.errors import SchoolgateError
from schoolgate.sync.diff import difference_table, know_its_size, run
from schoolgate.sync.kinds import ASSOCIATION, BAR, CLOSING, IS_LINK, KINDS, PEOPLE, Kind
from schoolgate.sync.models import SyncHead, SyncKind, SyncRun, SyncState
from schoolgate.sync.names import take_back_former_names
from schoolgate.sync.weigh import Counts, count_changes
from schoolgate.sync.write import close_run, column_from_json, from_feed, hold_head, moment, open_run, write_changes
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

_FEED = DirectoryChange._meta.db_table


class NotUndone(SchoolgateError):
    """Only the last publishing run can be undone, once."""

    code = "sync.not_undone"
    status = 409
    message = "This run can't be undone: only the last published run can, and only once."
    fix = "Change what is wrong in enrolments, and publish that."


@transaction.atomic(durable=True)
def undo_run(*, tenant: Tenant, number: int, reason: str, by: Actor, at: datetime) -> SyncRun:
    """Undo the run of this number; the new run. Keys that were redeemed meanwhile stay. Raises NotUndone."""
    return undo(tenant=tenant, number=number, reason=reason, by=by, at=at)


def undo(*, tenant: Tenant, number: int, reason: str, by: Actor, at: datetime) -> SyncRun:
    """Step: undo_run, in the transaction of a job's chunk."""
    hold_clock(tenant=tenant)
    undone = undoable_run(tenant=tenant)
    if undone is None or undone.number != number:
        raise NotUndone
    seq = hold_head(tenant=tenant)
    new = open_run(
        tenant=tenant,
        kind=SyncKind.UNDO,
        by=by,
        at=at,
        state=SyncState.APPLIED,
        reason=reason.strip()[:500],
        base_clock_no=undone.clock_no,
        clock_no=undone.base_clock_no,
    )
    parameters = {
        "tenant": tenant.pk,
        "run": undone.pk,
        "after": undone.last_seq,
        "today": day_of(tenant, at),
        "by": by.user_id,
        "at": moment(at),
    }
    with difference_table():
        for kind in KINDS:
            _fill(kind, parameters)
        know_its_size()
        _keep_closed(parameters)
        last_seq = write_changes(new, seq=seq, source=from_feed(undone))
        take_back_former_names(undone)
        # Who sees whom now can be read from the directory itself.
        run(
            f"""UPDATE sync_diff SET link_after = EXISTS (SELECT 1 FROM {ASSOCIATION.published_table} d
                WHERE d.id = sync_diff.object_id AND {IS_LINK}) WHERE kind = 'association'""",
            parameters,
        )
        counts = count_changes()
        _wait_again(undone, parameters)
    new.counts = {**counts.as_json(), "total": counts.total}
    new.save(update_fields=["counts"])
    close_run(new, first_seq=seq + 1, last_seq=last_seq, at=at)
    SyncRun.objects.filter(pk=undone.pk).update(state=SyncState.UNDONE, undone_by=new)
    _record(undone, new, counts, by=by, at=at)
    return new


def undoable_run(*, tenant: Tenant) -> SyncRun | None:
    """Query: the run that *Undo last run* undoes: the last published one, if that stands. Withdrawals since don't matter."""
    ended = [SyncState.APPLIED, SyncState.UNDONE]
    last = SyncRun.objects.for_tenant(tenant).filter(kind=SyncKind.PUBLISH, state__in=ended).order_by("-number").first()
    return last if last is not None and last.state == SyncState.APPLIED else None


def _fill(kind: Kind, parameters: dict[str, object]) -> None:
    """Step: the opposite of what the run did to this kind, as far as the directory isn't so already."""
    pair = ["NULL", "NULL"]
    access, before = "NULL", "FALSE"
    if kind.of_pair:
        pair = [
            f"COALESCE(d.{column}, {column_from_json(kind, column, alias='f')})"
            for column in ("student_id", "contact_id")
        ]
    if kind is ASSOCIATION:
        access, before = column_from_json(kind, "portal_access", alias="f"), IS_LINK
    active = "FALSE, FALSE"
    if "is_active" in kind.columns:
        active = f"COALESCE(d.is_active, FALSE), COALESCE({column_from_json(kind, 'is_active', alias='f')}, FALSE)"
    run(
        f"""
        INSERT INTO sync_diff (kind, object_id, op, student_id, contact_id, access, link_before, link_after,
            active_before, active_after, why, saved_by_id, saved_at, left_out, left_before)
        SELECT '{kind.name}', f.object_id,
            CASE f.op WHEN 'added' THEN 'removed' WHEN 'removed' THEN 'added' ELSE 'changed' END,
            {", ".join(pair)}, {access}, {before}, FALSE, {active}, 'hand', %(by)s, %(at)s, FALSE, FALSE
        FROM {_FEED} f LEFT JOIN {kind.published_table} d ON d.id = f.object_id
        WHERE f.run_id = %(run)s AND f.kind = '{kind.name}' AND (d.id IS NULL) = (f.op = 'removed')
        """,
        parameters,
    )


def _keep_closed(parameters: dict[str, object]) -> None:
    """Step: nothing opens by an undo, and what belongs to people who leave goes with them."""
    # Bars that the run published stay, unless their people go; bars that it changed stay as they are.
    run("DELETE FROM sync_diff WHERE kind = 'bar' AND op <> 'added'")
    gone = "SELECT p.object_id FROM sync_diff p WHERE p.kind = '{person}' AND p.op = 'removed'"
    for kind in (BAR, ASSOCIATION):
        whose = " OR ".join(f"d.{person}_id IN ({gone.format(person=person)})" for person in PEOPLE[:2])
        link = IS_LINK if kind is ASSOCIATION else "FALSE"
        run(
            f"""INSERT INTO sync_diff (kind, object_id, op, student_id, contact_id, link_before, link_after,
                active_before, active_after, why, saved_by_id, saved_at, left_out, left_before)
            SELECT '{kind.name}', d.id, 'removed', d.student_id, d.contact_id, {link}, FALSE, FALSE, FALSE,
                'hand', %(by)s, %(at)s, FALSE, FALSE
            FROM {kind.published_table} d WHERE ({whose})
                AND NOT EXISTS (SELECT 1 FROM sync_diff s WHERE s.kind = '{kind.name}' AND s.object_id = d.id)""",
            parameters,
        )
    # The flag stays off where a restriction closes the pair, and where it was withdrawn since.
    run(
        f"""UPDATE sync_diff SET access = FALSE WHERE kind = 'association' AND access AND (
            EXISTS (SELECT 1 FROM {BAR.working_table} r WHERE r.student_id = sync_diff.student_id
                AND r.contact_id = sync_diff.contact_id AND {CLOSING.format(r="r")})
            OR EXISTS (SELECT 1 FROM {BAR.published_table} b WHERE b.student_id = sync_diff.student_id
                AND b.contact_id = sync_diff.contact_id AND b.starts_on <= %(today)s)
            OR EXISTS (SELECT 1 FROM {_FEED} w WHERE w.kind = 'association' AND w.object_id = sync_diff.object_id
                AND w.tenant_id = %(tenant)s AND w.seq > %(after)s))""",
        parameters,
    )


def _wait_again(undone: SyncRun, parameters: dict[str, object]) -> None:
    """Step: put the watermark back; rows that the run had published from before it are named one by one."""
    SyncHead.objects.filter(tenant_id=undone.tenant_id).update(clock_no=undone.base_clock_no)
    for kind in KINDS:
        run(
            f"""INSERT INTO sync_leftout (tenant_id, kind, object_id, by_id, at)
            SELECT %(tenant)s, s.kind, s.object_id, %(by)s, %(at)s FROM sync_diff s
            JOIN {kind.working_table} e ON e.id = s.object_id
            WHERE s.kind = '{kind.name}' AND e.changed_no <= %(base)s
            ON CONFLICT (tenant_id, kind, object_id) DO NOTHING""",
            {**parameters, "base": undone.base_clock_no},
        )


def _record(undone: SyncRun, new: SyncRun, counts: Counts, *, by: Actor, at: datetime) -> None:
    record(
        "sync.undone",
        tenant_id=undone.tenant_id,
        by=by,
        at=at,
        subjects=[("sync_run", undone.pk), ("sync_run", new.pk)],
        detail={"run": new.number, "undone": undone.number, **counts.as_json()},
        reason=new.reason,
    )
