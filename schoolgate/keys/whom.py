"""Whom a run from the students' side is for, where each is counted, and who is left out and why; pure (R-GS-01 to R-GS-03, R-GP-03)."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from schoolgate.jobs.subject import Subject
from schoolgate.keys.schemes import IN_RUN, NO_HOUSEHOLD, NO_LINK, NOT_PARENT, RESTRICTED, Facts, Verdict
from schoolgate.keys.subjects import CONTACT, FAMILY, STUDENT_SELF


class RunStudent(NamedTuple):
    """An active student of an active school, as the run was asked for them.

    school_id: their school, or the second one where the run is not for the first. is_at_both: it is for both (R-RK-10).
    """

    id: int
    school_id: int
    year_level: str
    roll_class: str
    birth_date: date | None
    is_at_both: bool = False

    @property
    def place(self) -> "Place":
        return Place(self.school_id, self.year_level)


class Place(NamedTuple):
    """Where somebody is counted."""

    school_id: int
    year_level: str


class RunPair(NamedTuple):
    """A published association of a student. is_parent: by the contact's type. is_link: the contact sees the student.

    is_closed: a restriction closes the pair. order: 1 is the first contact; None where the roster says nothing.
    """

    student_id: int
    contact_id: int
    household_id: int | None
    is_parent: bool
    is_link: bool
    is_closed: bool
    relationship: str
    lives_with: bool | None
    order: int | None


@dataclass(frozen=True)
class ContactsAsked:
    """Which of a student's contacts a run is for. Nothing said: all. relationships: without regard to case."""

    relationships: frozenset[str] = frozenset()
    lives_with: bool = False
    order_at_most: int | None = None

    def lets(self, pair: RunPair) -> bool:
        if self.relationships and pair.relationship.casefold() not in self.relationships:
            return False
        if self.lives_with and not pair.lives_with:
            return False
        return self.order_at_most is None or (pair.order is not None and pair.order <= self.order_at_most)


EVERYBODY = ContactsAsked()


@dataclass(frozen=True)
class Plan:
    """students: of the run, by school, year, class and name.

    student_by_subject: whom the run is for, each once, students as themselves first; each with the student under whom
    they are counted: an adult's youngest (R-GS-03). shared: adults with children in several of the schools.
    left_out: contacts of these students for whom no key is asked, each once, with the student and why.
    """

    students: Sequence[RunStudent] = ()
    student_by_subject: Mapping[Subject, RunStudent] = field(default_factory=dict)
    shared: frozenset[Subject] = frozenset()
    left_out: Mapping[int, tuple[RunStudent, str]] = field(default_factory=dict)

    @property
    def subjects(self) -> list[Subject]:
        return list(self.student_by_subject)


def plan_of(
    students: Sequence[RunStudent],
    pairs: Iterable[RunPair],
    *,
    for_students: bool,
    parent_kind: str = "",
    contacts: ContactsAsked = EVERYBODY,
) -> Plan:
    """parent_kind: what adults' keys are tied to (keys/subjects.py); empty when the run is not for them."""
    rank_by_id = {
        student.id: (-(student.birth_date or date.min).toordinal(), place) for place, student in enumerate(students)
    }
    found: dict[Subject, tuple[int, int]] = {}  # Each with the rank of its youngest student so far.
    school_by_subject: dict[Subject, int] = {}
    shared: set[Subject] = set()
    unlinked: dict[int, list[tuple[tuple[int, int], RunPair]]] = {}
    served: set[int] = set()
    asks_all = contacts == EVERYBODY
    for pair in pairs if parent_kind else ():
        rank = rank_by_id.get(pair.student_id)
        if rank is None or not (asks_all or contacts.lets(pair)):
            continue
        subject = _subject(pair, parent_kind) if pair.is_link and pair.is_parent else None
        if subject is None:
            unlinked.setdefault(pair.contact_id, []).append((rank, pair))
            continue
        served.add(pair.contact_id)
        student = students[rank[1]]
        known = found.get(subject)
        if known is None:
            found[subject] = rank
            school_by_subject[subject] = student.school_id
        elif rank < known:
            found[subject] = rank
        if student.is_at_both or (known is not None and school_by_subject[subject] != student.school_id):
            shared.add(subject)
    adults = sorted(found, key=lambda subject: (found[subject][1], subject.addressee))
    themselves = students if for_students else ()
    return Plan(
        students,
        {
            **{Subject(STUDENT_SELF, student.id): student for student in themselves},
            **{subject: students[found[subject][1]] for subject in adults},
        },
        frozenset(shared),
        {
            contact_id: (students[min(rank for rank, _ in theirs)[1]], _why_left_out([pair for _, pair in theirs]))
            for contact_id, theirs in unlinked.items()
            if contact_id not in served
        },
    )


def _subject(pair: RunPair, parent_kind: str) -> Subject | None:
    if parent_kind == CONTACT:
        return Subject(CONTACT, pair.contact_id)
    if parent_kind == FAMILY:
        return None if pair.household_id is None else Subject(FAMILY, pair.household_id, pair.contact_id)
    return Subject(parent_kind, pair.student_id, pair.contact_id)


def _why_left_out(pairs: Sequence[RunPair]) -> str:
    if not pairs[0].is_parent:
        return NOT_PARENT
    if all(pair.is_closed for pair in pairs):
        return RESTRICTED
    return NO_HOUSEHOLD if any(pair.is_link for pair in pairs) else NO_LINK


@dataclass
class PlanLine:
    """A school's year in a preview (R-GS-02). subjects: all that the run looks at, those left out included.

    gaps: eligible, with no key and no account. for_students, for_parents: keys to make. shared: of these, for adults with
    children in several of the schools. skipped: {why: how many}.
    """

    place: Place
    students: int = 0
    subjects: int = 0
    gaps: int = 0
    for_students: int = 0
    for_parents: int = 0
    shared: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def to_make(self) -> int:
        return self.for_students + self.for_parents


def whys(
    plan: Plan, facts_by_subject: Mapping[Subject, Facts], verdict: Verdict, *, held: Collection[Subject]
) -> Iterator[tuple[Subject, str]]:
    """Each subject with why the run would skip it, or "". held: those that a run under way has before it (R-RN-05)."""
    for subject in plan.student_by_subject:
        why = verdict(facts_by_subject.get(subject))
        yield subject, why or (IN_RUN if subject in held else "")


def weigh(
    plan: Plan, facts_by_subject: Mapping[Subject, Facts], verdict: Verdict, *, held: Collection[Subject]
) -> list[PlanLine]:
    """What the run would do, a line for each school and year that has students of it; in the students' order."""
    lines: dict[Place, PlanLine] = {}
    for student in plan.students:
        lines.setdefault(student.place, PlanLine(student.place)).students += 1
    for subject, why in whys(plan, facts_by_subject, verdict, held=held):
        line = lines[plan.student_by_subject[subject].place]
        line.subjects += 1
        line.gaps += why in ("", IN_RUN)
        if why:
            line.skipped[why] += 1
        elif subject.kind == STUDENT_SELF:
            line.for_students += 1
        else:
            line.for_parents += 1
            line.shared += subject in plan.shared
    for student, why in plan.left_out.values():
        line = lines[student.place]
        line.subjects += 1
        line.skipped[why] += 1
    return list(lines.values())
