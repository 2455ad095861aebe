"""The rules of style that no linter knows: where HTTP may be, what a view may do, how files are called."""

import ast
import re
import subprocess
import tomllib

from tests.architecture.tree import DOMAIN, FACES, PACKAGE, ROOT, calls, imported, sources


def tracked(pattern: str = "") -> list[str]:
    """Files that git knows, and new ones that it doesn't ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *([pattern] if pattern else [])]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [name for name in listed if name and (ROOT / name).exists()]


def test_the_domain_knows_no_http():
    found = [
        f"{source.at(node)} {name}"
        for source in sources(*DOMAIN)
        for node, name in imported(source.tree)
        if name.startswith(("django.http", "django.shortcuts", "django.views"))
    ]
    assert not found


def test_views_ask_queries_and_actions_for_everything():
    refused = {"filter", "exclude", "save", "delete", "bulk_create", "annotate", "raw"}
    found = []
    for source in sources(*FACES):
        if source.path.stem != "views" and "views" not in source.path.parts:
            continue
        managers = (
            node for node in ast.walk(source.tree) if isinstance(node, ast.Attribute) and node.attr == "objects"
        )
        found += [source.at(node) for node in managers]
        methods = (call for call in calls(source.tree) if isinstance(call.func, ast.Attribute))
        found += [f"{source.at(call)} .{call.func.attr}(…)" for call in methods if call.func.attr in refused]
    assert not found, "A view parses, calls one action or query, and answers:\n" + "\n".join(found)


def test_transactions_are_opened_by_actions_alone():
    found = []
    for source in sources(*FACES):
        found += [source.at(node) for node, name in imported(source.tree) if name == "django.db.transaction"]
    assert not found


def test_templates_have_no_inline_script_or_style():
    barred = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=[\"']")
    pages = [file for file in PACKAGE.rglob("*.html") if "emails" not in file.parts]
    found = [str(file.relative_to(ROOT)) for file in pages if barred.search(file.read_text(encoding="utf-8"))]
    assert not found, f"The CSP bars inline script, style and handlers: {found}"


def test_every_face_folder_is_in_its_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    face = next(contract for contract in contracts if contract["name"].startswith("Within a face"))
    folders = {
        ".".join(file.parent.relative_to(ROOT).parts) for name in FACES for file in (PACKAGE / name).rglob("views.py")
    }
    assert folders <= set(face["containers"])


def test_no_file_is_called_by_a_word_that_says_nothing():
    vague = {"utils", "helpers", "common", "core", "misc", "manager", "managers", "services", "selectors"}
    assert not [source.name for source in sources() if source.path.stem in vague or vague & set(source.path.parts[:-1])]


def test_files_are_read_in_one_sitting():
    long = {source.name: len(source.lines) for source in sources() if len(source.lines) > 500}
    assert not long, f"Past 400 lines look for the second subject: {long}"


def test_migrations_are_named_and_reversible():
    for file in PACKAGE.glob("*/migrations/[0-9]*.py"):
        assert "_auto_" not in file.stem, f"{file.name}: name the change"
        for call in calls(ast.parse(file.read_text(encoding="utf-8"))):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in {"RunPython", "RunSQL"}:
                given = len(call.args) + len([k for k in call.keywords if k.arg in {"reverse_code", "reverse_sql"}])
                assert given >= 2, f"{file.name}: {name} says how to go back"


def test_nothing_names_the_machine_it_was_written_on():
    home = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|root)/")
    found = []
    for name in tracked():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}:{number}" for number, line in enumerate(text.split("\n"), 1) if home.search(line)]
    assert not [place for place in found if not place.startswith("tests/architecture/test_layout.py")]


def test_locks_hold_hashes_and_no_addresses():
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text()
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text), file.name
        for package in re.split(r"\n(?=\S)", text.strip()):
            assert "--hash=sha256:" in package, f"{file.name}: {package.split()[0]} has no hash"


def test_locks_hold_every_dependency_that_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = {"base": project["project"]["dependencies"], "dev": project["dependency-groups"]["dev"]}
    for lock, names in declared.items():
        held = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / f"requirements/{lock}.txt").read_text(), re.MULTILINE))
        wanted = {re.split(r"[\[<>=~! ]", name)[0].lower() for name in names}
        assert wanted <= held, f"run `make lock`: {sorted(wanted - held)}"
