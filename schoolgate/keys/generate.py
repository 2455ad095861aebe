"""Generate Keys: fill the gaps of a selection, as a job (R-CK-06 to R-CK-08, R-CK-14, R-CK-15)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.directory.feed import feed_end
from schoolgate.jobs.models import ItemState, Job, JobBacklog, JobState
from schoolgate.jobs.registry import End, JobKind
from schoolgate.jobs.start import actor_of, add_backlog_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.keys.end_keys import end_keys
from schoolgate.keys.errors import TooManyKeys, checked_reason
from schoolgate.keys.expire import expire_these
from schoolgate.keys.facts import facts_of
from schoolgate.keys.make_keys import MOST_KEYS, count_live_keys, hold_keys_of, make_keys
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.schemes import IN_RUN, TOO_MANY_KEYS, Facts, Verdict, why_not_generate
from schoolgate.keys.subjects import audited
from schoolgate.lib.collector import few_collections
from schoolgate.tenancy.dates import day_of
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


@transaction.atomic(durable=True)
def start_generate(
    *,
    tenant: Tenant,
    subjects: Iterable[Subject],
    by: Actor,
    at: datetime,
    options: GenerateOptions = PLAIN,
    then: str = "",
    held_until: date | None = None,
    page: str = "",
    queued: bool = True,
) -> Job:
    """Make the job for these subjects, as they are selected now; rows that match a filter later are not drawn in (R-CK-06).

    then: what a module to the right does with its keys once it has come to its end (letters/first_delivery.py).
    held_until: the day before which it does not, and from which the keys' lives are counted (R-GS-04); after today.
    page: of the console, where the run is shown. queued: a worker runs it; otherwise the caller does (jobs.run_job).
    Raises ReasonNeeded, TooManyKeys.
    """
    reason = checked_reason(options.reason) if options.another_account else ""
    live_before = count_live_keys(tenant=tenant)
    if live_before > MOST_KEYS:
        raise TooManyKeys
    job = add_backlog_job(
        tenant=tenant,
        kind=GENERATE.name,
        by=by,
        at=at,
        options={
            "also_unlinked": options.also_unlinked,
            "another_account": options.another_account,
            "reason": reason,
            "live_before": live_before,
            "then": then,
            "held_until": held_until.isoformat() if held_until else "",
            "page": page,
        },
        subjects=list(dict.fromkeys(subjects)),
    )
    if queued:
        hand_to_queue(job)
    return job


def held_until_of(job: Job) -> date | None:
    """The day before which a run's keys do not go out by themselves."""
    given = job.options.get("held_until")
    return date.fromisoformat(given) if given else None


