"""Single people: their names, ids, mailboxes and phones, drawn one by one."""

from dataclasses import dataclass
from datetime import date, timedelta

from schoolgate.enrolments.roster_make.chance import Chance
from schoolgate.enrolments.roster_make.names import ENGLISH, OTHER_LANGUAGES, Gender, Language, Name, Stock, stocks
from schoolgate.enrolments.roster_make.people import Contact, Household, Student
from schoolgate.enrolments.roster_make.schools import Places, roll_class_of
from schoolgate.enrolments.roster_make.surroundings import landline, mailbox, make_household, mobile

FIRST_STUDENT, FIRST_CONTACT = 1_000_001, 5_000_001
_TITLES: dict[Gender, list[str]] = {"F": ["Ms", "Mrs", "Dr", ""], "M": ["Mr", "Mr", "Dr", ""]}


@dataclass(frozen=True)
class Voice:
    """How a family is called: its language, and whether it writes its names in the script of that language."""

    language: Language
    in_own_script: bool
    needs_interpreter: bool

    def forename(self, gender: Gender, chance: Chance) -> Name:
        return chance.pick(self._stock.forenames[gender])

    def surname(self, chance: Chance) -> Name:
        """One in 25 has two, with a hyphen."""
        name = chance.pick(self._stock.surnames)
        if not self.in_own_script and chance.happens(0.04):
            other = chance.pick(self._stock.surnames)
            return Name(f"{name.local}-{other.local}", f"{name.latin}-{other.latin}")
        return name

    @property
    def _stock(self) -> Stock:
        stock = stocks()[self.language.code]
        return stock.own_script if self.in_own_script and stock.own_script else stock


class Registry:
    """Hands out ids, and sees to it that no two students have one name and one birth date."""

    def __init__(self, chance: Chance, as_of: date) -> None:
        self.chance = chance
        self.as_of = as_of
        self.students = self.contacts = self.households = 0
        self._known: set[int] = set()

    def voice(self, share_of_others: float) -> Voice:
        """A family of a school where this share doesn't speak English at home."""
        chance = self.chance
        language = chance.weighted(OTHER_LANGUAGES) if chance.happens(share_of_others) else ENGLISH
        has_script = stocks()[language.code].own_script is not None
        in_own_script = has_script and chance.happens(0.25)
        return Voice(language, in_own_script, language is not ENGLISH and chance.happens(0.08))

    def household(self) -> Household:
        self.households += 1
        return make_household(self.households, self.chance)

    def student(
        self,
        voice: Voice,
        surname: Name,
        home: Household,
        places: Places,
        *,
        level: int,
        birthday: int,
        taken: set[str],
    ) -> Student:
        """A child in a place of that level or the nearest. birthday: the day within the level's year of births, from 0.

        taken: forenames of brothers and sisters; the new one joins them.
        """
        chance = self.chance
        school, level = places.take(level)
        first_birth = date(self.as_of.year - 6 - level, 8, 1)
        birth_on = first_birth + timedelta(days=max(0, min(364, birthday)))
        gender: Gender = chance.pick(("F", "M"))
        for _ in range(12):
            given = voice.forename(gender, chance)
            if given.local not in taken and self._is_new(surname.local, given.local, birth_on):
                break
        else:
            while not self._is_new(surname.local, given.local, birth_on):
                birth_on += timedelta(days=1)
        self._known.add(_key(surname.local, given.local, birth_on))
        taken.add(given.local)
        self.students += 1
        id_ = FIRST_STUDENT + self.students - 1
        email = f"s{id_}@students.example" if level >= 5 and chance.happens(0.8) else ""
        given_name, middle_name = given.local, ""
        if chance.happens(0.002):
            given_name = self._long(given.local, voice, gender)
        elif chance.happens(0.3):
            middle_name = voice.forename(gender, chance).local
        return Student(
            id=str(id_),
            school=school,
            family_name=surname.local,
            given_name=given_name,
            middle_name=middle_name,
            preferred_name=voice.forename(gender, chance).local if chance.happens(0.04) else "",
            birth_on=birth_on,
            level=level,
            roll_class=roll_class_of(school, level, chance),
            household=home,
            email=email,
        )

    def contact(
        self,
        voice: Voice,
        surname: Name,
        gender: Gender,
        *,
        household: Household | None,
        lives_at: Household | None,
        has_email: bool,
    ) -> Contact:
        """An adult. lives_at: where letters go; None for somebody whose address nobody wrote down."""
        chance = self.chance
        self.contacts += 1
        id_ = FIRST_CONTACT + self.contacts - 1
        given = voice.forename(gender, chance)
        family_name, given_name = surname.local, given.local
        if chance.happens(0.003):
            family_name, given_name = given.local, ""  # Known by one name.
        elif chance.happens(0.002):
            given_name = self._long(given.local, voice, gender)
        return Contact(
            id=str(id_),
            title=chance.pick(_TITLES[gender]) if chance.happens(0.6) else "",
            family_name=family_name,
            given_name=given_name,
            email=mailbox(given.latin, surname.latin, id_ - FIRST_CONTACT + 1, chance) if has_email else "",
            mobile=mobile(chance) if chance.happens(0.92) else "",
            phone_home=landline(chance) if chance.happens(0.25) else "",
            phone_work=landline(chance) if chance.happens(0.2) else "",
            household=household,
            lives_at=lives_at,
            language=voice.language.code,
            needs_interpreter=voice.needs_interpreter,
        )

    def _is_new(self, family_name: str, given_name: str, birth_on: date) -> bool:
        return _key(family_name, given_name, birth_on) not in self._known

    def _long(self, first: str, voice: Voice, gender: Gender) -> str:
        """A name of over forty letters."""
        names = [first]
        while len(" ".join(names)) <= 40:
            names.append(voice.forename(gender, self.chance).local)
        return " ".join(names)


def _key(family_name: str, given_name: str, birth_on: date) -> int:
    # Numbers hash alike in every process, texts don't: what is drawn must not depend on the process.
    return hash((birth_on.toordinal(), *map(ord, family_name.casefold()), -1, *map(ord, given_name.casefold())))
