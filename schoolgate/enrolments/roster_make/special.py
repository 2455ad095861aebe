"""The families that every roster must hold at least one of, however small it is (``rostering.md`` §11)."""

from collections.abc import Callable

from schoolgate.enrolments.roster_make.adults import (
    CARER,
    FATHER,
    FATHER_ELSEWHERE,
    MOTHER,
    STEP_FATHER,
    Part,
    Setting,
)
from schoolgate.enrolments.roster_make.families import FamilyMaker
from schoolgate.enrolments.roster_make.people import Contact, Family, Student, Tie
from schoolgate.enrolments.roster_make.schools import Places

GRANDMOTHER = Part("grandmother", "F", is_home=True, bears_surname=1.0)


def special_families(maker: FamilyMaker, places: Places) -> list[Family]:
    """One of each, in order, as long as there are places for it and for as many ordinary children again."""
    families = []
    for needed, make in _SPECIALS:
        if needed * 2 <= places.left:
            families.append(make(maker, places))
    return families


def _barred_from_one_of_three(maker: FamilyMaker, places: Places) -> Family:
    """An order bars the father from one child; the other two he sees (E-06)."""
    family, parts = _separated(maker, places, count=3, is_shared=False)
    barred = [family.students[0]]
    maker.restrict(family, parts, students=barred)
    for tie in family.ties:
        if tie.restriction is not None:
            tie.restriction = maker.court_order(in_force=True)
    return family


def _two_households(maker: FamilyMaker, places: Places) -> Family:
    """Children at home in two households, with an order of contacts in each."""
    return _separated(maker, places, count=2, is_shared=True)[0]


def _separated(maker: FamilyMaker, places: Places, *, count: int, is_shared: bool) -> tuple[Family, list[Part]]:
    voice = maker.registry.voice(0)
    surname, home, away = voice.surname(maker.chance), maker.registry.household(), maker.registry.household()
    students = maker.children(voice, surname, home, places, count=count)
    step_mother = Part("step-mother", "F", is_elsewhere=True, bears_surname=0.5)
    parts = [MOTHER, STEP_FATHER, FATHER_ELSEWHERE, *([step_mother] if is_shared else [])]
    contacts = [maker.adult(voice, surname, part, home, away, rank=min(rank, 1)) for rank, part in enumerate(parts)]
    family = Family(students, contacts)
    setting = Setting((MOTHER, STEP_FATHER), (FATHER_ELSEWHERE,), is_shared=is_shared)
    for student in students:
        family.ties += maker.ties(student, contacts, parts, setting, away)
    return family, parts


def _two_schools_and_a_big_sister(maker: FamilyMaker, places: Places) -> Family:
    """One household in two schools; the elder, a student too, is whom to call for the younger."""
    voice = maker.registry.voice(0)
    surname, home = voice.surname(maker.chance), maker.registry.household()
    taken: set[str] = set()
    elder, younger = (
        maker.registry.student(voice, surname, home, places, level=level, birthday=120, taken=taken)
        for level in (12, 2)
    )
    parts = [MOTHER, FATHER]
    contacts = [maker.adult(voice, surname, part, home, None, rank=rank) for rank, part in enumerate(parts)]
    family = Family([elder, younger], contacts)
    for student in family.students:
        family.ties += maker.ties(student, contacts, parts, Setting((MOTHER, FATHER)), None)
    sister = _contact_of_student(maker, elder)
    family.contacts.append(sister)
    family.ties.append(
        Tie(younger, sister, "sibling", order=3, is_household=True, lives_with=True, emergency=True, pickup=True)
    )
    return family


def _contact_of_student(maker: FamilyMaker, student: Student) -> Contact:
    """The student once more, as somebody's contact."""
    voice = maker.registry.voice(0)
    contact = maker.registry.contact(
        voice,
        voice.surname(maker.chance),
        "F",
        household=student.household,
        lives_at=student.household,
        has_email=False,
    )
    contact.family_name, contact.given_name = student.family_name, student.given_name
    contact.email, contact.title, contact.phone_work = student.email, "", ""
    contact.student_id = student.id
    return contact


def _young_mother(maker: FamilyMaker, places: Places) -> Family:
    """A student of the last year whose child has started school: she is a contact too, and so is her mother, for both."""
    voice = maker.registry.voice(0)
    surname, home = voice.surname(maker.chance), maker.registry.household()
    taken: set[str] = set()
    student = maker.registry.student(voice, surname, home, places, level=12, birthday=5, taken=taken)
    child = maker.registry.student(voice, surname, home, places, level=0, birthday=360, taken=taken)
    grandmother = maker.adult(voice, surname, GRANDMOTHER, home, None, rank=0)
    mother = maker.registry.contact(voice, surname, "F", household=home, lives_at=home, has_email=True)
    mother.family_name, mother.given_name = student.family_name, student.given_name
    setting = Setting((MOTHER,))
    family = Family([student, child], [grandmother, mother])
    family.ties += maker.ties(student, [grandmother], [MOTHER], setting, None)
    family.ties += maker.ties(child, [mother, grandmother], [MOTHER, GRANDMOTHER], setting, None)
    return family


def _carer_of_twelve(maker: FamilyMaker, places: Places) -> Family:
    """A boarding house: twelve children of many families, one carer, and a case worker for some."""
    home = maker.registry.household()
    voice = maker.registry.voice(0)
    carer = maker.adult(voice, voice.surname(maker.chance), CARER, home, None, rank=0)
    worker = maker.adult(
        voice, voice.surname(maker.chance), Part("case worker", "M", bears_surname=0), home, None, rank=0
    )
    family = Family([], [carer, worker])
    for position in range(12):
        theirs = maker.registry.voice(0.4)
        [child] = maker.children(theirs, theirs.surname(maker.chance), home, places, count=1)
        family.students.append(child)
        family.ties += maker.ties(child, [carer], [CARER], Setting((CARER,)), None)
        if position % 3 == 0:
            family.ties.append(Tie(child, worker, "case worker", order=2, is_household=False, receives_mail=True))
    return family


_SPECIALS: list[tuple[int, Callable[[FamilyMaker, Places], Family]]] = [
    (3, _barred_from_one_of_three),
    (2, _two_households),
    (2, _two_schools_and_a_big_sister),
    (2, _young_mother),
    (12, _carer_of_twelve),
]
