"""A list to download that a job makes: kept sealed, in pieces of the database, for a day (R-AM-03).

The web is stateless, so a file can't wait on one machine's disk; and what is sealed is nothing to whoever reads a backup.
Whose list it is, and who may have it, is the page's business.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import Job, JobBacklog, JobItem, JobState, ListPiece
from schoolgate.jobs.queries import OPEN_STATES
from schoolgate.jobs.start import add_job, hand_to_queue
from schoolgate.jobs.subject import Subject, packed
from schoolgate.lib.sealed import open_text, seal_text
from schoolgate.tenancy.models import Tenant

KEPT_FOR = timedelta(hours=24)
ROWS_AT_ONCE = 1_000


@transaction.atomic(durable=True)
def start_list(
    *, tenant: Tenant, kind: str, ids: Sequence[int], options: Mapping[str, Any], by: Actor, at: datetime
) -> Job:
    """Queue a list of exactly these rows, in this order, a thousand to an item. options: no names and no words of a search."""
    parts = ceil(len(ids) / ROWS_AT_ONCE)
    items = [Subject("part", number) for number in range(1, parts + 1)]
    job = add_job(tenant=tenant, kind=kind, by=by, at=at, options=options, items=items)
    JobBacklog.objects.create(job=job, packed=packed(Subject("row", pk) for pk in ids))
    hand_to_queue(job)
    return job


def ids_of_part(job: Job, item: JobItem) -> list[int]:
    """Query: which rows this item is about."""
    end = item.subject_id * ROWS_AT_ONCE
    return [subject.id for subject in job.backlog.subjects()[end - ROWS_AT_ONCE : end]]


def keep_part(job: Job, item: JobItem, rows: Sequence[Sequence[str]]) -> None:
    """Step: keep the cells of these rows."""
    position = item.subject_id
    sealed = seal_text(json.dumps(rows), keys=settings.SEALING_KEYS, place=_place(job.pk, position))
    ListPiece.objects.create(job=job, position=position, rows=len(rows), sealed=sealed)


def count_rows(job: Job) -> int:
    """Query: how many rows are kept."""
    return job.pieces.aggregate(n=Sum("rows"))["n"] or 0


def kept_until(job: Job, *, at: datetime) -> datetime | None:
    """Query: until when the list can be had; None for one that isn't made, or is gone."""
    if job.state != JobState.DONE or job.finished_at is None or job.finished_at + KEPT_FOR <= at:
        return None
    return None if job.result.get("deleted") else job.finished_at + KEPT_FOR


def rows_of_list(job: Job) -> Iterator[list[str]]:
    """Query: the cells, row by row; little of it in memory at once."""
    for piece in job.pieces.order_by("position").iterator(chunk_size=4):
        text = open_text(bytes(piece.sealed), keys=settings.SEALING_KEYS, place=_place(job.pk, piece.position))
        yield from json.loads(text)


@transaction.atomic(durable=True)
def delete_list(*, job: Job, by: Actor, at: datetime) -> None:
    """Action: the list is gone at once, whatever is left of its day."""
    if not ListPiece.objects.filter(job=job).delete()[0]:
        return
    Job.objects.filter(pk=job.pk).update(result=job.result | {"deleted": True})
    record("list.deleted", tenant_id=job.tenant_id, by=by, at=at, subjects=[("job", job.pk)])


def drop_old_lists(*, at: datetime) -> int:
    """Delete the lists whose day is over; how many pieces. A list that is paused, or not made whole, for a day is given up."""
    old = at - KEPT_FOR
    # every tenant: a worker looks after all of them
    unmade = Job.objects.filter(state__in=OPEN_STATES, created_at__lte=old, pieces__isnull=False)
    # every tenant: as above
    Job.objects.filter(pk__in=set(unmade.values_list("pk", flat=True)), state__in=OPEN_STATES).update(
        state=JobState.CANCELLED, finished_at=old
    )
    return ListPiece.objects.filter(job__finished_at__lte=old).delete()[0]


def _place(job_id: int, position: int) -> bytes:
    return b"list|%d|%d" % (job_id, position)
