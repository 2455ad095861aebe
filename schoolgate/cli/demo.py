"""schoolgate demo: two sample schools, built by the commands that a school would use, and served.

Each step is done once and remembered in the data folder, so that a second run keeps what was done since, and a run that was
interrupted goes on. Nothing leaves the machine: mails stay in the outbox, whatever the environment says.
"""

import argparse
import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.utils import timezone

from schoolgate.cli import outcome_of
from schoolgate.cli.outcome import DONE, Outcome
from schoolgate.cli.serve import address_of, listen, serve
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.change_member import SINGLE_RIGHTS, change_member
from schoolgate.tenancy.choose_password import choose_password
from schoolgate.tenancy.models import Membership, School, Tenant
from schoolgate.tenancy.save_school import edit_school

WATTLE, GRAND_BEND = "Wattle", "GrBend"
GRAND_BEND_ROSTER = Path(__file__).parent / "data" / "grand-bend"
STUDENTS, SEED = 1000, 2026
OFFICE = {
    "owner": "principal",
    "administrator": "office",
    "enrolments-officer": "enrolments",
    "portal-officer": "portal",
    "auditor": "auditor",
}
# The single rights (to see keys, to print in bulk …) are an owner's to give; the walk of the demo needs them.
MAY_PRINT_KEYS = {"administrator", "portal-officer"}


class NotADemo(SchoolgateError):
    code = "demo.other_schools"
    message = "This database holds schools that are no samples; the demo stays away from them."
    fix = "Set SCHOOLGATE_DATA_DIR to an empty folder and leave SCHOOLGATE_DATABASE_URL unset, or run: make demo"


class StepRefused(SchoolgateError):
    code = "demo.step_refused"
    fix = "Start over with: make demo-reset"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = commands.add_parser("demo", help="build two sample schools, once, and start the portal on them")
    demo.add_argument("--no-serve", action="store_true", help="build only")
    demo.add_argument("--port", type=int, default=8000, metavar="P", help="8000 if left out; 0: any that is free")
    demo.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> Outcome:
    # every tenant: the demo must not be built among real schools
    if Tenant.objects.exclude(code__in=[WATTLE, GRAND_BEND]).exists():
        raise NotADemo
    memory = Memory(settings.DATA_DIR / "demo.json")
    build(memory)
    if arguments.no_serve:
        return Outcome(_content(memory, settings.BASE_URL), _welcome(memory, settings.BASE_URL))
    environment = os.environ  # environment: of the processes that serve
    environment.pop("SCHOOLGATE_EMAIL_URL", None)  # The demo hands no mail over.
    environment.pop("SCHOOLGATE_EMAIL_URL_FILE", None)
    environment.setdefault("SCHOOLGATE_LOG_LEVEL", "warning")  # Its terminal is for people.
    with listen("127.0.0.1", arguments.port) as listener:
        print(_welcome(memory, address_of(listener)), file=sys.stderr, flush=True)
        serve(listener, workers=1)
    return Outcome(_content(memory, settings.BASE_URL), "Stopped. `make demo` goes on where you were.")


