"""The one file that knows the queue. It says "run job N", at least once; the rows say the rest (stack.md)."""

from django_tasks import task

from schoolgate.jobs.run import run_job


@task()
def run_queued_job(job_id: int) -> None:
    run_job(job_id)


def enqueue(job_id: int) -> None:
    run_queued_job.enqueue(job_id)
