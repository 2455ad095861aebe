"""schoolgate roster make"""

import argparse
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from schoolgate.cli.outcome import Outcome
from schoolgate.enrolments.roster_make.make import AS_OF, WRITERS, RosterNotMade, make_roster
from schoolgate.enrolments.roster_make.writing import RosterCounts


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    roster = commands.add_parser("roster", help="made-up rosters").add_subparsers(required=True, metavar="ACT")
    make = roster.add_parser(
        "make", help="write a roster of people who don't exist; the same seed gives the same bytes"
    )
    make.add_argument("--students", type=int, required=True, metavar="N")
    make.add_argument("--schools", type=int, required=True, metavar="K")
    make.add_argument("--seed", type=int, required=True, metavar="S")
    make.add_argument("--format", required=True, choices=list(WRITERS), metavar="F", help=" · ".join(WRITERS))
    make.add_argument("--out", type=Path, required=True, metavar="DIR")
    make.add_argument("--as-of", type=date.fromisoformat, default=AS_OF, metavar="DATE", help="the day it is from")
    make.set_defaults(run=_make, needs_schema=False)


def _make(arguments: argparse.Namespace) -> Outcome:
    try:
        counts = _with_progress(arguments)
    except OSError as fault:
        raise RosterNotMade(
            f"{fault.filename or arguments.out} can't be written: {fault.strerror}.",
            fix="Name a folder that you may write to.",
            code="roster.folder",
        ) from fault
    content = {"students": counts.students, "contacts": counts.contacts, "associations": counts.associations}
    return Outcome(
        content,
        f"Wrote {counts.students:,} students, {counts.contacts:,} contacts and {counts.associations:,} associations"
        f" to {arguments.out} as {arguments.format}. Nobody in it exists.",
    )


def _with_progress(arguments: argparse.Namespace) -> RosterCounts:
    chosen = {name: getattr(arguments, name) for name in ("students", "schools", "seed", "format", "out", "as_of")}
    console = Console(stderr=True)
    if not console.is_terminal:
        return make_roster(**chosen)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Making the roster", total=arguments.students)
        return make_roster(**chosen, on_progress=lambda so_far: bar.update(task, completed=so_far))
