"""The order of a pile of letters, and who must not lie beside whom; pure (R-CK-10, B-03)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from schoolgate.lib.natural import natural


@dataclass(frozen=True)
class OrderedStudent:
    """What of a student decides about a letter's place."""

    school_number: int
    year_level: str
    roll_class: str
    sort_name: str
    birth_date: date | None


@dataclass(frozen=True)
class OrderedLetter:
    """A letter to come. students: the contact's published links."""

    contact_id: int
    contact_no: str
    students: Sequence[OrderedStudent]


def print_order(letters: Iterable[OrderedLetter], kept_apart: Collection[frozenset[int]] = ()) -> list[int]:
    """Contact ids by school, year, class, name of the youngest student, Contact ID; contacts without students last.

    kept_apart: pairs of contacts whose letters are never neighbours, since a restriction lies between one of them and a
    student of both. If they are the only letters left, the last one stands where it may.
    """
    ordered = [letter.contact_id for letter in sorted(letters, key=_place)]
    foes: dict[int, set[int]] = {}
    for pair in kept_apart:
        for one in pair:
            foes.setdefault(one, set()).update(pair - {one})
    return _apart(ordered, foes) if foes else ordered


def _place(letter: OrderedLetter) -> tuple[object, ...]:
    if not letter.students:
        return (1, 0, [], [], "", natural(letter.contact_no))
    youngest = min(
        letter.students, key=lambda student: (-(student.birth_date or date.min).toordinal(), student.sort_name)
    )
    return (
        0,
        youngest.school_number,
        natural(youngest.year_level),
        natural(youngest.roll_class),
        youngest.sort_name,
        natural(letter.contact_no),
    )


def _apart(ordered: list[int], foes: Mapping[int, set[int]]) -> list[int]:
    """Take letters in order; one whose foe was the last waits until another has come between."""
    found: list[int] = []
    waiting: list[int] = []
    for contact_id in ordered:
        for waiter in [*waiting, contact_id]:
            if found and waiter in foes.get(found[-1], ()):
                if waiter == contact_id:
                    waiting.append(waiter)
                continue
            found.append(waiter)
            if waiter != contact_id:
                waiting.remove(waiter)
    for waiter in waiting:
        _squeeze_in(found, waiter, foes)
    return found


def _squeeze_in(found: list[int], waiter: int, foes: Mapping[int, set[int]]) -> None:
    """Put a letter in the last place where neither neighbour is a foe; at the end if there is none."""
    shunned = foes.get(waiter, set())
    for place in range(len(found), -1, -1):
        if not shunned & set(found[max(0, place - 1) : place + 1]):
            found.insert(place, waiter)
            return
    found.append(waiter)
