"""Jobs: what runs, what ran, and the end of each thing it acted on (spine §3.4)."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling

from schoolgate.console.items_in_reach import items_at
from schoolgate.console.job_panel import areas_of, areas_of_own, may_act_on, panel_of
from schoolgate.console.lists import choice_in, paged
from schoolgate.console.names import names_of_items
from schoolgate.console.reasons import reason_words
from schoolgate.jobs.control import cancel_job, pause_job, resume_job
from schoolgate.jobs.models import ItemState, Job
from schoolgate.jobs.queries import items_of, job_by_id, jobs_of, skip_counts
from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


def job_in(request: TenantRequest, job_id: int) -> Job:
    """A job that the member may see. Raises NotFound."""
    return job_by_id(
        tenant=request.tenant,
        job_id=job_id,
        areas=areas_of(request),
        own_areas=areas_of_own(request),
        member_id=request.user.pk,
    )


@requires(Right.HOME_READ)
@require_safe
def jobs(request: TenantRequest) -> HttpResponse:
    context = paged(request, jobs_of(tenant=request.tenant, areas=areas_of(request)))
    now = timezone.now()
    context["panels"] = [panel_of(request, job, at=now) for job in context["page"].object_list]
    return render(request, "console/records/jobs.html", context)


@requires(Right.HOME_READ)
@require_safe
def job(request: TenantRequest, job_id: int) -> HttpResponse:
    found = job_in(request, job_id)
    state = choice_in(request, "state", [*ItemState.values, "troubled"])
    reach, every = request.rights[Right.HOME_READ], items_of(found, state=state)
    context = paged(request, items_at(every, tenant=request.tenant, school_ids=reach))
    items = list(context["page"].object_list)
    names = names_of_items(request.tenant, items, school_ids=reach)
    context |= {
        "job": found,
        "panel": panel_of(request, found, at=timezone.now()),
        "rows": [(item, names.of_item(item), reason_words(item.why)) for item in items],
        "state": state,
        "beyond": 0 if reach is None else every.count() - context["page"].paginator.count,
        "reasons": [(state_, reason_words(why), n) for (state_, why), n in sorted(skip_counts(found).items())],
    }
    return render(request, "console/records/job.html", context)


@requires(Right.HOME_READ)
@require_safe
def job_panel(request: TenantRequest, job_id: int) -> HttpResponse:
    """The panel alone, which asks for itself while the job is open; 286 tells it to stop."""
    panel = panel_of(request, job_in(request, job_id), at=timezone.now())
    answer = render(request, "_job.html", {"panel": panel})
    if not panel.is_open:
        answer.status_code = HttpResponseStopPolling.status_code
    return answer


@requires(Right.HOME_READ)
@require_POST
def job_control(request: TenantRequest, job_id: int) -> HttpResponse:
    """Pause, carry on or stop; each acts between items, and leaves what is done as it is (R-RN-04)."""
    found = job_in(request, job_id)
    if not may_act_on(request, found):
        raise NotAllowed
    acts = {"pause": pause_job, "resume": resume_job, "cancel": cancel_job}
    act = acts.get(request.POST.get("act", ""))
    if act is not None:
        act(job=found, by=request.actor, at=timezone.now())
        messages.info(
            request, _("%(ended)d of %(total)d are done and stay so.") % {"ended": found.ended, "total": found.total}
        )
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if safe else resolve_url("console:records:job", request.tenant.code, found.pk))
