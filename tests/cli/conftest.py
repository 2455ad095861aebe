import shutil

import pytest

from tests.cli.command import Command, command_in


@pytest.fixture(scope="session")
def made_installation(tmp_path_factory):
    """A data folder with a database of this version, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("installation")
    assert command_in(folder)("upgrade").returncode == 0
    return folder / "data"


@pytest.fixture
def schoolgate(tmp_path, made_installation) -> Command:
    """The command with an empty database (SQLite) and secrets of its own."""
    shutil.copytree(made_installation, tmp_path / "data")
    return command_in(tmp_path)
