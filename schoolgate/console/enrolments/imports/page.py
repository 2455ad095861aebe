"""One import as its page shows it: what was found, what it would do, what may be done now."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from schoolgate.console.enrolments.imports.forms import ApplyForm
from schoolgate.console.job_panel import JobPanel, panel_of
from schoolgate.enrolments.apply_import import WAITING
from schoolgate.enrolments.import_queries import OPEN_STATES, findings_of, import_by_id
from schoolgate.enrolments.models import ImportState, RosterFinding, RosterImport
from schoolgate.enrolments.roster.registry import FORMATS
from schoolgate.enrolments.undo_import import undoable_import
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.queries import member_name
from schoolgate.tenancy.roles import Right

_KINDS: dict[str, str | Promise] = {
    "students": _("Students"),
    "contacts": _("Contacts"),
    "associations": _("Associations"),
}


_ACTS: dict[str, str | Promise] = {
    "added": _("added"),
    "changed": _("changed"),
    "deactivated": _("made inactive or ended"),
}


@dataclass(frozen=True)
class CountRow:
    """What happens to students, contacts or associations."""

    label: str | Promise
    added: int
    changed: int
    deactivated: int
    total: int


@dataclass(frozen=True)
class NamedGroup:
    """Who it is: the first of one kind and act, and how many more there are."""

    label: str | Promise
    act: str | Promise
    count: int
    rows: list[dict[str, Any]]

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True)
class ImportPage:
    """panel: of the job while it runs. may_act: apply it or let it be."""

    entry: RosterImport
    format_title: str
    by: str
    panel: JobPanel | None
    findings: list[RosterFinding]
    severities: Counter[str]
    counts: list[CountRow]
    groups: list[NamedGroup]
    form: ApplyForm
    may_act: bool
    is_undoable: bool

    @property
    def may_undo(self) -> bool:
        """It is the last one that was applied, it changed something, and the reader may edit."""
        return self.is_undoable and self.may_act and not self.is_nothing

    @property
    def is_open(self) -> bool:
        """Is a job at work on it?"""
        return self.entry.state in OPEN_STATES

    @property
    def is_waiting(self) -> bool:
        """Checked, its files kept, and waiting for a person."""
        return self.entry.state in WAITING and self.entry.job_id is not None

    @property
    def is_at_terminal(self) -> bool:
        """Held or warned at the command line, whose files are not here."""
        return self.entry.state in WAITING and self.entry.job_id is None

    @property
    def may_leave_out(self) -> int:
        """How many bad rows a refused one could go without; 0: it can't."""
        is_kept = self.entry.state == ImportState.REFUSED and self.entry.job_id is not None
        return self.entry.may_leave_out if is_kept and self.may_act else 0

    @property
    def left_out(self) -> int:
        """How many bad rows it goes, or went, without."""
        return int(self.entry.counts.get("left_out", 0))

    @property
    def is_nothing(self) -> bool:
        """It changes nobody."""
        return not any(row.added or row.changed or row.deactivated for row in self.counts)


def import_in(request: TenantRequest, import_id: int, right: Right) -> RosterImport:
    """An import within the member's reach. Raises NotFound."""
    return import_by_id(tenant=request.tenant, import_id=import_id, school_ids=request.rights[right])


def page_of(request: TenantRequest, entry: RosterImport, *, at: datetime, posted: bool = False) -> ImportPage:
    """All that the page needs, in a number of queries that doesn't grow."""
    findings = list(findings_of(entry))
    severities = Counter(finding.severity for finding in findings)
    format_ = FORMATS.get(entry.format)
    last = undoable_import(tenant=request.tenant) if entry.state == ImportState.APPLIED else None
    is_undoable = last is not None and last.pk == entry.pk
    return ImportPage(
        entry=entry,
        format_title=format_.title if format_ else "",
        by=member_name(request.tenant, entry.actor_id) or "schoolgate",
        panel=panel_of(request, entry.job, at=at) if entry.job and entry.state in OPEN_STATES else None,
        findings=findings,
        severities=severities,
        counts=counts_of(entry),
        groups=_groups(entry),
        form=ApplyForm(request.POST if posted else None, entry=entry, has_warnings=bool(severities["warning"])),
        may_act=Right.ENROLMENTS_EDIT in request.rights,
        is_undoable=is_undoable,
    )


def counts_of(entry: RosterImport) -> list[CountRow]:
    """What it does, by kind."""
    return [
        CountRow(label, *(entry.counts[name][part] for part in ("added", "changed", "deactivated", "total")))
        for name, label in _KINDS.items()
        if name in entry.counts
    ]


def _groups(entry: RosterImport) -> list[NamedGroup]:
    groups = []
    for kind, label in _KINDS.items():
        for act, word in _ACTS.items():
            rows = [row for row in entry.preview if (row["kind"], row["act"]) == (kind, act)]
            if rows:
                groups.append(NamedGroup(label, word, entry.counts[kind][act], rows))
    return groups
