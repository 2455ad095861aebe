"""Export All, Export Results: a list of accounts that a job makes (R-AM-03). Never keys, passwords, what a restriction says, or birth dates."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.accounts.find import accounts_in
from schoolgate.audit.actor import ActorKind
from schoolgate.audit.record import record
from schoolgate.console.parent_access_administration.account_maintenance.rows import Row, rows_of
from schoolgate.jobs.lists import KEPT_FOR, count_rows, ids_of_part, keep_part
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import Tenant


def _students(row: Row) -> str:
    names = [student.shown_name for student in row.students]
    if row.elsewhere:
        names.append(_("and %(n)s at other schools") % {"n": row.elsewhere})
    return "; ".join(names)


def _whys(row: Row) -> str:
    """A restriction is told by its word alone, as on the screen."""
    return "; ".join(row.whys)


def _locked(row: Row) -> str:
    if row.locked == "tries":
        until = timezone.localtime(row.account.locked_until)
        return _("too many tries, until %(time)s") % {"time": f"{until:%H:%M}"}
    return _("stopped by staff") if row.locked else ""


def _seen(row: Row) -> str:
    return f"{timezone.localtime(row.account.last_login):%Y-%m-%d %H:%M}" if row.account.last_login else ""


COLUMNS: dict[str, tuple[Any, Callable[[Row], str]]] = {
    "name": (gettext_lazy("Name"), lambda row: row.account.name),
    "kind": (gettext_lazy("Kind"), lambda row: row.kind),
    "username": (gettext_lazy("User Name"), lambda row: row.account.username),
    "email": (gettext_lazy("Email"), lambda row: row.account.email),
    "students": (gettext_lazy("Students"), _students),
    "whys": (gettext_lazy("Why without students"), _whys),
    "schools": (gettext_lazy("School"), lambda row: "; ".join(row.schools)),
    "seen": (gettext_lazy("Last sign-in"), _seen),
    "locked": (gettext_lazy("Locked?"), _locked),
    "state": (gettext_lazy("State"), lambda row: str(row.look.label)),
}
LABELS = {name: label for name, (label, _cell) in COLUMNS.items()}


def headings_of(job: Job) -> list[str]:
    """Of the columns that were chosen, in the language of whoever downloads."""
    return [str(LABELS[name]) for name in COLUMNS if name in job.options["columns"]]


def own_list(*, tenant: Tenant, job_id: int, member_id: int, school_ids: Collection[int] | None) -> Job:
    """Query: a list that this member has asked for and whose accounts are all within their schools today. Raises NotFound."""
    found = _lists_of(tenant, member_id).filter(pk=job_id).first()
    if found is None or not _is_within(found, school_ids):
        raise NotFound
    return found


def own_lists(*, tenant: Tenant, member_id: int, school_ids: Collection[int] | None, at: datetime) -> list[Job]:
    """Query: those of the last day, the newest first."""
    found = _lists_of(tenant, member_id).filter(created_at__gt=at - KEPT_FOR).order_by("-pk")[:10]
    return [job for job in found if _is_within(job, school_ids)]


def _lists_of(tenant: Tenant, member_id: int) -> QuerySet[Job]:
    return Job.objects.for_tenant(tenant).filter(kind=EXPORT.name, actor_kind=ActorKind.STAFF, actor_id=member_id)


def _is_within(job: Job, school_ids: Collection[int] | None) -> bool:
    made_for = job.options["school_ids"]
    return school_ids is None or (made_for is not None and set(made_for) <= set(school_ids))


def _make_parts(job: Job, items: list[JobItem], at: datetime) -> None:
    """The work of the job: the rows in the language and the time zone of whoever asked. An account that is gone by now is left out."""
    chosen = [cell for name, (_label, cell) in COLUMNS.items() if name in job.options["columns"]]
    with translation.override(job.options["language"]), timezone.override(job.tenant.time_zone):
        for item in items:
            ids = ids_of_part(job, item)
            found = accounts_in(tenant=job.tenant, school_ids=job.options["school_ids"]).in_bulk(ids)
            accounts = [found[pk] for pk in ids if pk in found]
            rows = rows_of(tenant=job.tenant, accounts=accounts, school_ids=job.options["school_ids"], at=at)
            keep_part(job, item, [[cell(row) for cell in chosen] for row in rows])
            item.state = ItemState.DONE


def _note_made(job: Job, at: datetime) -> None:
    rows = count_rows(job)
    job.result = {"rows": rows}
    record(
        "accounts.list_made",
        tenant_id=job.tenant_id,
        by=actor_of(job),
        at=at,
        subjects=[("job", job.pk)],
        detail={"rows": rows, "filters": job.options["filters"]},
        reason=job.options["reason"],
    )


EXPORT = JobKind("accounts.export", "Export accounts", _make_parts, chunk=1, finish=_note_made)
