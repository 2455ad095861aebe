"""The run of the list: look again, close its panel, undo it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.downloads import pdf_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.parent_access.key_pages.place import back_to_list, back_to_sender
from schoolgate.console.parent_access.key_pages.runs import (
    close_panel,
    destroy_letters,
    may_change,
    may_see_letters,
    run_by_id,
)
from schoolgate.keys.generate import undo_generate
from schoolgate.letters.letter_file import fetch_letter_file, mark_letters
from schoolgate.letters.models import DeliveryState
from schoolgate.letters.send_emails import cancel_emails
from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_READ)
@require_safe
def run(request: TenantRequest, job_id: int) -> HttpResponse:
    """The panel alone, which asks for itself while the run works, and for the whole list when it has ended."""
    now = timezone.now()
    found = run_by_id(request, job_id, at=now)
    if not request.htmx:
        return back_to_list(request)
    context = {
        "run": found,
        "may_change": may_change(request, found),
        "may_see_letters": may_see_letters(request, found),
    }
    return render(request, "console/key_pages/_run.html", context)


@requires(Right.KEYS_READ)
@require_POST
def close(request: TenantRequest, job_id: int) -> HttpResponse:
    """Take the panel of an ended run away; the run itself stays under Jobs."""
    close_panel(request, job_id=run_by_id(request, job_id, at=timezone.now()).job.pk)
    return back_to_list(request)


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
    return back_to_list(request)


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
    return back_to_sender(request)


@requires(Right.KEYS_SEE)
@requires_fresh
@require_POST
def letters(request: TenantRequest, job_id: int, file_no: int) -> HttpResponse:
    """One file of letters, set now from the sealed copies; by POST, since it shows keys (R-CK-16)."""
    now = timezone.now()
    found = run_by_id(request, job_id, at=now)
    if not may_see_letters(request, found):
        raise NotAllowed
    made = fetch_letter_file(tenant=request.tenant, job=found.job, file_no=file_no, by=request.actor, at=now)
    return pdf_file(made.pdf, name=f"letters-{found.job.pk}-{file_no}")


@requires(Right.KEYS_ACT)
@require_POST
def mark(request: TenantRequest, job_id: int) -> HttpResponse:
    """What became of the paper: posted, or destroyed, and then its keys are replaced."""
    now = timezone.now()
    found = run_by_id(request, job_id, at=now)
    if not may_change(request, found):
        raise NotAllowed
    if request.POST.get("became") == "destroyed":
        destroy_letters(tenant=request.tenant, run=found, by=request.actor, at=now)
        messages.success(request, _("The letters are noted as destroyed. Their keys are being replaced."))
    else:
        mark_letters(tenant=request.tenant, job=found.job, state=DeliveryState.POSTED, by=request.actor, at=now)
        messages.success(request, _("The letters are noted as posted."))
    return back_to_sender(request)
