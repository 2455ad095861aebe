"""schoolgate keys system"""

import argparse
from typing import Any

from django.utils import timezone

from schoolgate.cli.outcome import Outcome
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.keys.switch_system import standing_of, switch_system
from schoolgate.tenancy.models import KeySystem


def register_keys(keys: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    system = keys.add_parser("system", help="how families get in: contact, family or student keys")
    system.add_argument("--tenant", required=True, metavar="C")
    system.add_argument(
        "--set", dest="system", choices=KeySystem.values, metavar="S", help=f"change it: {' · '.join(KeySystem.values)}"
    )
    system.add_argument("--end-ties", action="store_true", help="with --set: also where it ends connections")
    system.set_defaults(run=_system)


def _system(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    if arguments.system is None:
        found = standing_of(tenant=tenant)
        content: dict[str, Any] = {"system": found.system, "live": found.live, "ties": found.ties}
        text = f"This tenant uses {found.system} keys: {found.live} live, {found.ties} connections."
        return Outcome(content, text)
    done = switch_system(
        tenant=tenant,
        to=KeySystem(arguments.system),
        end_ties_too=arguments.end_ties,
        by=terminal_actor(tenant),
        at=timezone.now(),
    )
    tenant.settings.refresh_from_db()
    found = standing_of(tenant=tenant)
    content = {
        "system": found.system,
        "live": found.live,
        "ties": found.ties,
        "ended": {"live": done.live, "ties": done.ties},
    }
    if done.is_same:
        return Outcome(content, f"This tenant uses {found.system} keys already; nothing was changed.")
    ended = f"{done.live} {done.before} keys and {done.ties} connections ended."
    return Outcome(content, f"This tenant uses {found.system} keys now. {ended}")
