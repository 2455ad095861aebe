"""Teachers, for the formats that list them; drawn from a stream of their own, so that families are the same in every format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schoolgate.enrolments.roster_make.chance import Chance
from schoolgate.enrolments.roster_make.names import ENGLISH, Gender, stocks
from schoolgate.enrolments.roster_make.people import School

FIRST_TEACHER = 9_000_001
STUDENTS_PER_TEACHER = 16


@dataclass(frozen=True, slots=True)
class Teacher:
    id: str
    school: School
    given_name: str
    family_name: str
    email: str


def teachers(schools: Sequence[School], *, seed: int) -> Iterator[Teacher]:
    """One for sixteen students."""
    chance, stock = Chance(seed + 1_000_003), stocks()[ENGLISH.code]
    id_ = FIRST_TEACHER
    for school in schools:
        for _ in range(-(-school.size // STUDENTS_PER_TEACHER)):
            gender: Gender = "F" if chance.happens(0.7) else "M"
            given, family = chance.pick(stock.forenames[gender]), chance.pick(stock.surnames)
            yield Teacher(str(id_), school, given.latin, family.latin, f"t{id_}@staff.example")
            id_ += 1
