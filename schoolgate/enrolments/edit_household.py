"""Change a household's name or address by hand."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.edit import write_edit
from schoolgate.enrolments.models import Household
from schoolgate.enrolments.people import HouseholdFields, columns_of


@transaction.atomic(durable=True)
def edit_household(
    *, household: Household, fields: HouseholdFields, base_no: int, by: Actor, at: datetime
) -> list[str]:
    """The names of the columns that changed. Raises ChangedMeanwhile. Letters go to the contact's own address, not this one."""
    columns, changed_no = columns_of(fields), tick(tenant=household.tenant)
    changed = write_edit(household, columns, base_no=base_no, by=by, at=at, changed_no=changed_no)
    if changed:
        about, detail = [("household", household.pk)], {"fields": changed}
        record("household.edited", tenant_id=household.tenant_id, by=by, at=at, subjects=about, detail=detail)
    return changed
