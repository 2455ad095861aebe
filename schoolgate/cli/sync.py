"""schoolgate sync"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone
from rich.console import Console

from schoolgate.cli.follow import follow_at_once
from schoolgate.cli.outcome import DONE, HELD, Outcome
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.sync.preview import plan_sync
from schoolgate.sync.publish import Approval, Ending, publish_changes
from schoolgate.sync.publish import Outcome as SyncOutcome
from schoolgate.sync.thresholds import hold_text

_STEPS = {"wait": "Waiting for whoever saves", "compare": "Comparing", "write": "Publishing"}


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sync = commands.add_parser("sync", help="publish what enrolments say (Data Sync)")
    sync.add_argument("--tenant", required=True, metavar="C")
    sync.add_argument("--dry-run", action="store_true", help="say what would be published, and publish nothing")
    sync.add_argument("--approve", action="store_true", help="publish also what would be held for a second look")
    sync.set_defaults(run=_sync)


def _sync(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    by, at = terminal_actor(tenant), timezone.now()
    approval = Approval("Approved at the terminal.") if arguments.approve else None
    if arguments.dry_run:
        found = plan_sync(tenant=tenant, at=at)
    else:
        with _saying() as say:
            found = publish_changes(tenant=tenant, by=by, at=at, approval=approval, on_step=say)
        follow_at_once(tenant=tenant, by=by, at=at)
    held = bool(found.held_why) and approval is None
    return Outcome(found.as_json(), lambda console: _say(console, found, held=held), HELD if held else DONE)


def _say(console: Console, found: SyncOutcome, *, held: bool) -> None:
    counts: dict[str, Any] = found.counts.as_json()
    if found.ending is Ending.NOTHING:
        console.print("Nothing is waiting: the directory is as enrolments are.")
        return
    for word in ("students", "contacts"):
        console.print(
            f"{word.capitalize()}: {counts[word]['added']} added, {counts[word]['changed']} changed,"
            f" {counts[word]['removed']} removed."
        )
    console.print(f"Links: {counts['links']['added']} added, {counts['links']['removed']} withdrawn.")
    for code in found.held_why if held else []:
        console.print(f"Held ({code}): {hold_text(code, found.figures)}")
    if held:
        console.print("Nothing was published. Look again, and then: schoolgate sync --approve")
    elif found.run is not None:
        console.print(f"Published as run {found.run.number}.")
    else:
        console.print("This was a dry run: nothing was published.")


@contextmanager
def _saying() -> Iterator[Callable[[str], None]]:
    """Tell each stage on standard error, and only to a person at a terminal."""
    if not sys.stderr.isatty():
        yield lambda _stage: None
        return
    with Console(stderr=True).status("") as status:
        yield lambda stage: status.update(f"{_STEPS[stage]} …")
