"""R3: Generate Keys is killed at random points and carried on by another process: nothing is lost, nothing doubled.

Real processes, ended by SIGKILL in the middle of their work; the next one takes the job up when the lease has run out (its
clock is put forward instead of waiting). The control writes keys and the account of them in two transactions, without the
database's one-live-key index, and must find doubled keys.

    python -m tests.reliability interrupted_issue [KILLS [KEYS]]
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context

from django.db import connection, connections, models, transaction
from django.db.models import F
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.audit.verify import verify_audit
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact
from schoolgate.jobs import registry
from schoolgate.jobs.items import insert_ended
from schoolgate.jobs.models import ItemState, Job, JobBacklog, JobItem, JobState
from schoolgate.jobs.registry import End
from schoolgate.jobs.run import LEASE, run_job
from schoolgate.keys.generate import GENERATE, start_generate
from schoolgate.keys.make_keys import hold_keys_of, make_keys
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import of_contacts
from schoolgate.tenancy.models import Tenant
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.tenancy import actor, make_tenant

SEED = 3
CHUNK = 250  # Small, so that a kill falls between chunks as often as within one.
Work = Callable[[int, int], object]
"""(job id, how often it was taken up before): works on the job to its end."""
MOST_KILLS = 11
"""Of one issue; then it is left to end."""


@dataclass
class Outcome:
    """kills: of processes that were still at work. lost: contacts without a key or an item. doubled: keys too many."""

    issues: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    faults: int = 0


def prepare_issue(contacts: int) -> Job:
    """A tenant with so many contacts who need a key, and the job that makes them."""
    tenant = make_tenant()
    student, first = make_student(tenant), make_contact(tenant)
    link = make_link(student, first)
    base = free_ids(DirectoryContact)
    others = [
        DirectoryContact(**columns_of(first) | {"id": base + n, "source_id": f"R{base + n}"})
        for n in range(contacts - 1)
    ]
    DirectoryContact.objects.bulk_create(others)
    link_base = free_ids(DirectoryAssociation)
    links = [
        DirectoryAssociation(**columns_of(link) | {"id": link_base + n, "contact_id": other.pk})
        for n, other in enumerate(others)
    ]
    DirectoryAssociation.objects.bulk_create(links)
    ids = [first.pk, *(other.pk for other in others)]
    return start_generate(tenant=tenant, subjects=of_contacts(ids), by=actor(), at=timezone.now(), queued=False)


def free_ids(table: type[models.Model]) -> int:
    """From here on ids are free; the factories' own, counted from 1, stay far below."""
    newest = (
        table._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
    )  # every tenant: ids are one range
    return max(newest, 1_000_000) + 1


def columns_of(row: models.Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def carry_on(job_id: int, taken_up: int) -> None:
    """Work as a worker does, after the lease of the one before has run out."""
    registry.register(replace(GENERATE, chunk=CHUNK))
    run_job(job_id, clock=lambda: timezone.now() + taken_up * (LEASE + LEASE))


def carry_on_in_two_transactions(job_id: int, taken_up: int) -> None:
    """The control: first the keys, then the account of them."""
    job = Job.objects.get(pk=job_id)
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    subjects = JobBacklog.objects.get(job=job).subjects()
    while subjects[job.ended :]:
        some = subjects[job.ended : job.ended + CHUNK]
        with transaction.atomic():
            hold_keys_of(tenant)
            key_ids = make_keys(tenant=tenant, subjects=some, at=timezone.now(), by_id=None, run_id=job.pk)
        time.sleep(0.05)
        with transaction.atomic():
            ends = [End(ItemState.DONE, "", key_id) for key_id in key_ids]
            insert_ended(job, some, ends, first=job.ended + 1)
            Job.objects.filter(pk=job.pk).update(done=F("done") + len(some))
        job.refresh_from_db()
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)


