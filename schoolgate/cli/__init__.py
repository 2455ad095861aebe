"""The `schoolgate` command: arguments to one action, a file a group. Its names, options and JSON members are a contract.

Exit codes: 0 done (also "nothing to do"), 1 refused and nothing changed, 2 usage, 3 held for approval, 4 any other fault.
With --json, anywhere, one object is printed on standard output and nothing else there.
"""

import argparse
import json
import logging
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

from schoolgate.cli.outcome import Outcome
from schoolgate.lib.errors import SchoolgateError

# Each has register(commands): add its subparsers, each with set_defaults(run=function from arguments to Outcome).
GROUPS = [
    "tenants",
    "roster",
    "make_roster",
    "sync",
    "access",
    "explain",
    "keys",
    "accounts",
    "audit",
    "worker",
    "serve",
    "demo",
    "doctor",
    "schema",
    "secrets",
]
# These must start where others are refused: before there are secrets, and when something is wrong.
STARTS_WITHOUT_SECRETS = {"secrets", "doctor"}

logger = logging.getLogger(__name__)


def main() -> NoReturn:
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run one command line and print what it says; the exit code."""
    os.umask(0o077)  # Whatever is written (the database, letters, lists) is for this user's eyes alone.
    as_json = "--json" in words
    words = [word for word in words if word != "--json"]
    layer = "setup" if words and words[0] in STARTS_WITHOUT_SECRETS else "prod"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"schoolgate.config.settings.{layer}")
    try:
        import django  # Set-up reads the environment, whose faults are told below.

        django.setup()
        outcome = outcome_of(words)
    except SchoolgateError as refusal:
        outcome = Outcome.of_refusal(refusal)
    except KeyboardInterrupt:
        return 130
    except Exception as fault:
        logger.exception("command.fault")
        outcome = Outcome.of_fault(fault)
    if as_json:
        print(_as_json(outcome.content))
    else:
        outcome.say()
    return outcome.exit_code


def _as_json(content: dict[str, Any]) -> str:
    """Names as they are written, unless the terminal's encoding lacks a sign of them: then with JSON's own escapes."""
    text = json.dumps(content, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(content)
    return text


def outcome_of(words: list[str]) -> Outcome:
    """Do what one command line says; errors are raised. Django is set up."""
    arguments = _parser().parse_args(words)
    if getattr(arguments, "needs_schema", True):
        import_module("schoolgate.cli.schema").ensure_schema()
    outcome: Outcome = arguments.run(arguments)
    return outcome


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="schoolgate",
        description="Gets every parent and carer into the school's portal.",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object and nothing else (anywhere on the line)",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in GROUPS:
        import_module(f"schoolgate.cli.{group}").register(commands)
    return parser
