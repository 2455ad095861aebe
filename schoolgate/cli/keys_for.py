"""schoolgate keys generate --for · keys list --for students: keys from the students' side (registration-keys §6, §7)"""

import argparse
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schoolgate.cli.outcome import Outcome
from schoolgate.cli.progress import run_now, skips_in_words
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.jobs.models import ItemState, JobItem
from schoolgate.jobs.queries import skip_counts
from schoolgate.keys.generate import start_generate
from schoolgate.keys.id_list import MOST_BYTES, Entry, ListCheck, check_list, read_list
from schoolgate.keys.plan_run import RunAsked, forecast_run, plan_run
from schoolgate.keys.reveal import reveal_keys
from schoolgate.keys.schemes import INACTIVE, UNKNOWN
from schoolgate.keys.student_keys import StudentKey, known_students, student_keys
from schoolgate.keys.subjects import STUDENT_SELF, of_students
from schoolgate.keys.whom import Plan
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import School, Tenant


class SchoolRefused(SchoolgateError):
    """A school that doesn't exist, or isn't active."""

    code = "keys.school"
    status = 422


class ListUnreadable(SchoolgateError):
    """The file with the ids can't be opened."""

    code = "keys.ids"
    fix = "Give --ids a file with one student id on each line."


def add_run(command: argparse.ArgumentParser, whom: "argparse._MutuallyExclusiveGroup") -> None:
    """--for beside --all and --contact, and what narrows it."""
    whom.add_argument(
        "--for",
        dest="whose",
        choices=["parents", "students", "both"],
        help="the active students of active schools: their contacts, themselves, or both",
    )
    narrows = "with --for: "
    command.add_argument("--school", nargs="+", action="extend", type=int, metavar="N", help=f"{narrows}school codes")
    command.add_argument("--grade", nargs="+", action="extend", metavar="G", help=f"{narrows}year levels, as published")
    command.add_argument(
        "--ids", type=Path, metavar="FILE", help=f"{narrows}the students of a list, by the roster's ids, one a line"
    )
    command.add_argument("--dry-run", action="store_true", help=f"{narrows}say what would be made, and make nothing")
    command.set_defaults(whose=None, usage=command.error)


def refuse_without_for(arguments: argparse.Namespace) -> None:
    """--school and the like narrow --for alone: a usage error with --all or --contact."""
    for name in ("school", "grade", "ids", "dry_run"):
        if getattr(arguments, name):
            arguments.usage(f"argument --{name.replace('_', '-')}: only with --for")


def run_for(arguments: argparse.Namespace) -> Outcome:
    tenant, at = tenant_named(arguments.tenant), timezone.now()
    check = _checked(tenant, arguments.ids) if arguments.ids else None
    asked = RunAsked(
        for_students=arguments.whose in {"students", "both"},
        for_parents=arguments.whose in {"parents", "both"},
        school_ids=_school_ids(tenant, arguments.school) if arguments.school else None,
        year_levels=frozenset(arguments.grade or ()),
        student_ids=None if check is None else frozenset(check.found),
    )
    plan = plan_run(tenant=tenant, asked=asked, at=at)
    by, skipped = (_would if arguments.dry_run else _made)(tenant, plan, at=at)
    if check is not None:
        skipped[UNKNOWN] += len(check.unknown) + len(check.spreadsheet)
        skipped[INACTIVE] += len(check.inactive)
    told = {why: count for why, count in sorted(skipped.items()) if count}
    content: dict[str, Any] = {"generated": sum(by.values()), "by": by, "skipped": told}
    if arguments.dry_run:
        content["dry_run"] = True
    if check is not None:
        content["ids"] = _list_told(check)
    verb = "Would make" if arguments.dry_run else "Made"
    text = f"{verb} {by['parents']} keys for parents and {by['students']} for students.{skips_in_words(told)}"
    return Outcome(content, "\n".join([text, *_list_in_words(check)]))


def _would(tenant: Tenant, plan: Plan, *, at: datetime) -> tuple[dict[str, int], Counter[str]]:
    skipped: Counter[str] = Counter()
    by = {"parents": 0, "students": 0}
    for line in forecast_run(tenant=tenant, plan=plan, at=at):
        by["parents"] += line.for_parents
        by["students"] += line.for_students
        skipped += line.skipped
    return by, skipped


