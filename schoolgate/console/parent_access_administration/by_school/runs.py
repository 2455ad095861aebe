"""The page of one run from the students' side: its progress, what came of it, and what can be done with exactly its keys."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.console.parent_access.key_pages.runs import Run, run_by_id
from schoolgate.jobs.models import ItemState, Job, JobItem, JobState
from schoolgate.keys.subjects import STUDENT_SELF
from schoolgate.letters.first_delivery import Way, was_given_out
from schoolgate.letters.held_delivery import held_until
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right

PAGES = {"by_school": "console:by_school:plan", "parent_groups": "console:parent_groups:plan"}
"""Job.options["page"]: the page that started the run, and its address."""


@dataclass(frozen=True)
class KeysRun:
    """run: of Generate Keys. for_students: how many of its keys. deliveries: the runs that gave its keys out.

    way: what was chosen at the start. held_until: the day on which it begins by itself, while it is waited for (R-GS-04).
    """

    run: Run
    for_students: int
    deliveries: tuple[Run, ...]
    way: Way
    held_until: date | None = None

    @property
    def job(self) -> Job:
        return self.run.job

    @property
    def is_open(self) -> bool:
        return self.run.panel.is_open or any(each.panel.is_open for each in self.deliveries)

    @property
    def page(self) -> str:
        """The address's name of the page that started it."""
        return PAGES[self.job.options["page"]]

    @property
    def title(self) -> str:
        return (
            _("Generate Parent Registration Keys")
            if self.job.options["page"] == "parent_groups"
            else _("Generate Registration Keys by School")
        )

    @property
    def for_parents(self) -> int:
        return self.job.done - self.for_students

    @property
    def said(self) -> str:
        parents, students = self.for_parents, self.for_students
        parts = []
        if parents or not students:
            parts.append(ngettext("%(n)s key for parent use", "%(n)s keys for parent use", parents) % {"n": parents})
        if students:
            parts.append(
                ngettext("%(n)s key for student use", "%(n)s keys for student use", students) % {"n": students}
            )
        return _("Made %(parts)s.") % {"parts": _(" and ").join(parts)}

    @property
    def can_be_given_out(self) -> bool:
        """It has made keys, and nobody has been given them by this page."""
        return not self.run.panel.is_open and bool(self.job.done) and not was_given_out(self.job)

    @property
    def was_stopped_before_delivery(self) -> bool:
        return self.job.state == JobState.CANCELLED and self.way != Way.NONE


def keys_run(request: TenantRequest, job_id: int, *, at: datetime) -> KeysRun:
    """Query: a run that one of the two pages has started. Raises NotFound, also for another member's beyond the reader's schools."""
    run = run_by_id(request, job_id, at=at)
    if run.job.options.get("page") not in PAGES:
        raise NotFound
    own = JobItem.objects.filter(job=run.job, state=ItemState.DONE, subject_kind=STUDENT_SELF)
    return KeysRun(
        run=run,
        for_students=own.count(),
        deliveries=tuple(run_by_id(request, pk, at=at) for pk in run.job.result.get("delivered_by", ())),
        way=Way(run.job.options.get("then", "")),
        held_until=held_until(tenant=request.tenant, run=run.job),
    )


def last_runs(request: TenantRequest, *, page: str) -> list[Job]:
    """Query: the newest runs of a page: all of them for members for all schools, else the reader's own."""
    runs = Job.objects.for_tenant(request.tenant).filter(kind="keys.generate", options__page=page)
    if request.rights[Right.KEYS_ACT] is not None:
        runs = runs.filter(actor_id=request.user.pk)
    return list(runs.order_by("-pk")[:5])
