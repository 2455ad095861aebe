"""schoolgate keys generate · list · revoke (letters: cli/letters.py · email: cli/email.py · system: cli/keys_system.py)"""

import argparse
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schoolgate.cli.keys_for import add_run, refuse_without_for, run_for, student_rows
from schoolgate.cli.outcome import Outcome
from schoolgate.cli.progress import run_now, skips_in_words
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.jobs.models import Job
from schoolgate.jobs.queries import skip_counts
from schoolgate.jobs.subject import Subject
from schoolgate.keys.generate import start_generate
from schoolgate.keys.queries import ContactKey, contact_ids_by_source_id, contact_keys, parent_contact_ids
from schoolgate.keys.reveal import reveal_keys
from schoolgate.keys.revoke import start_revoke
from schoolgate.keys.schemes import UNKNOWN
from schoolgate.keys.subjects import of_contacts, parent_subjects
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keys = commands.add_parser("keys", help="contacts' access keys").add_subparsers(required=True, metavar="ACT")
    generate = keys.add_parser("generate", help="make a key for each contact, or student, who needs one")
    add_run(generate, add_selection(generate))
    generate.set_defaults(run=_generate)

    listing = keys.add_parser("list", help="each PARENT contact, or active student, and how their key stands")
    listing.add_argument("--tenant", required=True, metavar="C")
    listing.add_argument("--for", dest="whose", choices=["parents", "students"], default="parents", help="whose keys")
    listing.add_argument("--reveal", action="store_true", help="show live keys in full; the audit notes each")
    listing.set_defaults(run=_list)

    revoke = keys.add_parser("revoke", help="end keys")
    add_selection(revoke)
    revoke.add_argument("--reason", required=True, metavar="R")
    revoke.add_argument("--used", action="store_true", help="used keys as well: their accounts lose these students")
    revoke.set_defaults(run=_revoke)

    for module in ("letters", "email", "keys_system"):  # They take their selection from here.
        import_module(f"schoolgate.cli.{module}").register_keys(keys)


def add_selection(command: argparse.ArgumentParser) -> "argparse._MutuallyExclusiveGroup":
    """--tenant, and either --all or --contact, as every act on keys has them. The group of the two."""
    command.add_argument("--tenant", required=True, metavar="C")
    whom = command.add_mutually_exclusive_group(required=True)
    whom.add_argument("--all", action="store_true", help="every PARENT contact of the directory")
    whom.add_argument("--contact", nargs="+", action="extend", default=[], metavar="ID", help="the roster's ids")
    return whom


@dataclass(frozen=True)
class Selection:
    """subjects: in the order asked for. unknown: how many ids name nobody."""

    subjects: list[Subject]
    unknown: int = 0


def selected(arguments: argparse.Namespace, tenant: Tenant) -> Selection:
    """Whom a command is about."""
    today = day_of(tenant, timezone.now())
    if arguments.all:
        parents = parent_contact_ids(tenant=tenant)
        return Selection(parent_subjects(tenant=tenant, contact_ids=parents, today=today))
    asked = list(dict.fromkeys(arguments.contact))
    found = contact_ids_by_source_id(tenant=tenant, source_ids=asked)
    contact_ids = [pk for source_id in asked for pk in found.get(source_id, [])]
    subjects = parent_subjects(tenant=tenant, contact_ids=contact_ids, today=today)
    return Selection(subjects, len(set(asked) - set(found)))


def skipped_of(job: Job, selection: Selection) -> dict[str, int]:
    """{why: how many} of a job that has ended, the unknown ids included."""
    skipped: Counter[str] = Counter()
    for (_, why), count in skip_counts(job).items():
        skipped[why] += count
    skipped[UNKNOWN] += selection.unknown
    return {why: count for why, count in sorted(skipped.items()) if count}


def _generate(arguments: argparse.Namespace) -> Outcome:
    if arguments.whose:
        return run_for(arguments)
    refuse_without_for(arguments)
    tenant = tenant_named(arguments.tenant)
    selection = selected(arguments, tenant)
    job = start_generate(
        tenant=tenant,
        subjects=selection.subjects,
        by=terminal_actor(tenant),
        at=timezone.now(),
        queued=False,
    )
    job = run_now(job, "Generate Keys")
    skipped = skipped_of(job, selection)
    text = f"Made {job.done} keys.{skips_in_words(skipped)}"
    return Outcome({"generated": job.done, "skipped": skipped}, text)


def _revoke(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    selection = selected(arguments, tenant)
    job = start_revoke(
        tenant=tenant,
        subjects=selection.subjects,
        reason=arguments.reason,
        used=arguments.used,
        by=terminal_actor(tenant),
        at=timezone.now(),
        queued=False,
    )
    job = run_now(job, "Revoke Keys")
    skipped = skipped_of(job, selection)
    text = f"Revoked the keys of {job.done} contacts.{skips_in_words(skipped)}"
    return Outcome({"revoked": job.done, "skipped": skipped}, text)


def _list(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    at = timezone.now()
    if arguments.whose == "students":
        return student_rows(tenant, at=at, reveal=arguments.reveal)
    in_clear: dict[int, str] = {}
    if arguments.reveal:
        everybody = of_contacts(parent_contact_ids(tenant=tenant))
        shown = reveal_keys(tenant=tenant, subjects=everybody, by=terminal_actor(tenant), at=at)
        in_clear = {revealed.subject.id: revealed.code.grouped for revealed in shown}
    found = list(contact_keys(tenant=tenant, at=at))
    rows = [_row(each, in_clear) for each in found]
    return Outcome({"keys": rows}, lambda console: _print(console, rows, with_keys=arguments.reveal))


def _row(each: ContactKey, in_clear: dict[int, str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "contact": each.source_id,
        "name": each.name,
        "email": each.email,
        "username": ", ".join(each.usernames),
        "students": list(each.student_ids),
        "state": each.state,
        "locked": each.is_locked,
        "selector": each.selector,
        "key": None,
        "expires": each.last_day.isoformat() if each.last_day else None,
    }
    if each.state == "live":
        row["key"] = in_clear.get(each.contact_id)
    return row


def _print(console: Console, rows: list[dict[str, Any]], *, with_keys: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Contact ID", "Name", "Email", "Username", "Students", "State", "Key", "Ends on"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        state = "locked" if row["locked"] and row["state"] == "live" else row["state"]
        key = (row["key"] if with_keys else None) or row["selector"]
        cells = [row["contact"], row["name"], row["email"], row["username"], " ".join(row["students"]), state, key]
        table.add_row(*(Text(cell) for cell in [*cells, row["expires"] or ""]))  # Names are no markup.
    console.print(table) if rows else console.print("Nothing has been published yet: run a Data Sync.")
