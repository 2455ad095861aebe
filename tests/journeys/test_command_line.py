"""The main job from a terminal, whole: every command of the contract, its JSON members, its exit codes."""

import re
import shutil
import subprocess

import pytest

from tests.journeys.terminal import ROSTERS, Terminal

COUNTS = {"total", "added", "changed", "deactivated"}


@pytest.fixture(scope="module")
def new_installation(tmp_path_factory):
    """An empty installation with its database made, to be copied: making it is the slowest part of a command line."""
    folder = tmp_path_factory.mktemp("new")
    Terminal(folder).do("audit", "verify", "--tenant", Terminal(folder).tenant("zzzzzz"))
    return folder


@pytest.fixture
def terminal(tmp_path, new_installation) -> Terminal:
    shutil.copytree(new_installation, tmp_path / "installation")
    return Terminal(tmp_path / "installation")


def imported(terminal: Terminal, name: str = "grandbend-native") -> str:
    tenant = terminal.tenant()
    terminal.do("import", str(ROSTERS / name), "--tenant", tenant, "--accept-warnings")
    return tenant


def published(terminal: Terminal) -> str:
    tenant = imported(terminal)
    terminal.do("sync", "--tenant", tenant)
    return tenant


@pytest.mark.parametrize(
    ("name", "format_", "students", "contacts", "associations"),
    [
        ("grandbend-native", "native", 234, 461, 461),
        ("grandbend-oneroster-1.1", "oneroster-1.1", 234, 461, 461),
        ("grandbend-oneroster-1.2", "oneroster-1.2", 234, 461, 461),
        ("grandbend-sds-v1", "sds-1", 234, 28, 28),
        ("grandbend-sds-v2.1", "sds-2.1", 234, 28, 28),
        ("oneroster-1.1-edfi-lms", "oneroster-1.1", 8, 0, 0),
        ("sds-v1-100", "sds-1", 86, 0, 0),
        ("sds-v2", "sds-2", 22, 0, 0),
        ("sds-v2.1", "sds-2.1", 4, 2, 3),
    ],
)
def test_each_published_roster_gives_its_counts(terminal, name, format_, students, contacts, associations):
    tenant = terminal.tenant()
    told = terminal.do("import", str(ROSTERS / name), "--tenant", tenant, "--accept-warnings")
    assert told.keys() >= {"format", "applied", "held", "students", "contacts", "associations", "findings"}
    assert (told["format"], told["applied"], told["held"]) == (format_, True, [])
    for kind, number in [("students", students), ("contacts", contacts), ("associations", associations)]:
        assert told[kind] == {"total": number, "added": number, "changed": 0, "deactivated": 0}, kind
    again = terminal.do("import", str(ROSTERS / name), "--tenant", tenant, "--accept-warnings")
    for kind, number in [("students", students), ("contacts", contacts), ("associations", associations)]:
        assert again[kind] == {"total": number, "added": 0, "changed": 0, "deactivated": 0}, kind


def test_warnings_that_nobody_accepted_refuse_the_import(terminal):
    tenant = terminal.tenant()
    exit_code, told = terminal.run("import", str(ROSTERS / "grandbend-native"), "--tenant", tenant)
    assert (exit_code, told["applied"]) == (1, False)
    warning = next(finding for finding in told["findings"] if finding["severity"] == "warning")
    assert warning.keys() >= {"severity", "code", "file", "line", "column", "value", "why", "fix", "count"}
    assert told["students"]["added"] == 234


def test_a_dry_run_changes_nothing(terminal):
    tenant = terminal.tenant()
    words = ["import", str(ROSTERS / "grandbend-native"), "--tenant", tenant, "--accept-warnings"]
    assert terminal.do(*words, "--dry-run")["applied"] is False
    assert terminal.do(*words)["students"]["added"] == 234


def test_the_whole_way_from_roster_to_keys(terminal, tmp_path):
    tenant = imported(terminal)

    planned = terminal.do("sync", "--tenant", tenant, "--dry-run")
    assert (planned["state"], planned["run"]) == ("planned", None)
    applied = terminal.do("sync", "--tenant", tenant)
    assert applied["state"] == "applied"
    assert applied["students"] == {"added": 234, "changed": 0, "removed": 0} == planned["students"]
    assert applied["contacts"] == {"added": 461, "changed": 0, "removed": 0}
    assert applied["links"] == planned["links"]
    assert applied["links"]["removed"] == 0
    assert terminal.do("sync", "--tenant", tenant)["state"] == "nothing"

    made = terminal.do("keys", "generate", "--tenant", tenant, "--all")
    assert made["generated"] > 100
    again = terminal.do("keys", "generate", "--tenant", tenant, "--all")
    assert again["generated"] == 0
    assert again["skipped"]["live_key"] == made["generated"]

    rows = terminal.do("keys", "list", "--tenant", tenant)["keys"]
    assert len(rows) == 461
    assert all(row["key"] is None for row in rows)
    revealed = terminal.do("keys", "list", "--tenant", tenant, "--reveal")["keys"]
    live = [row for row in revealed if row["state"] == "live"]
    assert len(live) == made["generated"]
    assert len({row["key"] for row in live}) == len(live)
    for row in live:
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){2}", row["key"])
        assert row["key"].startswith(row["selector"])
        assert row["students"]
    assert {row["state"] for row in revealed} <= {"none", "live"}

    out = tmp_path / "letters.pdf"
    letters = terminal.do("keys", "letters", "--tenant", tenant, "--all", "--out", str(out))
    assert letters["letters"] == made["generated"]
    assert letters["skipped"].get("no_key", 0) == 461 - made["generated"]
    text = "".join(
        subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
        for file in letters["files"]
    )
    assert all(row["key"] in text for row in live)

    mailed = terminal.do("keys", "email", "--tenant", tenant, "--all")
    assert mailed["queued"] > 0
    assert mailed["queued"] + sum(mailed["skipped"].values()) == 461
    assert terminal.do("keys", "email", "--tenant", tenant, "--all")["queued"] == 0

    one = live[0]["contact"]
    assert terminal.do("keys", "revoke", "--tenant", tenant, "--contact", one, "--reason", "lost")["revoked"] == 1
    skipped = terminal.do("keys", "generate", "--tenant", tenant, "--contact", one, "--contact", "nobody")
    assert skipped == {"generated": 1, "skipped": {"unknown": 1}}

    assert terminal.do("audit", "verify", "--tenant", tenant)["ok"] is True


