"""Unlock: give a key its tries back, once; after the second lock it can only be replaced (R-KY-05)."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import AccessKey, KeyState, SubjectKind
from schoolgate.keys.schemes import Forecast, forecast, why_not_unlock
from schoolgate.tenancy.models import Tenant


def forecast_unlock(*, tenant: Tenant, contact_ids: Collection[int], at: datetime) -> Forecast:
    """Query: what `start_unlock` would do with this selection at this moment."""
    ids = list(dict.fromkeys(contact_ids))
    return forecast(ids, facts_of(tenant=tenant, contact_ids=ids, at=at), why_not_unlock)


@transaction.atomic(durable=True)
def start_unlock(*, tenant: Tenant, contact_ids: Iterable[int], by: Actor, at: datetime, queued: bool = True) -> Job:
    """Make the job for these contacts."""
    items = ((SubjectKind.CONTACT.value, contact_id) for contact_id in dict.fromkeys(contact_ids))
    job = add_job(tenant=tenant, kind=UNLOCK.name, by=by, at=at, items=items)
    if queued:
        hand_to_queue(job)
    return job


def _unlock(job: Job, items: list[JobItem], at: datetime) -> None:
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    facts_by_id = facts_of(tenant=tenant, contact_ids=[item.subject_id for item in items], at=at)
    contact_id_by_key: dict[int, int] = {}
    for item in items:
        facts = facts_by_id.get(item.subject_id)
        why = why_not_unlock(facts)
        item.state, item.why = (ItemState.SKIPPED, why) if why else (ItemState.DONE, "")
        if facts is not None and facts.key_id is not None and not why:
            item.result_id = facts.key_id
            contact_id_by_key[facts.key_id] = item.subject_id
    AccessKey.objects.for_tenant(tenant).filter(
        pk__among=contact_id_by_key, state=KeyState.LIVE, lock_count__lte=1
    ).update(locked_at=None, failures=0)
    if contact_id_by_key:
        record(
            "key.unlocked",
            tenant_id=tenant.pk,
            by=actor_of(job),
            at=at,
            subjects=[
                *(("key", key_id) for key_id in contact_id_by_key),
                *(("contact", contact_id) for contact_id in contact_id_by_key.values()),
            ],
        )


UNLOCK = JobKind("keys.unlock", "Unlock", _unlock, chunk=500)
