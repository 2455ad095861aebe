"""The run of the list: look again, close its panel, undo it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from schoolgate.console.parent_access.contact_keys.runs import close_panel, may_change, run_by_id
from schoolgate.keys.generate import undo_generate
from schoolgate.letters.send_emails import cancel_emails
from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_READ)
@require_GET
def run(request: TenantRequest, job_id: int) -> HttpResponse:
    """The panel alone, which asks for itself while the run works, and for the whole list when it has ended."""
    found = run_by_id(request, job_id, at=timezone.now())
    if not request.htmx:
        return redirect("console:contact_keys:list", request.tenant.code)
    return render(request, "console/contact_keys/_run.html", {"run": found, "may_change": may_change(request, found)})


@requires(Right.KEYS_READ)
@require_POST
def close(request: TenantRequest, job_id: int) -> HttpResponse:
    """Take the panel of an ended run away; the run itself stays under Jobs."""
    close_panel(request, job_id=run_by_id(request, job_id, at=timezone.now()).job.pk)
    return redirect("console:contact_keys:list", request.tenant.code)


@requires(Right.KEYS_ACT)
@require_POST
def undo(request: TenantRequest, job_id: int) -> HttpResponse:
    """*Undo run*: revoke those of its keys that nobody has printed, sent or redeemed."""
    now = timezone.now()
    found = run_by_id(request, job_id, at=now)
    if not may_change(request, found):
        raise NotAllowed
    ended = undo_generate(tenant=request.tenant, job=found.job, by=request.actor, at=now)
    close_panel(request, job_id=found.job.pk)
    messages.success(
        request,
        ngettext("The run is undone: %(n)s key revoked.", "The run is undone: %(n)s keys revoked.", ended)
        % {"n": ended},
    )
    return redirect("console:contact_keys:list", request.tenant.code)


@requires(Right.KEYS_ACT)
@require_POST
def cancel(request: TenantRequest, job_id: int) -> HttpResponse:
    """*Cancel* a run of e-mails: whatever of it has not been handed over stays here for good."""
    now = timezone.now()
    found = run_by_id(request, job_id, at=now)
    if not may_change(request, found):
        raise NotAllowed
    stopped = cancel_emails(tenant=request.tenant, job=found.job, by=request.actor, at=now)
    messages.success(
        request,
        ngettext("%(n)s email will not be sent.", "%(n)s emails will not be sent.", stopped) % {"n": stopped},
    )
    return redirect("console:contact_keys:list", request.tenant.code)
