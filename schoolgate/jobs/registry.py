"""Which code does the work of which kind of job."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from schoolgate.jobs.models import Job, JobItem


@dataclass(frozen=True)
class JobKind:
    """name: Job.kind. title: for people, a verb ("Generate Keys").

    work(job, items, at): do one chunk, in the runner's transaction; set state, why and result_id on each item (not saved:
    the runner saves them). It must be safe to call again for items still waiting. plan(job, at): make the items, once,
    in a transaction of its own, before the first chunk; None when the starter made them. finish(job, at): after the last
    chunk, in a transaction; may fill job.result.
    """

    name: str
    title: str
    work: Callable[[Job, list[JobItem], datetime], None]
    chunk: int = 100
    plan: Callable[[Job, datetime], None] | None = None
    finish: Callable[[Job, datetime], None] | None = None


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Called once for each kind, from its module's AppConfig.ready."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> JobKind:
    return _kinds[name]
