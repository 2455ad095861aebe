"""The order of a pile of letters, and who must not lie beside whom; pure (R-CK-10, B-03)."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from schoolgate.lib.natural import natural


@dataclass(frozen=True)
class OrderedStudent:
    """What of a student decides about a letter's place."""

    school_number: int
    year_level: str
    roll_class: str
    sort_name: str
    birth_date: date | None


Who = TypeVar("Who", bound=Hashable)
"""What names the person whom a letter is for."""


@dataclass(frozen=True)
class OrderedLetter(Generic[Who]):
    """A letter to come. number: the Contact ID or Student Id. students: the contact's published links; or the student themself."""

    whom: Who
    number: str
    students: Sequence[OrderedStudent]


def print_order(letters: Iterable[OrderedLetter[Who]], kept_apart: Collection[frozenset[Who]] = ()) -> list[Who]:
    """Whom the letters are for, by school, year, class, name of the youngest student, number; people without students last.

    kept_apart: pairs of people whose letters are never neighbours, since a restriction lies between one of them and a
    student of both. If they are the only letters left, the last one stands where it may.
    """
    ordered = [letter.whom for letter in sorted(letters, key=_place)]
    foes: dict[Who, set[Who]] = {}
    for pair in kept_apart:
        for one in pair:
            foes.setdefault(one, set()).update(pair - {one})
    return _apart(ordered, foes) if foes else ordered


def _place(letter: OrderedLetter[Who]) -> tuple[object, ...]:
    if not letter.students:
        return (1, 0, [], [], "", natural(letter.number))
    youngest = min(
        letter.students, key=lambda student: (-(student.birth_date or date.min).toordinal(), student.sort_name)
    )
    return (
        0,
        youngest.school_number,
        natural(youngest.year_level),
        natural(youngest.roll_class),
        youngest.sort_name,
        natural(letter.number),
    )


def _apart(ordered: list[Who], foes: Mapping[Who, set[Who]]) -> list[Who]:
    """Take letters in order; one whose foe was the last waits until another has come between."""
    found: list[Who] = []
    waiting: list[Who] = []
    for whom in ordered:
        for waiter in [*waiting, whom]:
            if found and waiter in foes.get(found[-1], ()):
                if waiter == whom:
                    waiting.append(waiter)
                continue
            found.append(waiter)
            if waiter != whom:
                waiting.remove(waiter)
    for waiter in waiting:
        _squeeze_in(found, waiter, foes)
    return found


def _squeeze_in(found: list[Who], waiter: Who, foes: Mapping[Who, set[Who]]) -> None:
    """Put a letter in the last place where neither neighbour is a foe; at the end if there is none."""
    shunned = foes.get(waiter, set())
    for place in range(len(found), -1, -1):
        if not shunned & set(found[max(0, place - 1) : place + 1]):
            found.insert(place, waiter)
            return
    found.append(waiter)
