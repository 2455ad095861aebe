"""First delivery: the keys that one run has made go out as letters, as e-mails, or by letter where there is no e-mail (registration-keys §6).

Chosen when the run is started, it begins by itself in the transaction that ends the run, or on the day until which it is held
(letters/held_delivery.py); a run that a person stopped gives out nothing. Chosen afterwards, on the run's page, it is the same act for the same keys.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.audit.actor import Actor
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.start import actor_of, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.keys.facts import facts_of
from schoolgate.keys.generate import held_until_of
from schoolgate.keys.schemes import Forecast
from schoolgate.keys.subjects import STUDENT_SELF
from schoolgate.letters.models import HeldDelivery
from schoolgate.letters.print_letters import add_letters_job, forecast_letters
from schoolgate.letters.send_emails import add_emails_job, mailboxes_by_subject, why_not_email
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

_AT_ONCE = 10_000  # Ids in one statement.


class Way(models.TextChoices):
    """How keys go out first."""

    NONE = "", gettext_lazy("Not yet: make the keys, and decide afterwards")
    LETTERS = "letters", gettext_lazy("Letters")
    EMAILS = "emails", gettext_lazy("E-mails")
    LETTERS_WITHOUT_EMAIL = "letters_without_email", gettext_lazy("E-mails, and letters where there is no e-mail")


class GivenOut(SchoolgateError):
    """The run's keys are on their way already."""

    code = "keys.given_out"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("The keys of this run have been given out already."))


def was_given_out(run: Job) -> bool:
    return bool(run.result.get("delivered_by"))


def keys_of_run(job: Job) -> list[Subject]:
    """Query: for whom the run made keys, in its order."""
    made = JobItem.objects.filter(job=job, state=ItemState.DONE).order_by("position")
    return [Subject(*row) for row in made.values_list("subject_kind", "subject_id", "addressee_id")]


@dataclass(frozen=True)
class DeliveryPlan:
    """What goes out which way. Who gets neither is in both forecasts' reasons, told by the job that skips them."""

    letters: Sequence[Subject] = ()
    emails: Sequence[Subject] = ()


def plan_delivery(*, tenant: Tenant, subjects: Sequence[Subject], way: Way, at: datetime) -> DeliveryPlan:
    """Query: which of these keys goes out how."""
    if way == Way.LETTERS:
        return DeliveryPlan(letters=subjects)
    if way == Way.EMAILS:
        return DeliveryPlan(emails=subjects)
    if way == Way.NONE:
        return DeliveryPlan()
    refused = _why_no_email(tenant, subjects, at)
    return DeliveryPlan(
        letters=[subject for subject in subjects if refused[subject]],
        emails=[subject for subject in subjects if not refused[subject]],
    )


def _why_no_email(tenant: Tenant, subjects: Sequence[Subject], at: datetime) -> dict[Subject, str]:
    facts = facts_of(tenant=tenant, subjects=subjects, at=at)
    found: dict[Subject, str] = {}
    for start in range(0, len(subjects), _AT_ONCE):
        some = subjects[start : start + _AT_ONCE]
        mailboxes = mailboxes_by_subject(tenant=tenant, subjects=some, at=at)
        for subject in some:
            found[subject] = why_not_email(facts.get(subject), mailboxes.get(subject), again=False)
    return found


@dataclass(frozen=True)
class DeliveryForecast:
    """None: nothing goes that way."""

    letters: Forecast | None
    emails: Forecast | None

    @property
    def acts_on(self) -> int:
        return sum(found.acts_on for found in (self.letters, self.emails) if found is not None)


def forecast_delivery(*, tenant: Tenant, plan: DeliveryPlan, at: datetime) -> DeliveryForecast:
    """Query: what the jobs would do with the plan at this moment (R-CK-07)."""
    letters = forecast_letters(tenant=tenant, subjects=plan.letters, at=at) if plan.letters else None
    if not plan.emails:
        return DeliveryForecast(letters, None)
    refused = Counter(why for why in _why_no_email(tenant, plan.emails, at).values() if why)
    return DeliveryForecast(letters, Forecast(len(plan.emails) - refused.total(), dict(refused)))


def add_delivery(*, tenant: Tenant, plan: DeliveryPlan, by: Actor, at: datetime) -> list[Job]:
    """Step: the jobs that give the keys out, handed to the workers."""
    jobs = []
    if plan.emails:
        jobs.append(add_emails_job(tenant=tenant, subjects=plan.emails, by=by, at=at))
    # Students' letters are handed out in class, parents' are posted: each has files of its own.
    for of_students in (False, True):
        letters = [subject for subject in plan.letters if (subject.kind == STUDENT_SELF) == of_students]
        if letters:
            jobs.append(add_letters_job(tenant=tenant, subjects=letters, by=by, at=at))
    for job in jobs:
        hand_to_queue(job)
    return jobs


@transaction.atomic(durable=True)
def start_delivery(*, tenant: Tenant, run: Job, way: Way, by: Actor, at: datetime) -> list[Job]:
    """Give out the keys that an ended run has made, this way; no jobs where there is nobody to write to.

    Raises GivenOut when that was done before: a second press has no effect.
    """
    run = Job.objects.for_tenant(tenant).select_for_update().get(pk=run.pk)
    if was_given_out(run):
        raise GivenOut
    plan = plan_delivery(tenant=tenant, subjects=keys_of_run(run), way=way, at=at)
    jobs = add_delivery(tenant=tenant, plan=plan, by=by, at=at)
    HeldDelivery.objects.for_tenant(tenant).filter(run=run).delete()
    _note(run, jobs)
    Job.objects.filter(pk=run.pk).update(result=run.result)
    return jobs


def deliver_first(job: Job, at: datetime) -> None:
    """Step, in the transaction that ends a run of Generate Keys: what was chosen when it was started, now or on its day (R-GS-04)."""
    way = Way(job.options.get("then", ""))
    if way == Way.NONE:
        return
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    due_on = held_until_of(job)
    if due_on is not None and due_on > day_of(tenant, at):
        HeldDelivery.objects.create(tenant=tenant, run=job, way=way, due_on=due_on)
        return
    plan = plan_delivery(tenant=tenant, subjects=keys_of_run(job), way=way, at=at)
    _note(job, add_delivery(tenant=tenant, plan=plan, by=actor_of(job), at=at))


def _note(run: Job, jobs: Sequence[Job]) -> None:
    run.result = {**run.result, "delivered_by": [*run.result.get("delivered_by", ()), *(job.pk for job in jobs)]}
