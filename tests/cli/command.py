"""The `schoolgate` command as a program of its own, with a data folder of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Command:
    """Call it with the words of a command line."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "schoolgate.cli", *words],
            env=self.environment | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def json(self, *words: str, code: int = 0, **environment: str) -> dict[str, Any]:
        """The one object that --json prints; fails when the exit code is another."""
        ended = self(*words, "--json", **environment)
        assert ended.returncode == code, ended.stdout + ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout)
        return found


def command_in(folder: Path) -> Command:
    """On SQLite, with nothing of this machine's environment that could matter."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCHOOLGATE_", "DJANGO_"))}
    return Command(folder, kept | {"SCHOOLGATE_DATA_DIR": str(folder / "data")})
