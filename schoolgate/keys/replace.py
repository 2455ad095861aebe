"""Replace Keys: the old key is dead at once, and a new one lives in the same transaction (§3.1, E-14)."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.keys.end_keys import end_keys
from schoolgate.keys.facts import facts_of
from schoolgate.keys.make_keys import hold_keys_of, make_keys
from schoolgate.keys.models import AccessKey, KeyState, SubjectKind
from schoolgate.keys.schemes import Forecast, forecast, why_not_replace
from schoolgate.tenancy.models import Tenant


def forecast_replace(*, tenant: Tenant, contact_ids: Collection[int], at: datetime) -> Forecast:
    """Query: what `start_replace` would do with this selection at this moment."""
    ids = list(dict.fromkeys(contact_ids))
    return forecast(ids, facts_of(tenant=tenant, contact_ids=ids, at=at), why_not_replace)


@transaction.atomic(durable=True)
def start_replace(
    *, tenant: Tenant, contact_ids: Iterable[int], by: Actor, at: datetime, reason: str = "", queued: bool = True
) -> Job:
    """Make the job for these contacts."""
    job = add_job(
        tenant=tenant,
        kind=REPLACE.name,
        by=by,
        at=at,
        options={"reason": reason.strip()[:200]},
        items=((SubjectKind.CONTACT.value, contact_id) for contact_id in dict.fromkeys(contact_ids)),
    )
    if queued:
        hand_to_queue(job)
    return job


def _replace(job: Job, items: list[JobItem], at: datetime) -> None:
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    hold_keys_of(tenant)
    facts_by_id = facts_of(tenant=tenant, contact_ids=[item.subject_id for item in items], at=at)
    key_id_by_contact: dict[int, int] = {}
    for item in items:
        facts = facts_by_id.get(item.subject_id)
        why = why_not_replace(facts)
        item.state, item.why = (ItemState.SKIPPED, why) if why else (ItemState.DONE, "")
        if facts is not None and facts.key_id is not None and not why:
            key_id_by_contact[item.subject_id] = facts.key_id
    new_ids = replace_keys(
        tenant=tenant,
        key_id_by_contact=key_id_by_contact,
        by=actor_of(job),
        at=at,
        run_id=job.pk,
        reason=str(job.options["reason"]),
    )
    for item in items:
        if item.state == ItemState.DONE:
            item.result_id = new_ids.get(item.subject_id)
            if item.result_id is None:  # Redeemed or ended in this same moment.
                item.state, item.why = ItemState.SKIPPED, "no_key"


def replace_keys(
    *, tenant: Tenant, key_id_by_contact: dict[int, int], by: Actor, at: datetime, run_id: int | None, reason: str
) -> dict[int, int]:
    """Step: end these live keys and make new ones; {contact id: id of the new key}. The caller has called `hold_keys_of`."""
    ended = set(
        end_keys(
            tenant=tenant,
            key_ids=key_id_by_contact.values(),
            state=KeyState.REPLACED,
            by_id=by.user_id,
            at=at,
            why=reason or "replaced",
        )
    )
    contact_ids = [contact_id for contact_id, key_id in key_id_by_contact.items() if key_id in ended]
    if not contact_ids:
        return {}
    new_ids = make_keys(tenant=tenant, contact_ids=contact_ids, at=at, by_id=by.user_id, run_id=run_id)
    successor = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=OuterRef("subject_kind"), subject_id=OuterRef("subject_id"), state=KeyState.LIVE
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
            *(("contact", contact_id) for contact_id in contact_ids),
            *(("key", key_id) for key_id in [*sorted(ended), *new_ids]),
        ],
        detail={"keys": len(contact_ids)},
        reason=reason,
    )
    return dict(zip(contact_ids, new_ids, strict=True))


REPLACE = JobKind("keys.replace", "Replace Keys", _replace, chunk=500)
