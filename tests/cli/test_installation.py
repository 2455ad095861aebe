"""doctor, secrets, upgrade, serve, worker: the commands about the installation itself."""

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.cli.command import command_in
from tests.postgres import ScratchPostgres


@pytest.fixture
def fresh(tmp_path):
    """The command on a machine where it has never run."""
    return command_in(tmp_path)


@pytest.fixture(scope="module")
def server():
    with ScratchPostgres() as server:
        yield server


def test_the_first_command_makes_database_and_secrets(fresh, tmp_path):
    assert fresh.json("tenant", "create", "--name", "Wattle Creek")["tenant"]
    data = tmp_path / "data"
    assert data.stat().st_mode & 0o777 == 0o700
    assert {file.name: file.stat().st_mode & 0o777 for file in data.iterdir()} == {
        "schoolgate.sqlite3": 0o600,
        "schoolgate.sqlite3.upgrade": 0o600,
        "secrets.json": 0o600,
    }


def test_two_first_commands_at_once_both_work(fresh):
    words = [sys.executable, "-m", "schoolgate.cli", "tenant", "create", "--name", "Twice", "--json"]
    both = [subprocess.Popen(words, env=fresh.environment, stdout=subprocess.PIPE) for _ in range(2)]
    codes = {json.loads(process.communicate()[0])["tenant"] for process in both}
    assert len(codes) == 2


def test_on_postgresql_missing_secrets_and_a_schema_that_is_behind_are_refused_in_turn(fresh, server):
    url = server.create("installation")
    create = ["tenant", "create", "--name", "Big District"]
    refused = fresh.json(*create, code=1, SCHOOLGATE_DATABASE_URL=url)["error"]
    assert refused["code"] == "secrets.missing"
    assert "schoolgate secrets make" in refused["fix"]

    assert fresh("secrets", "make", SCHOOLGATE_DATABASE_URL=url).returncode == 0
    refused = fresh.json(*create, code=1, SCHOOLGATE_DATABASE_URL=url)["error"]
    assert refused["code"] == "schema.behind"
    assert "schoolgate upgrade" in refused["fix"]

    assert fresh.json("upgrade", SCHOOLGATE_DATABASE_URL=url)["applied"]
    assert fresh.json("upgrade", SCHOOLGATE_DATABASE_URL=url)["applied"] == []
    assert fresh.json(*create, SCHOOLGATE_DATABASE_URL=url)["tenant"]
    assert fresh.json("doctor", SCHOOLGATE_DATABASE_URL=url)["ok"]


def test_a_database_that_is_away_is_said_in_a_sentence(fresh):
    away = {"SCHOOLGATE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}
    fresh("secrets", "make", **away)
    assert fresh.json("tenant", "create", "--name", "X", code=4, **away)["error"]["code"] == "database.away"


def test_secrets_are_never_made_twice(fresh, tmp_path):
    assert fresh("secrets", "make").returncode == 0
    before = (tmp_path / "data" / "secrets.json").read_text()
    assert fresh.json("secrets", "make", code=1)["error"]["code"] == "secrets.exist"
    assert (tmp_path / "data" / "secrets.json").read_text() == before


def test_printed_secrets_are_those_that_the_environment_takes(fresh, tmp_path):
    printed = fresh("secrets", "make", "--print").stdout
    assert not (tmp_path / "data" / "secrets.json").exists()
    assert fresh("tenant", "create", "--name", "X", SCHOOLGATE_SECRETS=printed).returncode == 0
    assert not (tmp_path / "data" / "secrets.json").exists()
    refused = fresh.json("secrets", "rotate", code=1, SCHOOLGATE_SECRETS=printed)
    assert refused["error"]["code"] == "secrets.given"
    rotated = json.loads(fresh("secrets", "rotate", "--print", SCHOOLGATE_SECRETS=printed).stdout)
    assert set(rotated["peppers"]) == {"1", "2"}


def test_the_doctor_changes_nothing(fresh, tmp_path):
    found = fresh.json("doctor")
    assert found["ok"]
    assert not (tmp_path / "data").exists() or not list((tmp_path / "data").iterdir())


def test_the_doctor_names_what_is_wrong_and_how_to_mend_it(fresh, tmp_path):
    fresh("secrets", "make")
    (tmp_path / "data" / "secrets.json").chmod(0o644)
    found = fresh.json("doctor", code=1, SCHOOLGATE_EMAIL_URL="smtp://127.0.0.1:1")
    bad = {check["name"]: check["fix"] for check in found["checks"] if check["state"] == "bad"}
    assert set(bad) == {"secrets", "mail"}
    assert "chmod 600" in bad["secrets"]


def test_nonsense_in_the_environment_is_refused_with_the_variables_name(fresh):
    found = fresh.json("tenant", "create", "--name", "X", code=1, SCHOOLGATE_TRUSTED_PROXIES="many")
    assert "SCHOOLGATE_TRUSTED_PROXIES" in found["error"]["message"]


def test_a_worker_with_nothing_to_do_ends_at_once(schoolgate):
    assert schoolgate.json("worker", "--once") == {"sent": 0, "failed": 0, "unknown": 0}


def test_serve_answers_and_ends_cleanly(schoolgate, tmp_path):
    words = [sys.executable, "-m", "schoolgate.cli", "serve", "--port", "0"]
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(words, env=schoolgate.environment, stdout=log, stderr=log)
        try:
            url = wait_for_address(tmp_path / "log")
            assert wait_until_ready(url)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=40)
        said = (tmp_path / "log").read_text()
    assert code == 0, said
    assert "worker.stopped" in said
    assert "Shutting down" in said
    # Nobody holds the database any more.
    with sqlite3.connect(tmp_path / "data" / "schoolgate.sqlite3", timeout=0) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        connection.rollback()


def test_a_port_in_use_is_said_in_a_sentence(schoolgate):

    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = schoolgate.json("serve", "--port", str(taken.getsockname()[1]), code=1)
    assert refused["error"]["code"] == "serve.port_taken"


def wait_for_address(log, *, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for line in log.read_text().splitlines():
            if line.startswith("schoolgate is at "):
                return line.split()[3]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def wait_until_ready(url, *, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5) as response:
                return json.load(response)["ready"]
        except OSError:
            time.sleep(0.1)
    return False
