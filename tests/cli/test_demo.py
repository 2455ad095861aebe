"""The demo: two sample schools built by the school's own commands, once."""

import json
import shutil

import pytest

from schoolgate.cli.demo import GRAND_BEND_ROSTER
from tests.cli.command import command_in


@pytest.fixture
def demo(tmp_path):
    """The command, in a folder whose first school is a small one already: what is tested here is the demo, not the generator."""
    data = tmp_path / "data"
    shutil.copytree(GRAND_BEND_ROSTER, data / "demo-roster")
    data.chmod(0o700)
    (data / "demo.json").write_text(json.dumps({"done": ["roster"]}))
    return command_in(tmp_path)


def test_the_demo_builds_two_schools_once_and_says_who_to_sign_in_as(demo, tmp_path):
    first = demo.json("demo", "--no-serve")
    assert [tenant["code"] for tenant in first["tenants"]] == ["Wattle", "GrBend"]
    assert {member["role"] for member in first["members"]} >= {"owner", "administrator", "auditor"}
    for tenant in ("Wattle", "GrBend"):
        keys = demo.json("keys", "list", "--tenant", tenant)["keys"]
        assert len(keys) == 461
        assert demo.json("audit", "verify", "--tenant", tenant)["ok"]
        assert demo.json("sync", "--tenant", tenant)["state"] == "nothing"

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
