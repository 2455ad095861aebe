"""The whole suite, as ``make test`` runs it: one pass on SQLite beside one on PostgreSQL with the browser.

Arguments are pytest's own and go to both passes. The last line of all says ``N passed, N failed``.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NO_TESTS = 5  # pytest's exit code when everything was left out
# What makes its own databases, or none, needs one pass only.
ONCE = [
    "tests/architecture",
    "tests/lib",
    "tests/config",
    "tests/cli/test_installation.py",
    "tests/cli/test_contract.py",
]
PASSES = {
    "SQLite": ["--database=sqlite", "-m", "not browser"],
    "PostgreSQL and Chromium": ["--database=postgresql", *(f"--ignore={path}" for path in ONCE)],
}


def start(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start one pass of pytest, which prints to ``log``."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=5", *arguments]
    with log.open("wb") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def run(arguments: list[str]) -> int:
    """Run the passes side by side and print each as it ends; the exit code is the worst of theirs."""
    began = time.monotonic()
    counts = dict.fromkeys(["passed", "failed", "error", "skipped"], 0)
    worst = 0
    with tempfile.TemporaryDirectory(prefix="schoolgate-tests-") as folder:
        running = {name: start(options + arguments, Path(folder) / f"{name}.log") for name, options in PASSES.items()}
        for name, process in running.items():
            code = process.wait()
            said = (Path(folder) / f"{name}.log").read_text(errors="replace")
            print(f"\n===== {name} =====\n{said}", flush=True)
            closing = said.strip().splitlines()[-1] if said.strip() else ""
            for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", closing):
                counts[word] += int(number)
            if code not in {0, NO_TESTS}:
                worst = worst or code

    failed = counts["failed"] + counts["error"] or int(worst != 0)
    print(f"\n{' and '.join(PASSES)}: {time.monotonic() - began:.0f} seconds")
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {failed} failed{skipped}")
    return worst


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
