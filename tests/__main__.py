"""The whole suite, as ``make test`` runs it: a pass on SQLite, one on PostgreSQL and one in Chromium, side by side.

Arguments are pytest's own and go to every pass. What failed runs once more by itself, since the passes share two cores with
browsers and servers, and a page can be late: what fails again has failed, and what needed the second try is named.
The last line of all says ``N passed, N failed``.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

SOME_FAILED = 1  # pytest's exit codes
NO_TESTS = 5  # everything was left out
MOST_SECOND_TRIES = 10
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
    "PostgreSQL": ["--database=postgresql", "-m", "not browser", *(f"--ignore={path}" for path in ONCE)],
    "Chromium on PostgreSQL": ["--database=postgresql", "-m", "browser"],
}


def start(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start one pass of pytest, which prints to ``log``."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=5", *arguments]
    with log.open("wb") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def closing_counts(said: str) -> Counter[str]:
    """{"passed", "failed", "error", "skipped": how many} of pytest's last line."""
    closing = said.strip().splitlines()[-1] if said.strip() else ""
    return Counter({word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", closing)})


def failed_tests(said: str) -> list[str]:
    """Their names, as pytest's summary has them."""
    return list(dict.fromkeys(re.findall(r"^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$", said, re.MULTILINE)))


def run(arguments: list[str]) -> int:
    """Run the passes side by side and print each as it ends; the exit code is the worst of theirs."""
    began = time.monotonic()
    worst = 0
    counts: dict[str, Counter[str]] = {}
    failures: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory(prefix="schoolgate-tests-") as folder:
        running = {name: start(options + arguments, Path(folder) / f"{name}.log") for name, options in PASSES.items()}
        for name, process in running.items():
            code = process.wait()
            said = (Path(folder) / f"{name}.log").read_text(errors="replace")
            print(f"\n===== {name} =====\n{said}", flush=True)
            counts[name] = closing_counts(said)
            failures[name] = failed_tests(said)
            # A pass that broke off, or failed in more places than lateness explains, is not asked twice.
            if code not in {0, NO_TESTS} and (code != SOME_FAILED or not 0 < len(failures[name]) <= MOST_SECOND_TRIES):
                worst = worst or code
                failures[name] = []
        for name, tests in failures.items():
            if tests:
                log = Path(folder) / "second try.log"
                options = [option for option in PASSES[name] if option.startswith("--database")]
                code = start([*options, *tests], log).wait()
                print(
                    f"\n===== {name}, once more: {', '.join(tests)} =====\n{log.read_text(errors='replace')}",
                    flush=True,
                )
                again = closing_counts(log.read_text(errors="replace"))
                counts[name]["passed"] += again["passed"]
                counts[name]["failed"], counts[name]["error"] = again["failed"], again["error"]
                worst = worst or code

    total = {word: sum(found[word] for found in counts.values()) for word in ("passed", "failed", "error", "skipped")}
    failed = total["failed"] + total["error"] or int(worst != 0)
    print(f"\n{', '.join(PASSES)}: {time.monotonic() - began:.0f} seconds")
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {failed} failed{skipped}")
    return worst


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
