"""The panel of the run that this list started: under way, or ended and not yet closed (design.md §5, Jobs)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from schoolgate.jobs.models import Job, JobState
from schoolgate.jobs.registry import kind_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import Tenant, User

KINDS = ("keys.generate", "keys.replace", "keys.revoke", "keys.unlock", "letters.print", "letters.email")
OPEN = (JobState.PLANNED, JobState.RUNNING, JobState.PAUSED)
_ENDED_IS_SHOWN_FOR = timedelta(hours=12)
_CLOSED = "contact_keys_closed_run"


@dataclass(frozen=True)
class Panel:
    """A run as its panel shows it. is_mine: the reader started it. icon: of _icons.html."""

    job: Job
    title: str
    icon: str
    is_open: bool
    is_mine: bool
    started_by: str


_ICONS = {"letters.print": "print", "letters.email": "mail", "keys.revoke": "ban"}


def panel_of(*, tenant: Tenant, user: User, closed_before: int, at: datetime) -> Panel | None:
    """Query: the newest run under way, whoever's; else the reader's own last one until they close it.

    closed_before: the run that they closed last.
    """
    runs = Job.objects.for_tenant(tenant).filter(kind__in=KINDS)
    mine = Q(actor_id=user.pk, pk__gt=closed_before, created_at__gt=at - _ENDED_IS_SHOWN_FOR)
    job = runs.filter(Q(state__in=OPEN) | mine).order_by("-pk").first()
    if job is None:
        return None
    starter = User.objects.for_tenant(tenant).filter(pk=job.actor_id).values_list("name", flat=True).first()
    return Panel(
        job=job,
        title=kind_of(job.kind).title,
        icon=_ICONS.get(job.kind, "key"),
        is_open=job.state in OPEN,
        is_mine=job.actor_id == user.pk,
        started_by=starter or "",
    )


def closed_run(request: TenantRequest) -> int:
    """The run whose panel the reader closed last; older ones are not shown again."""
    closed: int = request.session.get(_CLOSED, 0)
    return closed


def close_panel(request: TenantRequest, *, job_id: int) -> None:
    request.session[_CLOSED] = max(job_id, closed_run(request))
