"""Publish what waits: difference, guard, one transaction (R-DS-01 … R-DS-04)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import hold_clock
from schoolgate.sync.diff import Row, Span, changes_in, span_of
from schoolgate.sync.models import SyncKind, SyncRun, SyncState
from schoolgate.sync.thresholds import Figures, reasons_to_hold
from schoolgate.sync.weigh import Counts, count_changes, figures_of
from schoolgate.sync.write import close_run, hold_head, move_watermark, open_run, write_changes
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant


class Ending(StrEnum):
    """What became of a sync."""

    NOTHING = "nothing"  # There was nothing to publish; nothing was written.
    APPLIED = "applied"
    HELD = "held"
    PLANNED = "planned"  # A dry run.


@dataclass(frozen=True)
class Approval:
    """A person's second look at a held sync. reason: why it may go ahead."""

    reason: str


@dataclass(frozen=True)
class Outcome:
    """What a sync did, or would do. run: None when nothing was written."""

    ending: Ending
    counts: Counts
    run: SyncRun | None = None
    held_why: list[str] = field(default_factory=list)
    figures: Figures = field(default_factory=Figures)

    def as_json(self) -> dict[str, Any]:
        """What the command prints."""
        return {
            "run": self.run.number if self.run else None,
            "state": self.ending.value,
            **self.counts.as_json(),
            "held_why": self.held_why,
        }


@transaction.atomic(durable=True)
def publish_changes(
    *,
    tenant: Tenant,
    by: Actor,
    at: datetime,
    up_to: int | None = None,
    leave_out: Iterable[Row] = (),
    approval: Approval | None = None,
    on_step: Callable[[str], None] | None = None,
) -> Outcome:
    """Make the directory what enrolments say; readers see all of it or none.

    up_to: the clock's number that a preview was made at: what was saved later stays pending, so that what was shown is what is
    published; None: everything. leave_out: rows to keep pending this time. on_step: called with a word before each stage.
    """
    return publish(tenant=tenant, by=by, at=at, up_to=up_to, leave_out=leave_out, approval=approval, on_step=on_step)


def publish(
    *,
    tenant: Tenant,
    by: Actor,
    at: datetime,
    up_to: int | None = None,
    leave_out: Iterable[Row] = (),
    approval: Approval | None = None,
    on_step: Callable[[str], None] | None = None,
) -> Outcome:
    """Step: publish_changes, in the transaction of a job's chunk."""
    say = on_step or (lambda _word: None)
    say("wait")
    now = hold_clock(tenant=tenant)
    span = span_of(tenant=tenant, today=day_of(tenant, at), up_to=now if up_to is None else min(up_to, now))
    held = SyncRun.objects.for_tenant(tenant).filter(state=SyncState.HELD).first()
    say("compare")
    with changes_in(span, leave_out=leave_out):
        counts = count_changes()
        if not counts.total:
            _drop(held)
            return Outcome(Ending.NOTHING, counts)
        figures = figures_of(span, counts, at=at)
        held_why = reasons_to_hold(figures)
        if held_why and approval is None:
            return _hold(span, counts, figures, held_why, held=held, by=by, at=at)
        say("write")
        seq = hold_head(tenant=tenant)
        run = open_run(
            tenant=tenant,
            kind=SyncKind.PUBLISH,
            by=by,
            at=at,
            held=held,
            state=SyncState.APPLIED,
            approved_by_id=by.user_id if held_why else None,
            reason=approval.reason if approval and held_why else "",
            **_what(span, counts, figures, held_why),
        )
        last_seq = write_changes(run, seq=seq)
        close_run(run, first_seq=seq + 1, last_seq=last_seq, at=at)
        move_watermark(tenant=tenant, clock_no=span.up_to, day=span.today, at=at, by=by)
    detail = {"run": run.number, **counts.as_json(), "left_out": counts.left_out}
    subjects = [("sync_run", run.pk)]
    if held_why:
        record(
            "sync.approved",
            tenant_id=tenant.pk,
            by=by,
            at=at,
            subjects=subjects,
            detail={"run": run.number, "held_why": held_why},
            reason=run.reason,
        )
    record("sync.applied", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail=detail)
    return Outcome(Ending.APPLIED, counts, run, held_why, figures)


def _hold(
    span: Span,
    counts: Counts,
    figures: Figures,
    held_why: list[str],
    *,
    held: SyncRun | None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Write down that this waits for a person, and why. Trying again says so again and keeps the one row."""
    what = _what(span, counts, figures, held_why)
    known = held is not None and held.held_why == held_why and held.counts == what["counts"]
    run = open_run(tenant=span.tenant, kind=SyncKind.PUBLISH, by=by, at=at, held=held, state=SyncState.HELD, **what)
    if not known:
        record(
            "sync.held",
            tenant_id=span.tenant.pk,
            by=by,
            at=at,
            subjects=[("sync_run", run.pk)],
            detail={"run": run.number, "held_why": held_why, **counts.as_json()},
        )
    return Outcome(Ending.HELD, counts, run, held_why, figures)


def _what(span: Span, counts: Counts, figures: Figures, held_why: list[str]) -> dict[str, Any]:
    return {
        "counts": {**counts.as_json(), "total": counts.total, "figures": figures.as_json()},
        "held_why": held_why,
        "base_clock_no": span.since,
        "clock_no": span.up_to,
    }


def _drop(held: SyncRun | None) -> None:
    if held is not None:
        held.state = SyncState.DROPPED
        held.save(update_fields=["state"])
