"""The people of a made-up roster, as every format's writer takes them."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class School:
    """levels: year levels from the first to the last, 0 being kindergarten."""

    number: int
    name: str
    first_level: int
    last_level: int
    size: int


@dataclass(frozen=True, slots=True)
class Household:
    """An address, with the id by which people share it."""

    id: str
    address_1: str
    address_2: str
    town: str
    postcode: str


@dataclass(slots=True)
class Student:
    """level: 0 is kindergarten. household: where most of the time is spent. second_school: for the few who go to two."""

    id: str
    school: School
    family_name: str
    given_name: str
    middle_name: str
    preferred_name: str
    birth_on: date
    level: int
    roll_class: str
    household: Household
    email: str = ""
    second_school: School | None = None

    @property
    def school_numbers(self) -> list[str]:
        """Of one school or of both, the main one first."""
        return [str(school.number) for school in (self.school, self.second_school) if school is not None]


@dataclass(slots=True)
class Contact:
    """household: None for those whose address stands alone, or who have none. teaches: a school that employs them too.

    student_id: the contact is this student, who is known to the family as somebody's sister or brother.
    """

    id: str
    title: str
    family_name: str
    given_name: str
    email: str
    mobile: str
    phone_home: str
    phone_work: str
    household: Household | None
    lives_at: Household | None
    language: str
    needs_interpreter: bool
    teaches: School | None = None
    student_id: str = ""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A court order or other bar between the two of a tie."""

    word: str
    starts_on: date
    ends_on: date | None
    note: str


@dataclass(slots=True)
class Tie:
    """Who belongs to whom, and how. A yes/no is None where the school's records say nothing."""

    student: Student
    contact: Contact
    relationship: str
    order: int
    is_household: bool
    lives_with: bool | None = None
    legal_guardian: bool | None = None
    emergency: bool | None = None
    pickup: bool | None = None
    receives_mail: bool | None = None
    receives_reports: bool | None = None
    receives_portal_access: bool | None = None
    restriction: Restriction | None = None


@dataclass(slots=True)
class Family:
    """What is written in one go: children, whoever belongs to them, and the ties between."""

    students: list[Student] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
