"""Change a contact by hand."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.edit import write_edit
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Contact
from schoolgate.enrolments.people import ContactFields, columns_of


@transaction.atomic(durable=True)
def edit_contact(*, contact: Contact, fields: ContactFields, base_no: int, by: Actor, at: datetime) -> list[str]:
    """The names of the columns that changed; pending until a Data Sync. base_no: see write_edit.

    The audit names the columns, never their values (R-AU-03). Raises ChangedMeanwhile and EnrolmentRefused.
    """
    columns = columns_of(fields)
    columns["contact_no"] = columns["contact_no"] or contact.contact_no
    if columns["email"] == contact.email:
        columns["email_usable"] = contact.email_usable  # What an import found out about the same address stands.
    changed_no = tick(tenant=contact.tenant)
    others = Contact.objects.for_tenant(contact.tenant).filter(contact_no=columns["contact_no"]).exclude(pk=contact.pk)
    if columns["contact_no"] != contact.contact_no and others.exists():
        raise EnrolmentRefused("There is already a contact with this ID.", field="contact_no")
    changed = write_edit(contact, columns, base_no=base_no, by=by, at=at, changed_no=changed_no)
    if changed:
        detail: dict[str, object] = {"fields": [name for name in changed if name != "email_usable"]}
        if "state" in changed:
            detail |= {"before": {"state": contact.state}, "after": {"state": columns["state"]}}
        about = [("contact", contact.pk)]
        record("contact.edited", tenant_id=contact.tenant_id, by=by, at=at, subjects=about, detail=detail)
    return changed
