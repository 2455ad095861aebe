"""Schools of a made-up district: names, sizes, and who of their places is still free."""

from collections.abc import Sequence

from schoolgate.enrolments.roster_make.chance import Chance
from schoolgate.enrolments.roster_make.people import School

FIRST_NUMBER = 1001
LEVELS = (0, 12)
_PRIMARY, _SECONDARY = (0, 6), (7, 12)
_PLACES = [
    "Wattle Creek", "Banksia Flat", "Lantern Hill", "Kestrel Bay", "Stony Ford", "Marlow Reach", "Quandong Plains",
    "Ironbark Ridge", "Pelican Point", "Saltbush Downs", "Copper Gully", "Heron Lakes", "Myrtle Vale", "Tern Island",
    "Bracken Moor", "Willow Junction", "Candlebark", "Osprey Heads", "Clover Mount", "Rosella Park",
]  # fmt: skip
_SIDES = ["", "North ", "South ", "East ", "West ", "Upper ", "Lower ", "New ", "Old ", "Little "]
_CLASS_SIZE = 24


def make_schools(*, students: int, schools: int, chance: Chance) -> list[list[School]]:
    """Areas of one or two schools each: a primary with its secondary, or one for all years.

    Sizes are log-normal around the mean and add up to ``students`` exactly; nobody's school is empty.
    """
    sizes = _sizes(students, schools, chance)
    areas: list[list[School]] = []
    number = FIRST_NUMBER
    while sizes:
        place = f"{_SIDES[len(areas) // len(_PLACES) % len(_SIDES)]}{_PLACES[len(areas) % len(_PLACES)]}"
        turn = len(areas) // (len(_PLACES) * len(_SIDES))
        place += f" {turn + 1}" if turn else ""
        kinds = (
            [("College", LEVELS)] if len(sizes) == 1 else [("Primary School", _PRIMARY), ("High School", _SECONDARY)]
        )
        area = [
            School(number + step, f"{place} {kind}", first, last, sizes.pop())
            for step, (kind, (first, last)) in enumerate(kinds)
        ]
        number += len(area)
        areas.append(area)
    return areas


def _sizes(students: int, schools: int, chance: Chance) -> list[int]:
    weights = [min(4.0, max(0.06, chance.log_normal(0.55))) for _ in range(schools)]
    total = sum(weights)
    exact = [1 + (students - schools) * weight / total for weight in weights]
    sizes = [int(size) for size in exact]
    # What rounding left over goes where most was cut off.
    by_rest = sorted(range(schools), key=lambda at: (sizes[at] - exact[at], at))
    for at in by_rest[: students - sum(sizes)]:
        sizes[at] += 1
    return sizes


class Places:
    """The free places of an area's schools."""

    def __init__(self, area: Sequence[School], chance: Chance) -> None:
        self.area = list(area)
        self.free = {school.number: school.size for school in area}
        self._chance = chance

    @property
    def left(self) -> int:
        return sum(self.free.values())

    def some_level(self) -> int:
        """A year level of a school that has room; the more room, the likelier."""
        at = self._chance.below(self.left)
        for school in self.area:
            at -= self.free[school.number]
            if at < 0:
                return self._chance.between(school.first_level, school.last_level)
        raise AssertionError("no place is left")

    def take(self, level: int) -> tuple[School, int]:
        """A place in that level, or in the nearest one of a school with room; the school and the level."""
        open_schools = [school for school in self.area if self.free[school.number]]
        school = min(open_schools, key=lambda each: abs(level - _nearest(each, level)))
        self.free[school.number] -= 1
        return school, _nearest(school, level)


def _nearest(school: School, level: int) -> int:
    return max(school.first_level, min(school.last_level, level))


def roll_class_of(school: School, level: int, chance: Chance) -> str:
    """Such as "7B": as many classes as a school of that size needs."""
    levels = school.last_level - school.first_level + 1
    classes = min(20, -(-school.size // (levels * _CLASS_SIZE)))
    return f"{level_word(level)}{chr(ord('A') + chance.below(max(1, classes)))}"


def level_word(level: int) -> str:
    return str(level) if level else "K"
