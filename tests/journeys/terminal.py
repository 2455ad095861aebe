"""The real command in processes of their own, on an installation of its own: what an outside program sees."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROSTERS = Path(__file__).parents[1] / "data" / "rosters"


@dataclass
class Terminal:
    """One installation. run: JSON and exit code of a command line; do: the JSON of one that must end with 0."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        env = {
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "SCHOOLGATE_DATA_DIR": str(self.folder),
            **self.environment,
        }
        code = "from schoolgate.cli import main; main()"
        line = [sys.executable, "-c", code, *words, "--json"]
        ended = subprocess.run(line, env=env, capture_output=True, text=True, check=False, timeout=300)
        printed = ended.stdout.splitlines()
        assert len(printed) == 1, (words, ended.returncode, ended.stdout[-2000:], ended.stderr[-4000:])
        return ended.returncode, json.loads(printed[0])

    def do(self, *words: str) -> dict[str, Any]:
        exit_code, told = self.run(*words)
        assert exit_code == 0, (words, exit_code, told)
        return told

    def tenant(self, code: str = "AlpxF2") -> str:
        self.do("tenant", "create", "--name", "Wattle Creek College", "--code", code)
        self.do("settings", "set", "--tenant", code, "help_line=02 5550 1234", "second_proof=none", "portal_open=yes")
        return code
