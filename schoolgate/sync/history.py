"""What earlier runs did, row by row (design: Data Sync, History)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from schoolgate.directory.models import DirectoryChange
from schoolgate.jobs.models import Job
from schoolgate.sync.job import run_id_of
from schoolgate.sync.kinds import KIND_BY_NAME
from schoolgate.sync.models import SyncRun
from schoolgate.sync.words import Change, Fact, in_words
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class RunPage:
    """A page of a run's rows. total: all of its rows."""

    run: SyncRun
    changes: list[Change]
    total: int


def runs(*, tenant: Tenant) -> QuerySet[SyncRun]:
    """All runs, newest first."""
    return SyncRun.objects.for_tenant(tenant).select_related("undone_by").order_by("-number")


def run_numbered(*, tenant: Tenant, number: int) -> SyncRun | None:
    """The run with this number."""
    return runs(tenant=tenant).filter(number=number).first()


def held_run(*, tenant: Tenant) -> SyncRun | None:
    """The run that waits for a person's approval."""
    return SyncRun.objects.for_tenant(tenant).filter(state="held").first()


def last_published(*, tenant: Tenant) -> SyncRun | None:
    """The last run that published, or undid; withdrawals don't count."""
    found = SyncRun.objects.for_tenant(tenant).filter(state__in=["applied", "undone"]).exclude(kind="withdraw")
    return found.order_by("-number").first()


def run_of_job(*, job: Job) -> SyncRun | None:
    """The run that a job has made; None when nothing was waiting."""
    id_ = run_id_of(job=job)
    return SyncRun.objects.for_tenant(job.tenant).filter(pk=id_).first() if id_ else None


def without_other_schools(changes: list[Change], school_ids: Collection[int] | None) -> list[Change]:
    """Of a run's rows, those about students of these schools; all of them for None (R-PM-01)."""
    if school_ids is None:
        return changes
    return [change for change in changes if not set(school_ids).isdisjoint(change.school_ids)]


def run_page(*, run: SyncRun, page: int = 1, page_size: int = 50) -> RunPage:
    """What a run wrote, in the order of the feed. The number of queries doesn't grow with the rows."""
    changes = DirectoryChange.objects.for_tenant(run.tenant).filter(run_id=run.pk)
    start = (max(page, 1) - 1) * page_size
    rows = list(changes.order_by("seq")[start : start + page_size])
    after = _rows_after(run.tenant, rows)
    facts = [_fact(row, after.get((row.kind, row.object_id))) for row in rows]
    return RunPage(run, in_words(run.tenant, facts), changes.count())


def _rows_after(tenant: Tenant, changes: list[DirectoryChange]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """Each changed row as it was after the change: as the next change found it, or as it is published now."""
    ids_by_kind: dict[str, set[int]] = {}
    for change in changes:
        ids_by_kind.setdefault(change.kind, set()).add(change.object_id)
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for kind, ids in ids_by_kind.items():
        for row in KIND_BY_NAME[kind].published_rows(tenant).filter(pk__in=ids).values():
            found[kind, row["id"]] = row
    if not changes:
        return found
    newest = max(change.seq for change in changes)
    same = Q()
    for kind, ids in ids_by_kind.items():
        same |= Q(kind=kind, object_id__in=ids)
    later = DirectoryChange.objects.for_tenant(tenant).filter(same, seq__gt=newest).order_by("-seq")
    for change in later:  # Newest first, so that the one that follows the change is what stays.
        if change.before is not None:
            found[change.kind, change.object_id] = change.before
        else:
            found.pop((change.kind, change.object_id), None)
    return found


def _fact(change: DirectoryChange, after: Mapping[str, Any] | None) -> Fact:
    after = after if change.op != "removed" else None
    columns = after or change.before or {}
    of_pair = KIND_BY_NAME[change.kind].of_pair
    is_link = change.kind == "association"
    return Fact(
        kind=change.kind,
        object_id=change.object_id,
        op=change.op,
        student_id=columns.get("student_id") if of_pair else change.object_id if change.kind == "student" else None,
        contact_id=columns.get("contact_id") if of_pair else change.object_id if change.kind == "contact" else None,
        link_before=is_link and bool((change.before or {}).get("portal_access")),
        link_after=is_link and bool((after or {}).get("portal_access")),
        why=change.why,
        saved_by_id=change.saved_by_id,
        saved_at=change.saved_at,
        before=change.before,
        after=after,
    )
