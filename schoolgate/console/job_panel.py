"""A job as pages show it: the panel of _job.html, on the page that started it and under jobs/."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from schoolgate.audit.actor import ActorKind
from schoolgate.jobs.models import Job, JobState
from schoolgate.jobs.queries import OPEN_STATES, area_of, title_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.queries import member_name
from schoolgate.tenancy.roles import Right

# Which right reads, and which acts on, the jobs of an area (the part of a job's kind before its dot).
AREAS: dict[str, tuple[Right, Right]] = {
    "keys": (Right.KEYS_READ, Right.KEYS_ACT),
    "letters": (Right.KEYS_READ, Right.KEYS_ACT),
    "messages": (Right.KEYS_READ, Right.KEYS_ACT),
    "accounts": (Right.KEYS_READ, Right.KEYS_ACT),
    "sync": (Right.SYNC_READ, Right.SYNC_RUN),
    "roster": (Right.ENROLMENTS_READ, Right.ENROLMENTS_EDIT),
    "enrolments": (Right.ENROLMENTS_READ, Right.ENROLMENTS_EDIT),
    "imports": (Right.ENROLMENTS_READ, Right.ENROLMENTS_EDIT),
}
_OTHERS = (Right.SETTINGS_READ, Right.SETTINGS_EDIT)


def areas_of(request: TenantRequest) -> list[str]:
    """The areas whose jobs this member may see, for all schools: a job isn't cut to one."""
    return [area for area, (reads, _acts) in AREAS.items() if request.rights.get(reads, set()) is None]


def areas_of_own(request: TenantRequest) -> list[str]:
    """The areas in which a member for some schools sees the jobs that they started themself."""
    return [area for area, (_reads, acts) in AREAS.items() if acts in request.rights]


def may_act_on(request: TenantRequest, job: Job) -> bool:
    """May this member pause, carry on and stop it? Their own, whichever their schools are; others' with all schools."""
    _reads, acts = AREAS.get(area_of(job.kind), _OTHERS)
    return request.rights.get(acts, set()) is None or (acts in request.rights and is_own(request, job))


def is_own(request: TenantRequest, job: Job) -> bool:
    """Did this member start it?"""
    return job.actor_kind == ActorKind.STAFF and job.actor_id == request.user.pk


@dataclass(frozen=True)
class JobPanel:
    """spoken: what a screen reader is told now; changes at the start, each quarter and the end only."""

    job: Job
    title: str
    started_by: str
    time_left: str
    is_open: bool
    is_stuck: bool
    may_act: bool
    spoken: str
    seconds: int  # How often the page asks.

    @property
    def is_paused(self) -> bool:
        return self.job.state == JobState.PAUSED

    @property
    def troubled(self) -> int:
        """Ends that a person should look at."""
        return self.job.skipped + self.job.failed + self.job.unknown


def panel_of(request: TenantRequest, job: Job, *, at: datetime) -> JobPanel:
    """The panel for whoever may see the job; the caller has checked that (jobs.queries.job_by_id)."""
    is_open, mine = job.state in OPEN_STATES, job.actor_id == request.user.pk
    running_for = at - (job.started_at or at)
    return JobPanel(
        job=job,
        title=title_of(job),
        started_by=_("you") if mine else member_name(request.tenant, job.actor_id) or "schoolgate",
        time_left=_time_left(job, running_for) if job.state == JobState.RUNNING else "",
        is_open=is_open,
        is_stuck=bool(job.fault) and is_open,
        may_act=may_act_on(request, job),
        spoken=_spoken(job),
        seconds=2 if running_for < timedelta(minutes=1) else 10,
    )


def _time_left(job: Job, running_for: timedelta) -> str:
    """By the pace so far, in words; empty while there is nothing to go by."""
    if not job.ended or not job.total or running_for < timedelta(seconds=3):
        return ""
    seconds = running_for.total_seconds() / job.ended * (job.total - job.ended)
    if seconds < 90:
        return _("about %d seconds left") % max(1, round(seconds))
    return _("about %d minutes left") % round(seconds / 60)


def _spoken(job: Job) -> str:
    if job.state not in OPEN_STATES:
        return _("%(done)d done, %(skipped)d skipped, %(failed)d failed.") % {
            "done": job.done,
            "skipped": job.skipped,
            "failed": job.failed,
        }
    quarter = 25 * (4 * job.ended // job.total) if job.total else 0
    return _("%d percent done") % quarter
