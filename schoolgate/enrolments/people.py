"""What the office writes about a person or a household by hand, checked as the database can't."""

import unicodedata
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import ContactType, PersonState
from schoolgate.enrolments.names import sort_name


@dataclass(frozen=True, kw_only=True)
class StudentFields:
    """A student as the form has them. school_id, second_school_id: of this tenant, which the caller has checked."""

    school_id: int
    second_school_id: int | None = None
    student_no: str
    family_name: str
    given_name: str
    middle_name: str = ""
    preferred_name: str = ""
    birth_date: date | None = None
    year_level: str = ""
    roll_class: str = ""
    state: str = PersonState.ACTIVE
    starts_on: date | None = None
    ends_on: date | None = None
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class ContactFields:
    """A contact as the form has them. contact_no: empty for one that the office gives."""

    contact_no: str = ""
    type: str = ContactType.PARENT
    title: str = ""
    family_name: str
    given_name: str = ""
    email: str = ""
    mobile: str = ""
    phone_home: str = ""
    phone_work: str = ""
    address_1: str = ""
    address_2: str = ""
    town: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    language: str = ""
    needs_interpreter: bool = False
    state: str = PersonState.ACTIVE


@dataclass(frozen=True, kw_only=True)
class HouseholdFields:
    """A household's name and address."""

    name: str
    address_1: str = ""
    address_2: str = ""
    town: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


def columns_of(given: StudentFields | ContactFields | HouseholdFields) -> dict[str, Any]:
    """Columns and values to write: texts in NFC, without outer blanks and control signs; sort_name and email_usable made.

    Raises EnrolmentRefused, naming the field.
    """
    columns = {field.name: _tidied(getattr(given, field.name)) for field in fields(given)}
    if isinstance(given, HouseholdFields):
        return columns
    if not columns["family_name"]:
        raise EnrolmentRefused("Enter a family name.", field="family_name")
    if isinstance(given, StudentFields):
        if not columns["student_no"]:
            raise EnrolmentRefused("Enter a Student Id.", field="student_no")
        if columns["second_school_id"] == columns["school_id"]:
            raise EnrolmentRefused("Choose another school than the first.", field="second_school_id")
        if given.starts_on and given.ends_on and given.ends_on < given.starts_on:
            raise EnrolmentRefused("The end is before the start.", field="ends_on")
    else:
        columns["email_usable"] = bool(columns["email"])  # The form has proved its shape.
    columns["sort_name"] = sort_name(family_name=columns["family_name"], given_name=columns["given_name"])
    return columns


def _tidied(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kept = "".join(sign for sign in value if unicodedata.category(sign) != "Cc")
    return unicodedata.normalize("NFC", " ".join(kept.split()))
