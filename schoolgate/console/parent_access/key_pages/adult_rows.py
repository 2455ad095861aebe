"""The rows of one page where a row is a household or a student: its adults, each with their own key (portal-console §4).

As many statements for 250 rows as for one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.console.parent_access.key_pages.adults import Adult, adults_of
from schoolgate.console.parent_access.key_pages.chosen import name_of
from schoolgate.console.parent_access.key_pages.grid import rows_in
from schoolgate.console.parent_access.key_pages.row_states import state_of
from schoolgate.console.parent_access.key_pages.row_words import StudentLine
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import LOOKS, GridState, Look, state_label
from schoolgate.console.parent_access.key_pages.subjects import subjects_in
from schoolgate.directory.models import DirectoryAssociation
from schoolgate.sync.pending import PendingLink

Pair = tuple[int, int]  # Contact and student.


@dataclass(frozen=True)
class AdultLine:
    """An adult in a row. mark: "added" or "removed" while that waits for a Data Sync, else empty (R-CK-04).

    Or "before": they hold a key or an account for the row, but see nobody there. adult: None for somebody still to come.
    """

    name: str
    mark: str = ""
    adult: Adult | None = None


@dataclass(frozen=True)
class AdultsRow:
    """One household, or one student. place: of the student, their year and class. other_students: that the member may not see."""

    pk: int
    number: str
    name: str
    place: str
    lines: tuple[AdultLine, ...]
    students: tuple[StudentLine, ...]
    other_students: int
    state: GridState
    label: str
    look: Look
    fact: SafeString | str

    @property
    def adults(self) -> list[Adult]:
        """Those who are there today."""
        return [line.adult for line in self.lines if line.adult is not None]

    @property
    def has_live_key(self) -> bool:
        return any(adult.selector for adult in self.adults)


@dataclass(frozen=True)
class _Sight:
    """What is open in a row today. pairs: of contact and student. names: of the students whom the member may see, by name."""

    pairs: set[Pair] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)


def adult_rows_of(
    scope: Scope, row_ids: Sequence[int], *, pending: Mapping[int, Sequence[PendingLink]]
) -> list[AdultsRow]:
    """The rows of these households or students, in this order. pending: what Data Sync says of each."""
    found = rows_in(scope).filter(pk__in=row_ids).annotate(state=state_of(scope, only=row_ids))
    rows = {row.pk: row for row in found}
    adults: dict[int, list[Adult]] = defaultdict(list)
    for subject, adult in adults_of(scope, subjects_in(scope, row_ids)).items():
        adults[subject.id].append(adult)
    sights = _sights(scope, row_ids)
    return [
        _row(
            scope,
            rows[pk],
            lines=_adult_lines(adults[pk], sights[pk], pending.get(pk, ())),
            students=_student_lines(sights[pk], pending.get(pk, ())) if scope.scheme.has_students else (),
            hidden=len(sights[pk].hidden),
        )
        for pk in row_ids
        if pk in rows  # Some may be gone since the page's ids were read.
    ]


def _row(
    scope: Scope, row: Any, *, lines: tuple[AdultLine, ...], students: tuple[StudentLine, ...], hidden: int
) -> AdultsRow:
    state = GridState(row.state)
    if state == GridState.NO_STUDENTS and any(line.mark == "added" for line in lines):
        state = GridState.NOT_PUBLISHED
    year_and_class = [getattr(row, "year_level", ""), getattr(row, "roll_class", "")]
    return AdultsRow(
        pk=row.pk,
        number=getattr(row, scope.scheme.number),
        name=name_of(row),
        place=" · ".join(filter(None, year_and_class)),
        lines=lines,
        students=students,
        other_students=hidden,
        state=state,
        label=state_label(state, scope.scheme),
        look=LOOKS[state],
        fact=_fact(state, [line.adult for line in lines if line.adult is not None]),
    )


def _adult_lines(adults: Sequence[Adult], sight: _Sight, pending: Sequence[PendingLink]) -> tuple[AdultLine, ...]:
    """Those who are not there yet come last."""
    sees_now = {contact for contact, _student in sight.pairs}
    will_see = {contact for contact, _student in _after(sight, pending)}
    lines = []
    for adult in adults:
        mark = _mark(sees_now=adult.subject.addressee in sees_now, will_see=adult.subject.addressee in will_see)
        lines.append(AdultLine(adult.name, mark, adult))
    here = {adult.subject.addressee for adult in adults}
    coming = {link.contact_id: link.contact_name for link in pending if link.opens and link.contact_id not in here}
    return (*lines, *(AdultLine(name, "added") for name in coming.values()))


def _mark(*, sees_now: bool, will_see: bool) -> str:
    if sees_now:
        return "" if will_see else "removed"
    return "added" if will_see else "before"


def _student_lines(sight: _Sight, pending: Sequence[PendingLink]) -> tuple[StudentLine, ...]:
    will_be_seen = {student for _contact, student in _after(sight, pending)}
    lines = [StudentLine(name, "" if pk in will_be_seen else "removed") for pk, name in sight.names.items()]
    seen = {student for _contact, student in sight.pairs}
    coming = {link.student_id: link.student_name for link in pending if link.opens and link.student_id not in seen}
    return (*lines, *(StudentLine(name, "added") for name in coming.values()))


def _after(sight: _Sight, pending: Sequence[PendingLink]) -> set[Pair]:
    """Who will see whom there after the next sync."""
    closes = {(link.contact_id, link.student_id) for link in pending if not link.opens}
    opens = {(link.contact_id, link.student_id) for link in pending if link.opens}
    return (sight.pairs - closes) | opens


def _fact(state: GridState, adults: Sequence[Adult]) -> SafeString | str:
    """How many of its adults are connected, where not all of them are; else what matters about those whose state it is."""
    if state == GridState.NO_STUDENTS:
        return _("No access turned on")
    if state == GridState.NOT_PUBLISHED:
        return _("Waits for a Data Sync")
    connected = sum(1 for adult in adults if adult.accounts)
    if connected and connected < len(adults):
        said = ngettext("%(n)s of %(all)s adult connected", "%(n)s of %(all)s adults connected", len(adults))
        return said % {"n": connected, "all": len(adults)}
    facts = {adult.fact for adult in adults if adult.state == state}
    return facts.pop() if len(facts) == 1 else ""


def _sights(scope: Scope, row_ids: Collection[int]) -> Mapping[int, _Sight]:
    column = scope.scheme.column
    links = DirectoryAssociation.objects.for_tenant(scope.tenant).links(today=scope.today)
    links = links.filter(**{f"{column}__in": row_ids}).select_related("student")
    found: dict[int, _Sight] = defaultdict(_Sight)
    for pair in links.order_by("student__sort_name", "student_id"):
        sight = found[getattr(pair, column)]
        sight.pairs.add((pair.contact_id, pair.student_id))
        if not pair.student.is_at(scope.schools):
            sight.hidden.add(pair.student_id)
        else:
            sight.names[pair.student_id] = pair.student.shown_name
    return found
