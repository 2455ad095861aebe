"""schoolgate import"""

import argparse
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from django.utils import timezone
from rich.console import Console
from rich.table import Table

from schoolgate.cli.follow import follow_at_once
from schoolgate.cli.outcome import DONE, HELD, REFUSED, Outcome
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.enrolments.import_options import DEFAULT_SOURCE, ImportOptions
from schoolgate.enrolments.import_result import ImportResult
from schoolgate.enrolments.import_roster import import_roster
from schoolgate.enrolments.models import ImportState
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Finding, Findings, worst_first
from schoolgate.enrolments.roster.registry import FORMATS
from schoolgate.enrolments.roster.rows import DateOrder
from schoolgate.lib.errors import SchoolgateError
from schoolgate.sync.restrict import withdraw_restricted

_EXIT_CODES = {
    ImportState.APPLIED: DONE,
    ImportState.READY: DONE,
    ImportState.REFUSED: REFUSED,
    ImportState.WARNED: REFUSED,
    ImportState.HELD: HELD,
}
_STYLES = {"error": "bold red", "hold": "bold magenta", "warning": "yellow", "note": "dim"}


class PathUnreadable(SchoolgateError):
    """A file or folder that was named can't be opened."""

    code = "import.path"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``import``."""
    command = commands.add_parser("import", help="import a roster: CSV files, a folder of them, or a zip")
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    command.add_argument("--tenant", required=True, metavar="C")
    command.add_argument("--source", default=DEFAULT_SOURCE, metavar="NAME", help="whose ids these are (default: sis)")
    command.add_argument("--format", default="", choices=list(FORMATS), metavar="F", help=" · ".join(FORMATS))
    command.add_argument("--school", type=int, metavar="N", help="import this school alone")
    command.add_argument("--dates", choices=[order.value for order in DateOrder], help="how to read 4/2/2014")
    command.add_argument("--repair", action="store_true", help="undo a double encoding (MÃ¼ller) in whole files")
    command.add_argument(
        "--leave-out-bad-rows",
        action="store_true",
        help="apply without the rows that have errors, if they are at most 1 in 100 and none is about a restriction",
    )
    command.add_argument("--dry-run", action="store_true", help="check and preview; change nothing")
    command.add_argument("--approve", action="store_true", help="apply although a guard asks for a second look")
    command.add_argument("--accept-warnings", action="store_true", help="apply although there are warnings")
    command.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    options = ImportOptions(
        source=arguments.source,
        format=arguments.format,
        school_number=arguments.school,
        date_order=DateOrder(arguments.dates) if arguments.dates else None,
        repair=arguments.repair,
        leaves_out=arguments.leave_out_bad_rows,
        accepts_warnings=arguments.accept_warnings,
        approves=arguments.approve,
    )
    findings = Findings()
    by, at = terminal_actor(tenant), timezone.now()
    try:
        with _busy(), RosterFiles.at_paths(arguments.paths, findings) as files:
            result = import_roster(
                tenant=tenant,
                files=files,
                findings=findings,
                options=options,
                by=by,
                at=at,
                dry_run=arguments.dry_run,
            )
    except OSError as fault:
        raise PathUnreadable(
            f"{fault.filename} can't be read: {fault.strerror}.", fix="Name files, folders or a zip that are there."
        ) from fault
    if result.restricted:
        # A restriction acts at once, whoever records it (R-RX-02); the rest of the import waits for a Data Sync.
        withdraw_restricted(tenant=tenant, by=by, at=at)
        follow_at_once(tenant=tenant, by=by, at=at)
    return Outcome(result.content(), lambda console: _show(console, result), _EXIT_CODES[result.state])


def _busy() -> AbstractContextManager[object]:
    """A sign of life on standard error, for a person at a terminal; everything is one transaction, so there are no steps."""
    console = Console(stderr=True)
    return console.status("Reading, comparing and writing …") if console.is_terminal else nullcontext()


def _show(console: Console, result: ImportResult) -> None:
    """The findings, the counts, and in one sentence how it ended."""
    for finding in worst_first(result.findings):
        _show_finding(console, finding)
    table = Table("", "added", "changed", "deactivated", "active afterwards", box=None, pad_edge=False)
    for name in ("students", "contacts", "associations"):
        tally = getattr(result, name)
        table.add_row(name, *(f"{n:,}" for n in (tally.added, tally.changed, tally.deactivated, tally.total)))
    console.print(table)
    console.print(_sentence(result), markup=False)


def _show_finding(console: Console, finding: Finding) -> None:
    place = " ".join(part for part in (finding.file, f"line {finding.line}" if finding.line else "") if part)
    more = f" ({finding.count:,} like this)" if finding.count > 1 else ""
    console.print(finding.severity.value, style=_STYLES[finding.severity.value], end=" ")
    console.print(f"{place}: " if place else "", f"{finding.why} {finding.fix}{more}", sep="", markup=False)


def _sentence(result: ImportResult) -> str:
    if result.state == ImportState.REFUSED:
        without = f" Or import without these {result.may_leave_out:,} rows: --leave-out-bad-rows."
        return "Refused: nothing was changed. Mend the errors and import again." + (
            without if result.may_leave_out else ""
        )
    if result.state == ImportState.WARNED:
        return "Nothing was changed: look at the warnings, then import with --accept-warnings."
    if result.state == ImportState.HELD:
        return f"Held ({', '.join(result.held)}): nothing was changed. If it is right, import with --approve."
    if result.is_nothing:
        return "Nothing differs from what is known: zero changes."
    if result.state == ImportState.READY:
        return "A dry run: nothing was changed. Import without --dry-run to apply."
    without = f" without {result.left_out:,} rows; their people are as they were" if result.left_out else ""
    return f"Imported{without}. Families see it after the next Data Sync."
