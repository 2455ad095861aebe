"""schoolgate secrets make · rotate: the installation's own keys (security.md §1)."""

import argparse

from django.conf import settings

from schoolgate.cli.outcome import Outcome
from schoolgate.lib.errors import SchoolgateError
from schoolgate.lib.keyfile import as_text, from_text, make_file, new_secrets, read_file, replace_file, rotated

KEEP = "Keep a copy apart from the database's backups: without it no key can be proved and no letter reprinted."
RESTART = "Restart the web and worker processes together, so that all of them know the new numbers."


class SecretsExist(SchoolgateError):
    code = "secrets.exist"


class SecretsGiven(SchoolgateError):
    code = "secrets.given"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    secrets = commands.add_parser("secrets", help="the installation's own keys").add_subparsers(
        required=True, metavar="ACT"
    )
    make = secrets.add_parser("make", help="make a first set")
    make.add_argument("--print", action="store_true", help="print it and write no file, for a secret store of your own")
    make.set_defaults(run=_make, needs_schema=False)
    rotate = secrets.add_parser("rotate", help="add a pepper and a sealing key; the old ones stay in force")
    rotate.add_argument("--print", action="store_true", help="print the set and write no file")
    rotate.set_defaults(run=_rotate, needs_schema=False)


def _make(arguments: argparse.Namespace) -> Outcome:
    made = new_secrets()
    if arguments.print:
        return Outcome({"secrets": as_text(made)}, as_text(made).rstrip())
    path = settings.SECRETS_FILE
    if not make_file(path, made):
        raise SecretsExist(
            f"There are secrets in {path} already; new ones would make every key of a letter worthless.",
            fix="To renew them while the old stay in force: schoolgate secrets rotate",
        )
    return Outcome({"file": str(path)}, f"Wrote {path}. {KEEP}")


def _rotate(arguments: argparse.Namespace) -> Outcome:
    if settings.SECRETS_GIVEN:
        if not arguments.print:
            raise SecretsGiven(
                "The secrets come from SCHOOLGATE_SECRETS, which schoolgate can't write.",
                fix="Run `schoolgate secrets rotate --print`, and put what it prints in the old one's place.",
            )
        renewed = rotated(from_text(settings.SECRETS_GIVEN))
    else:
        renewed = rotated(read_file(settings.SECRETS_FILE, mode_matters=not arguments.print))
    if arguments.print:
        return Outcome({"secrets": as_text(renewed)}, as_text(renewed).rstrip())
    replace_file(settings.SECRETS_FILE, renewed)
    number = max(renewed.peppers)
    content = {"file": str(settings.SECRETS_FILE), "pepper": number, "sealing_key": max(renewed.sealing_keys)}
    return Outcome(content, f"New keys are made under number {number}; older numbers stay in force. {RESTART} {KEEP}")
