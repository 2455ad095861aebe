"""The whole district as a stream of families: schools exact, students exact, contacts close to 1.8 for each student."""

from collections.abc import Iterator
from datetime import date

from schoolgate.enrolments.roster_make.chance import Chance
from schoolgate.enrolments.roster_make.families import FamilyMaker
from schoolgate.enrolments.roster_make.people import Family, School, Student
from schoolgate.enrolments.roster_make.persons import Registry
from schoolgate.enrolments.roster_make.schools import Places, make_schools
from schoolgate.enrolments.roster_make.special import special_families

SHARE_OF_OTHER_LANGUAGES, MOST_OTHER_LANGUAGES = 0.37, 0.95
SHARE_OF_HARD_TO_REACH_SCHOOLS = 0.05
# One student in so many goes to two schools, the first of them early, so that small rosters have one.
_STUDENTS_FOR_ONE_AT_TWO_SCHOOLS, _FIRST_AT_TWO_SCHOOLS = 250, 7


class World:
    """A made-up district. ``families`` runs once; every draw comes from one stream, so nothing may be drawn beside it."""

    def __init__(self, *, students: int, schools: int, seed: int, as_of: date) -> None:
        self.chance = Chance(seed)
        self.areas = make_schools(students=students, schools=schools, chance=self.chance)
        self.maker = FamilyMaker(Registry(self.chance, as_of))

    @property
    def schools(self) -> list[School]:
        return [school for area in self.areas for school in area]

    def families(self) -> Iterator[Family]:
        """Area by area until every place is taken. The special ones come first, in the area with the most places."""
        counted = 0
        for family in self._families():
            for student in family.students:
                counted += 1
                if counted % _STUDENTS_FOR_ONE_AT_TWO_SCHOOLS == _FIRST_AT_TWO_SCHOOLS:
                    student.second_school = self._another_school(student, counted)
            yield family

    def _another_school(self, student: Student, turn: int) -> School | None:
        """One that has the student's year level, if there is such; no draw, so that the rest of the roster is as it was."""
        others = [school for school in self.schools if school != student.school]
        fitting = [school for school in others if school.first_level <= student.level <= school.last_level] or others
        return fitting[turn % len(fitting)] if fitting else None

    def _families(self) -> Iterator[Family]:
        special_area = max(self.areas, key=lambda area: sum(school.size for school in area))
        for area in self.areas:
            places = Places(area, self.chance)
            share = self.chance.skewed(SHARE_OF_OTHER_LANGUAGES, MOST_OTHER_LANGUAGES)
            is_hard_to_reach = self.chance.happens(SHARE_OF_HARD_TO_REACH_SCHOOLS)
            if area is special_area:
                yield from special_families(self.maker, places)
            while places.left:
                yield self.maker.family(places, share_of_others=share, is_hard_to_reach=is_hard_to_reach)
