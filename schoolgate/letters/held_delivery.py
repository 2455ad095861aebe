"""A first delivery that waits for a day: the keys of students who start later don't go out months before they come (R-GS-04)."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import Job
from schoolgate.jobs.start import actor_of
from schoolgate.keys.subjects import students_by_subject
from schoolgate.letters.first_delivery import GivenOut, Way, keys_of_run, start_delivery
from schoolgate.letters.models import HeldDelivery
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.roles import Right, rights_of

logger = logging.getLogger(__name__)


def held_until(*, tenant: Tenant, run: Job) -> date | None:
    """Query: the day on which this run's keys go out by themselves; None where none is waited for."""
    return HeldDelivery.objects.for_tenant(tenant).filter(run=run).values_list("due_on", flat=True).first()


@transaction.atomic(durable=True)
def cancel_held_delivery(*, tenant: Tenant, run: Job, by: Actor, at: datetime) -> None:
    """The keys don't go out by themselves any more; they stay, and can be given out by hand. A second press has no effect."""
    if HeldDelivery.objects.for_tenant(tenant).filter(run=run).delete()[0]:
        record("delivery.cancelled", tenant_id=tenant.pk, by=by, at=at, subjects=[("job", run.pk)])


def give_out_due(at: datetime) -> Mapping[str, int]:
    """What a worker's sweep does: start the deliveries whose day has come in their school's time zone.

    Of a run whose starter may not do it by hand today nothing goes out by itself: somebody else looks at it.
    """
    started = 0
    # every tenant: a worker looks after all
    due = HeldDelivery.objects.filter(due_on__lte=at.date() + timedelta(days=1)).select_related(
        "run", "tenant__settings"
    )
    for held in due:
        if held.due_on > day_of(held.tenant, at):
            continue
        try:
            started += _give_out(held, at)
        except Exception:
            logger.exception("delivery.fault", extra={"job": held.run_id})  # The others' day has come too.
    return {"deliveries_started": started}


def _give_out(held: HeldDelivery, at: datetime) -> bool:
    by = actor_of(held.run)
    if not _may_give_out(held, at):
        cancel_held_delivery(tenant=held.tenant, run=held.run, by=by, at=at)
        return False
    try:
        start_delivery(tenant=held.tenant, run=held.run, way=Way(held.way), by=by, at=at)
    except GivenOut:  # Another worker was quicker.
        return False
    return True


def _may_give_out(held: HeldDelivery, at: datetime) -> bool:
    """Query: does whoever started the run work here still, and for a school of everybody it is for (R-RK-11)?"""
    starter = User.objects.for_tenant(held.tenant).filter(pk=held.run.actor_id).first()
    rights = rights_of(starter, tenant=held.tenant) if starter is not None else {}
    if held.way != Way.EMAILS and not {Right.KEYS_SEE, Right.KEYS_BULK_PRINT} <= rights.keys():
        return False
    schools = rights.get(Right.KEYS_ACT, set())
    if schools is None:
        return True
    subjects, today = keys_of_run(held.run), day_of(held.tenant, at)
    opened = students_by_subject(tenant=held.tenant, subjects=subjects, today=today)
    near = students_by_subject(tenant=held.tenant, subjects=subjects, today=today, school_ids=schools)
    return opened.keys() <= near.keys()