def _made(tenant: Tenant, plan: Plan, *, at: datetime) -> tuple[dict[str, int], Counter[str]]:
    job = start_generate(tenant=tenant, subjects=plan.subjects, by=terminal_actor(tenant), at=at, queued=False)
    job = run_now(job, "Generate Keys")
    students = JobItem.objects.filter(job=job, state=ItemState.DONE, subject_kind=STUDENT_SELF).count()
    skipped: Counter[str] = Counter(why for _student, why in plan.left_out.values())
    for (_state, why), count in skip_counts(job).items():
        skipped[why] += count
    return {"parents": job.done - students, "students": students}, skipped


def _school_ids(tenant: Tenant, numbers: list[int]) -> frozenset[int]:
    """Raises SchoolRefused: inactive schools have no run."""
    schools = {school.number: school for school in School.objects.for_tenant(tenant).filter(number__in=set(numbers))}
    for number in numbers:
        if number not in schools:
            raise SchoolRefused(f"There is no school with the code {number}.", fix="School Campuses lists the codes.")
        if not schools[number].is_active:
            raise SchoolRefused(
                f"The school {number} is inactive: no keys are made for it.",
                fix="Leave it out, or make it active under School Campuses.",
            )
    return frozenset(school.pk for school in schools.values())


def _checked(tenant: Tenant, path: Path) -> ListCheck:
    """Raises ListUnreadable, ListRefused."""
    try:
        with path.open("rb") as file:
            entries = read_list(file.read(MOST_BYTES + 1))
    except OSError as fault:
        raise ListUnreadable(f"{path} can't be read: {fault.strerror}.") from fault
    texts = {entry.text for entry in entries if entry.text}
    return check_list(
        entries, known_students(tenant=tenant, column="source_id", texts=texts, today=day_of(tenant, timezone.now()))
    )


_LISTS = ("blank", "twice", "unknown", "spreadsheet", "inactive")


def _list_told(check: ListCheck) -> dict[str, Any]:
    told: dict[str, Any] = {"found": len(check.found)}
    for name in _LISTS:
        entries: tuple[Entry, ...] = getattr(check, name)
        told[name] = [{"line": entry.line, "id": entry.text} for entry in entries]
    return told


def _list_in_words(check: ListCheck | None) -> list[str]:
    """A sentence for each kind of line that names nobody to act on."""
    if check is None:
        return []
    words = {
        "blank": "are blank",
        "twice": "stood further up",
        "unknown": "name nobody",
        "spreadsheet": "are numbers shortened by a spreadsheet",
        "inactive": "name students who are not active",
    }
    said = [f"The list names {len(check.found)} students."]
    for name, what in words.items():
        entries: tuple[Entry, ...] = getattr(check, name)
        if entries:
            shown = ", ".join(f"{entry.line} {entry.text}".strip() for entry in entries[:10])
            said.append(f"Lines that {what}: {shown}{' …' if len(entries) > 10 else ''} ({len(entries)})")
    return said


def student_rows(tenant: Tenant, *, at: datetime, reveal: bool) -> Outcome:
    """Each active student, and how the key for their own use stands."""
    found = list(student_keys(tenant=tenant, at=at))
    in_clear: dict[int, str] = {}
    if reveal:
        everybody = of_students(each.student_id for each in found)
        shown = reveal_keys(tenant=tenant, subjects=everybody, by=terminal_actor(tenant), at=at)
        in_clear = {revealed.subject.id: revealed.code.grouped for revealed in shown}
    rows = [_row(each, in_clear) for each in found]
    return Outcome({"keys": rows}, lambda console: _print(console, rows))


def _row(each: StudentKey, in_clear: dict[int, str]) -> dict[str, Any]:
    return {
        "student": each.source_id,
        "student_no": each.student_no,
        "name": each.name,
        "school": each.school,
        "year": each.year_level,
        "class": each.roll_class,
        "username": ", ".join(each.usernames),
        "state": each.state,
        "locked": each.is_locked,
        "selector": each.selector,
        "key": in_clear.get(each.student_id) if each.state == "live" else None,
        "expires": each.last_day.isoformat() if each.last_day else None,
    }


def _print(console: Console, rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Student", "Student Id", "Name", "School", "Year", "Class", "Username", "State", "Key", "Ends on"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        state = "locked" if row["locked"] and row["state"] == "live" else row["state"]
        cells = [row[name] for name in ("student", "student_no", "name", "school", "year", "class", "username")]
        cells += [state, row["key"] or row["selector"], row["expires"] or ""]
        table.add_row(*(Text(str(cell)) for cell in cells))  # Names are no markup.
    console.print(table) if rows else console.print("Nothing has been published yet: run a Data Sync.")
