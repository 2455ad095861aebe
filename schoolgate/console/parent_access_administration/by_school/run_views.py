"""The page of a run: progress, undo, first delivery afterwards, and its list without keys (R-GS-05)."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schoolgate.console.downloads import csv_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.parent_access.key_pages.runs import may_change, may_see_letters
from schoolgate.console.parent_access_administration.by_school.deliveries import Offer, offers_of
from schoolgate.console.parent_access_administration.by_school.export import csv_of, lines_after
from schoolgate.console.parent_access_administration.by_school.reach import require_print
from schoolgate.console.parent_access_administration.by_school.runs import KeysRun, keys_run
from schoolgate.keys.generate import undo_generate
from schoolgate.letters.first_delivery import Way, start_delivery
from schoolgate.letters.held_delivery import cancel_held_delivery
from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.note_export import note_export
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_READ)
@require_safe
def run(request: TenantRequest, job_id: int) -> HttpResponse:
    """The run; asked for by itself every other second while it, or a delivery of its keys, works."""
    now = timezone.now()
    found = keys_run(request, job_id, at=now)
    context = {
        "found": found,
        "may_change": may_change(request, found.run),
        "may_export": Right.EXPORT in request.rights,
        "letters_seen": [each.job.pk for each in found.deliveries if may_see_letters(request, each)],
    }
    part = "console/by_school/_run.html" if request.htmx else "console/by_school/run.html"
    return render(request, part, context)


def changeable(request: TenantRequest, job_id: int) -> KeysRun:
    """A run that the member may change. Raises NotFound, NotAllowed."""
    found = keys_run(request, job_id, at=timezone.now())
    if not may_change(request, found.run):
        raise NotAllowed
    return found


@requires(Right.KEYS_ACT)
@require_POST
def undo(request: TenantRequest, job_id: int) -> HttpResponse:
    """*Undo run*: revoke those of its keys that nobody has printed, sent or redeemed."""
    found = changeable(request, job_id)
    ended = undo_generate(tenant=request.tenant, job=found.job, by=request.actor, at=timezone.now())
    said = ngettext("The run is undone: %(n)s key revoked.", "The run is undone: %(n)s keys revoked.", ended)
    messages.success(request, said % {"n": ended})
    return redirect("console:by_school:run", request.tenant.code, job_id)


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def deliver(request: TenantRequest, job_id: int) -> HttpResponse:
    """Give out the keys of an ended run: first what each way would do, then that way, once."""
    found = changeable(request, job_id)
    if not found.can_be_given_out:
        return redirect("console:by_school:run", request.tenant.code, job_id)
    way = Way(request.POST["way"]) if request.POST.get("way") in Way.values else Way.NONE
    if way == Way.NONE:
        offers: list[Offer] = offers_of(request, found, at=timezone.now())
        return render(request, "console/by_school/deliver.html", {"found": found, "offers": offers})
    if way != Way.EMAILS:
        require_print(request)
    start_delivery(tenant=request.tenant, run=found.job, way=way, by=request.actor, at=timezone.now())
    return redirect("console:by_school:run", request.tenant.code, job_id)


@requires(Right.KEYS_ACT)
@require_POST
def cancel_delivery(request: TenantRequest, job_id: int) -> HttpResponse:
    """The keys of an ended run don't go out by themselves on the day that was chosen."""
    found = changeable(request, job_id)
    cancel_held_delivery(tenant=request.tenant, run=found.job, by=request.actor, at=timezone.now())
    messages.success(request, _("Nothing goes out by itself. The keys stay as they are."))
    return redirect("console:by_school:run", request.tenant.code, job_id)


@requires(Right.EXPORT)
@requires(Right.KEYS_READ)
@requires_fresh
@require_POST
def download(request: TenantRequest, job_id: int) -> HttpResponseBase:
    """What became of everybody in the run, as CSV without keys."""
    now = timezone.now()
    found = keys_run(request, job_id, at=now)
    lines = list(lines_after(tenant=request.tenant, job=found.job, school_ids=request.rights[Right.KEYS_READ], at=now))
    filters = {"job": str(found.job.pk)}
    note_export(tenant=request.tenant, what="key_run", filters=filters, rows=len(lines), by=request.actor, at=now)
    return csv_file(csv_of(request.tenant, lines), name=f"keys-run-{found.job.pk}")
