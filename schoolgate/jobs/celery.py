"""Celery as the engine behind django-tasks, for installations that one machine doesn't hold (SCHOOLGATE_TASKS=celery).

It says "run task N", at least once, as the database's queue does; what is done and what is left stands in our own rows, so
a broker that is away or forgets delays the work until a worker's next sweep, and loses nothing.
"""

import logging
from typing import Any

from celery import Celery
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskResult, TaskResultStatus
from django_tasks.utils import get_random_id
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

app = Celery("schoolgate", broker=settings.CELERY_BROKER_URL, set_as_current=False)
app.conf.update(
    task_acks_late=True,  # A worker that dies in the middle leaves its message to another.
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=5,
)


@app.task(name="schoolgate.run_task")  # type: ignore[untyped-decorator]  # Celery has no types
def run_task(path: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    """In a Celery worker: run the function of a django-tasks task."""
    task: Task[..., Any] = import_string(path)
    task.call(*args, **kwargs)


class CeleryBackend(BaseTaskBackend):
    """django-tasks' backend of SCHOOLGATE_TASKS=celery."""

    def enqueue(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Hand the task to the broker; when it is away, say so in the log and go on (the next sweep finds the job)."""
        self.validate_task(task)
        args, kwargs = list(args), dict(kwargs)
        try:
            run_task.apply_async((task.module_path, args, kwargs), retry=False)
        except OperationalError:
            logger.exception("celery.broker_away")
        return TaskResult(
            task=task,
            id=get_random_id(),
            status=TaskResultStatus.READY,
            enqueued_at=timezone.now(),
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=args,
            kwargs=kwargs,
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
