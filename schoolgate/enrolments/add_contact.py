"""Add a contact by hand, for a student or by themself."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.associate import NewAssociation, make_association
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.edit import OFFICE
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Contact, How
from schoolgate.enrolments.people import ContactFields, columns_of
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def add_contact(
    *, tenant: Tenant, fields: ContactFields, by: Actor, at: datetime, association: NewAssociation | None = None
) -> Contact:
    """A contact of source "office"; with an association, an Associated Contact of that student from the start.

    Without a contact_no the office gives one: O1, O2, … Raises EnrolmentRefused.
    """
    columns = columns_of(fields)
    changed_no = tick(tenant=tenant)
    columns["contact_no"] = columns["contact_no"] or _free_number(tenant)
    if Contact.objects.for_tenant(tenant).filter(contact_no=columns["contact_no"]).exists():
        raise EnrolmentRefused("There is already a contact with this ID.", field="contact_no")
    contact = Contact.objects.create(
        tenant=tenant,
        source=OFFICE,
        source_id=columns["contact_no"],
        changed_no=changed_no,
        changed_at=at,
        changed_how=How.HAND,
        changed_by_id=by.user_id,
        **columns,
    )
    about, detail = [("contact", contact.pk)], {}
    if association is not None:
        made = make_association(tenant=tenant, contact=contact, new=association, by=by, at=at, changed_no=changed_no)
        about, detail = [*about, ("student", made.student_id)], {"access": made.receives_portal_access}
    record("contact.added", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail=detail)
    return contact


def _free_number(tenant: Tenant) -> str:
    """The clock's row is held, so that of two at once each counts the other's."""
    number = Contact.objects.for_tenant(tenant).filter(source=OFFICE).count() + 1
    while Contact.objects.for_tenant(tenant).filter(contact_no=f"O{number}").exists():
        number += 1
    return f"O{number}"
