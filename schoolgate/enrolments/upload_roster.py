"""Bring roster files in by a page, and have them checked by a job; nothing of them is in force before somebody applies it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.enrolments.errors import ImportRefused
from schoolgate.enrolments.import_options import ImportOptions, checked_options, said_of_files, school_of_number
from schoolgate.enrolments.import_result import keep_result
from schoolgate.enrolments.import_roster import take_in
from schoolgate.enrolments.models import ImportState, RosterImport
from schoolgate.enrolments.roster.files import LARGEST_FILE, LARGEST_UNPACKED, MEGABYTE, MOST_ENTRIES, RosterFiles
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.enrolments.roster.rows import DateOrder
from schoolgate.enrolments.stored_files import Given, drop_files, drop_files_of_refused, store_files, stored_files
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def upload_roster(
    *,
    tenant: Tenant,
    files: Sequence[Given],
    sizes: Sequence[int],
    options: ImportOptions,
    by: Actor,
    at: datetime,
) -> RosterImport:
    """Keep the files and queue their check. sizes: of the files, in bytes. Raises ImportRefused for too much or too many."""
    options = checked_options(tenant=tenant, options=options)
    if len(files) > MOST_ENTRIES or any(size > LARGEST_FILE for size in sizes) or sum(sizes) > LARGEST_UNPACKED:
        raise ImportRefused(
            f"An upload has at most {MOST_ENTRIES} files, each of at most {LARGEST_FILE // MEGABYTE} MB.",
            fix="Import large districts with the command schoolgate import, or school by school.",
            code="import.too_large",
            field="roster",
        )
    entry = RosterImport.objects.create(
        tenant=tenant,
        source=options.source,
        school=school_of_number(tenant=tenant, number=options.school_number),
        file_names=[file.name or "" for file in files],
        options=said_of_files(options),
        actor_kind=by.kind.value,
        actor_id=by.user_id,
        created_at=at,
    )
    drop_files_of_refused(tenant)  # Nobody has gone on without their bad rows; now there are new files.
    store_files(entry, files)
    entry.job = add_job(tenant=tenant, kind=CHECK.name, by=by, at=at, items=[Subject("import", entry.pk)])
    entry.save(update_fields=["job"])
    hand_to_queue(entry.job)
    return entry


def options_of(entry: RosterImport) -> ImportOptions:
    """What was said about the files when they came."""
    said = entry.options
    return ImportOptions(
        source=entry.source,
        format=said.get("format", ""),
        school_number=said.get("school_number"),
        date_order=DateOrder(said["date_order"]) if said.get("date_order") else None,
        repair=bool(said.get("repair")),
        leaves_out=bool(said.get("leaves_out")),
    )


def _check(job: Job, items: list[JobItem], at: datetime) -> None:
    """The work of the job: a preview, kept with its findings for the import's page."""
    for item in items:
        entry = RosterImport.objects.for_tenant(job.tenant).get(pk=item.subject_id)
        if entry.state == ImportState.CHECKING:
            findings = Findings()
            with stored_files(entry) as uploads, RosterFiles.gather(uploads, findings) as files:
                result = take_in(
                    tenant=job.tenant,
                    files=files,
                    findings=findings,
                    options=options_of(entry),
                    by=actor_of(job),
                    at=at,
                    apply=False,
                )
            keep_result(entry, result, tenant=job.tenant, at=at)
            if result.state == ImportState.REFUSED and not result.may_leave_out:
                drop_files(entry)
        item.state = ItemState.DONE


@transaction.atomic(durable=True)
def leave_out_rows(*, entry: RosterImport, by: Actor, at: datetime) -> Job:
    """Check a refused import anew, without the rows that have errors. Raises ImportRefused where that can't be."""
    options = {**entry.options, "leaves_out": True}
    # Of two people who press at once, one finds it refused.
    refused = RosterImport.objects.for_tenant(entry.tenant).filter(
        pk=entry.pk, state=ImportState.REFUSED, may_leave_out__gt=0
    )
    if not refused.update(state=ImportState.CHECKING, options=options):
        raise ImportRefused(
            "This import can't be applied without its bad rows.",
            fix="Mend the errors in your student system, and upload the new files.",
            code="import.not_without",
        )
    if not entry.chunks.exists():
        raise ImportRefused(
            "The files of this import are gone: others were uploaded since.",
            fix="Upload them again.",
            code="import.no_files",
        )
    job = add_job(tenant=entry.tenant, kind=CHECK.name, by=by, at=at, items=[Subject("import", entry.pk)])
    RosterImport.objects.for_tenant(entry.tenant).filter(pk=entry.pk).update(job=job)
    hand_to_queue(job)
    return job


CHECK = JobKind("imports.check", "Check roster", _check, chunk=1)
