"""What the writers of all formats share: CSV files opened together, and the counts an importer of the format would give."""

import csv
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from schoolgate.enrolments.roster_make.people import Family, School


@dataclass
class RosterCounts:
    """As an importer of the format counts: what a format can't say isn't in them."""

    students: int = 0
    contacts: int = 0
    associations: int = 0


class Writer(Protocol):
    """One format. ``names``: the files that it writes."""

    names: tuple[str, ...]

    def open(self, files: "Files", schools: Sequence[School]) -> None:
        """Write the headings, and whatever needs no family."""

    def write(self, family: Family, counts: RosterCounts) -> None:
        """Write one family, and count what of it the format holds."""


class Files:
    """CSV files of one folder (RFC 4180, UTF-8), closed together."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack

    def create(self, name: str, heading: str) -> "Sheet":
        """A new file with its heading, columns separated by commas."""
        return Sheet(self._folder / name, heading.split(","), self._stack)


class Sheet:
    """One CSV file; each row must have as many cells as the heading."""

    def __init__(self, path: Path, heading: list[str], stack: ExitStack) -> None:
        file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
        self._writer = csv.writer(file)
        self._width = len(heading)
        self._writer.writerow(heading)

    def row(self, *cells: object) -> None:
        if len(cells) != self._width:
            raise ValueError(f"{len(cells)} cells for {self._width} columns")
        self._writer.writerow(cells)

    def rows(self, rows: Iterable[Sequence[object]]) -> None:
        for row in rows:
            self.row(*row)


def yes_no(value: bool | None) -> str:
    """Blank: not stated."""
    return "" if value is None else "yes" if value else "no"
