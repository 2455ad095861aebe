"""Add a household by hand."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.edit import OFFICE
from schoolgate.enrolments.models import Household, How
from schoolgate.enrolments.people import HouseholdFields, columns_of
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def add_household(*, tenant: Tenant, fields: HouseholdFields, by: Actor, at: datetime) -> Household:
    """A household of source "office", with nobody in it yet; its id is H1, H2, …"""
    changed_no = tick(tenant=tenant)
    number = Household.objects.for_tenant(tenant).filter(source=OFFICE).count() + 1
    household = Household.objects.create(
        tenant=tenant,
        source=OFFICE,
        source_id=f"H{number}",
        changed_no=changed_no,
        changed_at=at,
        changed_how=How.HAND,
        changed_by_id=by.user_id,
        **columns_of(fields),
    )
    record("household.added", tenant_id=tenant.pk, by=by, at=at, subjects=[("household", household.pk)])
    return household
