"""schoolgate accounts list · disable · unlock · unlink"""

import argparse
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schoolgate.accounts.disable import disable_accounts
from schoolgate.accounts.find import DISABLED, open_stops, state_of
from schoolgate.accounts.models import StopKind
from schoolgate.accounts.office_acts import Acted
from schoolgate.accounts.sight import sights_of
from schoolgate.accounts.unlink import unlink_accounts
from schoolgate.accounts.unlock import unlock_accounts
from schoolgate.cli.outcome import Outcome
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.keys.models import Tie
from schoolgate.keys.queries import contact_ids_by_source_id
from schoolgate.keys.subjects import STUDENT_SELF
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.usernames import fold

_AT_ONCE = 5_000
_REASON = "at the command line"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    accounts = commands.add_parser("accounts", help="portal accounts of families and students")
    acts = accounts.add_subparsers(required=True, metavar="ACT")
    listing = acts.add_parser("list", help="each account: whom it sees, when it signed in last, whether it is locked")
    _whom(listing)
    listing.set_defaults(run=_list)
    for name, run, what in (
        ("disable", _disable, "stop accounts from signing in; their connections stay"),
        ("unlock", _unlock, "let accounts try again after too many wrong passwords"),
        ("unlink", _unlink, "end the connection of accounts with contacts; the accounts stay"),
    ):
        act = acts.add_parser(name, help=what)
        _whom(act)
        if name != "unlock":
            act.add_argument("--reason", default=_REASON, metavar="R", help="for the audit")
        act.set_defaults(run=run, refuse=act.error)


