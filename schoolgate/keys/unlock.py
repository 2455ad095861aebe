"""Unlock: give a key its tries back, once; after the second lock it can only be replaced (R-KY-05)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.schemes import why_not_unlock
from schoolgate.keys.subjects import audited
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def start_unlock(*, tenant: Tenant, subjects: Iterable[Subject], by: Actor, at: datetime, queued: bool = True) -> Job:
    """Make the job for these subjects."""
    job = add_job(tenant=tenant, kind=UNLOCK.name, by=by, at=at, items=dict.fromkeys(subjects))
    if queued:
        hand_to_queue(job)
    return job


def _unlock(job: Job, items: list[JobItem], at: datetime) -> None:
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    facts_by_subject = facts_of(tenant=tenant, subjects=[item.subject for item in items], at=at)
    subject_by_key: dict[int, Subject] = {}
    for item in items:
        facts = facts_by_subject.get(item.subject)
        why = why_not_unlock(facts)
        item.state, item.why = (ItemState.SKIPPED, why) if why else (ItemState.DONE, "")
        if facts is not None and facts.key_id is not None and not why:
            item.result_id = facts.key_id
            subject_by_key[facts.key_id] = item.subject
    AccessKey.objects.for_tenant(tenant).filter(
        pk__among=subject_by_key, state=KeyState.LIVE, lock_count__lte=1
    ).update(locked_at=None, failures=0)
    if subject_by_key:
        record(
            "key.unlocked",
            tenant_id=tenant.pk,
            by=actor_of(job),
            at=at,
            subjects=[
                *(("key", key_id) for key_id in subject_by_key),
                *audited(subject_by_key.values()),
            ],
        )


UNLOCK = JobKind("keys.unlock", "Unlock", _unlock, chunk=500)
