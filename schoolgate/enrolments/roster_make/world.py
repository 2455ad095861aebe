"""The whole district as a stream of families: schools exact, students exact, contacts close to 1.8 for each student."""

from collections.abc import Iterator
from datetime import date

from schoolgate.enrolments.roster_make.chance import Chance
from schoolgate.enrolments.roster_make.families import FamilyMaker
from schoolgate.enrolments.roster_make.people import Family, School
from schoolgate.enrolments.roster_make.persons import Registry
from schoolgate.enrolments.roster_make.schools import Places, make_schools
from schoolgate.enrolments.roster_make.special import special_families

SHARE_OF_OTHER_LANGUAGES, MOST_OTHER_LANGUAGES = 0.37, 0.95
SHARE_OF_HARD_TO_REACH_SCHOOLS = 0.05


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
        special_area = max(self.areas, key=lambda area: sum(school.size for school in area))
        for area in self.areas:
            places = Places(area, self.chance)
            share = self.chance.skewed(SHARE_OF_OTHER_LANGUAGES, MOST_OTHER_LANGUAGES)
            is_hard_to_reach = self.chance.happens(SHARE_OF_HARD_TO_REACH_SCHOOLS)
            if area is special_area:
                yield from special_families(self.maker, places)
            while places.left:
                yield self.maker.family(places, share_of_others=share, is_hard_to_reach=is_hard_to_reach)
