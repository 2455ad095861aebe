"""Put the Data Sync page together: what the address asks for, what was ticked, and the preview."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator

from schoolgate.console.enrolments.data_sync.figures import Figure, Picture, figures_of, picture_of
from schoolgate.console.lists import SIZES, choice_in, number_in
from schoolgate.enrolments.models import How
from schoolgate.jobs.models import Job
from schoolgate.sync.diff import Row
from schoolgate.sync.history import held_run, last_published
from schoolgate.sync.job import open_job
from schoolgate.sync.kinds import KIND_BY_NAME
from schoolgate.sync.models import SyncRun
from schoolgate.sync.preview import Preview, Tab, Wanted, preview_sync
from schoolgate.sync.thresholds import hold_text
from schoolgate.sync.words import Change
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import School
from schoolgate.tenancy.queries import schools_of
from schoolgate.tenancy.roles import Right

_LEFT_OUT = "sync_left_out"
_MOST_LEFT_OUT = 5000


@dataclass(frozen=True)
class Look:
    """All that the page shows of a preview. tabs: each with its label and number of rows. ticked: left out this time.

    reasons: why it would be held, in numbers. publishes: the n of "Publish n changes".
    """

    preview: Preview
    wanted: Wanted
    page: Page[Change]
    figures: list[Figure]
    picture: Picture
    tabs: list[tuple[Tab, int]]
    schools: list[School]
    reasons: list[str]
    ticked: int
    held: SyncRun | None
    last: SyncRun | None
    job: Job | None
    may_run: bool
    is_filtered: bool

    @property
    def publishes(self) -> int:
        return self.preview.counts.total

    @property
    def may_publish(self) -> bool:
        """The plain button: not while a sync is under way, nor beside the panel that asks for an approval."""
        return bool(self.may_run and self.publishes and not self.job and not (self.held and self.reasons))


def look_at(request: TenantRequest, *, at: datetime) -> Look:
    """The page for one member; the number of queries doesn't grow with what waits."""
    wanted = wanted_in(request)
    left_out = left_out_in(request)
    preview = preview_sync(tenant=request.tenant, at=at, wanted=wanted, leave_out=left_out)
    if not preview.rows_by_tab[wanted.tab] and "tab" not in request.GET:
        first = next((tab for tab in Tab if preview.rows_by_tab[tab]), wanted.tab)
        if first != wanted.tab:
            wanted = wanted_in(request, tab=first)
            preview = preview_sync(tenant=request.tenant, at=at, wanted=wanted, leave_out=left_out)
    return Look(
        preview=preview,
        wanted=wanted,
        page=page_of(preview.rows, preview.total, number=wanted.page, size=wanted.page_size),
        figures=figures_of(preview.counts),
        picture=picture_of(preview.counts),
        tabs=[(tab, preview.rows_by_tab[tab]) for tab in Tab],
        schools=schools_of(request.tenant, only=wanted.school_ids),
        reasons=[hold_text(code, preview.figures) for code in preview.held_why],
        ticked=len(left_out),
        held=held_run(tenant=request.tenant),
        last=last_published(tenant=request.tenant),
        job=open_job(tenant=request.tenant),
        may_run=may_run(request),
        is_filtered=bool(wanted.why or wanted.school_id),
    )


def may_run(request: TenantRequest) -> bool:
    """A sync publishes for every school, so it takes a member of all of them."""
    return request.rights.get(Right.SYNC_RUN, set()) is None


def wanted_in(request: TenantRequest, *, tab: Tab | None = None) -> Wanted:
    """What the address asks for; nonsense in it gives the default."""
    size = number_in(request, "rows")
    return Wanted(
        tab=tab or Tab(choice_in(request, "tab", list(Tab), Tab.WITHDRAWN)),
        why=choice_in(request, "why", How.values),
        school_id=number_in(request, "school"),
        school_ids=request.rights[Right.SYNC_READ],
        by_contact=choice_in(request, "sort", ["student", "contact"], "student") == "contact",
        page=number_in(request, "page") or 1,
        page_size=size if size in SIZES else SIZES[0],
    )


def left_out_in(request: TenantRequest) -> list[Row]:
    """The rows that this person has ticked "Not this time"."""
    found: list[Row] = [(kind, int(id_)) for kind, id_ in request.session.get(_LEFT_OUT, [])]
    return found


def keep_ticks(request: TenantRequest) -> bool:
    """Remember the ticks of the page that was posted, in the session; whether they differ from before.

    "here" names the rows of the page, "out" those that are ticked: both as kind-id.
    """
    before = set(left_out_in(request))
    here, out = set(_rows(request.POST.getlist("here"))), set(_rows(request.POST.getlist("out")))
    after = (before - here) | (out & here)
    request.session[_LEFT_OUT] = [list(row) for row in sorted(after)[:_MOST_LEFT_OUT]]
    return after != before


def forget_ticks(request: TenantRequest) -> None:
    """The sync has been asked for: "this time" is over."""
    request.session.pop(_LEFT_OUT, None)


def _rows(texts: Iterable[str]) -> Iterable[Row]:
    for text in texts:
        kind, _sign, id_ = text.partition("-")
        if kind in KIND_BY_NAME and id_.isascii() and id_.isdigit() and len(id_) < 18:
            yield kind, int(id_)


def page_of(rows: list[Any], total: int, *, number: int, size: int) -> Page[Any]:
    """A page whose rows have been fetched already."""
    paginator: Paginator[Any] = _Counted(total, size)
    return Page(rows, min(max(number, 1), paginator.num_pages), paginator)


class _Counted(Paginator[Any]):
    """A paginator that knows only how many rows there are."""

    def __init__(self, total: int, size: int) -> None:
        super().__init__([], size)
        self.total = total

    @property
    def count(self) -> int:
        return self.total