def test_a_toggle_is_pending_until_the_sync_and_a_restriction_acts_at_once(terminal):
    tenant = published(terminal)
    row = next(row for row in terminal.do("keys", "list", "--tenant", tenant)["keys"] if row["students"])
    pair = ["--tenant", tenant, "--contact", row["contact"], "--student", row["students"][0]]

    def sees() -> bool:
        return terminal.do("explain", *pair)["sees"]

    assert sees()
    assert terminal.do("access", "set", *pair, "--off") == {"pending": True}
    assert sees()
    told = terminal.do("sync", "--tenant", tenant)
    assert told["links"] == {"added": 0, "removed": 1}
    assert not sees()
    assert terminal.do("access", "set", *pair, "--on") == {"pending": True}
    terminal.do("sync", "--tenant", tenant)
    assert sees()
    assert terminal.do("restrict", *pair, "--reason", "order") == {"withdrawn": 1}
    assert not sees()
    reasons = terminal.do("explain", *pair)["reasons"]
    assert all(reason.keys() >= {"for", "code", "text", "since", "by"} for reason in reasons)
    assert any(not reason["for"] for reason in reasons)
    assert terminal.run("access", "set", *pair, "--on")[0] == 1
    assert terminal.do("audit", "verify", "--tenant", tenant)["ok"] is True


@pytest.mark.parametrize("words", [["explain"], ["access", "set", "--on"], ["restrict", "--reason", "x"]])
def test_unknown_people_are_refused(terminal, words):
    tenant = imported(terminal)
    exit_code, told = terminal.run(*words, "--tenant", tenant, "--contact", "nobody", "--student", "nobody")
    assert exit_code == 1
    assert told["error"]["code"]


def test_many_vanished_people_are_held_and_approved(terminal, tmp_path):
    tenant = published(terminal)
    short = tmp_path / "short"
    short.mkdir()
    for name in ["students", "contacts", "relationships"]:
        lines = (ROSTERS / "grandbend-native" / f"{name}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (short / f"{name}.csv").write_text("".join(lines[: len(lines) // 2] if name == "relationships" else lines))
    words = ["import", str(short), "--tenant", tenant, "--accept-warnings"]
    exit_code, held = terminal.run(*words)
    assert (exit_code, held["applied"]) == (3, False)
    assert "missing_people" in held["held"]
    assert terminal.run(*words, "--dry-run")[0] == 3
    applied = terminal.do(*words, "--approve")
    assert (applied["applied"], applied["associations"]) == (True, held["associations"])
    exit_code, told = terminal.run("sync", "--tenant", tenant)
    assert (exit_code, told["state"]) == (3, "held")
    assert "links_removed" in told["held_why"]
    assert terminal.do("sync", "--tenant", tenant, "--approve")["state"] == "applied"


def test_a_broken_roster_names_the_place_and_changes_nothing(terminal, tmp_path):
    tenant = terminal.tenant()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "students.csv").write_text(
        "student_id,school_code,family_name,given_name\n1,1,Okafor,Ada\n1,1,Barr,Theo\n"
    )
    (broken / "contacts.csv").write_text("contact_id,family_name\nC1,Okafor\n")
    (broken / "relationships.csv").write_text("student_id,contact_id,relationship\n1,C9,mother\n")
    exit_code, told = terminal.run("import", str(broken), "--tenant", tenant, "--accept-warnings")
    assert (exit_code, told["applied"]) == (1, False)
    codes = {(finding["code"], finding["file"], finding["line"]) for finding in told["findings"]}
    assert ("id.duplicate", "students.csv", 3) in codes
    assert ("id.unknown_reference", "relationships.csv", 2) in codes
    assert terminal.do("sync", "--tenant", tenant)["state"] == "nothing"


def test_a_made_roster_imports_without_a_finding_that_stops_it(terminal, tmp_path):
    tenant = terminal.tenant()
    out = tmp_path / "made"
    words = ["--students", "300", "--schools", "2", "--seed", "7"]
    made = terminal.do("roster", "make", *words, "--format", "native", "--out", str(out))
    told = terminal.do("import", str(out), "--tenant", tenant, "--accept-warnings")
    assert made == {kind: told[kind]["total"] for kind in ["students", "contacts", "associations"]}
    assert made["students"] == 300
