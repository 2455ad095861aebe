"""Add a school or campus, or change its name, its school code, and whether it is active."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import School, Tenant


class SchoolRefused(SchoolgateError):
    code = "school.refused"
    status = 422


@transaction.atomic(durable=True)
def add_school(*, tenant: Tenant, number: int, name: str, by: Actor, at: datetime) -> School:
    """Raises SchoolRefused for a school code that is taken."""
    _refuse_taken(tenant, number)
    school = School.objects.create(tenant=tenant, number=number, name=name.strip())
    about = [("school", school.pk)]
    record("school.added", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"number": number})
    return school


@transaction.atomic(durable=True)
def edit_school(*, school: School, number: int, name: str, is_active: bool, by: Actor, at: datetime) -> None:
    """Raises SchoolRefused for a school code that is taken."""
    before = {"number": school.number, "name": school.name, "is_active": school.is_active}
    after = {"number": number, "name": name.strip(), "is_active": is_active}
    if before == after:
        return
    if number != school.number:
        _refuse_taken(school.tenant, number)
    School.objects.filter(pk=school.pk).update(**after)
    detail = {"number": number, "before": before, "after": after}
    about = [("school", school.pk)]
    record("school.edited", tenant_id=school.tenant_id, by=by, at=at, subjects=about, detail=detail)


def _refuse_taken(tenant: Tenant, number: int) -> None:
    if School.objects.for_tenant(tenant).filter(number=number).exists():
        raise SchoolRefused("This school code is taken.", fix="Give another number.")