def interrupt(
    outcome: Outcome, chance: random.Random, *, job: Job, kills: int, longest: float, work: Work, most: int = MOST_KILLS
) -> None:
    """One issue: killed again and again, at most ``kills`` times in all, then left to end; what became of it."""
    outcome.issues += 1
    fork = get_context("fork")
    taken_up = 0
    while True:
        connections.close_all()  # A connection is one process's alone.
        process = fork.Process(target=_in_a_process_of_its_own, args=(work, job.pk, taken_up))
        process.start()
        taken_up += 1
        process.join(chance.uniform(0, longest) if outcome.kills < kills and taken_up <= most else None)
        if process.is_alive():
            process.kill()
            process.join()
            outcome.kills += 1
        elif process.exitcode:
            outcome.faults += 1
            break
        else:
            break
    _count(outcome, job)


def _in_a_process_of_its_own(work: Work, job_id: int, taken_up: int) -> None:
    work(job_id, taken_up)
    connections.close_all()


def _count(outcome: Outcome, job: Job) -> None:
    job.refresh_from_db()
    found = AccessKey.objects.filter(tenant=job.tenant_id, state=KeyState.LIVE)
    subject_by_key = {
        pk: (kind, subject_id) for pk, kind, subject_id in found.values_list("pk", "subject_kind", "subject_id")
    }
    per_subject = Counter(subject_by_key.values())
    items = JobItem.objects.filter(job=job, state=ItemState.DONE)
    told = {
        (kind, subject_id)
        for kind, subject_id, key_id in items.values_list("subject_kind", "subject_id", "result_id")
        if subject_by_key.get(key_id or 0) == (kind, subject_id)
    }
    outcome.lost += job.total - len(told & set(per_subject))
    outcome.doubled += sum(count - 1 for count in per_subject.values())
    outcome.faults += (job.state, job.done) != (JobState.DONE, job.total)


def is_audit_whole(tenant_id: int, *, keys: int) -> bool:
    """The chain holds, and its entries add up to the keys there are."""
    entries = AuditEntry.objects.filter(tenant=tenant_id, act="key.generated")
    return verify_audit(tenant_id=tenant_id).ok and sum(entry.detail["keys"] for entry in entries) == keys


def run_promise(*, kills: int, keys: int, work: Work = carry_on, longest: float | None = None) -> Outcome:
    """Issues of ``keys`` keys until so many processes were killed."""
    chance, outcome = random.Random(SEED), Outcome()
    longest = longest or seconds_of(prepare_issue(keys), work)
    while outcome.kills < kills and not outcome.faults:
        interrupt(outcome, chance, job=prepare_issue(keys), kills=kills, longest=longest, work=work)
    if work is carry_on:
        newest = Job.objects.order_by("-pk")[0]
        outcome.faults += not is_audit_whole(newest.tenant_id, keys=keys)
    return outcome


def seconds_of(job: Job, work: Work) -> float:
    """How long an issue takes when nobody disturbs it: kills fall anywhere in it."""
    began = time.monotonic()
    connections.close_all()
    process = get_context("fork").Process(target=_in_a_process_of_its_own, args=(work, job.pk, 0))
    process.start()
    process.join()
    return time.monotonic() - began


@contextmanager
def without_the_database_s_wall() -> Iterator[None]:
    """For the control: two live keys for one contact are possible; afterwards there are none, and the index is back."""
    [constraint] = [each for each in AccessKey._meta.constraints if each.name == "one_live_key_per_subject"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(AccessKey, constraint)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {AccessKey._meta.db_table} CASCADE")
        with connection.schema_editor() as editor:
            editor.add_constraint(AccessKey, constraint)


def main(arguments: list[str]) -> int:
    """The full form, with its numbers; 0 when the promise held and the control failed as it must."""
    defaults = [300, 10_000]
    kills, keys = [*map(int, arguments), *defaults[len(arguments) :]]
    began = time.monotonic()
    found = run_promise(kills=kills, keys=keys)
    print(
        f"R3: {found.kills} kills in {found.issues} issues of {keys} keys: {found.lost} lost, {found.doubled} doubled,"
        f" {found.faults} faults (seed {SEED})"
    )
    with without_the_database_s_wall():
        control = run_promise(kills=15, keys=min(keys, 1_000), work=carry_on_in_two_transactions)
    print(
        f"control, in two transactions and without the index: {control.doubled} keys doubled"
        f" ({time.monotonic() - began:.0f} s in all)"
    )
    held = found.kills >= kills and not (found.lost or found.doubled or found.faults) and control.doubled > 0
    return 0 if held else 1
