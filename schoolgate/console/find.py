"""The find box of the top bar: students, contacts, and pages by name."""

from dataclasses import dataclass, field

from django.urls import reverse

from schoolgate.console.menu import Item, menu_of
from schoolgate.enrolments.models import Contact, Student
from schoolgate.enrolments.names import fold_name
from schoolgate.enrolments.queries import find_contacts, find_students
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right

AT_MOST = 10


@dataclass(frozen=True)
class Found:
    """What matches, at most ten of a kind; all_students, all_contacts: where the rest are."""

    pages: list[Item] = field(default_factory=list)
    students: list[Student] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    all_students: str = ""
    all_contacts: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.pages or self.students or self.contacts)


def found_in(request: TenantRequest, words: str) -> Found:
    """Within what the member may see; nothing for no words."""
    if not words:
        return Found()
    folded = fold_name(words)
    pages = [item for group in menu_of(request) for item in group.items if folded in fold_name(item.label)]
    if Right.ENROLMENTS_READ not in request.rights:
        return Found(pages=pages)
    school_ids = request.rights[Right.ENROLMENTS_READ]
    students = find_students(tenant=request.tenant, words=words, school_ids=school_ids)
    contacts = find_contacts(tenant=request.tenant, words=words, school_ids=school_ids)
    return Found(
        pages=pages,
        students=list(students[:AT_MOST]),
        contacts=list(contacts[:AT_MOST]),
        all_students=reverse("console:enrolments:students", args=[request.tenant.code]),
        all_contacts=reverse("console:enrolments:contacts", args=[request.tenant.code]),
    )
