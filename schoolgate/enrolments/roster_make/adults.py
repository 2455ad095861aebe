"""Who belongs to the children of a family: parents here and elsewhere, relatives, neighbours, and how many of them."""

from dataclasses import dataclass

from schoolgate.enrolments.roster_make.chance import Chance, Weighted
from schoolgate.enrolments.roster_make.names import Gender


@dataclass(frozen=True, slots=True)
class Part:
    """A relationship to play. is_home: in the children's household. is_elsewhere: a parent with a household apart.

    bears_surname: how likely the children's surname is.
    """

    relationship: str
    gender: Gender
    is_home: bool = False
    is_elsewhere: bool = False
    is_guardian: bool = False
    bears_surname: float = 0.3


@dataclass(frozen=True)
class Setting:
    """How a family lives. home, elsewhere: the parents. is_shared: the children live in both households."""

    home: tuple[Part, ...]
    elsewhere: tuple[Part, ...] = ()
    is_shared: bool = False


MOTHER = Part("mother", "F", is_home=True, is_guardian=True, bears_surname=0.7)
FATHER = Part("father", "M", is_home=True, is_guardian=True, bears_surname=0.92)
GUARDIAN = Part("guardian", "F", is_home=True, is_guardian=True, bears_surname=0.2)
CARER = Part("carer", "F", is_home=True, bears_surname=0.0)
STEP_MOTHER = Part("step-mother", "F", is_home=True, bears_surname=0.5)
STEP_FATHER = Part("step-father", "M", is_home=True, bears_surname=0.1)
FATHER_ELSEWHERE = Part("father", "M", is_elsewhere=True, is_guardian=True, bears_surname=0.92)
MOTHER_ELSEWHERE = Part("mother", "F", is_elsewhere=True, is_guardian=True, bears_surname=0.4)

# Children of school age in a family (mean 1.7), and ties of a student (mean 3.0).
CHILDREN = Weighted((1, 47.0), (2, 39.0), (3, 11.0), (4, 2.2), (5, 0.6), (6, 0.2))
TIES = Weighted((0, 0.5), (1, 8.0), (2, 32.0), (3, 27.0), (4, 18.0), (5, 10.0), (6, 3.0), (7, 1.2), (8, 0.3))

_LIVES_WITH = Weighted(("two", 70.2), ("mother", 21.5), ("father", 4.7), ("neither", 3.6))
_OTHERS = Weighted(
    (Part("grandmother", "F", bears_surname=0.4), 26.0),
    (Part("grandfather", "M", bears_surname=0.4), 16.0),
    (Part("aunt", "F"), 14.0),
    (Part("uncle", "M"), 9.0),
    (Part("family friend", "F", bears_surname=0.02), 14.0),
    (Part("neighbour", "F", bears_surname=0.02), 8.0),
    (Part("neighbour", "M", bears_surname=0.02), 5.0),
    (Part("childminder", "F", bears_surname=0.02), 5.0),
    (Part("case worker", "F", bears_surname=0.0), 1.0),
)


def draw_setting(chance: Chance) -> Setting:
    """Two parents 70 %, mother only 22, father only 5, neither 4; a parent living elsewhere for 22 % of all students.

    Of the separated, 9 % never see that parent, who then isn't known to the school; a fifth live in both households.
    """
    lives_with = chance.weighted(_LIVES_WITH)
    if lives_with == "neither":
        return Setting((CARER,) if chance.happens(0.4) else (GUARDIAN,))
    if lives_with == "two":
        if chance.happens(0.05):
            return Setting((MOTHER, STEP_FATHER), (FATHER_ELSEWHERE,), is_shared=chance.happens(0.21))
        return Setting((MOTHER, FATHER))
    home, elsewhere = (MOTHER, FATHER_ELSEWHERE) if lives_with == "mother" else (FATHER, MOTHER_ELSEWHERE)
    is_known = chance.happens(0.78) and not chance.happens(0.09)
    return Setting((home,), (elsewhere,) if is_known else (), is_shared=is_known and chance.happens(0.21))


def draw_parts(setting: Setting, wanted: int, chance: Chance) -> list[Part]:
    """So many people, parents first; relatives and others up to the number."""
    parts = [*setting.home, *setting.elsewhere]
    while len(parts) < wanted:
        parts.append(chance.weighted(_OTHERS))
    return parts[:wanted]
