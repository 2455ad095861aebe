"""Import a roster: from files to the working copy, all or nothing (``rostering.md`` §1, §10).

``import_roster`` is the command's act: one transaction. ``take_in`` is the same as a step, for the job of an upload.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import clock_now, tick
from schoolgate.enrolments.edit import OFFICE
from schoolgate.enrolments.errors import ImportRefused
from schoolgate.enrolments.guards import Ages
from schoolgate.enrolments.merge.named import NamedRow, named_rows
from schoolgate.enrolments.merge.plan import Noted, Plan, Tally, make_plan, prepare, write_plan
from schoolgate.enrolments.merge.sql import Import
from schoolgate.enrolments.merge.staging import staging
from schoolgate.enrolments.models import (
    Association,
    Contact,
    ImportState,
    PersonState,
    Restriction,
    RosterFinding,
    RosterImport,
    Student,
)
from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.detect import detect
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Finding, Findings, Severity
from schoolgate.enrolments.roster.left_out import LeftOut, rows_to_leave_out
from schoolgate.enrolments.roster.registry import FORMATS
from schoolgate.enrolments.roster.rows import (
    AssociationRow,
    ContactRow,
    DateOrder,
    Reading,
    ReadOptions,
    StudentRow,
)
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import AccessPolicy, School, Tenant
from schoolgate.tenancy.notify_office import notify_office

DEFAULT_SOURCE = "sis"


@dataclass(frozen=True)
class ImportOptions:
    """What a person says about an upload. source: whose ids these are. format: a name of the registry, empty to detect.

    school_number: import that school alone. leaves_out: apply without the rows that have errors, if they are few. accepts_warnings,
    approves: the person has seen warnings, or a hold; reason: why they approve.
    """

    source: str = DEFAULT_SOURCE
    format: str = ""
    school_number: int | None = None
    date_order: DateOrder | None = None
    repair: bool = False
    leaves_out: bool = False
    accepts_warnings: bool = False
    approves: bool = False
    reason: str = ""


@dataclass(frozen=True)
class ImportResult:
    """How it ended, or would end. restricted: (student, contact) database ids of pairs newly barred, to be withdrawn now.

    left_out: rows with errors that it went without. may_leave_out: rows without which a refused one could be applied.
    rows: of a preview, the first of those it would add, change or end.
    """

    state: ImportState
    format: str
    held: tuple[str, ...]
    students: Tally
    contacts: Tally
    associations: Tally
    findings: tuple[Finding, ...]
    import_id: int | None = None
    base_no: int = 0
    newest_at: datetime | None = None
    content_hash: str = ""
    restricted: tuple[tuple[int, int], ...] = ()
    left_out: int = 0
    may_leave_out: int = 0
    rows: tuple[NamedRow, ...] = ()

    @property
    def applied(self) -> bool:
        """The working copy now says what the file says."""
        return self.state == ImportState.APPLIED

    @property
    def is_nothing(self) -> bool:
        """Nobody and nothing changes."""
        return self.students.is_nothing and self.contacts.is_nothing and self.associations.is_nothing

    def content(self) -> dict[str, Any]:
        """The JSON of ``schoolgate import``."""
        return {
            "format": self.format,
            "applied": self.applied,
            "held": list(self.held),
            "students": _tally(self.students),
            "contacts": _tally(self.contacts),
            "associations": _tally(self.associations),
            "left_out": self.left_out,
            "findings": [
                {
                    "severity": finding.severity.value,
                    "code": finding.code,
                    "file": finding.file,
                    "line": finding.line or None,
                    "column": finding.column,
                    "value": finding.value,
                    "why": finding.why,
                    "fix": finding.fix,
                    "count": finding.count,
                }
                for finding in self.findings
            ],
        }


def preview_of(plan: Plan, *, left_out: int) -> dict[str, Any]:
    """What a person looks at before they apply an import, to compare it with what would be done later."""
    return {
        "students": _tally(plan.students),
        "contacts": _tally(plan.contacts),
        "associations": _tally(plan.associations),
        "left_out": left_out,
        "held": list(plan.held),
    }


def _tally(tally: Tally) -> dict[str, int]:
    return {
        "total": tally.total,
        "added": tally.added,
        "changed": tally.changed,
        "deactivated": tally.deactivated,
    }


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
    read_options = _read_options(options, last, tenant)
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


def checked_options(*, tenant: Tenant, options: ImportOptions) -> ImportOptions:
    """The options, with the order of dates as it was said before for this source (§9: asked once, remembered).

    Raises ImportRefused for a source or a format that can't be.
    """
    if not options.source or len(options.source) > 40 or options.source == OFFICE:
        raise ImportRefused(
            "A source is a short name for the system that gives the ids; “office” is what is added by hand.",
            code="import.source",
            field="source",
        )
    if options.format and options.format not in FORMATS:
        raise ImportRefused(
            f"There is no format {options.format!r}.", fix="Name one of: " + ", ".join(FORMATS), code="import.format"
        )
    last = last_applied(tenant=tenant, source=options.source)
    said = last.options.get("date_order") if last and options.date_order is None else None
    return replace(options, date_order=DateOrder(said)) if said else options


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


def last_applied(*, tenant: Tenant, source: str) -> RosterImport | None:
    """Query: the newest import of a source that was applied."""
    found = RosterImport.objects.for_tenant(tenant).filter(source=source, state=ImportState.APPLIED)
    return found.order_by("-applied_at", "-pk").first()


def _read_options(options: ImportOptions, last: RosterImport | None, tenant: Tenant) -> ReadOptions:
    """What is said about the files, and whether this source's encoding was accepted before: nobody is asked twice (§9)."""
    is_confirmed = bool(last and last.findings.filter(code=messages.FILE_ENCODING_GUESSED.code).exists())
    return ReadOptions(
        date_order=options.date_order,
        repair=options.repair,
        encoding_is_confirmed=is_confirmed,
        known=KnownPeople(tenant, options.source),
    )


