"""The rows that every reader ends in, whatever the format (``rostering.md`` §1).

In all of them an id is the source's own, exactly as it came; ``line`` is where it stood, as a text editor counts.
A text is ``None`` where the format or the file has no such column (nothing is said, so nothing may be changed) and
``""`` where the cell is blank.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Protocol

import msgspec


class ContactType(StrEnum):
    """The role in which a person is known: PARENT is whoever cares for a child."""

    PARENT = "PARENT"
    STUDENT = "STUDENT"
    STAFF = "STAFF"


class Basis(StrEnum):
    """Why a contact belongs to a student."""

    HOUSEHOLD = "household"
    ASSOCIATED = "associated"


class RestrictionWord(StrEnum):
    """What a roster may say about a bar; whatever else it says is read as ``see_office``."""

    NO_ACCESS = "no_access"
    NO_CONTACT = "no_contact"
    NO_PORTAL = "no_portal"
    SUPERVISED = "supervised"
    SEE_OFFICE = "see_office"


class SchoolRow(msgspec.Struct, frozen=True, gc=False):
    """A school that people belong to. ``name``: empty where the file has none. ``number``: its code, if it tells one."""

    line: int
    id: str
    name: str
    number: int | None


class StudentRow(msgspec.Struct, frozen=True, gc=False):
    """An enrolled person. ``is_active`` None: not stated, so active.

    ``second_school_id``: where they are besides; empty for nowhere, None where the file can't say.
    """

    line: int
    id: str
    school_id: str
    family_name: str
    given_name: str
    middle_name: str | None = None
    preferred_name: str | None = None
    birth_on: date | None = None
    year_level: str | None = None
    roll_class: str | None = None
    is_active: bool | None = None
    start_on: date | None = None
    end_on: date | None = None
    email: str | None = None
    household_id: str | None = None
    alternative_id: str | None = None
    second_school_id: str | None = None


class ContactRow(msgspec.Struct, frozen=True, gc=False):
    """A person of a student's. ``status``: active, inactive or deceased; None where nothing is said, so active."""

    line: int
    id: str
    family_name: str
    given_name: str
    type: str | None = None
    title: str | None = None
    email: str | None = None
    mobile: str | None = None
    phone_home: str | None = None
    phone_work: str | None = None
    household_id: str | None = None
    language: str | None = None
    needs_interpreter: bool | None = None
    status: str | None = None
    address_1: str | None = None
    address_2: str | None = None
    town: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None
    alternative_id: str | None = None


class StaffRow(msgspec.Struct, frozen=True, gc=False):
    """A teacher or other employee, for classes and programs; no contact by that."""

    line: int
    id: str
    family_name: str
    given_name: str
    email: str | None
    role: str
    school_ids: tuple[str, ...]
    is_active: bool


class HouseholdRow(msgspec.Struct, frozen=True, gc=False):
    """An address that people share; all parts blank where no contact of it states one."""

    line: int
    id: str
    address_1: str = ""
    address_2: str = ""
    town: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


class AssociationRow(msgspec.Struct, frozen=True, gc=False):
    """The tie of a contact with a student. A yes/no is None where nothing is said."""

    line: int
    student_id: str
    contact_id: str
    relationship: str
    basis: str | None = None
    order: int | None = None
    receives_portal_access: bool | None = None
    legal_guardian: bool | None = None
    lives_with: bool | None = None
    emergency: bool | None = None
    pickup: bool | None = None
    receives_mail: bool | None = None
    receives_reports: bool | None = None
    start_on: date | None = None
    end_on: date | None = None
    household_id: str | None = None


class RestrictionRow(msgspec.Struct, frozen=True, gc=False):
    """A court order or other bar. ``said``: the file's own text; ``is_clear`` False: no word of ours covers it."""

    line: int
    student_id: str
    contact_id: str
    word: str
    said: str
    starts_on: date | None
    ends_on: date | None
    note: str | None
    is_clear: bool


class RollClassRow(msgspec.Struct, frozen=True, gc=False):
    """A student's place in a homeroom, where the format has classes and enrolments instead of a roll class."""

    line: int
    student_id: str
    roll_class: str


Row = SchoolRow | StudentRow | ContactRow | StaffRow | HouseholdRow | AssociationRow | RestrictionRow | RollClassRow


class Absence(Enum):
    """What it means that somebody known before is not in the file (``rostering.md`` §10)."""

    SAYS_NOTHING = "nothing"  # An additive format.
    WITHIN_SCHOOLS = "schools"  # Gone, but only in the schools that occur in the file.
    GONE = "gone"  # A manifest promised the whole truth.


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an upload speaks about. Of a kind that it doesn't list, nobody is missing.

    has_role_words: it knows a relationship only as a role (parent, guardian, relative), which says less than "mother".
    """

    absence: Absence
    students: bool = False
    contacts: bool = False
    associations: bool = False
    staff: bool = False
    restrictions: bool = False
    has_role_words: bool = False


@dataclass(slots=True)
class Reading:
    """A reader at work. ``rows`` runs once; ``coverage``, ``newest_at`` and ``files`` hold when it has run out.

    newest_at: the newest change that the files state, to tell an old file from a new one (guard 6).
    files: the file that each kind of row came from, for later findings about rows.
    """

    rows: Iterator[Row]
    coverage: Coverage
    newest_at: datetime | None = None
    files: dict[type, str] = field(default_factory=dict)


class Known(Protocol):
    """The people of the same source that were imported before: a file set may speak about them without listing them."""

    def has_student(self, source_id: str) -> bool: ...

    def has_contact(self, source_id: str) -> bool: ...


class NobodyKnown:
    """The first import of a source."""

    def has_student(self, source_id: str) -> bool:
        """No."""
        return False

    def has_contact(self, source_id: str) -> bool:
        """No."""
        return False


class DateOrder(StrEnum):
    """How to read 4/2/2014 where the column alone doesn't tell."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person may say about the files beforehand.

    repair: undo a double encoding in whole files. encoding_is_confirmed: somebody accepted before that files of this source
    are in Windows-1252. known: whom files may name without listing them. today: in the school's time zone; None: no day counts as past.
    """

    date_order: DateOrder | None = None
    repair: bool = False
    encoding_is_confirmed: bool = False
    known: Known = field(default_factory=NobodyKnown)
    today: date | None = None
