"""The demo: two sample schools and a district of five, built by the school's own commands, once."""

import csv
import json
import shutil
from collections import Counter

import pytest

from schoolgate.cli.demo import GRAND_BEND_ROSTER
from schoolgate.cli.demo_district import make_district_roster
from tests.cli.command import command_in

DISTRICT_STUDENTS = 240


@pytest.fixture
def demo(tmp_path):
    """The command, in a folder whose rosters are small ones already: what is tested here is the demo, not the generator."""
    data = tmp_path / "data"
    shutil.copytree(GRAND_BEND_ROSTER, data / "demo-roster")
    data.chmod(0o700)
    make_district_roster(data / "demo-district", students=DISTRICT_STUDENTS)
    (data / "demo.json").write_text(json.dumps({"done": ["roster", "district roster"]}))
    return command_in(tmp_path)


def test_the_demo_builds_its_schools_once_and_says_who_to_sign_in_as(demo, tmp_path):
    first = demo.json("demo", "--no-serve")
    assert [tenant["code"] for tenant in first["tenants"]] == ["Wattle", "GrBend", "Banksi"]
    assert {member["role"] for member in first["members"]} >= {"owner", "administrator", "auditor"}
    for tenant in ("Wattle", "GrBend"):
        keys = demo.json("keys", "list", "--tenant", tenant)["keys"]
        assert len(keys) == 461
        assert demo.json("audit", "verify", "--tenant", tenant)["ok"]
        assert demo.json("sync", "--tenant", tenant)["state"] == "nothing"

    check_district(demo)

    # A second run keeps what was done since, the password included.
    demo.json("settings", "set", "--tenant", "Wattle", "help_line=03 5550 9999")
    again = demo("demo", "--no-serve")
    assert again.returncode == 0
    assert again.stderr == ""
    assert first["password"] in again.stdout
    assert demo.json("settings", "set", "--tenant", "Wattle", "paper=a4")["settings"]["help_line"] == "03 5550 9999"
    assert (tmp_path / "data" / "demo.json").stat().st_mode & 0o077 == 0

    # A run that was interrupted goes on with what is missing.
    memory = tmp_path / "data" / "demo.json"
    kept = json.loads(memory.read_text())
    kept["done"].remove("GrBend: settings")
    memory.write_text(json.dumps(kept))
    said = demo("demo", "--no-serve").stderr.splitlines()
    assert [line.split()[:5] for line in said] == [["schoolgate", "settings", "set", "--tenant", "GrBend"]]


def test_the_demo_stays_away_from_other_schools(demo):
    demo.json("tenant", "create", "--name", "A real school")
    assert demo.json("demo", "--no-serve", code=1)["error"]["code"] == "demo.other_schools"


def check_district(demo):
    """Five schools in the middle of giving out keys, one of them closed; some families have redeemed theirs."""
    keys = demo.json("keys", "list", "--tenant", "Banksi")["keys"]
    states = Counter(row["state"] for row in keys)
    assert states["redeemed"] == len([row for row in keys if row["username"]]) >= 20
    assert states["revoked"] == 4
    assert states["live"] > 100
    assert states["none"] > 10
    students = demo.json("keys", "list", "--tenant", "Banksi", "--for", "students")["keys"]
    assert {row["state"] for row in students} >= {"none", "live", "redeemed"}
    assert 0 < len(students) < DISTRICT_STUDENTS  # The closed school's have left.
    roster = read_roster(demo.folder / "data" / "demo-district" / "students.csv")
    former = {row["student_id"] for row in roster if row["enrolment_status"] == "inactive"}
    assert len(students) == DISTRICT_STUDENTS - len(former)
    school_of = {row["student_id"]: row["school_code"] for row in roster}
    assert any(len({school_of[id_] for id_ in row["students"]}) > 1 for row in keys)  # Siblings at two schools.
    assert not former & {id_ for row in keys for id_ in row["students"]}
    refused = demo.json("keys", "generate", "--tenant", "Banksi", "--for", "both", "--school", "1002", code=1)
    assert refused["error"]["code"] == "keys.school"
    again = demo.json("keys", "generate", "--tenant", "Banksi", "--for", "parents", "--school", "1001", "--dry-run")
    assert again["generated"] <= 4  # But for those that were lost in the post.
    assert demo.json("audit", "verify", "--tenant", "Banksi")["ok"]
    assert demo.json("sync", "--tenant", "Banksi")["state"] == "nothing"


def read_roster(file):
    with file.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))