def _whom(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tenant", required=True, metavar="C")
    command.add_argument("--username", nargs="+", action="extend", default=[], metavar="U", help="as they sign in")
    command.add_argument(
        "--contact", nargs="+", action="extend", default=[], metavar="ID", help="accounts that act for them"
    )


@dataclass(frozen=True)
class Selection:
    """account_ids: who is meant; with both options, accounts of these names that act for these contacts. contact_ids: the contacts.

    unknown: how many names and ids name nobody.
    """

    account_ids: list[int]
    contact_ids: list[int] | None
    unknown: int = 0


def _selected(arguments: argparse.Namespace, tenant: Tenant) -> Selection:
    accounts = User.objects.for_tenant(tenant).accounts().order_by("username_folded", "pk")
    unknown, contact_ids = 0, None
    if arguments.username:
        names = {fold(name) for name in arguments.username}
        accounts = accounts.filter(username_folded__in=names)
        unknown += len(names - set(accounts.values_list("username_folded", flat=True)))
    if arguments.contact:
        asked = list(dict.fromkeys(arguments.contact))
        found = contact_ids_by_source_id(tenant=tenant, source_ids=asked)
        contact_ids = [pk for source_id in asked for pk in found.get(source_id, [])]
        unknown += len(set(asked) - set(found))
        accounts = accounts.filter(pk__in=_ties(tenant, contact_ids).values("account_id"))
    return Selection(list(accounts.values_list("pk", flat=True)), contact_ids, unknown)


def _ties(tenant: Tenant, contact_ids: Collection[int]) -> Any:
    standing = Tie.objects.for_tenant(tenant).standing().exclude(subject_kind=STUDENT_SELF)
    return standing.filter(addressee_id__in=contact_ids)


def _require_somebody(arguments: argparse.Namespace) -> None:
    """An act on every account of a school must not come of a word that was left out: usage, exit code 2."""
    if not arguments.username and not arguments.contact:
        arguments.refuse("give --username, --contact, or both")


def _disable(arguments: argparse.Namespace) -> Outcome:
    _require_somebody(arguments)
    tenant = tenant_named(arguments.tenant)
    selection = _selected(arguments, tenant)
    acted = disable_accounts(
        tenant=tenant,
        account_ids=selection.account_ids,
        reason=arguments.reason,
        school_ids=None,
        by=terminal_actor(tenant),
        at=timezone.now(),
    )
    return _told("disabled", acted, selection)


def _unlock(arguments: argparse.Namespace) -> Outcome:
    _require_somebody(arguments)
    tenant = tenant_named(arguments.tenant)
    selection = _selected(arguments, tenant)
    acted = unlock_accounts(
        tenant=tenant, account_ids=selection.account_ids, by=terminal_actor(tenant), at=timezone.now()
    )
    return _told("unlocked", acted, selection)


def _unlink(arguments: argparse.Namespace) -> Outcome:
    """unlinked: connections that ended. An account without one, or without one to these contacts, counts as no_tie."""
    _require_somebody(arguments)
    tenant = tenant_named(arguments.tenant)
    selection = _selected(arguments, tenant)
    ties = Tie.objects.for_tenant(tenant).standing().filter(account_id__in=selection.account_ids)
    if selection.contact_ids is not None:
        ties = ties.filter(pk__in=_ties(tenant, selection.contact_ids).values("pk"))
    pairs = list(ties.order_by("pk").values_list("pk", "account_id"))
    acted = unlink_accounts(
        tenant=tenant,
        tie_ids=[pk for pk, _account_id in pairs],
        reason=arguments.reason,
        by=terminal_actor(tenant),
        at=timezone.now(),
    )
    without = len(set(selection.account_ids) - {account_id for _pk, account_id in pairs})
    skipped = Counter(acted.skipped) + Counter({"no_tie": without})
    return _told("unlinked", Acted(acted.done, skipped), selection)


def _told(word: str, acted: Acted, selection: Selection) -> Outcome:
    skipped = Counter(acted.skipped) + Counter({"unknown": selection.unknown})
    by_why = {why: count for why, count in sorted(skipped.items()) if count}
    said = ", ".join(f"{why.replace('_', ' ')} ({count})" for why, count in by_why.items())
    text = f"{word.capitalize()} {len(acted.done)}." + (f" Skipped {sum(by_why.values())}: {said}." if said else "")
    return Outcome({word: len(acted.done), "skipped": by_why}, text)


def _list(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    selection = _selected(arguments, tenant)
    rows = list(_rows(tenant, selection.account_ids, at=timezone.now()))
    content: dict[str, Any] = {"accounts": rows}
    if selection.unknown:
        content["skipped"] = {"unknown": selection.unknown}
    return Outcome(content, lambda console: _print(console, rows))


def _rows(tenant: Tenant, account_ids: Sequence[int], *, at: datetime) -> Iterator[dict[str, Any]]:
    """The columns of Account Maintenance, read in pieces."""
    for start in range(0, len(account_ids), _AT_ONCE):
        some = account_ids[start : start + _AT_ONCE]
        accounts = User.objects.for_tenant(tenant).in_bulk(some)
        sights = sights_of(tenant=tenant, account_ids=some, at=at)
        stops = open_stops(tenant=tenant, account_ids=some)
        for pk in some:
            account, sight, stop = accounts[pk], sights[pk], stops.get(pk)
            state = state_of(account, is_deleted=stop is not None and stop.kind == StopKind.BINNED)
            is_locked = account.is_active and account.locked_until is not None and account.locked_until > at
            yield {
                "username": account.username,
                "name": account.name,
                "kind": account.kind,
                "email": account.email,
                "students": [student.source_id for student in sight.students],
                "why_none": list(sight.whys),
                "schools": sorted({school.number for student in sight.students for school in student.schools}),
                "last_sign_in": account.last_login.isoformat() if account.last_login else None,
                "locked": "staff" if state == DISABLED else "tries" if is_locked else "",
                "locked_until": account.locked_until.isoformat() if is_locked else None,
                "state": state,
            }


def _print(console: Console, rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Username", "Name", "Kind", "Students", "Schools", "Last sign-in", "Locked", "State"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        seen = (row["last_sign_in"] or "never")[:16].replace("T", " ")
        students = " ".join(row["students"]) or ", ".join(why.replace("_", " ") for why in row["why_none"])
        schools = " ".join(map(str, row["schools"]))
        cells = [row["username"], row["name"], row["kind"], students, schools, seen, row["locked"], row["state"]]
        table.add_row(*map(Text, cells))  # Names are no markup.
    console.print(table) if rows else console.print("No account matches.")
