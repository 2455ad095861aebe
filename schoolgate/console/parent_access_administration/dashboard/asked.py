"""What the address of a list asks for: filters and page; nonsense in it gives the whole list (portal-console §12.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.translation import gettext as _

from schoolgate.console.lists import whole_number
from schoolgate.console.parent_access.key_pages.filters import address_without
from schoolgate.console.parent_access_administration.dashboard.reach import Reach
from schoolgate.console.parent_access_administration.dashboard.stages import (
    COVERAGE_BY_NAME,
    WORDS,
    Stage,
    stages_of_own,
    stages_of_parents,
)
from schoolgate.console.parent_access_administration.dashboard.tables import NONE, language_name
from schoolgate.tenancy.models import School

_LONGEST = 80


@dataclass(frozen=True)
class Asked:
    """school: one that the member may see. year, language: as stated, "-" for not stated, "" for all. word: how far (stages.py).

    own_word: how far with the key for the student's own use.
    """

    school: School | None = None
    year: str = ""
    language: str = ""
    word: str = ""
    stages: tuple[Stage, ...] = ()
    own_word: str = ""

    def within(self, reach: Reach) -> Reach:
        """The member's reach, cut to the school that was asked for."""
        return reach if self.school is None else replace(reach, schools=frozenset([self.school.pk]))

    @property
    def said(self) -> dict[str, str]:
        """The filters in force, for the audit."""
        school = str(self.school.number) if self.school else ""
        told = {"school": school, "year": self.year, "language": self.language, "state": self.word}
        told["own"] = self.own_word
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True)
class Chip:
    """A filter in force: what it says, and the address without it."""

    label: str
    without: str


def read_students(address: QueryDict, schools: Mapping[int, School]) -> Asked:
    """Of the list of students. schools: by number, those that the member may see."""
    word = address.get("coverage", "")
    word = word if word in COVERAGE_BY_NAME else ""
    stages = COVERAGE_BY_NAME[word].stages if word else ()
    own = address.get("own", "")
    own = own if stages_of_own(own) else ""
    return Asked(_school(address, schools), year=_text(address, "year"), word=word, stages=stages, own_word=own)


def read_parents(address: QueryDict, schools: Mapping[int, School]) -> Asked:
    """Of the list of parents."""
    word = address.get("state", "")
    stages = stages_of_parents(word)
    language = _text(address, "language").lower()
    return Asked(_school(address, schools), language=language, word=word if stages else "", stages=stages)


def chips_of(asked: Asked, address: QueryDict) -> list[Chip]:
    """The filters in force, above the list; each can be taken away."""
    found = []
    if asked.school:
        label = _("School: %(name)s") % {"name": asked.school.name}
        found.append(Chip(label, address_without(address, "school")))
    if asked.year:
        label = _("Year: %(year)s") % {"year": _("Not stated") if asked.year == NONE else asked.year}
        found.append(Chip(label, address_without(address, "year")))
    if asked.language:
        name = language_name("" if asked.language == NONE else asked.language)
        found.append(Chip(_("Language: %(name)s") % {"name": name}, address_without(address, "language")))
    if asked.word:
        found.append(Chip(_word_said(asked), address_without(address, "state", "coverage")))
    if asked.own_word:
        label = _("Key for student use: %(state)s") % {"state": COVERAGE_BY_NAME[asked.own_word].parents}
        found.append(Chip(label, address_without(address, "own")))
    return found


def _word_said(asked: Asked) -> str:
    if asked.word in WORDS:
        return str(WORDS[asked.word].label)
    return _("Not registered") if asked.word == "waiting" else str(COVERAGE_BY_NAME[asked.word].label)


def _school(address: QueryDict, schools: Mapping[int, School]) -> School | None:
    return schools.get(whole_number(address.get("school", "")) or 0)


def _text(address: QueryDict, name: str) -> str:
    """A few printable signs: no NUL, which PostgreSQL refuses."""
    return "".join(sign for sign in address.get(name, "") if sign.isprintable())[:_LONGEST].strip()
