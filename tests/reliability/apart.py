"""A promise in its short form, in an interpreter of its own on the database of the test.

These promises fork, and whoever forks must have no threads beside it: the tests' own process has those of a browser.
Started by hand it is ``python -m tests.reliability.apart NAME {"option": value}``, and prints the outcome as JSON.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from tests.processes import database_url

SECONDS = 300
"""Longer than any short form takes; a promise that hangs has failed."""


def run_apart(name: str, **options: Any) -> SimpleNamespace:  # Any: as JSON has it
    """The outcome of tests/reliability/<name>.py's ``run_promise``. work: the name of a function of that module."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "schoolgate.config.settings.test",
        "SCHOOLGATE_DATABASE_URL": database_url(),
    }
    command = [sys.executable, "-m", "tests.reliability.apart", name, json.dumps(options)]
    ended = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    return SimpleNamespace(**json.loads(ended.stdout.splitlines()[-1]))


def main() -> None:
    name, options = sys.argv[1], json.loads(sys.argv[2])
    import django

    django.setup()
    promise = import_module(f"tests.reliability.{name}")
    if "work" in options:
        options["work"] = getattr(promise, options["work"])
    print(json.dumps(asdict(promise.run_promise(**options))))


if __name__ == "__main__":
    main()
