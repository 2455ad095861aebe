"""The project's source as syntax trees, for the tests that read it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "schoolgate"

DOMAIN = ["jobs", "enrolments", "directory", "sync", "keys", "letters", "accounts"]
FACES = ["console", "portal"]


@dataclass(frozen=True)
class Source:
    """One Python file of the package."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else self.path)

    @property
    def module(self) -> str:
        """The first folder below the package: keys, console, …"""
        return self.path.relative_to(PACKAGE).parts[0]

    @cached_property
    def lines(self) -> list[str]:
        return self.path.read_text(encoding="utf-8").splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), filename=self.name)

    def at(self, node: ast.AST) -> str:
        """Where a node stands, as an editor takes it."""
        return f"{self.name}:{getattr(node, 'lineno', 0)}"


def sources(*modules: str) -> list[Source]:
    """The package's Python files without migrations; of the named modules, or all."""
    folders = [PACKAGE / module for module in modules] if modules else [PACKAGE]
    files = sorted(file for folder in folders for file in folder.rglob("*.py") if "migrations" not in file.parts)
    return [Source(file) for file in files]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in a tree."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Each import with the full name of what it brings: ``django.http.HttpResponse``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)
