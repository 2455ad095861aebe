import json
import shutil
from itertools import count

import pytest

from schoolgate.cli import run
from tests.cli.command import Command, command_in

_numbers = count(1)


@pytest.fixture(scope="session")
def made_installation(tmp_path_factory, postgres_server):
    """A command whose database is of this version; made once, and copied for each test."""
    made = command_in(tmp_path_factory.mktemp("installation"))
    if postgres_server:
        made.environment["SCHOOLGATE_DATABASE_URL"] = postgres_server.create("installation")
        assert made("secrets", "make").returncode == 0
    assert made("upgrade").returncode == 0
    return made


@pytest.fixture
def schoolgate(tmp_path, made_installation, postgres_server) -> Command:
    """The command with an empty database, of the kind that this run is on, and secrets of its own."""
    shutil.copytree(made_installation.folder / "data", tmp_path / "data")
    copy = command_in(tmp_path)
    if postgres_server:
        name = f"installation_{next(_numbers)}"
        copy.environment["SCHOOLGATE_DATABASE_URL"] = postgres_server.create(name, template="installation")
    return copy


@pytest.fixture
def command(capsys, monkeypatch):
    """Run one command with --json in this process, on this test's database: its exit code and its object."""
    monkeypatch.setattr("schoolgate.cli.schema.ensure_schema", lambda: None)

    def told(*words):
        code = run([*map(str, words), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return told
