"""The rows of the result list (R-RK-07), and how they renew themselves (R-RK-09)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from schoolgate.console.lists import whole_number
from schoolgate.console.parent_access.key_pages.states import LOOKS, GridState, Look
from schoolgate.console.parent_access_administration.registration_keys.people import (
    StudentKeys,
    keys_of_students,
    students_in,
)
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.directory.models import DirectoryStudent
from schoolgate.directory.search import former_names
from schoolgate.keys.errors import why_no_key
from schoolgate.keys.schemes import INACTIVE, NO_BIRTH_DATE, UNDER_AGE

ACTS_ON_KEYS = (
    *("key.generated", "key.replaced", "key.revoked", "key.unlocked", "key.locked", "key.expired", "key.redeemed"),
    *("key.disclaimed", "key.printed", "key.emailed", "email.queued", "email.cancelled", "email.stopped", "email.resent"),
    *("tie.ended", "sync.applied", "sync.withdrawn", "sync.undone", "account.disabled", "account.deleted", "setting.changed"),
    *("account.renamed", "account.updated", "key_system.changed", "school.edited"),
)  # fmt: skip
"""What may make a row different."""
_MOST_ROWS = 250


@dataclass(frozen=True)
class Row:
    """One student of the list. own_words, own_look: of the key for student use. parents_words: of those for parent use.

    formerly: the surnames by which the search has found a student who has another one now (R-RK-03).
    version: different whenever the row reads differently. gaps: how many keys *Keys for all gaps* would make; 0 where no contact lacks one.
    """

    student: DirectoryStudent
    own_words: str
    own_fact: SafeString | str
    own_look: Look
    own_is_gap: bool
    parents_words: str
    problems: tuple[str, ...]
    gaps: int
    version: str
    formerly: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        """Nobody is active at a school that is not (G-13)."""
        return self.student.is_active and self.student.has_active_school


def rows_of(scope: Scope, student_ids: Sequence[int], *, surname: str = "") -> list[Row]:
    """Query: the rows of these students, in this order; those beyond the member's schools are absent.

    surname: what the search looked for.
    """
    found = {
        student.pk: student
        for student in students_in(scope).filter(pk__in=student_ids).select_related("school", "second_school")
    }
    students = [found[pk] for pk in student_ids if pk in found]
    formerly: dict[int, list[str]] = {}
    if surname and scope.former_in != frozenset():
        formerly = former_names(
            tenant=scope.tenant, student_ids=student_ids, surname=surname, school_ids=scope.former_in
        )
    return [_row(each, tuple(formerly.get(each.student.pk, ()))) for each in keys_of_students(scope, students)]


def _row(keys: StudentKeys, formerly: tuple[str, ...]) -> Row:
    own, student = keys.own, keys.student
    never = own.facts.never if own.facts.never in {INACTIVE, UNDER_AGE, NO_BIRTH_DATE} else ""
    is_offered = not never or own.is_live or own.is_registered
    words = str(own.state.label) if is_offered else _("Not offered")
    fact = own.fact if is_offered else why_no_key(never)[0]
    if is_offered and own.expires:
        fact = format_html(_("until {day}"), day=own.expires)
    parents, problems = said_of_parents(keys), problems_of(keys)
    own_look = own.look if is_offered else LOOKS[GridState.NO_KEY]
    gaps = len(keys.gaps()) if any(each.is_gap for each in keys.parents) else 0
    about = [student.student_no, student.shown_name, student.school_names, student.has_active_school]
    about += [student.year_level, student.roll_class]
    told = repr([*about, student.is_active, words, fact, own_look, parents, problems, gaps, formerly])
    return Row(
        student=student,
        own_words=words,
        own_fact=fact,
        own_look=own_look,
        own_is_gap=own.is_gap,
        parents_words=parents,
        problems=problems,
        gaps=gaps,
        version=f"{crc32(told.encode()):08x}",
        formerly=formerly,
    )


def said_of_parents(keys: StudentKeys) -> str:
    """Such as: 2 registered, 1 live, 1 gap of 4."""
    parents = keys.parents
    if not parents:
        return _("No contacts")
    registered = sum(1 for each in parents if each.line is not None and each.line.is_registered)
    live = sum(1 for each in parents if each.line is not None and each.line.is_live and not each.line.is_registered)
    gaps = sum(1 for each in parents if each.is_gap)
    parts = [
        _("%(n)s registered") % {"n": registered} if registered else "",
        _("%(n)s live") % {"n": live} if live else "",
        _("%(n)s gap") % {"n": gaps} if gaps == 1 else _("%(n)s gaps") % {"n": gaps} if gaps else "",
    ]
    said = ", ".join(part for part in parts if part) or _("none")
    return _("%(said)s of %(all)s") % {"said": said, "all": len(parents)}


def problems_of(keys: StudentKeys) -> tuple[str, ...]:
    """What needs a look, each once."""
    lines = [keys.own, *(each.line for each in keys.parents if each.line is not None)]
    states = {line.state for line in lines}
    found = [
        _("locked") if GridState.LOCKED in states else "",
        _("bounced") if GridState.BOUNCED in states else "",
        _("expired") if GridState.EXPIRED in states else "",
        _("shared e-mail") if any(each.shares_email for each in keys.parents) else "",
    ]
    return tuple(word for word in found if word)


def changed_rows(scope: Scope, seen: str, *, surname: str = "") -> list[Row]:
    """Query: of the rows that a list has seen ("12:0a1b2c3d,…"), those that read differently now; 250 at most.

    surname: what the list was searched by.
    """
    versions = _versions(seen)
    return [row for row in rows_of(scope, list(versions), surname=surname) if row.version != versions[row.student.pk]]


def seen_of(rows: Iterable[Row]) -> str:
    """What a list of these rows has seen."""
    return ",".join(f"{row.student.pk}:{row.version}" for row in rows)


def seen_now(seen: str, rows: Sequence[Row]) -> str:
    """The same list, once these rows have been sent."""
    versions = _versions(seen) | {row.student.pk: row.version for row in rows}
    return ",".join(f"{pk}:{version}" for pk, version in versions.items())


def _versions(seen: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for each in seen.split(",")[:_MOST_ROWS]:
        pk, _colon, version = each.partition(":")
        student_id = whole_number(pk)
        if student_id is not None:
            found[student_id] = version[:8]
    return found
