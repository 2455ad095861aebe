"""What workers look after every so often, beside the queue: mails that are due, what a sync makes necessary, and the like.

A module registers its sweeps from its AppConfig.ready, as it does its kinds of job. Several workers may run one sweep at
the same moment: each claims its rows by an UPDATE that tests their state, as everything here does.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from schoolgate.audit.searches import forget_searches
from schoolgate.jobs.lists import drop_old_lists
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import due_jobs, run_job

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sweep:
    """run: does what is due at the moment given, in transactions of its own, and says how much of what it did.

    Its counts are added up under their names; those of mails are ``sent``, ``failed`` and ``unknown``.
    """

    name: str
    every: timedelta
    run: Callable[[datetime], Mapping[str, int]]


_sweeps: dict[str, Sweep] = {}


def register_sweep(sweep: Sweep) -> None:
    """Called once for each, from its module's AppConfig.ready."""
    _sweeps[sweep.name] = sweep


def run_sweeps(*, at: datetime, last: dict[str, datetime]) -> Counter[str]:
    """Run the sweeps whose time has come; ``last`` remembers for this process when each ran. A fault stops only its own."""
    counts: Counter[str] = Counter()
    for sweep in _sweeps.values():
        if sweep.name in last and at < last[sweep.name] + sweep.every:
            continue
        last[sweep.name] = at
        try:
            counts.update(sweep.run(at))
        except Exception:
            logger.exception("sweep.fault", extra={"sweep": sweep.name})
    return counts


def _carry_on_jobs(at: datetime) -> Mapping[str, int]:
    """Take up jobs that the queue has lost, or whose worker was."""
    found = due_jobs(at=at)
    for job_id in found:
        try:
            run_job(job_id)
        except Exception:
            logger.exception("job.fault", extra={"job": job_id})
    return {Job.__name__.lower(): len(found)}


register_sweep(Sweep("jobs", timedelta(seconds=10), _carry_on_jobs))
register_sweep(Sweep("audit.searches", timedelta(hours=6), lambda at: {"searches forgotten": forget_searches(at=at)}))
register_sweep(Sweep("jobs.lists", timedelta(hours=1), lambda at: {"pieces of lists": drop_old_lists(at=at)}))
