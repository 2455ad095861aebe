"""Import a roster: from files to the working copy, all or nothing (``rostering.md`` §1, §10).

``import_roster`` is the command's act: one transaction. ``take_in`` is the same as a step, for the job of an upload.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import clock_now, tick
from schoolgate.enrolments.guards import Ages
from schoolgate.enrolments.import_options import (
    ImportOptions,
    checked_options,
    said_of_files,
    school_of_number,
)
from schoolgate.enrolments.import_queries import last_applied
from schoolgate.enrolments.import_result import ImportResult, keep_result, preview_of, tally_content
from schoolgate.enrolments.known_people import KnownPeople
from schoolgate.enrolments.merge.named import named_rows
from schoolgate.enrolments.merge.plan import Noted, Plan, Tally, make_plan, prepare, write_plan
from schoolgate.enrolments.merge.sql import Import
from schoolgate.enrolments.merge.staging import staging
from schoolgate.enrolments.models import (
    Association,
    Contact,
    ImportState,
    PersonState,
    Restriction,
    RosterImport,
    Student,
)
from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.detect import detect
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings, Severity
from schoolgate.enrolments.roster.left_out import LeftOut, rows_to_leave_out
from schoolgate.enrolments.roster.rows import (
    AssociationRow,
    ContactRow,
    Reading,
    ReadOptions,
    StudentRow,
)
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import AccessPolicy, Tenant
from schoolgate.tenancy.notify_office import notify_office


@transaction.atomic(durable=True)
def import_roster(
    *,
    tenant: Tenant,
    files: RosterFiles,
    findings: Findings,
    options: ImportOptions,
    by: Actor,
    at: datetime,
    dry_run: bool = False,
) -> ImportResult:
    """Check the files and, unless something stands against it, apply them: all of them or nothing.

    findings: with what opening the files has found. In order: errors refuse, warnings want accepting, holds want approval.
    A dry run writes nothing, not even its own record. Raises ImportRefused for options that can't be.
    """
    options = checked_options(tenant=tenant, options=options)
    if dry_run:
        return take_in(tenant=tenant, files=files, findings=findings, options=options, by=by, at=at, apply=False)
    entry = RosterImport.objects.create(
        tenant=tenant,
        source=options.source,
        school=school_of_number(tenant=tenant, number=options.school_number),
        file_names=files.names,
        options=said_of_files(options),
        actor_kind=by.kind.value,
        actor_id=by.user_id,
        created_at=at,
    )
    result = take_in(
        tenant=tenant, files=files, findings=findings, options=options, by=by, at=at, apply=True, entry=entry
    )
    keep_result(entry, result, tenant=tenant, at=at)
    return replace(result, import_id=entry.pk)


def take_in(
    *,
    tenant: Tenant,
    files: RosterFiles,
    findings: Findings,
    options: ImportOptions,
    by: Actor,
    at: datetime,
    apply: bool,
    entry: RosterImport | None = None,
    previewed: Mapping[str, Any] | None = None,
) -> ImportResult:
    """Step: read, compare, weigh, and write if ``apply`` and nothing stands against it.

    A preview is the same with ``apply`` False: its state is then ready, held, warned or refused. previewed: the counts
    and holds that a person saw; where they would be others now, nothing is written and the new preview comes back.
    """
    format_ = detect(files, findings, named=options.format)
    content_hash = files.content_hash()
    if format_ is None:
        return _refused(tenant, "", findings, content_hash)
    last = last_applied(tenant=tenant, source=options.source)
    read_options = _read_options(options, last, tenant, at)
    reading = format_.read(files, read_options, findings)
    with staging() as stage:
        policy = tenant.settings.access_policy
        stage.load(reading.rows, guardians_may_see=policy == AccessPolicy.GUARDIANS)
        left: LeftOut | None = None
        if findings.has(Severity.ERROR):
            left = rows_to_leave_out(files, format_.whose, findings, read_options)
            if left is not None and any(left.is_about(row) for row in stage.restrictions):
                left = None
            if left is None or not options.leaves_out:
                return _refused(tenant, format_.name, findings, content_hash, may_leave_out=left.count if left else 0)
            stage.leave_out(left)
        left_out = left.count if left else 0
        # From here to the commit no other writer of this tenant comes between: the plan that is weighed is what is written.
        changed_no = tick(tenant=tenant) if apply else 0
        import_ = Import(
            tenant=tenant,
            source=options.source,
            by=by,
            at=at,
            today=day_of(tenant, at),
            changed_no=changed_no,
            school_number=options.school_number,
            has_role_words=reading.coverage.has_role_words,
            import_id=entry.pk if entry else None,
        )
        matches = prepare(stage, import_)
        if options.school_number is not None and not matches:
            findings.add(messages.SCHOOL_NOT_THERE, value=str(options.school_number))
            return _refused(tenant, format_.name, findings, content_hash)
        ages = Ages(
            newest_at=reading.newest_at,
            last_newest_at=last.newest_in_file_at if last else None,
            is_same_file=bool(last and last.content_hash == content_hash),
        )
        plan = make_plan(stage, matches, reading.coverage, ages, import_)
        _tell(plan, reading, findings)
        state = _state(findings, plan, options, apply=apply)
        if state == ImportState.APPLIED and previewed is not None and previewed != preview_of(plan, left_out=left_out):
            findings.add(messages.CHANGED_SINCE_PREVIEW)
            state = ImportState.HELD if plan.held else ImportState.READY
        made: list[Restriction] = []
        named = [] if apply else named_rows(import_)
        if state == ImportState.APPLIED:
            made = write_plan(plan, import_)
            _record(plan, made, options, format_.name, by=by, at=at, tenant=tenant, entry=entry, left_out=left_out)
    return ImportResult(
        state=state,
        format=format_.name,
        held=tuple(plan.held),
        students=plan.students,
        contacts=plan.contacts,
        associations=plan.associations,
        findings=tuple(findings.folded()),
        base_no=changed_no or clock_now(tenant=tenant),
        newest_at=reading.newest_at,
        content_hash=content_hash,
        restricted=tuple((restriction.student_id, restriction.contact_id) for restriction in made),
        left_out=left_out,
        rows=tuple(named),
    )


def _refused(
    tenant: Tenant, format_name: str, findings: Findings, content_hash: str, *, may_leave_out: int = 0
) -> ImportResult:
    """Nothing changes: the totals are those that stand."""
    active = PersonState.ACTIVE
    students = Student.objects.for_tenant(tenant).filter(state=active).count()
    contacts = Contact.objects.for_tenant(tenant).filter(state=active).count()
    ties = Association.objects.for_tenant(tenant).standing().count()
    return ImportResult(
        state=ImportState.REFUSED,
        format=format_name,
        held=(),
        students=Tally(students, 0, 0, 0),
        contacts=Tally(contacts, 0, 0, 0),
        associations=Tally(ties, 0, 0, 0),
        findings=tuple(findings.folded()),
        content_hash=content_hash,
        may_leave_out=may_leave_out,
    )


def _state(findings: Findings, plan: Plan, options: ImportOptions, *, apply: bool) -> ImportState:
    if findings.has(Severity.WARNING) and not options.accepts_warnings:
        return ImportState.WARNED
    if plan.held and not options.approves:
        return ImportState.HELD
    return ImportState.APPLIED if apply else ImportState.READY


def _tell(plan: Plan, reading: Reading, findings: Findings) -> None:
    """The plan's own findings, beside those of the files."""
    file_by_kind = {
        "student": reading.files.get(StudentRow, ""),
        "contact": reading.files.get(ContactRow, ""),
        "tie": reading.files.get(AssociationRow, ""),
    }
    for weighed in plan.weighed:
        findings.add(
            weighed.message,
            file=file_by_kind.get(weighed.file, weighed.file),
            line=weighed.line,
            column=weighed.column,
            value=weighed.value,
            gaps=weighed.gaps,
        )
    for noted in plan.notes:
        _tell_note(noted, reading, findings)


