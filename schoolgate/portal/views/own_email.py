"""The address of a student's own account: one form mails a code to it, the other takes the code, or what the mail's link carries."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from schoolgate.accounts.errors import AccountNotMade, CodeNotAccepted, TooManyTries
from schoolgate.accounts.own_email import address_to_prove, change_own_email, confirm_own_email
from schoolgate.portal.doors import family_page
from schoolgate.portal.forms import CodeForm, OwnEmailForm
from schoolgate.portal.proof import proved_account
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import UserKind


@family_page
@require_http_methods(["GET", "HEAD", "POST"])
def own_email(request: TenantRequest) -> HttpResponse:
    """For students; a family's address is its username."""
    if request.user.kind != UserKind.STUDENT or request.user.email:
        return redirect("portal:account", request.tenant.code)
    if request.POST.get("act") == "confirm":
        return _confirm(request, CodeForm(request.POST))
    if request.method == "POST":
        return _send(request, OwnEmailForm(request.POST))
    return _page(request)


def _confirm(request: TenantRequest, form: CodeForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, code_form=form)
    try:
        confirm_own_email(
            tenant=request.tenant,
            account=request.user,
            typed=form.cleaned_data["code"],
            by=request.actor,
            at=timezone.now(),
        )
    except CodeNotAccepted as refusal:
        form.add_error("code", refusal.message)
        return _page(request, code_form=form)
    messages.success(request, _("Your e-mail address is confirmed."))
    return redirect("portal:account", request.tenant.code)


def _send(request: TenantRequest, form: OwnEmailForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, email_form=form)
    now = timezone.now()
    password = form.cleaned_data["current"]
    proved = proved_account(request, username=request.user.username, password=password, at=now)
    if proved is None:
        form.add_error("current", _("This is not your password, or there were too many tries."))
        return _page(request, email_form=form)
    try:
        change_own_email(
            tenant=request.tenant, account=proved, email=form.cleaned_data["email"], by=request.actor, at=now
        )
    except (AccountNotMade, TooManyTries) as refusal:
        form.add_error("email", refusal.message)
        return _page(request, email_form=form)
    return redirect("portal:own_email", request.tenant.code)


def _page(
    request: TenantRequest, *, code_form: CodeForm | None = None, email_form: OwnEmailForm | None = None
) -> HttpResponse:
    waiting = address_to_prove(tenant=request.tenant, account=request.user)
    context = {
        "code_form": code_form or CodeForm(),
        "email_form": email_form or OwnEmailForm(initial={"email": waiting}),
        "waiting": waiting,
        "form": code_form or email_form,
    }
    return render(request, "portal/own_email.html", context, status=422 if code_form or email_form else 200)
