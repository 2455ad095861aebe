"""Jobs and their items, for pages."""

from collections.abc import Collection

from django.db.models import Count, QuerySet

from schoolgate.audit.actor import ActorKind
from schoolgate.jobs.models import ItemState, Job, JobItem, JobState
from schoolgate.jobs.registry import kind_of
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import Tenant

TROUBLED = (ItemState.SKIPPED, ItemState.FAILED, ItemState.UNKNOWN)
OPEN_STATES = (JobState.PLANNED, JobState.RUNNING, JobState.PAUSED)


def jobs_of(*, tenant: Tenant, areas: Collection[str]) -> QuerySet[Job]:
    """The tenant's jobs, newest first; areas: beginnings of kinds ("keys", "sync") that the reader may see."""
    kinds = [kind for kind in _kinds_of(tenant) if area_of(kind) in areas]
    return Job.objects.for_tenant(tenant).filter(kind__in=kinds).order_by("-created_at", "-pk")


def _kinds_of(tenant: Tenant) -> list[str]:
    return list(Job.objects.for_tenant(tenant).order_by().values_list("kind", flat=True).distinct())


def area_of(kind: str) -> str:
    """The part of a kind before its dot: "keys.generate" belongs to keys."""
    return kind.partition(".")[0]


def job_by_id(
    *,
    tenant: Tenant,
    job_id: int,
    areas: Collection[str],
    own_areas: Collection[str] = (),
    member_id: int | None = None,
) -> Job:
    """Raises NotFound, also for a job of an area that the reader may not see. own_areas: where they see what they started."""
    job = Job.objects.for_tenant(tenant).filter(pk=job_id).first()
    if job is None:
        raise NotFound
    is_own = job.actor_kind == ActorKind.STAFF and job.actor_id == member_id
    if area_of(job.kind) not in areas and not (is_own and area_of(job.kind) in own_areas):
        raise NotFound
    return job


def title_of(job: Job) -> str:
    """What the job is called on a button; its kind for one that this installation no longer knows."""
    try:
        return kind_of(job.kind).title
    except KeyError:
        return job.kind


def items_of(job: Job, *, state: str = "") -> QuerySet[JobItem]:
    """The job's items in their order; of one state, all of them for an empty one, "troubled": what needs a look."""
    found = job.items.order_by("position")
    if state == "troubled":
        return found.filter(state__in=TROUBLED)
    return found.filter(state=state) if state else found


def skip_counts(job: Job) -> dict[tuple[str, str], int]:
    """How many items ended skipped or failed, by (state, why)."""
    rows = job.items.filter(state__in=TROUBLED).order_by()
    found = rows.values_list("state", "why").annotate(n=Count("pk"))
    return {(state, why): n for state, why, n in found}


def open_jobs(*, tenant: Tenant, areas: Collection[str]) -> list[Job]:
    """The jobs that run, wait or are paused, newest first; at most 10."""
    return list(jobs_of(tenant=tenant, areas=areas).filter(state__in=OPEN_STATES)[:10])
