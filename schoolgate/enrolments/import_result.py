"""How an import ended, or would end: for its page, the command's JSON, and the history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schoolgate.enrolments.merge.named import NamedRow
from schoolgate.enrolments.merge.plan import Plan, Tally
from schoolgate.enrolments.models import ImportState, RosterFinding, RosterImport
from schoolgate.enrolments.roster.findings import Finding
from schoolgate.tenancy.models import Tenant


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
            "students": tally_content(self.students),
            "contacts": tally_content(self.contacts),
            "associations": tally_content(self.associations),
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
        "students": tally_content(plan.students),
        "contacts": tally_content(plan.contacts),
        "associations": tally_content(plan.associations),
        "left_out": left_out,
        "held": list(plan.held),
    }


def tally_content(tally: Tally) -> dict[str, int]:
    return {
        "total": tally.total,
        "added": tally.added,
        "changed": tally.changed,
        "deactivated": tally.deactivated,
    }


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