class _Generation:
    """One process's work on a run: the facts are read once for the whole backlog, and again whenever they may have changed."""

    def __init__(self, job: Job, backlog: Sequence[Subject]) -> None:
        self.job, self.backlog = job, backlog
        self.tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
        self.by = actor_of(job)
        chosen = job.options
        self.reason = str(chosen["reason"])
        self.another_account = bool(chosen["another_account"])
        options = GenerateOptions(bool(chosen["also_unlinked"]), self.another_account, self.reason)
        self.verdict = options.verdict()
        self.facts_by_subject: Mapping[Subject, Facts] = {}
        self.read_at: _Moment | None = None

    @few_collections()
    def __call__(self, subjects: Sequence[Subject], at: datetime) -> Sequence[End]:
        """One chunk: decide by the facts of this moment, make the keys, say of each subject what became of it."""
        batches = hold_keys_of(self.tenant)
        system = self.tenant.settings.key_system
        moment = _Moment(batches, feed_end(tenant=self.tenant), day_of(self.tenant, at), system)
        facts_by_subject = self._facts(subjects, moment, at=at)
        self._expire_overdue(facts_by_subject, subjects, at=at)
        held_elsewhere = held_by_runs(tenant_id=self.tenant.pk, subjects=subjects, before=self.job.pk)
        room = MOST_KEYS - int(self.job.options["live_before"]) - self.job.done
        chosen: list[Subject] = []
        ends: dict[Subject, End] = {}
        for subject in subjects:
            why = self.verdict(facts_by_subject.get(subject))
            if not why and subject in held_elsewhere:
                ends[subject] = End(ItemState.SKIPPED, IN_RUN, held_elsewhere[subject])
            elif why or len(chosen) >= room:
                ends[subject] = End(ItemState.SKIPPED, why or TOO_MANY_KEYS)
            else:
                chosen.append(subject)
        if chosen:
            key_ids = make_keys(
                tenant=self.tenant,
                subjects=chosen,
                at=at,
                by_id=self.by.user_id,
                run_id=self.job.pk,
                held_until=held_until_of(self.job),
            )
            for subject, key_id in zip(chosen, key_ids, strict=True):
                ends[subject] = End(ItemState.DONE, "", key_id)
            if self.read_at == moment:
                self.read_at = replace(moment, batches=moment.batches + 1)
            self._record(chosen, key_ids, at=at)
        return [ends[subject] for subject in subjects]

    def _facts(self, subjects: Sequence[Subject], moment: "_Moment", *, at: datetime) -> Mapping[Subject, Facts]:
        """The facts of these subjects, read before or now.

        What gives a subject a key, a tie or a link is written under the lock that this run holds; so what was read
        before holds as long as nobody else has used it, and the day is the same.
        """
        if self.read_at is None and len(self.backlog) > len(subjects):
            self.facts_by_subject = facts_of(tenant=self.tenant, subjects=self.backlog, at=at)
            self.read_at = moment
        if self.read_at == moment:
            return self.facts_by_subject
        return facts_of(tenant=self.tenant, subjects=subjects, at=at)

    def _expire_overdue(
        self, facts_by_subject: Mapping[Subject, Facts], subjects: Sequence[Subject], *, at: datetime
    ) -> None:
        found = (facts_by_subject.get(subject) for subject in subjects)
        overdue = [facts.overdue_key_id for facts in found if facts is not None and facts.overdue_key_id is not None]
        expire_these(tenant=self.tenant, key_ids=overdue, by=self.by, at=at)

    def _record(self, chosen: Sequence[Subject], key_ids: Sequence[int], *, at: datetime) -> None:
        """One entry for each chunk, in its transaction (R-AU-01)."""
        subjects = [("job", self.job.pk)]
        if len(chosen) <= NAMED_IN_AUDIT:
            subjects += audited(chosen) + [("key", key_id) for key_id in key_ids]
        detail = {"keys": len(chosen)} | ({"another_account": True} if self.another_account else {})
        record(
            "key.generated",
            tenant_id=self.tenant.pk,
            by=self.by,
            at=at,
            subjects=subjects,
            detail=detail,
            reason=self.reason,
        )


@dataclass(frozen=True)
class _Moment:
    """What must stand still for facts to hold: keys made by others, the directory's feed, the day (bars begin with it), the key system."""

    batches: int
    feed_end: int
    day: date
    system: str


def held_by_runs(*, tenant_id: int, subjects: Collection[Subject], before: int | None = None) -> dict[Subject, int]:
    """Query: those that a run under way still has before it, each with that run's id (R-RN-05). before: earlier runs alone."""
    wanted = set(subjects)
    earlier = JobBacklog.objects.filter(
        job__tenant_id=tenant_id,
        job__kind=GENERATE.name,
        job__state__in=[JobState.PLANNED, JobState.RUNNING, JobState.PAUSED],
    )
    if before is not None:
        earlier = earlier.filter(job__pk__lt=before)
    return {
        subject: backlog.job_id
        for backlog in earlier.select_related("job").order_by("-job_id")
        for subject in wanted.intersection(backlog.subjects()[backlog.job.ended :])
    }


GENERATE = JobKind("keys.generate", "Generate Keys", chunk=10_000, begin=_Generation)


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
