"""Write a job's items, many at once; the one writer of JobItem."""

from collections.abc import Iterable, Sequence

from django.db import connection

from schoolgate.jobs.bulk import insert_rows
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import End
from schoolgate.jobs.subject import Subject


def insert_items(job: Job, subjects: Iterable[Subject]) -> int:
    """Step: one waiting item for each subject, in order. How many there were."""
    count = 0

    def rows() -> Iterable[tuple[object, ...]]:
        nonlocal count
        for count, (kind, subject_id, addressee_id) in enumerate(subjects, start=1):
            yield job.pk, count, kind, subject_id, addressee_id, ItemState.WAITING.value, ""

    columns = ["job_id", "position", "subject_kind", "subject_id", "addressee_id", "state", "why"]
    insert_rows(JobItem, columns, rows())
    return count


def insert_ended(job: Job, subjects: Sequence[Subject], ends: Sequence[End], *, first: int) -> None:
    """Step: the items of these subjects of a backlog, which have ended, from position ``first`` on."""
    columns = ["job_id", "position", "subject_kind", "subject_id", "addressee_id", "state", "why", "result_id"]
    rows = (
        (job.pk, position, *subject, end.state.value, end.why, end.result_id)
        for position, (subject, end) in enumerate(zip(subjects, ends, strict=True), start=first)
    )
    insert_rows(JobItem, columns, rows)


def save_ends(items: Sequence[JobItem]) -> None:
    """Step: write state, why and result_id of each item, in one statement on PostgreSQL."""
    ends = [(str(item.state), item.why, item.result_id, item.pk) for item in items]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                """
                UPDATE jobs_jobitem AS item SET state = ends.state, why = ends.why, result_id = ends.result_id
                FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) AS ends (state, why, result_id, id)
                WHERE item.id = ends.id
                """,
                [list(column) for column in zip(*ends, strict=True)],
            )
        else:
            cursor.executemany("UPDATE jobs_jobitem SET state = %s, why = %s, result_id = %s WHERE id = %s", ends)
