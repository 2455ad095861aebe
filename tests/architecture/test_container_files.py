"""The Dockerfile and compose.yaml, read without Docker: what a careful reviewer would ask of them."""

import re
import shlex

import pytest

from tests.architecture.tree import ROOT


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments) in order, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", " ", text)
    return [(word.upper(), rest) for word, rest in re.findall(r"^([A-Za-z]+)\s+(.*)$", joined, re.MULTILINE)]


def arguments(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def test_only_known_instructions_stand_in_the_dockerfile():
    known = {"FROM", "RUN", "COPY", "WORKDIR", "ENV", "USER", "EXPOSE", "VOLUME", "ENTRYPOINT", "CMD", "HEALTHCHECK", "LABEL", "STOPSIGNAL"}  # fmt: skip
    assert {name for name, _ in instructions()} <= known  # ADD fetches and unpacks; ARG ends in the image's history.


def test_base_images_name_a_version():
    stages = {rest.split(" AS ")[1] for rest in arguments("FROM") if " AS " in rest}
    for image in (rest.split(" AS ")[0] for rest in arguments("FROM")):
        assert image in stages or re.search(r":\d+\.\d+", image), image


def test_the_image_runs_as_nobody_special():
    users = arguments("USER")
    assert users
    assert users[-1].split(":")[0] not in {"root", "0"}
    after = instructions()[[name for name, _ in instructions()].index("USER") :]
    assert "RUN" not in {name for name, _ in after}


def test_apt_leaves_nothing_behind():
    for run in arguments("RUN"):
        if "apt-get install" in run:
            assert "apt-get update" in run
            assert "--no-install-recommends" in run
            assert "rm -rf /var/lib/apt/lists/*" in run


def test_python_packages_are_installed_by_hash():
    for run in arguments("RUN"):
        for install in re.findall(r"(?:uv )?pip install [^&|;]*", run):
            assert "--require-hashes" in install or "--no-deps" in install, install


@pytest.mark.parametrize("word", ["ENTRYPOINT", "CMD"])
def test_commands_are_lists_so_that_signals_arrive(word):
    for given in arguments(word):
        assert given.startswith("["), given


def test_no_secret_is_baked_in():
    for given in arguments("ENV"):
        for pair in shlex.split(given):
            assert not re.search(r"(SECRET|PASSWORD|TOKEN|PEPPER)S?=", pair), pair


def test_the_dockerfile_copies_only_what_exists():
    for given in arguments("COPY"):
        words = [word for word in shlex.split(given) if not word.startswith("--")]
        if "--from=" not in given:
            for source in words[:-1]:
                assert (ROOT / source).exists(), source
