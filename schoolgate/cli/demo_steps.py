"""How the demo is built: by commands as somebody at the terminal would give them, each once."""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.utils import timezone

from schoolgate.cli import outcome_of
from schoolgate.cli.outcome import DONE
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.change_member import SINGLE_RIGHTS, change_member
from schoolgate.tenancy.choose_password import choose_password
from schoolgate.tenancy.models import Membership, School
from schoolgate.tenancy.save_school import edit_school

OFFICE = {
    "owner": "principal",
    "administrator": "office",
    "enrolments-officer": "enrolments",
    "portal-officer": "portal",
    "auditor": "auditor",
}
# The single rights (to see keys, to print in bulk …) are an owner's to give; the walk of the demo needs them.
MAY_PRINT_KEYS = {"administrator", "portal-officer"}


class StepRefused(SchoolgateError):
    code = "demo.step_refused"
    fix = "Start over with: make demo-reset"


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


def run_command(*words: str) -> dict[str, Any]:
    """One command, as somebody at the terminal would give it; its JSON. Raises StepRefused."""
    print(f"  schoolgate {' '.join(words[:6])}{' …' if len(words) > 6 else ''}", file=sys.stderr, flush=True)
    outcome = outcome_of(list(words))
    if outcome.exit_code != DONE:
        raise StepRefused(f"`schoolgate {' '.join(words)}` was refused: {json.dumps(outcome.content)[:400]}")
    return outcome.content


def email_of(mailbox: str, code: str) -> str:
    return f"{mailbox}@{code.casefold()}.example"


def publish_roster(
    memory: Memory, code: str, *, name: str, time_zone: str, roster: Path, schools: dict[int, tuple[str, bool]]
) -> None:
    """A tenant with this roster, published, its portal open, and one person of the office for each role.

    schools: by the roster's number, the name and whether the school is active: a roster of this format brings numbers alone.
    """
    at = ["--tenant", code]
    create = ["tenant", "create", "--name", name, "--code", code, "--time-zone", time_zone]
    memory.once(f"{code}: tenant", lambda: run_command(*create))
    memory.once(f"{code}: import", lambda: run_command("import", str(roster), *at, "--accept-warnings"))
    if schools:
        memory.once(f"{code}: school", lambda: _name_schools(code, schools))
    memory.once(f"{code}: sync", lambda: run_command("sync", *at, "--approve"))
    choices = ["help_line=02 5550 1234", f"help_address={email_of('office', code)}", "portal_open=yes"]
    memory.once(f"{code}: settings", lambda: run_command("settings", "set", *at, *choices))
    for role, mailbox in OFFICE.items():
        memory.once(f"{code}: {role}", lambda: add_member(memory, code, role, mailbox))  # noqa: B023 - at once


def add_member(memory: Memory, code: str, role: str, mailbox: str, *, school_number: int | None = None) -> None:
    """Somebody of the office who can sign in; for one school alone, if its number is given."""
    link = run_command("member", "add", "--tenant", code, "--email", email_of(mailbox, code), "--role", role)
    tenant, now = tenant_named(code), timezone.now()
    token = unquote(link["sign_in_link"].partition("#t=")[2])
    user = choose_password(tenant=tenant, token=token, password=memory.password, source="", via="cli:demo", at=now)
    if role in MAY_PRINT_KEYS:
        schools = School.objects.for_tenant(tenant)
        change_member(
            membership=Membership.objects.for_tenant(tenant).get(user=user),
            role=role,
            school=None if school_number is None else schools.get(number=school_number),
            single_rights=dict.fromkeys(SINGLE_RIGHTS, True),
            by=terminal_actor(tenant),
            at=now,
        )


def _name_schools(code: str, schools: dict[int, tuple[str, bool]]) -> None:
    """What the office does on School Campuses."""
    tenant = tenant_named(code)
    for school in School.objects.for_tenant(tenant):
        name, is_active = schools.get(school.number, (school.name, school.is_active))
        edit_school(
            school=school,
            number=school.number,
            name=name,
            is_active=is_active,
            by=terminal_actor(tenant),
            at=timezone.now(),
        )
