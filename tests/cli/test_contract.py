"""The frame that every command stands in: one JSON object, exit codes, faults with their mend."""

import json
import subprocess
import sys

import pytest


def schoolgate(folder, *words, **environment):
    """The real command, in a process of its own, on a database of its own."""
    env = {"PATH": "/usr/bin:/bin", "SCHOOLGATE_DATA_DIR": str(folder), "LC_ALL": "C.UTF-8", **environment}
    code = "from schoolgate.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *words], env=env, capture_output=True, text=True, check=False)


def told(result):
    lines = result.stdout.splitlines()
    assert len(lines) == 1, result
    return json.loads(lines[0])


def test_sqlite_makes_itself_and_its_secrets(tmp_path):
    result = schoolgate(tmp_path, "tenant", "create", "--name", "Wattle Creek", "--code", "AlpxF2", "--json")
    assert (result.returncode, told(result)) == (0, {"tenant": "AlpxF2"})
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_json_may_stand_anywhere(tmp_path):
    assert told(schoolgate(tmp_path, "--json", "tenant", "create", "--name", "A", "--code", "aaaaaa"))
    assert told(schoolgate(tmp_path, "tenant", "--json", "create", "--name", "B"))


def test_a_refusal_says_what_and_how_to_mend_it(tmp_path):
    result = schoolgate(tmp_path, "audit", "verify", "--tenant", "nobody", "--json")
    assert result.returncode == 1
    assert told(result)["error"].keys() == {"code", "message", "fix"}


def test_signs_that_the_terminal_lacks_do_not_stop_a_program(tmp_path):
    code, here = "w4ttle", {"PYTHONIOENCODING": "ascii"}
    schoolgate(tmp_path, "tenant", "create", "--name", "A", "--code", code)
    result = schoolgate(tmp_path, "settings", "set", "--tenant", code, "help_line=Büro 東", "--json", **here)
    assert told(result)["settings"]["help_line"] == "Büro 東"
    result = schoolgate(tmp_path, "import", "/no/where/\udcff", "--tenant", code, "--json")
    assert (result.returncode, told(result)["error"]["code"]) == (1, "import.path")


def test_usage_is_exit_2_and_nothing_on_standard_output(tmp_path):
    result = schoolgate(tmp_path, "tenant", "create", "--json")
    assert (result.returncode, result.stdout) == (2, "")


def test_settings_are_set_and_told(tmp_path):
    schoolgate(tmp_path, "tenant", "create", "--name", "A", "--code", "aaaaaa")
    result = schoolgate(tmp_path, "settings", "set", "--tenant", "AAAAAA", "help_line=1", "portal_open=yes", "--json")
    assert told(result)["settings"]["portal_open"] is True


def test_a_member_gets_a_link_whose_secret_no_server_sees(tmp_path):
    schoolgate(tmp_path, "tenant", "create", "--name", "A", "--code", "aaaaaa")
    words = ["member", "add", "--tenant", "aaaaaa", "--email", "jo@school.example", "--role", "owner", "--json"]
    found = told(schoolgate(tmp_path, *words, SCHOOLGATE_BASE_URL="https://portal.school.example"))
    assert found["sign_in_link"].startswith("https://portal.school.example/s-aaaaaa/console/welcome/#t=")


@pytest.mark.parametrize(
    "environment",
    [
        {"SCHOOLGATE_DATABASE_URL": "mysql://localhost/x"},
        {"SCHOOLGATE_DATABASE_URL": "postgresql://localhost/x"},
        {"SCHOOLGATE_BASE_URL": "portal"},
    ],
    ids=["database", "secrets", "address"],
)
def test_an_installation_fault_is_told_with_its_mend(tmp_path, environment):
    result = schoolgate(tmp_path, "tenant", "create", "--name", "A", "--json", **environment)
    assert result.returncode in {1, 4}
    assert told(result)["error"]["fix"]
