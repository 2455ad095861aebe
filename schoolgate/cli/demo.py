"""schoolgate demo: two sample schools and a district of five, built by the commands that a school would use, and served.

Each step is done once and remembered in the data folder, so that a second run keeps what was done since, and a run that was
interrupted goes on. Nothing leaves the machine: mails stay in the outbox, whatever the environment says.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from schoolgate.cli.demo_district import DISTRICT, build_district
from schoolgate.cli.demo_steps import OFFICE, Memory, email_of, publish_roster, run_command
from schoolgate.cli.outcome import Outcome
from schoolgate.cli.serve import address_of, listen, port, serve
from schoolgate.enrolments.roster_make.schools import FIRST_NUMBER
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Tenant

WATTLE, GRAND_BEND = "Wattle", "GrBend"
GRAND_BEND_ROSTER = Path(__file__).parent / "data" / "grand-bend"
STUDENTS, SEED = 1000, 2026
TENANTS = (WATTLE, GRAND_BEND, DISTRICT)


class NotADemo(SchoolgateError):
    code = "demo.other_schools"
    message = "This database holds schools that are no samples; the demo stays away from them."
    fix = "Set SCHOOLGATE_DATA_DIR to an empty folder and leave SCHOOLGATE_DATABASE_URL unset, or run: make demo"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = commands.add_parser(
        "demo", help="build two sample schools and a district, once, and start the portal on them"
    )
    demo.add_argument("--no-serve", action="store_true", help="build only")
    demo.add_argument("--port", type=port, default=8000, metavar="P", help="8000 if left out; 0: any that is free")
    demo.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> Outcome:
    # every tenant: the demo must not be built among real schools
    if Tenant.objects.exclude(code__in=TENANTS).exists():
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


def build(memory: Memory) -> None:
    """Two schools and a district: roster, import, Data Sync, settings, people of the office, keys. Raises StepRefused."""
    roster = settings.DATA_DIR / "demo-roster"
    made = ["roster", "make", "--students", str(STUDENTS), "--schools", "1", "--seed", str(SEED)]
    memory.once("roster", lambda: run_command(*made, "--format", "native", "--out", str(roster)))
    college = "Wattle Creek College"
    publish_roster(
        memory,
        WATTLE,
        name=college,
        time_zone="Australia/Sydney",
        roster=roster,
        schools={FIRST_NUMBER: (college, True)},
    )
    memory.once(f"{WATTLE}: keys", lambda: _make_some_keys(WATTLE))
    publish_roster(
        memory,
        GRAND_BEND,
        name="Grand Bend ISD",
        time_zone="America/Chicago",
        roster=GRAND_BEND_ROSTER,
        schools={},
    )
    build_district(memory)


def _make_some_keys(code: str) -> None:
    """Keys for some of the contacts, so that the list shows what a list looks like in the middle of the work."""
    contacts = [row["contact"] for row in run_command("keys", "list", "--tenant", code)["keys"] if row["students"]]
    chosen = (word for contact in contacts[:120] for word in ("--contact", contact))
    run_command("keys", "generate", "--tenant", code, *chosen)


def _content(memory: Memory, address: str) -> dict[str, Any]:
    tenants = [{"code": code, "address": f"{address}/s-{code}/"} for code in TENANTS]
    people = [
        {"tenant": code, "email": email_of(mailbox, code), "role": role}
        for code in TENANTS
        for role, mailbox in OFFICE.items()
    ]
    return {"address": address, "tenants": tenants, "password": memory.password, "members": people}


def _welcome(memory: Memory, address: str) -> str:
    office, family = f"{address}/s-{WATTLE}/console/", f"{address}/s-{WATTLE}/"
    return f"""
  Wattle Creek College, a made-up school of {STUDENTS:,} students:

    the office     {office}
    sign in as     {email_of("office", WATTLE)}   (administrator; also principal@, enrolments@, portal@, auditor@)
    password       {memory.password}
    the families   {family}

  What to try:
    1. Enrolments > Students: open a student, Associated Contacts, add a grandmother, turn Has Portal Access on.
    2. Data Sync: what has changed, in words. Publish it.
    3. Portal Console > Portal Console Setup > Parent Access > Contact Keys: tick her row, Actions > Generate Keys, Print Letters.
    4. In a private window (the office's own session is refused), as narrow as a phone: open the families' address and type the
       key from her letter. She gets a code by mail: Outbox, her mail, Show. The question is a child's date of birth: Student
       Overview has it, under Details and households.
    5. Contact Keys again: her Portal Username is there, and no live key. Record a restriction: the child is gone at once.

  The mails are in Portal Console > Outbox; nothing leaves this machine. A second school, {address}/s-{GRAND_BEND}/console/,
  was imported from a published roster: {email_of("office", GRAND_BEND)}, the same password.
  A district of five schools, {address}/s-{DISTRICT}/console/: {email_of("office", DISTRICT)} (one school: {email_of("kestrel", DISTRICT)}), the same password.
  docs/how-to/run-a-district.md says what to try there.
"""
