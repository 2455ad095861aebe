"""May this import be applied without a second look? Pure: numbers in, holds out (``rostering.md`` §10, guards 1 to 6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.findings import Message

NEVER_HOLDS_UNDER = 5


class Hold(StrEnum):
    """Why an import waits for a person; the words of the command line."""

    MISSING_PEOPLE = "missing_people"
    MASS_CHANGE = "mass_change"
    ID_REUSE = "id_reuse"
    IDS_CHANGED = "ids_changed"
    RESTRICTION_ENDS = "restriction_ends"
    OLDER_FILE = "older_file"
    LEADING_ZEROS = "leading_zeros"
    RESTRICTION_UNCLEAR = "restriction_unclear"


@dataclass(frozen=True)
class Weighed:
    """A reason to hold, with what its message needs. kind: whom the numbers are about, in words."""

    hold: Hold
    message: Message
    line: int = 0
    column: str = ""
    value: str = ""
    file: str = ""
    gaps: dict[str, Any] = field(default_factory=dict)  # Any: whatever a sentence may name.


@dataclass(frozen=True)
class KindNumbers:
    """What an import would do to students, contacts or ties. kind: the word for people.

    active: of the tenant, before. leaving: become inactive or end. staged: in the file. listed: the file is about them.
    matched: of the staged, known before. changed: of these. shifted: column to the number that change in it.
    """

    kind: str
    active: int
    leaving: int
    staged: int
    is_listed: bool
    matched: int = 0
    changed: int = 0
    shifted: dict[str, int] = field(default_factory=dict)
    new: int = 0
    vanished: int = 0
    paired: int = 0


@dataclass(frozen=True)
class SchoolNumbers:
    """Students of one school: active before, and how many would become inactive. is_listed: the file has the school."""

    name: str
    active: int
    leaving: int
    is_listed: bool


@dataclass(frozen=True)
class Ages:
    """When the files are from, and the last applied ones of the source; None where nothing tells."""

    newest_at: datetime | None
    last_newest_at: datetime | None
    is_same_file: bool


def weigh_kind(numbers: KindNumbers) -> Iterable[Weighed]:
    """Guards 1, 2 and 4 for one kind."""
    if numbers.is_listed and numbers.staged == 0 and numbers.active and numbers.leaving:
        gaps = {"kind": numbers.kind, "of": numbers.active}
        yield Weighed(Hold.MISSING_PEOPLE, messages.HOLD_NONE_LEFT, gaps=gaps)
    elif _exceeds(numbers.leaving, numbers.active, 10):
        gaps = _gaps(numbers.leaving, numbers.active, kind=numbers.kind, where="")
        yield Weighed(Hold.MISSING_PEOPLE, messages.HOLD_MISSING, column=numbers.kind, gaps=gaps)
    if _exceeds(numbers.changed, numbers.matched, 75):
        gaps = _gaps(numbers.changed, numbers.matched, kind=numbers.kind)
        yield Weighed(Hold.MASS_CHANGE, messages.HOLD_MASS_CHANGE, column=numbers.kind, gaps=gaps)
    for column, count in numbers.shifted.items():
        if _exceeds(count, numbers.matched, 30):
            gaps = _gaps(count, numbers.matched, kind=numbers.kind)
            yield Weighed(Hold.MASS_CHANGE, messages.HOLD_SHIFTED, column=column, gaps=gaps)
    if (
        numbers.paired
        and numbers.new * 20 >= numbers.staged
        and numbers.vanished * 10 >= numbers.new * 8
        and numbers.paired * 10 >= numbers.new * 8
    ):
        gaps = {"count": numbers.paired, "kind": numbers.kind}
        yield Weighed(Hold.IDS_CHANGED, messages.HOLD_IDS_CHANGED, column=numbers.kind, gaps=gaps)


def weigh_schools(schools: Sequence[SchoolNumbers]) -> Iterable[Weighed]:
    """Guard 1 for each school: a school vanished, or more than a quarter of one with twenty students."""
    for school in schools:
        if not school.is_listed and school.leaving:
            yield Weighed(Hold.MISSING_PEOPLE, messages.HOLD_SCHOOL_VANISHED, value=school.name)
        elif school.active >= 20 and _exceeds(school.leaving, school.active, 25):
            where = messages.AT_SCHOOL % {"school": school.name}
            gaps = _gaps(school.leaving, school.active, kind=messages.STUDENTS, where=where)
            yield Weighed(Hold.MISSING_PEOPLE, messages.HOLD_MISSING, column=school.name, gaps=gaps)


def weigh_ages(ages: Ages) -> Iterable[Weighed]:
    """Guard 6: an older file than the last one; the same file again is nobody's matter."""
    if ages.newest_at and ages.last_newest_at and ages.newest_at < ages.last_newest_at and not ages.is_same_file:
        shown, last = f"{ages.newest_at:%Y-%m-%d %H:%M}", f"{ages.last_newest_at:%Y-%m-%d %H:%M}"
        yield Weighed(Hold.OLDER_FILE, messages.HOLD_OLDER, value=shown, gaps={"last": last})


def _exceeds(count: int, total: int, percent: int) -> bool:
    return count >= NEVER_HOLDS_UNDER and count * 100 > total * percent


def _gaps(count: int, total: int, **more: object) -> dict[str, Any]:
    return {"count": count, "of": total, "percent": round(count * 100 / total) if total else 100, **more}
