"""Which code does the work of which kind of job."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.subject import Subject


@dataclass(frozen=True, slots=True)
class End:
    """What became of one subject of a backlog: its item, as it will be written."""

    state: ItemState
    why: str = ""
    result_id: int | None = None


ChunkWork = Callable[[Sequence[Subject], datetime], Sequence[End]]
"""Act on these subjects of the backlog, in the runner's transaction; an end for each, in their order."""


@dataclass(frozen=True)
class JobKind:
    """name: Job.kind. title: for people, a verb ("Generate Keys"). One of work and begin is given.

    work(job, items, at): do one chunk, in the runner's transaction; set state, why and result_id on each item (not saved:
    the runner saves them). It must be safe to call again for items still waiting. plan(job, at): make the items, once,
    in a transaction of its own, before the first chunk; None when the starter made them. finish(job, at): after the last
    chunk, in a transaction; may fill job.result.

    begin(job, subjects): for jobs with a backlog (JobBacklog), whose items come by the ten thousand. Called once in each process
    that takes the job up, with all the subjects still before it; gives the function that works on them chunk by chunk.
    """

    name: str
    title: str
    work: Callable[[Job, list[JobItem], datetime], None] | None = None
    chunk: int = 100
    plan: Callable[[Job, datetime], None] | None = None
    finish: Callable[[Job, datetime], None] | None = None
    begin: Callable[[Job, Sequence[Subject]], ChunkWork] | None = None


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Called once for each kind, from its module's AppConfig.ready."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> JobKind:
    return _kinds[name]


_followers: dict[str, list[Callable[[Job, datetime], None]]] = defaultdict(list)


def register_follower(name: str, step: Callable[[Job, datetime], None]) -> None:
    """What a module does when a job of this kind, of a module to its left, has come to its end by itself.

    A step: it runs in the transaction that ends the job, after the kind's own finish, so that it happens once or not at
    all; it may fill job.result. A job that a person stopped has no followers. Called once, from AppConfig.ready.
    """
    _followers[name].append(step)


def followers_of(name: str) -> Sequence[Callable[[Job, datetime], None]]:
    return _followers.get(name, ())