def said_of_files(options: ImportOptions) -> dict[str, Any]:
    """The options that belong to the files, as an import keeps them."""
    return {
        "format": options.format,
        "school_number": options.school_number,
        "date_order": options.date_order.value if options.date_order else None,
        "repair": options.repair,
        "leaves_out": options.leaves_out,
    }


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
            "students": _tally(plan.students),
            "contacts": _tally(plan.contacts),
            "associations": _tally(plan.associations),
        },
        reason=options.reason,
    )


def keep_result(entry: RosterImport, result: ImportResult, *, tenant: Tenant, at: datetime) -> None:
    """Step: what an import found and did, for its page and the history."""
    content = result.content()
    entry.format = result.format
    entry.state = result.state
    entry.counts = {name: content[name] for name in ("students", "contacts", "associations", "left_out")}
    entry.may_leave_out = result.may_leave_out
    if not result.applied:  # What was previewed stays readable beside what was done.
        entry.preview = [row.content() for row in result.rows]
    entry.held = content["held"]
    entry.base_no = result.base_no
    entry.content_hash = result.content_hash
    entry.newest_in_file_at = result.newest_at
    entry.applied_at = at if result.applied else None
    entry.save()
    RosterFinding.objects.filter(roster_import=entry).delete()
    RosterFinding.objects.bulk_create(_findings(entry, result.findings), batch_size=500)


def _findings(entry: RosterImport, findings: Iterable[Finding]) -> Iterable[RosterFinding]:
    for position, finding in enumerate(findings, 1):
        yield RosterFinding(
            roster_import=entry,
            position=position,
            severity=finding.severity.value,
            code=finding.code,
            file=finding.file[:200],
            line=finding.line or None,
            column=finding.column[:200],
            value=finding.value,
            why=finding.why,
            fix=finding.fix,
            count=finding.count,
            places=[[place.line, place.value] for place in finding.places],
        )


class KnownPeople:
    """The people of one source as the working copy has them; read once, and only if a file names somebody it doesn't list."""

    def __init__(self, tenant: Tenant, source: str) -> None:
        self._tenant = tenant
        self._source = source

    @cached_property
    def _students(self) -> frozenset[str]:
        found = Student.objects.for_tenant(self._tenant).filter(source=self._source)
        return frozenset(found.values_list("source_id", flat=True))

    @cached_property
    def _contacts(self) -> frozenset[str]:
        found = Contact.objects.for_tenant(self._tenant).filter(source=self._source)
        return frozenset(found.values_list("source_id", flat=True))

    def has_student(self, source_id: str) -> bool:
        """Was a student of this id imported before?"""
        return source_id in self._students

    def has_contact(self, source_id: str) -> bool:
        """Was a contact of this id imported before?"""
        return source_id in self._contacts


def school_of_number(*, tenant: Tenant, number: int | None) -> School | None:
    """Query: the school an import was limited to, for its record."""
    return None if number is None else School.objects.for_tenant(tenant).filter(number=number).first()