class Memory:
    """What was done, and the password of the demo's people; a file that its owner alone can read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.kept.setdefault("password", f"wattle-{random.SystemRandom().randrange(10**6):06}-creek")
        self.kept.setdefault("done", [])

    @property
    def password(self) -> str:
        """The same for everybody of the office, and another for each demo."""
        return str(self.kept["password"])

    def once(self, name: str, step: Callable[[], object]) -> None:
        """Do a step unless it was done, and remember it."""
        if name in self.kept["done"]:
            return
        step()
        self.kept["done"].append(name)
        self.path.write_text(json.dumps(self.kept, indent=1), encoding="utf-8")
        self.path.chmod(0o600)


def build(memory: Memory) -> None:
    """Both schools: roster, import, Data Sync, settings, people of the office, some keys. Raises StepRefused."""
    roster = settings.DATA_DIR / "demo-roster"
    made = ["roster", "make", "--students", str(STUDENTS), "--schools", "1", "--seed", str(SEED)]
    memory.once("roster", lambda: _run(*made, "--format", "native", "--out", str(roster)))
    _build_school(memory, WATTLE, name="Wattle Creek College", time_zone="Australia/Sydney", roster=roster)
    _build_school(memory, GRAND_BEND, name="Grand Bend ISD", time_zone="America/Chicago", roster=GRAND_BEND_ROSTER)


def _build_school(memory: Memory, code: str, *, name: str, time_zone: str, roster: Path) -> None:
    at = ["--tenant", code]
    create = ["tenant", "create", "--name", name, "--code", code, "--time-zone", time_zone]
    memory.once(f"{code}: tenant", lambda: _run(*create))
    memory.once(f"{code}: import", lambda: _run("import", str(roster), *at, "--accept-warnings"))
    if code == WATTLE:
        memory.once(f"{code}: school", lambda: _name_the_school(code, name))
    memory.once(f"{code}: sync", lambda: _run("sync", *at, "--approve"))
    choices = ["help_line=02 5550 1234", f"help_address=office@{code.casefold()}.example", "portal_open=yes"]
    memory.once(f"{code}: settings", lambda: _run("settings", "set", *at, *choices))
    for role, mailbox in OFFICE.items():
        memory.once(f"{code}: {role}", lambda: _add_member(memory, code, role, _email(mailbox, code)))  # noqa: B023 - at once
    if code == WATTLE:
        memory.once(f"{code}: keys", lambda: _make_some_keys(code))


def _add_member(memory: Memory, code: str, role: str, email: str) -> None:
    link = _run("member", "add", "--tenant", code, "--email", email, "--role", role)["sign_in_link"]
    tenant, now = tenant_named(code), timezone.now()
    token = unquote(link.partition("#t=")[2])
    user = choose_password(tenant=tenant, token=token, password=memory.password, source="", via="cli:demo", at=now)
    if role in MAY_PRINT_KEYS:
        change_member(
            membership=Membership.objects.for_tenant(tenant).get(user=user),
            role=role,
            school=None,
            single_rights=dict.fromkeys(SINGLE_RIGHTS, True),
            by=terminal_actor(tenant),
            at=now,
        )


def _name_the_school(code: str, name: str) -> None:
    """What the office does on School Campuses: the roster brings the number of the school alone."""
    tenant = tenant_named(code)
    for school in School.objects.for_tenant(tenant):
        edit_school(
            school=school,
            number=school.number,
            name=name,
            is_active=school.is_active,
            by=terminal_actor(tenant),
            at=timezone.now(),
        )


def _make_some_keys(code: str) -> None:
    """Keys for some of the contacts, so that the list shows what a list looks like in the middle of the work."""
    contacts = [row["contact"] for row in _run("keys", "list", "--tenant", code)["keys"] if row["students"]]
    _run("keys", "generate", "--tenant", code, *(word for contact in contacts[:120] for word in ("--contact", contact)))


def _run(*words: str) -> dict[str, Any]:
    """One command, as somebody at the terminal would give it; its JSON."""
    print(f"  schoolgate {' '.join(words[:6])}{' …' if len(words) > 6 else ''}", file=sys.stderr, flush=True)
    outcome = outcome_of(list(words))
    if outcome.exit_code != DONE:
        raise StepRefused(f"`schoolgate {' '.join(words)}` was refused: {json.dumps(outcome.content)[:400]}")
    return outcome.content


def _email(mailbox: str, code: str) -> str:
    return f"{mailbox}@{code.casefold()}.example"


def _content(memory: Memory, address: str) -> dict[str, Any]:
    tenants = [{"code": code, "address": f"{address}/s-{code}/"} for code in (WATTLE, GRAND_BEND)]
    people = [
        {"tenant": code, "email": _email(mailbox, code), "role": role}
        for code in (WATTLE, GRAND_BEND)
        for role, mailbox in OFFICE.items()
    ]
    return {"address": address, "tenants": tenants, "password": memory.password, "members": people}


def _welcome(memory: Memory, address: str) -> str:
    office, family = f"{address}/s-{WATTLE}/console/", f"{address}/s-{WATTLE}/"
    return f"""
  Wattle Creek College, a made-up school of {STUDENTS:,} students:

    the office     {office}
    sign in as     {_email("office", WATTLE)}   (administrator; also principal@, enrolments@, portal@, auditor@)
    password       {memory.password}
    the families   {family}

  What to try:
    1. Enrolments > Students: open a student, Associated Contacts, add a grandmother, turn Has Portal Access on.
    2. Data Sync: the one change in words. Publish it.
    3. Portal Console > Portal Console Setup > Parent Access > Contact Keys: tick her row, Actions > Generate Keys, Print Letters.
    4. In a private window (the office's own session is refused), as narrow as a phone: open the families' address and type the
       key from her letter. She gets a code by mail: Outbox, her mail, Show. The question is a child's date of birth: Student
       Overview has it, under Details and households.
    5. Contact Keys again: her Portal Username is there, and no live key. Record a restriction: the child is gone at once.

  The mails are in Portal Console > Outbox; nothing leaves this machine. A second school, {address}/s-{GRAND_BEND}/console/,
  was imported from a published roster: {_email("office", GRAND_BEND)}, the same password.
"""
