"""schoolgate import: exit codes and JSON, as outside programs rely on them."""

import shutil

import pytest

from tests.cli.test_contract import schoolgate, told
from tests.factories.rosters import SETS, many, native, one_family, without

COUNTS = {"total", "added", "changed", "deactivated"}


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """A data directory with one tenant; each test works on a copy, since a command takes its time to start."""
    place = tmp_path_factory.mktemp("made")
    assert schoolgate(place, "tenant", "create", "--name", "Wattle Creek", "--code", "WATTLE").returncode == 0
    return place


@pytest.fixture
def folder(tmp_path, made_once):
    shutil.copytree(made_once, tmp_path / "data")
    return tmp_path


def run(folder, *words, as_json=True):
    return schoolgate(
        folder / "data", "import", *map(str, words), "--tenant", "wattle", *(["--json"] if as_json else [])
    )


def write(folder, files):
    place = folder / "roster"
    place.mkdir(exist_ok=True)
    for old in place.iterdir():
        old.unlink()
    for name, text in files.items():
        (place / name).write_text(text)
    return place


def test_warnings_then_applied_then_nothing_differs(folder):
    warned = run(folder, SETS / "grandbend-native")
    assert warned.returncode == 1
    assert told(warned)["applied"] is False
    assert told(warned)["students"] == {"total": 234, "added": 234, "changed": 0, "deactivated": 0}
    applied = run(folder, SETS / "grandbend-native", "--accept-warnings")
    content = told(applied)
    assert (applied.returncode, content["applied"], content["format"], content["held"]) == (0, True, "native", [])
    assert content["contacts"] == {"total": 461, "added": 461, "changed": 0, "deactivated": 0}
    assert set(content["associations"]) == COUNTS
    again = run(folder, SETS / "grandbend-native", "--accept-warnings", as_json=False)
    assert again.returncode == 0
    assert "zero changes" in again.stdout


def test_errors_are_refused_with_their_place(folder):
    place = write(folder, native([{"birth_date": "31/02/2015"}]))
    result = run(folder, place)
    assert result.returncode == 1
    (finding,) = told(result)["findings"]
    assert {key: finding[key] for key in ("severity", "code", "file", "line", "column", "count")} == {
        "severity": "error",
        "code": "cell.date",
        "file": "students.csv",
        "line": 2,
        "column": "birth_date",
        "count": 1,
    }
    shown = run(folder, place, as_json=False)
    assert "students.csv line 2" in shown.stderr + shown.stdout


def test_a_hold_waits_for_approval_and_a_dry_run_exits_as_the_act_would(folder):
    place = write(folder, many(30))
    assert run(folder, place, "--dry-run").returncode == 0
    assert run(folder, place).returncode == 0
    place = write(folder, without(many(30), *(f"S{n}" for n in range(9))))
    for words in ([], ["--dry-run"]):
        held = run(folder, place, *words)
        assert (held.returncode, told(held)["held"], told(held)["applied"]) == (3, ["missing_people"], False)
        assert told(held)["students"] == {"total": 21, "added": 0, "changed": 0, "deactivated": 9}
    assert told(run(folder, place, "--approve"))["students"]["deactivated"] == 9


def test_what_cannot_begin(folder):
    place = write(folder, many(1))
    absent = run(folder, folder / "nowhere.zip")
    assert (absent.returncode, told(absent)["error"]["code"]) == (1, "import.path")
    school = run(folder, place, "--school", "999")
    assert (school.returncode, told(school)["findings"][0]["code"]) == (1, "school.missing")
    assert run(folder, place, "--format", "xml").returncode == 2
    assert run(folder).returncode == 2
    unknown = schoolgate(folder / "data", "import", str(place), "--tenant", "nobody", "--json")
    assert (unknown.returncode, told(unknown)["error"]["code"]) == (1, "tenant.unknown")


def test_a_restriction_in_a_file_acts_at_once(folder):
    """R-RX-02, R-RX-08: the pair's link is withdrawn by the import, without a Data Sync."""
    run(folder, write(folder, one_family()))
    schoolgate(folder / "data", "sync", "--tenant", "wattle")
    ask = ("explain", "--tenant", "wattle", "--contact", "C1", "--student", "S1", "--json")
    assert told(schoolgate(folder / "data", *ask))["sees"] is True
    run(folder, write(folder, one_family(tie={"restriction": "no_access"})))
    assert told(schoolgate(folder / "data", *ask))["sees"] is False
