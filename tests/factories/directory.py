"""The smallest valid rows of the published directory, for modules that stand to the right of it."""

from datetime import date
from itertools import count

from schoolgate.directory.models import (
    DirectoryAssociation,
    DirectoryBar,
    DirectoryContact,
    DirectoryStudent,
    FormerName,
    StudentName,
)
from schoolgate.directory.search import former_name_keys, name_keys
from schoolgate.tenancy.models import School, Tenant
from tests.factories.tenancy import NOW, make_school

_ids = count(1)


def make_student(tenant: Tenant, *, school: School | None = None, **columns: object) -> DirectoryStudent:
    id_ = next(_ids)
    given = {
        "id": id_,
        "source": "sis",
        "source_id": f"S{id_}",
        "student_no": f"S{id_}",
        "family_name": "Okafor",
        "given_name": f"Ada{id_}",
        "birth_date": date(2014, 3, 27),
        "year_level": "7",
        "roll_class": "7B",
        "is_active": True,
        **columns,
    }
    given.setdefault("sort_name", f"{given['family_name']} {given['given_name']}".casefold())
    student = DirectoryStudent.objects.create(tenant=tenant, school=school or make_school(tenant), **given)
    keys = name_keys(family_name=student.family_name, given_name=student.given_name)
    schools = {"school": student.school, "second_school": student.second_school}
    whose = {"tenant": tenant, "student": student, **schools, "is_active": student.is_active}
    StudentName.objects.bulk_create(StudentName(key=key, **whose) for key in keys)
    return student


def make_former_name(student: DirectoryStudent, family_name: str) -> None:
    """A surname that the student was published under before."""
    whose = {"tenant_id": student.tenant_id, "student": student, "family_name": family_name, "run_id": 0}
    FormerName.objects.bulk_create(FormerName(key=key, **whose) for key in former_name_keys(family_name))


def make_contact(tenant: Tenant, **columns: object) -> DirectoryContact:
    id_ = next(_ids)
    given = {
        "id": id_,
        "source": "sis",
        "source_id": f"C{id_}",
        "contact_no": f"C{id_}",
        "type": "PARENT",
        "family_name": "Okafor",
        "given_name": f"Amara{id_}",
        "email": f"amara{id_}@home.example",
        "email_usable": True,
        "address_1": "1 Wattle Street",
        "town": "Wattle Creek",
        "postcode": "2999",
        "is_active": True,
        **columns,
    }
    given.setdefault("sort_name", f"{given['family_name']} {given['given_name']}".casefold())
    return DirectoryContact.objects.create(tenant=tenant, **given)


def make_link(
    student: DirectoryStudent, contact: DirectoryContact, *, portal_access: bool = True, **columns: object
) -> DirectoryAssociation:
    """A published association; with portal_access and no bar it is a link."""
    given = {
        "id": next(_ids),
        "basis": "associated",
        "relationship": "Mother",
        "flag_how": "hand",
        "flag_at": NOW,
        **columns,
    }
    return DirectoryAssociation.objects.create(
        tenant_id=student.tenant_id,
        student=student,
        contact=contact,
        portal_access=portal_access,
        **given,
    )


def make_bar(
    student: DirectoryStudent,
    contact: DirectoryContact,
    *,
    starts_on: date = date(2026, 1, 1),
    ends_on: date | None = None,
    kind: str = "no_access_no_mail",
) -> DirectoryBar:
    return DirectoryBar.objects.create(
        id=next(_ids),
        tenant_id=student.tenant_id,
        student=student,
        contact=contact,
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
    )
