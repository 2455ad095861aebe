"""The environment is read in config/env.py alone, and docs/reference/settings.md names all of it."""

import ast
import re

from tests.architecture.tree import PACKAGE, ROOT, Source, imported, sources

REFERENCE = ROOT / "docs" / "reference" / "settings.md"


def variables_read() -> set[str]:
    """Every SCHOOLGATE_… that config/env.py asks for."""
    tree = Source(PACKAGE / "config" / "env.py").tree
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text for text in texts if re.fullmatch(r"SCHOOLGATE_[A-Z_]+", text)}


def test_the_reference_names_exactly_the_variables_that_are_read():
    documented = set(re.findall(r"^\| `(SCHOOLGATE_[A-Z_]+)`", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == variables_read()


def test_the_environment_is_read_in_one_file():
    found = []
    for source in sources():
        if source.name in {"schoolgate/config/env.py", "schoolgate/config/settings/test.py"}:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
                said = source.lines[node.lineno - 2] + source.lines[node.lineno - 1]
                if "DJANGO_SETTINGS_MODULE" not in said and "# environment: " not in said:
                    found.append(source.at(node))
    assert not found


def test_modules_do_not_ask_whether_this_is_debug():
    found = [
        source.at(node)
        for source in sources()
        if source.module != "config"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr == "DEBUG"
    ]
    assert not found


def test_nothing_imports_the_settings_modules():
    found = [
        source.at(node)
        for source in sources()
        if source.module != "config"
        for node, name in imported(source.tree)
        if name.startswith("schoolgate.config")
    ]
    assert not found
