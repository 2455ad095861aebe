"""Data Sync: what waits, publish it, look at it a second time, undo it, read what earlier runs did (portal-console §9)."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from schoolgate.console.enrolments.data_sync.afterwards import count_without_key
from schoolgate.console.enrolments.data_sync.forms import ApproveForm, UndoForm
from schoolgate.console.enrolments.data_sync.page import (
    forget_ticks,
    keep_ticks,
    left_out_in,
    look_at,
    may_run,
    page_of,
)
from schoolgate.console.job_panel import areas_of, panel_of
from schoolgate.console.lists import number_in, paged
from schoolgate.jobs.queries import OPEN_STATES, job_by_id
from schoolgate.lib.errors import NotAllowed, NotFound
from schoolgate.sync.history import run_numbered, run_of_job, run_page, runs, without_other_schools
from schoolgate.sync.job import start_publish, start_undo
from schoolgate.sync.models import SyncRun
from schoolgate.sync.undo import undoable_run
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.queries import names_of_users
from schoolgate.tenancy.roles import Right, requires


def require_all_schools(request: TenantRequest) -> None:
    """Publishing concerns every school. Raises NotAllowed for a member of some."""
    if not may_run(request):
        raise NotAllowed(_("A Data Sync publishes for every school; ask a member who works for all of them."))


def run_in(request: TenantRequest, number: int) -> SyncRun:
    """The tenant's run with this number. Raises NotFound."""
    found = run_numbered(tenant=request.tenant, number=number)
    if found is None:
        raise NotFound
    return found


@requires(Right.SYNC_READ)
@require_safe
def data_sync(request: TenantRequest) -> HttpResponse:
    """What waits, as a preview by the act's own code (R-DS-01). Writes nothing."""
    return _page(request, ApproveForm())


def _page(request: TenantRequest, form: ApproveForm, *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    look = look_at(request, at=now)
    context = {
        "look": look,
        "page": look.page,
        "form": form,
        "panel": panel_of(request, look.job, at=now) if look.job else None,
    }
    template = "console/data_sync/_changes.html" if request.htmx and not form.errors else "console/data_sync/home.html"
    return render(request, template, context, status=status)


@requires(Right.SYNC_RUN)
@require_POST
def publish(request: TenantRequest) -> HttpResponse:
    """Publish what the page showed; ticks that are new are shown in the figures first (R-DS-02)."""
    require_all_schools(request)
    changed = keep_ticks(request)
    if changed or "publish" not in request.POST:
        messages.info(request, _left_out_words(len(left_out_in(request))))
        return HttpResponseRedirect(_back_to_preview(request))
    return _start(request, reason="")


@requires(Right.SYNC_RUN)
@require_POST
def approve(request: TenantRequest) -> HttpResponse:
    """Let a sync go ahead that the guard has held, with a reason (R-DS-03)."""
    require_all_schools(request)
    form = ApproveForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    return _start(request, reason=form.cleaned_data["reason"])


def _start(request: TenantRequest, *, reason: str) -> HttpResponse:
    up_to = request.POST.get("up_to", "")
    if not (up_to.isascii() and up_to.isdigit() and len(up_to) < 18):
        return redirect("console:data_sync:home", request.tenant.code)
    start_publish(
        tenant=request.tenant,
        up_to=int(up_to),
        leave_out=left_out_in(request),
        approve_reason=reason,
        by=request.actor,
        at=timezone.now(),
    )
    forget_ticks(request)
    return redirect("console:data_sync:home", request.tenant.code)


def _left_out_words(count: int) -> str:
    if not count:
        return _("Nothing is left out.")
    return ngettext(
        "%d change is left out this time and stays pending.",
        "%d changes are left out this time and stay pending.",
        count,
    ) % (count,)


def _back_to_preview(request: TenantRequest) -> str:
    """The same page of the preview, filters and all."""
    query = request.POST.get("query", "")
    home = resolve_url("console:data_sync:home", request.tenant.code)
    return f"{home}?{query}" if query and "#" not in query and "\n" not in query else home


@requires(Right.SYNC_READ)
@require_safe
def progress(request: TenantRequest, job_id: int) -> HttpResponse:
    """The panel of the sync under way, which asks for itself; when it has ended, the page of what it did."""
    job = job_by_id(tenant=request.tenant, job_id=job_id, areas=areas_of(request))
    if job.state in OPEN_STATES and not request.htmx:
        return redirect("console:data_sync:home", request.tenant.code)
    if job.state in OPEN_STATES:
        context = {"panel": panel_of(request, job, at=timezone.now())}
        return render(request, "console/data_sync/_progress.html", context)
    made = run_of_job(job=job)
    if made is None or made.state == "held":
        there = resolve_url("console:data_sync:home", request.tenant.code)
    else:
        there = resolve_url("console:data_sync:run", request.tenant.code, made.number)
    return HttpResponseClientRedirect(there) if request.htmx else HttpResponseRedirect(there)


@requires(Right.SYNC_READ)
@require_safe
def history(request: TenantRequest) -> HttpResponse:
    """Every run, newest first."""
    context = paged(request, runs(tenant=request.tenant))
    rows = list(context["page"].object_list)
    names = names_of_users(request.tenant, [row.actor_id for row in rows if row.actor_id])
    context["rows"] = [(row, names.get(row.actor_id, "")) for row in rows]
    return render(request, "console/data_sync/history.html", context)


@requires(Right.SYNC_READ)
@require_safe
def run(request: TenantRequest, number: int) -> HttpResponse:
    """What one run did, row by row; after the newest one, what is to be done next (R-DS-07)."""
    found = run_in(request, number)
    undoable = undoable_run(tenant=request.tenant)
    is_newest = undoable is not None and undoable.pk == found.pk
    page = number_in(request, "page") or 1
    shown = run_page(run=found, page=page)
    context = {
        "run": found,
        "page": page_of(
            without_other_schools(shown.changes, request.rights[Right.SYNC_READ]), shown.total, number=page, size=50
        ),
        "by": names_of_users(request.tenant, [found.actor_id] if found.actor_id else []).get(found.actor_id or 0, ""),
        "may_undo": is_newest and may_run(request),
        "without_key": count_without_key(tenant=request.tenant, at=timezone.now())
        if is_newest and Right.KEYS_READ in request.rights
        else 0,
    }
    return render(request, "console/data_sync/run.html", context)


@requires(Right.SYNC_RUN)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: TenantRequest, number: int) -> HttpResponse:
    """Put back what was published before the last run, as a new run (R-DS-06)."""
    require_all_schools(request)
    found, undoable = run_in(request, number), undoable_run(tenant=request.tenant)
    if undoable is None or undoable.pk != found.pk:
        messages.error(request, _("Only the last published run can be undone, and only once."))
        return redirect("console:data_sync:run", request.tenant.code, number)
    form = UndoForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        start_undo(tenant=request.tenant, number=number, reason=reason, by=request.actor, at=timezone.now())
        return redirect("console:data_sync:home", request.tenant.code)
    context = {"form": form, "run": found}
    return render(request, "console/data_sync/undo.html", context, status=422 if form.errors else 200)