def _tell_note(noted: Noted, reading: Reading, findings: Findings) -> None:
    findings.add(
        noted.message,
        file=reading.files.get(noted.kind, ""),
        line=noted.line,
        column=noted.column,
        value=noted.value,
        count=noted.count,
        gaps=noted.gaps,
    )


def _read_options(options: ImportOptions, last: RosterImport | None, tenant: Tenant, at: datetime) -> ReadOptions:
    """What is said about the files, and whether this source's encoding was accepted before: nobody is asked twice (§9)."""
    is_confirmed = bool(last and last.findings.filter(code=messages.FILE_ENCODING_GUESSED.code).exists())
    return ReadOptions(
        date_order=options.date_order,
        repair=options.repair,
        encoding_is_confirmed=is_confirmed,
        known=KnownPeople(tenant, options.source),
        today=day_of(tenant, at),
    )


def _record(
    plan: Plan,
    made: list[Restriction],
    options: ImportOptions,
    format_name: str,
    *,
    by: Actor,
    at: datetime,
    tenant: Tenant,
    entry: RosterImport | None,
    left_out: int,
) -> None:
    """The audit, in the same transaction; unclear restrictions become a task for the office."""
    if made:
        subjects = {("student", row.student_id) for row in made} | {("contact", row.contact_id) for row in made}
        subjects |= {("restriction", row.pk) for row in made}
        record(
            "restriction.imported",
            tenant_id=tenant.pk,
            by=by,
            at=at,
            subjects=sorted(subjects),
            detail={"restrictions": len(made)},
        )
    unclear = {row.said[:40] for row in plan.restrictions.unclear}
    about = [("restriction", row.pk) for row in made if row.source_word in unclear]
    if about:
        notify_office("restriction.unclear", tenant=tenant, at=at, subjects=about)
    record(
        "roster.imported",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=[("import", entry.pk)] if entry else [],
        detail={
            "source": options.source,
            "format": format_name,
            "school": options.school_number,
            "approved": plan.held,
            "warnings_accepted": options.accepts_warnings,
            "left_out": left_out,
            "students": tally_content(plan.students),
            "contacts": tally_content(plan.contacts),
            "associations": tally_content(plan.associations),
        },
        reason=options.reason,
    )
