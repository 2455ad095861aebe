"""Portal Console › Outbox: every mail to families, how it stands, and what a person can do about it."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schoolgate.console.fresh import requires_fresh
from schoolgate.console.lists import choice_in, number_in, paged
from schoolgate.console.portal_console.framed import framed
from schoolgate.console.portal_console.outbox.rows import FILTERS, filters_of, rows_of
from schoolgate.letters.deliver import confirm_message, resend_message
from schoolgate.letters.hand_over import has_mail_server
from schoolgate.letters.models import Message
from schoolgate.letters.queries import message_by_id, message_counts, outbox_messages
from schoolgate.letters.send_emails import cancel_message
from schoolgate.letters.show_message import MailGone, cover_message, may_be_shown, show_message
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


def _message(request: TenantRequest, message_id: int, right: Right) -> Message:
    """A mail within the schools for which the member holds a right. Raises NotFound."""
    return message_by_id(tenant=request.tenant, message_id=message_id, school_ids=request.rights[right])


@requires(Right.KEYS_READ)
@require_safe
def outbox(request: TenantRequest) -> HttpResponse:
    schools, run_id = request.rights[Right.KEYS_READ], number_in(request, "run")
    state = choice_in(request, "state", FILTERS)
    states = FILTERS.get(state, ())
    context = paged(request, outbox_messages(tenant=request.tenant, states=states, run_id=run_id, school_ids=schools))
    context |= {
        "rows": rows_of(request.tenant, context["page"].object_list, at=timezone.now()),
        "filters": filters_of(message_counts(tenant=request.tenant, run_id=run_id, school_ids=schools)),
        "state": state,
        "run_id": run_id,
        "has_server": has_mail_server(),
    }
    part = "console/outbox/_outbox.html" if request.htmx else "console/outbox/outbox.html"
    return render(request, part, context)


@requires(Right.KEYS_READ)
@require_safe
def mail(request: TenantRequest, message_id: int) -> HttpResponse:
    """One mail with a key or code that opens nothing; the true one takes a press."""
    now = timezone.now()
    message = _message(request, message_id, Right.KEYS_READ)
    try:
        covered, gone = cover_message(message=message, at=now), ""
    except MailGone as refusal:
        covered, gone = None, refusal.message
    context = {
        "row": rows_of(request.tenant, [message], at=now)[0],
        "mail": covered,
        "gone": gone,
        "has_server": has_mail_server(),
        "may_act": Right.KEYS_ACT in request.rights,
        "may_show": Right.KEYS_SEE in request.rights and may_be_shown(message),
    }
    return render(request, "console/outbox/mail.html", context)


@requires(Right.KEYS_READ)
@require_safe
def body(request: TenantRequest, message_id: int) -> HttpResponse:
    """The mail's own document, for the frame of its page."""
    covered = cover_message(message=_message(request, message_id, Right.KEYS_READ), at=timezone.now())
    return framed(covered.html, "text/html; charset=utf-8")


@requires(Right.KEYS_SEE)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: TenantRequest, message_id: int) -> HttpResponse:
    """The mail with its key or code, for two minutes; a GET only asks (R-CK-05)."""
    now = timezone.now()
    message = _message(request, message_id, Right.KEYS_SEE)
    shown = None
    if request.method == "POST":
        try:
            shown = show_message(tenant=request.tenant, message=message, by=request.actor, at=now)
        except MailGone as gone:
            messages.error(request, gone.message)
            return _back_to(request, message_id)
    context = {"row": rows_of(request.tenant, [message], at=now)[0], "shown": shown}
    answer = render(request, "console/outbox/show.html", context)
    answer["Cache-Control"] = "private, no-store"
    return answer


@requires(Right.KEYS_ACT)
@require_POST
def cancel(request: TenantRequest, message_id: int) -> HttpResponse:
    message = _message(request, message_id, Right.KEYS_ACT)
    if cancel_message(tenant=request.tenant, message=message, by=request.actor, at=timezone.now()):
        messages.success(request, _("Cancelled. This mail will not go."))
    else:
        messages.info(request, _("It was too late: the mail is no longer waiting."))
    return _back_to(request, message_id)


@requires(Right.KEYS_ACT)
@require_POST
def resend(request: TenantRequest, message_id: int) -> HttpResponse:
    """*Send again* is a person's decision: an unknown mail may have arrived (R-RN-02)."""
    message = _message(request, message_id, Right.KEYS_ACT)
    if resend_message(tenant=request.tenant, message=message, by=request.actor, at=timezone.now()):
        messages.success(request, _("The mail waits to be sent once more."))
    else:
        messages.info(request, _("Nothing was changed: this mail is not one to send again."))
    return _back_to(request, message_id)


@requires(Right.KEYS_ACT)
@require_POST
def arrived(request: TenantRequest, message_id: int) -> HttpResponse:
    """*It arrived*: somebody asked."""
    message = _message(request, message_id, Right.KEYS_ACT)
    if confirm_message(tenant=request.tenant, message=message, by=request.actor, at=timezone.now()):
        messages.success(request, _("Noted as sent."))
    else:
        messages.info(request, _("Nothing was changed: it was known what became of this mail."))
    return _back_to(request, message_id)


def _back_to(request: TenantRequest, message_id: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(resolve_url("console:portal_console:outbox_mail", request.tenant.code, message_id))
