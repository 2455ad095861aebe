"""A run by school is killed at random points and carried on: 0 lost, 0 doubled, and its keys are given out once (R-GS-05, G-16).

Parents' and students' keys in one job, planned as the page plans it; siblings at several schools share a parent. When it has
ended, the e-mails that were chosen at its start begin in the transaction that ends it: exactly one run of them, however often
the process was killed. The control makes keys and the account of them in two transactions, without the database's index.

    python -m tests.reliability interrupted_by_school [KILLS [STUDENTS]]
"""

import random
import time
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.utils import timezone

from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryStudent
from schoolgate.jobs import registry
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import LEASE, run_job
from schoolgate.keys.generate import GENERATE, start_generate
from schoolgate.keys.plan_run import RunAsked, plan_run
from schoolgate.letters.first_delivery import Way
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.tenancy import actor, make_school, make_tenant
from tests.reliability import interrupted_issue
from tests.reliability.interrupted_issue import (
    CHUNK,
    Outcome,
    columns_of,
    free_ids,
    interrupt,
    is_audit_whole,
    seconds_of,
    without_the_database_s_wall,
)

SEED = 16
SCHOOLS = 5
MOST_KILLS = 25
"""Of one run; then it is left to end."""
carry_on_in_two_transactions = interrupted_issue.carry_on_in_two_transactions


@dataclass
class RunOutcome(Outcome):
    """deliveries_wrong: runs whose keys were given out not at all, or more than once."""

    deliveries_wrong: int = 0


def prepare_run(students: int) -> Job:
    """A district with so many students, two siblings to a parent, and its run for parents and students."""
    tenant = make_tenant()
    schools = [make_school(tenant) for _ in range(SCHOOLS)]
    first, parent = make_student(tenant, school=schools[0]), make_contact(tenant)
    link = make_link(first, parent)
    base = free_ids(DirectoryStudent)
    others = [
        DirectoryStudent(
            **columns_of(first)
            | {
                "id": base + n,
                "source_id": f"R{base + n}",
                "school_id": schools[n % SCHOOLS].pk,
                "birth_date": date(2008, 1, 1) + timedelta(days=n % 2000),
            }
        )
        for n in range(students - 1)
    ]
    DirectoryStudent.objects.bulk_create(others, batch_size=5_000)
    contact_base = free_ids(DirectoryContact)
    parents = [
        DirectoryContact(**columns_of(parent) | {"id": contact_base + n, "source_id": f"R{contact_base + n}"})
        for n in range((len(others) + 1) // 2)
    ]
    DirectoryContact.objects.bulk_create(parents, batch_size=5_000)
    link_base = free_ids(DirectoryAssociation)
    links = [
        DirectoryAssociation(
            **columns_of(link) | {"id": link_base + n, "student_id": student.pk, "contact_id": parents[n // 2].pk}
        )
        for n, student in enumerate(others)
    ]
    DirectoryAssociation.objects.bulk_create(links, batch_size=5_000)
    asked, at = RunAsked(for_students=True, for_parents=True), timezone.now()
    plan = plan_run(tenant=tenant, asked=asked, at=at)
    return start_generate(
        tenant=tenant, subjects=plan.subjects, by=actor(), at=at, then=Way.EMAILS, page="by_school", queued=False
    )


def carry_on(job_id: int, taken_up: int) -> None:
    """Work as a worker does, after the lease of the one before has run out; in chunks that fit the run's size."""
    total = Job.objects.get(pk=job_id).total
    registry.register(replace(GENERATE, chunk=max(CHUNK, total // 60)))
    run_job(job_id, clock=lambda: timezone.now() + taken_up * (LEASE + LEASE))


def run_promise(*, kills: int, students: int, work: interrupted_issue.Work = carry_on) -> RunOutcome:
    """Runs for so many students until so many processes were killed."""
    chance, outcome = random.Random(SEED), RunOutcome()
    longest = seconds_of(prepare_run(students), work)
    while outcome.kills < kills and not outcome.faults:
        job = prepare_run(students)
        interrupt(outcome, chance, job=job, kills=kills, longest=longest, work=work, most=MOST_KILLS)
        if work is carry_on:
            _look_at(outcome, job)
    return outcome


def _look_at(outcome: RunOutcome, job: Job) -> None:
    """The audit adds up, and the e-mails have one run with each of them in it once."""
    job.refresh_from_db()
    outcome.faults += not is_audit_whole(job.tenant_id, keys=job.total)
    deliveries = Job.objects.filter(tenant=job.tenant_id, kind="letters.send_emails")
    whole = [(each.pk, each.total) for each in deliveries] == [
        (pk, job.done) for pk in job.result.get("delivered_by", ())
    ]
    outcome.deliveries_wrong += deliveries.count() != 1 or not whole


def main(arguments: list[str]) -> int:
    """The full form, with its numbers; 0 when the promise held and the control failed as it must."""
    defaults = [100, 100_000]
    kills, students = [*map(int, arguments), *defaults[len(arguments) :]]
    began = time.monotonic()
    found = run_promise(kills=kills, students=students)
    print(
        f"by school: {found.kills} kills in {found.issues} runs for {students} students: {found.lost} lost,"
        f" {found.doubled} doubled, {found.deliveries_wrong} given out wrongly, {found.faults} faults (seed {SEED})"
    )
    with without_the_database_s_wall():
        control = run_promise(kills=10, students=min(students, 1_000), work=carry_on_in_two_transactions)
    print(
        f"control, in two transactions and without the index: {control.doubled} keys doubled"
        f" ({time.monotonic() - began:.0f} s in all)"
    )
    held = not (found.lost or found.doubled or found.faults or found.deliveries_wrong)
    return 0 if held and found.kills >= kills and control.doubled > 0 else 1
