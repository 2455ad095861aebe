"""Replace Keys: the old key is dead at once, and a new one lives in the same transaction (§3.1, E-14)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.keys.end_keys import end_keys
from schoolgate.keys.facts import facts_of
from schoolgate.keys.make_keys import hold_keys_of, make_keys
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.schemes import why_not_replace
from schoolgate.keys.subjects import audited
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def start_replace(
    *, tenant: Tenant, subjects: Iterable[Subject], by: Actor, at: datetime, reason: str = "", queued: bool = True
) -> Job:
    """Make the job for these subjects."""
    job = add_job(
        tenant=tenant,
        kind=REPLACE.name,
        by=by,
        at=at,
        options={"reason": reason.strip()[:200]},
        items=dict.fromkeys(subjects),
    )
    if queued:
        hand_to_queue(job)
    return job


def _replace(job: Job, items: list[JobItem], at: datetime) -> None:
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    hold_keys_of(tenant)
    facts_by_subject = facts_of(tenant=tenant, subjects=[item.subject for item in items], at=at)
    key_ids: dict[Subject, int] = {}
    for item in items:
        facts = facts_by_subject.get(item.subject)
        why = why_not_replace(facts)
        item.state, item.why = (ItemState.SKIPPED, why) if why else (ItemState.DONE, "")
        if facts is not None and facts.key_id is not None and not why:
            key_ids[item.subject] = facts.key_id
    new_ids = replace_keys(
        tenant=tenant,
        key_ids=key_ids,
        by=actor_of(job),
        at=at,
        run_id=job.pk,
        reason=str(job.options["reason"]),
    )
    for item in items:
        if item.state == ItemState.DONE:
            item.result_id = new_ids.get(item.subject)
            if item.result_id is None:  # Redeemed or ended in this same moment.
                item.state, item.why = ItemState.SKIPPED, "no_key"


def replace_keys(
    *, tenant: Tenant, key_ids: Mapping[Subject, int], by: Actor, at: datetime, run_id: int | None, reason: str
) -> dict[Subject, int]:
    """Step: end these live keys and make new ones; {subject: id of the new key}. The caller has called `hold_keys_of`."""
    ended = set(
        end_keys(
            tenant=tenant,
            key_ids=list(key_ids.values()),
            state=KeyState.REPLACED,
            by_id=by.user_id,
            at=at,
            why=reason or "replaced",
        )
    )
    subjects = [subject for subject, key_id in key_ids.items() if key_id in ended]
    if not subjects:
        return {}
    new_ids = make_keys(tenant=tenant, subjects=subjects, at=at, by_id=by.user_id, run_id=run_id)
    successor = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=OuterRef("subject_kind"),
        subject_id=OuterRef("subject_id"),
        addressee_id=OuterRef("addressee_id"),
        state=KeyState.LIVE,
    )
    AccessKey.objects.for_tenant(tenant).filter(pk__among=ended).update(
        replaced_by_id=Subquery(successor.values("pk")[:1])
    )
    record(
        "key.replaced",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=[
            *([("job", run_id)] if run_id is not None else []),
            *audited(subjects),
            *(("key", key_id) for key_id in [*sorted(ended), *new_ids]),
        ],
        detail={"keys": len(subjects)},
        reason=reason,
    )
    return dict(zip(subjects, new_ids, strict=True))


REPLACE = JobKind("keys.replace", "Replace Keys", _replace, chunk=500)
