"""``make check``: everything that can be judged without running schoolgate, one line each.

The rules that have no tool of their own are tests (tests/architecture/), and run here too.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
STEPS = {
    "format": ["ruff", "format", "--check", "."],
    "pyproject": ["pyproject-fmt", "--check", "pyproject.toml"],
    "lint": ["ruff", "check", "."],
    "spelling": ["typos"],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-cache"],
    "django": ["python", "manage.py", "check", "--fail-level", "WARNING"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "present ways": ["django-upgrade", "--check", "--target-version", "5.2", "schoolgate/**.py"],
    "templates": ["djade", "--check", "--target-version", "5.2", "schoolgate/**.html"],
    "compose file": ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
    "compose rules": ["compose-lint", "compose.yaml"],
    "architecture": ["pytest", "-q", "-p", "no:cacheprovider", "tests/architecture"],
}


def arguments_of(step: list[str]) -> list[str]:
    """A step's command, its last pattern of files spelled out."""
    program, *arguments = step
    if arguments[-1:] and "**" in arguments[-1]:
        files = subprocess.run(["git", "ls-files", "--", arguments.pop()], capture_output=True, text=True, check=True)
        arguments += files.stdout.split()
    return [str(BIN / program), *arguments]


def main() -> int:
    """Run every step, print what is wrong, and return 1 if anything is."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "schoolgate.config.settings.test"}
    bad = []
    for name, step in STEPS.items():
        began = time.monotonic()
        ended = subprocess.run(
            arguments_of(step), env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        verdict = "bad" if ended.returncode else "good"
        print(f"{name:<14} {verdict:<5} {time.monotonic() - began:5.1f} s", flush=True)
        if ended.returncode:
            bad.append(name)
            print(ended.stdout + ended.stderr, flush=True)
    print(f"To mend: {', '.join(bad)}" if bad else "All good.")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
