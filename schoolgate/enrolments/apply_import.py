"""Apply an import that was checked, or let it be: what follows the preview."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.errors import ImportRefused
from schoolgate.enrolments.import_result import keep_result
from schoolgate.enrolments.import_roster import take_in
from schoolgate.enrolments.models import ImportState, RosterImport
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.enrolments.stored_files import drop_files, stored_files
from schoolgate.enrolments.upload_roster import options_of
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.jobs.subject import Subject

WAITING = (ImportState.READY, ImportState.WARNED, ImportState.HELD)


@transaction.atomic(durable=True)
def apply_import(
    *, entry: RosterImport, accepts_warnings: bool, approves: bool, reason: str, by: Actor, at: datetime
) -> Job:
    """Queue the import as it was previewed. Raises ImportRefused unless it waits, and without what it waits for."""
    if entry.findings.filter(severity="warning").exists() and not accepts_warnings:
        raise ImportRefused("Tick that you have looked at the warnings.", code="import.warnings", field="accepts")
    if entry.held and not (approves and reason.strip()):
        raise ImportRefused("Say why this import is right.", code="import.held", field="reason")
    if entry.job_id is None:
        raise ImportRefused(
            "This import came from the command line, and its files are not here.",
            fix="Import them again, with --approve or --accept-warnings.",
            code="import.no_files",
        )
    # Of two people who press at once, one finds it waiting.
    waiting = RosterImport.objects.for_tenant(entry.tenant).filter(pk=entry.pk, state__in=WAITING)
    if not waiting.update(state=ImportState.APPLYING):
        raise ImportRefused("This import is being applied, or has ended.", code="import.not_waiting")
    job = add_job(
        tenant=entry.tenant,
        kind=APPLY.name,
        by=by,
        at=at,
        options={"accepts_warnings": accepts_warnings, "approves": approves, "reason": reason.strip()[:500]},
        items=[Subject("import", entry.pk)],
    )
    RosterImport.objects.for_tenant(entry.tenant).filter(pk=entry.pk).update(job=job)
    hand_to_queue(job)
    return job


@transaction.atomic(durable=True)
def cancel_import(*, entry: RosterImport, by: Actor, at: datetime) -> None:
    """Let it be: nothing is applied, the files go. Raises ImportRefused unless it waits."""
    waiting = RosterImport.objects.for_tenant(entry.tenant).filter(pk=entry.pk, state__in=WAITING)
    if not waiting.update(state=ImportState.CANCELLED):
        raise ImportRefused("This import is being applied, or has ended.", code="import.not_waiting")
    drop_files(entry)
    record("roster.cancelled", tenant_id=entry.tenant_id, by=by, at=at, subjects=[("import", entry.pk)])


def _apply(job: Job, items: list[JobItem], at: datetime) -> None:
    """The work of the job: the same as the preview, and then the writing, unless the preview no longer holds."""
    for item in items:
        entry = RosterImport.objects.for_tenant(job.tenant).get(pk=item.subject_id)
        if entry.state == ImportState.APPLYING:
            _apply_one(entry, job, at)
        entry.refresh_from_db(fields=["state"])
        item.state = ItemState.DONE if entry.state == ImportState.APPLIED else ItemState.SKIPPED
        item.why = "" if entry.state == ImportState.APPLIED else "changed_meanwhile"


def _apply_one(entry: RosterImport, job: Job, at: datetime) -> None:
    asked = replace(
        options_of(entry),
        accepts_warnings=job.options["accepts_warnings"],
        approves=job.options["approves"],
        reason=job.options["reason"],
    )
    findings = Findings()
    with stored_files(entry) as uploads, RosterFiles.gather(uploads, findings) as files:
        result = take_in(
            tenant=job.tenant,
            files=files,
            findings=findings,
            options=asked,
            by=actor_of(job),
            at=at,
            apply=True,
            entry=entry,
            previewed={**entry.counts, "held": entry.held},
        )
    keep_result(entry, result, tenant=job.tenant, at=at)
    if result.state not in WAITING:
        drop_files(entry)


APPLY = JobKind("imports.apply", "Import roster", _apply, chunk=1)
