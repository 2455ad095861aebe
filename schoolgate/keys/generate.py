"""Generate Keys: fill the gaps of a selection, as a job (R-CK-06 to R-CK-08, R-CK-14, R-CK-15)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import ItemState, Job, JobItem, JobState
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.keys.end_keys import end_keys
from schoolgate.keys.errors import TooManyKeys, checked_reason
from schoolgate.keys.expire import expire_overdue
from schoolgate.keys.facts import facts_of
from schoolgate.keys.make_keys import MANY_KEYS, MOST_KEYS, count_live_keys, hold_keys_of, make_keys
from schoolgate.keys.models import AccessKey, KeyState, SubjectKind
from schoolgate.keys.schemes import IN_RUN, TOO_MANY_KEYS, Forecast, Verdict, forecast, why_not_generate
from schoolgate.tenancy.models import Tenant

NAMED_IN_AUDIT = 500
"""Up to so many keys of a chunk are named one by one in the audit; of more, the run is, whose keys name it in turn."""


@dataclass(frozen=True)
class GenerateOptions:
    """also_unlinked: contacts with no students yet as well. another_account: in spite of a standing tie, with a reason."""

    also_unlinked: bool = False
    another_account: bool = False
    reason: str = ""

    def verdict(self) -> Verdict:
        return partial(why_not_generate, also_unlinked=self.also_unlinked, another_account=self.another_account)


PLAIN = GenerateOptions()


def forecast_generate(
    *, tenant: Tenant, contact_ids: Collection[int], at: datetime, options: GenerateOptions = PLAIN
) -> Forecast:
    """Query: what `start_generate` would do with this selection at this moment (R-CK-07)."""
    ids = list(dict.fromkeys(contact_ids))
    found = forecast(ids, facts_of(tenant=tenant, contact_ids=ids, at=at), options.verdict())
    return replace(found, many_live_keys=count_live_keys(tenant=tenant) + found.acts_on > MANY_KEYS)


@transaction.atomic(durable=True)
def start_generate(
    *,
    tenant: Tenant,
    contact_ids: Iterable[int],
    by: Actor,
    at: datetime,
    options: GenerateOptions = PLAIN,
    queued: bool = True,
) -> Job:
    """Make the job for these contacts, as they are selected now; rows that match a filter later are not drawn in (R-CK-06).

    queued: a worker runs it; otherwise the caller does (jobs.run_job). Raises ReasonNeeded, TooManyKeys.
    """
    reason = checked_reason(options.reason) if options.another_account else ""
    live_before = count_live_keys(tenant=tenant)
    if live_before > MOST_KEYS:
        raise TooManyKeys
    job = add_job(
        tenant=tenant,
        kind=GENERATE.name,
        by=by,
        at=at,
        options={
            "also_unlinked": options.also_unlinked,
            "another_account": options.another_account,
            "reason": reason,
            "live_before": live_before,
        },
        items=((SubjectKind.CONTACT.value, contact_id) for contact_id in dict.fromkeys(contact_ids)),
    )
    if queued:
        hand_to_queue(job)
    return job


def _generate(job: Job, items: list[JobItem], at: datetime) -> None:
    """One chunk: decide by the facts of this moment, make the keys, say of each contact what became of it."""
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    by = actor_of(job)
    contact_ids = [item.subject_id for item in items]
    hold_keys_of(tenant)
    expire_overdue(tenant=tenant, by=by, at=at, contact_ids=contact_ids)
    facts_by_id = facts_of(tenant=tenant, contact_ids=contact_ids, at=at)
    held_elsewhere = _held_by_earlier_runs(job, contact_ids)
    verdict = _options_of(job).verdict()
    room = MOST_KEYS - int(job.options["live_before"]) - job.done
    chosen: list[JobItem] = []
    for item in items:
        why = verdict(facts_by_id.get(item.subject_id))
        if not why and item.subject_id in held_elsewhere:
            why = IN_RUN
            item.result_id = held_elsewhere[item.subject_id]
        elif not why and len(chosen) >= room:
            why = TOO_MANY_KEYS
        item.state, item.why = (ItemState.SKIPPED, why) if why else (ItemState.DONE, "")
        if not why:
            chosen.append(item)
    if not chosen:
        return
    key_ids = make_keys(
        tenant=tenant, contact_ids=[item.subject_id for item in chosen], at=at, by_id=by.user_id, run_id=job.pk
    )
    for item, key_id in zip(chosen, key_ids, strict=True):
        item.result_id = key_id
    subjects = [("job", job.pk)]
    if len(chosen) <= NAMED_IN_AUDIT:
        subjects += [("contact", item.subject_id) for item in chosen] + [("key", key_id) for key_id in key_ids]
    record(
        "key.generated",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=subjects,
        detail={"keys": len(chosen), **({"another_account": True} if job.options["another_account"] else {})},
        reason=job.options["reason"],
    )


def _options_of(job: Job) -> GenerateOptions:
    return GenerateOptions(job.options["also_unlinked"], job.options["another_account"], job.options["reason"])


def _held_by_earlier_runs(job: Job, contact_ids: Collection[int]) -> dict[int, int]:
    """Contacts that an earlier run still has before it, each with that run's id (R-RN-05)."""
    earlier = (
        Job.objects.filter(tenant_id=job.tenant_id, kind=job.kind, pk__lt=job.pk)
        .filter(state__in=[JobState.PLANNED, JobState.RUNNING, JobState.PAUSED])
        .values_list("pk", flat=True)
    )
    waiting = JobItem.objects.filter(job_id__in=list(earlier), state=ItemState.WAITING, subject_id__in=contact_ids)
    return dict(waiting.values_list("subject_id", "job_id"))


GENERATE = JobKind("keys.generate", "Generate Keys", _generate, chunk=5_000)


@transaction.atomic(durable=True)
def undo_generate(*, tenant: Tenant, job: Job, by: Actor, at: datetime) -> int:
    """*Undo run*: revoke those of its keys that nobody has printed, sent or redeemed; how many."""
    indoors = AccessKey.objects.for_tenant(tenant).filter(
        run=job, state=KeyState.LIVE, printed_at=None, emailed_at=None
    )
    key_ids = list(indoors.values_list("pk", flat=True))
    ended = end_keys(tenant=tenant, key_ids=key_ids, state=KeyState.REVOKED, by_id=by.user_id, at=at, why="run undone")
    record(
        "key.revoked",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=[("job", job.pk), *(("key", key_id) for key_id in ended[:NAMED_IN_AUDIT])],
        detail={"keys": len(ended), "run_undone": True},
    )
    return len(ended)
