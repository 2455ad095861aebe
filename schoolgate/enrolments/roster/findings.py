"""What an import has to say about a file: where, what, why, and how to mend it (``rostering.md`` §10).

The sentences themselves stand in ``messages.py``. Findings of one code in one column of one file fold into one with a
count and its first places, so that a column shifted in 100,000 rows is one finding and not 100,000.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PLACES_KEPT = 20
ERRORS_KEPT = 20_000  # More than an import may ever be applied without.
LONGEST_VALUE = 80


class Severity(StrEnum):
    """How bad: errors refuse the whole upload, holds and warnings wait for a person, notes only tell."""

    ERROR = "error"
    HOLD = "hold"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of finding. ``code`` is stable; the texts are lazy translations with named gaps."""

    code: str
    severity: Severity
    why: Any  # A lazy translation: django-stubs knows it as str only at call sites.
    fix: Any  # As above.


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence: the line as a text editor counts (0: the file as a whole) and what stood there."""

    line: int
    value: str


@dataclass(frozen=True, slots=True)
class ErrorPlace:
    """Where one error is: what an import may be applied without is found by it."""

    message: Message
    file: str
    line: int
    column: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Everything of one code in one column of one file; ``line`` and ``value`` are those of its first place."""

    severity: Severity
    code: str
    file: str
    line: int
    column: str
    value: str
    why: str
    fix: str
    count: int
    places: tuple[Place, ...]


def masked(value: str) -> str:
    """The shape of a birth date or a note without what it says: ``31/02/2015`` is shown as ``••/••/••••``."""
    return "".join("•" if sign.isalnum() else sign for sign in value)


def shortened(value: str) -> str:
    """At most 80 characters, on one line; a NUL, which PostgreSQL can't keep, by its sign."""
    line = _storable(" ".join(value.split()))
    return line if len(line) <= LONGEST_VALUE else f"{line[: LONGEST_VALUE - 1]}…"


def _storable(text: str) -> str:
    return text.replace("\0", "␀")


class _Fold:
    __slots__ = ("column", "count", "file", "message", "places", "why")

    def __init__(self, message: Message, file: str, column: str, why: dict[str, object]) -> None:
        self.message = message
        self.file = file
        self.column = column
        self.why = why  # The gaps of the texts, from the first occurrence.
        self.count = 0
        self.places: list[Place] = []


class Findings:
    """Collects while a reader runs. Adding the hundred-thousandth of a kind costs no more memory than the twentieth."""

    def __init__(self) -> None:
        self._folds: dict[tuple[str, Severity, str, str], _Fold] = {}
        self._counts = dict.fromkeys(Severity, 0)
        self.errors: list[ErrorPlace] = []  # Each one's place, up to ERRORS_KEPT.

    def add(
        self,
        message: Message,
        *,
        file: str = "",
        line: int = 0,
        column: str = "",
        value: str = "",
        is_masked: bool = False,
        count: int = 1,
        gaps: Mapping[str, object] | None = None,
    ) -> None:
        """Note one finding. ``gaps`` fill the named gaps of the message, besides file, line, column and value."""
        file, column = _storable(file), _storable(column)
        key = (message.code, message.severity, file, column)
        fold = self._folds.get(key)
        shown = masked(shortened(value)) if is_masked else shortened(value)
        if fold is None:
            more = {name: _storable(gap) if isinstance(gap, str) else gap for name, gap in (gaps or {}).items()}
            filled = {"file": file, "line": line, "column": column, "value": shown, **more}
            fold = self._folds[key] = _Fold(message, file, column, filled)
        fold.count += count
        self._counts[message.severity] += count
        if message.severity is Severity.ERROR and len(self.errors) < ERRORS_KEPT:
            self.errors.append(ErrorPlace(message, file, line, column))
        if len(fold.places) < PLACES_KEPT:
            fold.places.append(Place(line, shown))

    def has(self, severity: Severity) -> bool:
        """True when at least one finding of that severity was added."""
        return self._counts[severity] > 0

    def folded(self) -> list[Finding]:
        """All findings in the files' order: by file, by first line, as they were met."""
        folds = sorted(self._folds.values(), key=lambda fold: (fold.file, fold.places[0].line))
        return [
            Finding(
                severity=fold.message.severity,
                code=fold.message.code,
                file=fold.file,
                line=fold.places[0].line,
                column=fold.column,
                value=fold.places[0].value,
                why=str(fold.message.why) % fold.why,
                fix=str(fold.message.fix) % fold.why,
                count=fold.count,
                places=tuple(fold.places),
            )
            for fold in folds
        ]


_WORST_FIRST = list(Severity)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """As a person wants to read them: errors before holds before warnings before notes, then the files' order."""
    return sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.severity))


CSV_HEADINGS = ("severity", "code", "file", "line", "column", "value", "why", "fix", "count")
