"""The smallest valid rows of the working copy."""

from datetime import date
from itertools import count

from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.models import (
    Association,
    Contact,
    Household,
    HouseholdMember,
    Restriction,
    RestrictionKind,
    Student,
)
from schoolgate.enrolments.names import sort_name
from schoolgate.tenancy.models import School, Tenant
from tests.factories.tenancy import NOW, make_school

_ids = count(1)


def _stamp(tenant: Tenant) -> dict[str, object]:
    return {"changed_no": tick(tenant=tenant), "changed_at": NOW, "changed_how": "import"}


def make_student(tenant: Tenant, *, school: School | None = None, **columns: object) -> Student:
    number = next(_ids)
    given = {
        "source": "sis",
        "source_id": f"S{number}",
        "student_no": f"S{number}",
        "family_name": "Okafor",
        "given_name": f"Ada{number}",
        "birth_date": date(2014, 3, 27),
        "year_level": "7",
        "roll_class": "7B",
        **columns,
    }
    given.setdefault("sort_name", sort_name(family_name=given["family_name"], given_name=given["given_name"]))
    return Student.objects.create(tenant=tenant, school=school or make_school(tenant), **_stamp(tenant), **given)


def make_contact(tenant: Tenant, **columns: object) -> Contact:
    number = next(_ids)
    given = {
        "source": "sis",
        "source_id": f"C{number}",
        "contact_no": f"C{number}",
        "family_name": "Okafor",
        "given_name": f"Amara{number}",
        "email": f"amara{number}@home.example",
        "email_usable": True,
        **columns,
    }
    given.setdefault("sort_name", sort_name(family_name=given["family_name"], given_name=given["given_name"]))
    return Contact.objects.create(tenant=tenant, **_stamp(tenant), **given)


def make_household(tenant: Tenant, *people: Student | Contact, **columns: object) -> Household:
    """A household with these members, and no associations yet."""
    given = {"source": "sis", "source_id": f"H{next(_ids)}", "name": "Okafor", **columns}
    household = Household.objects.create(tenant=tenant, **_stamp(tenant), **given)
    for person in people:
        who = {"student": person} if isinstance(person, Student) else {"contact": person}
        HouseholdMember.objects.create(tenant=tenant, household=household, changed_no=household.changed_no, **who)
    return household


def make_association(student: Student, contact: Contact, *, access: bool = False, **columns: object) -> Association:
    given = {
        "source": "sis",
        "basis": "associated",
        "relationship": "Mother",
        "flag_how": "import",
        "flag_at": NOW,
        **_stamp(student.tenant),
        **columns,
    }
    return Association.objects.create(
        tenant=student.tenant, student=student, contact=contact, receives_portal_access=access, **given
    )


def make_restriction(student: Student, contact: Contact, **columns: object) -> Restriction:
    given = {
        "source": "office",
        "kind": RestrictionKind.NO_ACCESS_NO_MAIL,
        "starts_on": date(2026, 1, 1),
        "recorded_at": NOW,
        "recorded_how": "hand",
        "changed_no": tick(tenant=student.tenant),
        **columns,
    }
    return Restriction.objects.create(tenant=student.tenant, student=student, contact=contact, **given)
