"""Revoke Keys: end live keys, and where that is ticked apart, used ones with the ties they made (R-CK-13)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.keys.end_keys import end_keys, end_ties
from schoolgate.keys.errors import checked_reason
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import KeyState
from schoolgate.keys.schemes import why_not_revoke
from schoolgate.keys.subjects import audited
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def start_revoke(
    *,
    tenant: Tenant,
    subjects: Iterable[Subject],
    reason: str,
    used: bool,
    by: Actor,
    at: datetime,
    queued: bool = True,
) -> Job:
    """Make the job for these subjects. used: redeemed keys too, whose ties end. Raises ReasonNeeded."""
    job = add_job(
        tenant=tenant,
        kind=REVOKE.name,
        by=by,
        at=at,
        options={"reason": checked_reason(reason), "used": used},
        items=dict.fromkeys(subjects),
    )
    if queued:
        hand_to_queue(job)
    return job


def _revoke(job: Job, items: list[JobItem], at: datetime) -> None:
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    by, used, reason = actor_of(job), bool(job.options["used"]), str(job.options["reason"])
    facts_by_subject = facts_of(tenant=tenant, subjects=[item.subject for item in items], at=at)
    key_ids: list[int] = []
    tie_key_ids: list[int] = []
    acted: list[JobItem] = []
    for item in items:
        facts = facts_by_subject.get(item.subject)
        why = why_not_revoke(facts, used=used)
        item.state, item.why = (ItemState.SKIPPED, why) if why else (ItemState.DONE, "")
        if facts is None or why:
            continue
        acted.append(item)
        if facts.key_id is not None:
            key_ids.append(facts.key_id)
            item.result_id = facts.key_id
        if used:
            tie_key_ids.extend(facts.tie_key_ids)
            item.result_id = item.result_id or facts.tie_key_ids[-1]
    ended = end_keys(tenant=tenant, key_ids=key_ids, state=KeyState.REVOKED, by_id=by.user_id, at=at, why=reason)
    tie_ids = end_ties(tenant=tenant, key_ids=tie_key_ids, by_id=by.user_id, at=at, why=reason)
    if acted:
        record(
            "key.revoked",
            tenant_id=tenant.pk,
            by=by,
            at=at,
            subjects=[
                ("job", job.pk),
                *audited(item.subject for item in acted),
                *(("key", key_id) for key_id in [*ended, *tie_key_ids]),
            ],
            detail={"keys": len(ended), "ties": len(tie_ids)},
            reason=reason,
        )


REVOKE = JobKind("keys.revoke", "Revoke Keys", _revoke, chunk=500)
