"""Undo the last applied import: the working copy as it was before, but for what was saved since (``rostering.md`` §10)."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.errors import ImportRefused
from schoolgate.enrolments.merge.before import forget_before, put_back
from schoolgate.enrolments.merge.sql import Import
from schoolgate.enrolments.models import ImportState, RosterImport
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

_APPLIED = (ImportState.APPLIED, ImportState.UNDOING)


def undoable_import(*, tenant: Tenant) -> RosterImport | None:
    """Query: the last applied import, which can be undone until the next one; None before the first, or once it is undone."""
    ended = [*_APPLIED, ImportState.UNDONE]
    last = RosterImport.objects.for_tenant(tenant).filter(state__in=ended).order_by("-base_no", "-pk").first()
    return last if last is not None and last.state in _APPLIED else None


@transaction.atomic(durable=True)
def undo_import(*, entry: RosterImport, reason: str, by: Actor, at: datetime) -> Job:
    """Queue the undoing. Raises ImportRefused for any import but the last applied one, and without a reason."""
    if not reason.strip():
        raise ImportRefused("Say why it is undone.", code="import.no_reason", field="reason")
    last = undoable_import(tenant=entry.tenant)
    applied = RosterImport.objects.for_tenant(entry.tenant).filter(pk=entry.pk, state=ImportState.APPLIED)
    if last is None or last.pk != entry.pk or not applied.update(state=ImportState.UNDOING):
        raise ImportRefused(
            "Only the last applied import can be undone, and only once.",
            fix="Import the files that are right.",
            code="import.not_undone",
        )
    options = {"reason": reason.strip()[:500]}
    job = add_job(
        tenant=entry.tenant, kind=UNDO.name, by=by, at=at, options=options, items=[Subject("import", entry.pk)]
    )
    RosterImport.objects.for_tenant(entry.tenant).filter(pk=entry.pk).update(job=job)
    hand_to_queue(job)
    return job


def _undo(job: Job, items: list[JobItem], at: datetime) -> None:
    """The work of the job. Where another import was applied in the meantime, this one stays."""
    for item in items:
        entry = RosterImport.objects.for_tenant(job.tenant).get(pk=item.subject_id)
        if entry.state == ImportState.UNDOING:
            # From here to the commit no other writer of this tenant comes between.
            changed_no = tick(tenant=job.tenant)
            last = undoable_import(tenant=job.tenant)
            if last is not None and last.pk == entry.pk:
                _put_back(entry, job, changed_no=changed_no, at=at)
            else:
                entry.state = ImportState.APPLIED
            entry.save(update_fields=["state"])
        is_undone = entry.state == ImportState.UNDONE
        item.state = ItemState.DONE if is_undone else ItemState.SKIPPED
        item.why = "" if is_undone else "changed_meanwhile"


def _put_back(entry: RosterImport, job: Job, *, changed_no: int, at: datetime) -> None:
    by = actor_of(job)
    import_ = Import(
        tenant=job.tenant,
        source=entry.source,
        by=by,
        at=at,
        today=day_of(job.tenant, at),
        changed_no=changed_no,
        import_id=entry.pk,
    )
    counts = put_back(import_, import_no=entry.base_no or 0)
    forget_before(job.tenant)
    entry.state = ImportState.UNDONE
    record(
        "roster.undone",
        tenant_id=job.tenant_id,
        by=by,
        at=at,
        subjects=[("import", entry.pk)],
        detail=counts,
        reason=job.options["reason"],
    )


UNDO = JobKind("imports.undo", "Undo import", _undo, chunk=1)
