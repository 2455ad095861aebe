"""What the office has set going, and its owner finishes: a printed code, another e-mail address (R-AM-04, R-AM-08)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from schoolgate.accounts.errors import CodeNotAccepted, LinkNotAccepted, PasswordRefused, TooManyTries
from schoolgate.accounts.new_address import confirm_new_address, username_of_link
from schoolgate.accounts.reset_by_office import office_code_used_at, use_printed_code
from schoolgate.portal.doors import claim_page
from schoolgate.portal.forms import NewAddressForm, PrintedCodeForm
from schoolgate.portal.proof import proved_account
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import User


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def recover_code(request: TenantRequest) -> HttpResponse:
    """The code from the office's paper, and a new password in the same step; afterwards the person signs in with it."""
    form = PrintedCodeForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            use_printed_code(
                tenant=request.tenant,
                username=given["username"],
                typed=given["code"],
                password=given["password"],
                by=request.actor,
                at=timezone.now(),
            )
        except PasswordRefused as refusal:
            form.add_error("password", refusal.message)
        except (CodeNotAccepted, TooManyTries) as refusal:
            form.add_error("code", _("This code was not accepted. Compare it with your paper, or ask the office."))
            return render(request, "portal/recover_code.html", {"form": form}, status=refusal.status)
        else:
            messages.success(request, _("Your new password is set. Sign in with it."))
            return redirect("portal:sign_in", request.tenant.code)
    return render(request, "portal/recover_code.html", {"form": form}, status=422 if form.errors else 200)


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_address(request: TenantRequest) -> HttpResponse:
    """The link proves the mailbox, the password proves the person: neither alone changes the address (R-MU-03)."""
    form = NewAddressForm(request.POST or None)
    if form.is_valid():
        try:
            account = _proved(request, token=form.cleaned_data["link"], password=form.cleaned_data["password"])
            if account is None:
                form.add_error("password", _("This is not the password, or there were too many tries."))
            else:
                confirm_new_address(
                    tenant=request.tenant,
                    token=form.cleaned_data["link"],
                    account=account,
                    by=request.actor,
                    at=timezone.now(),
                )
                messages.success(request, _("The new address is confirmed. Sign in with it from now on."))
                return redirect("portal:sign_in", request.tenant.code)
        except LinkNotAccepted as refusal:
            form.add_error("link", refusal.message)
    return render(request, "portal/new_address.html", {"form": form}, status=422 if form.errors else 200)


def _proved(request: TenantRequest, *, token: str, password: str) -> User | None:
    now = timezone.now()
    username = username_of_link(tenant=request.tenant, token=token, at=now)
    return proved_account(request, username=username, password=password, at=now)


def warn_of_office_code(request: TenantRequest, account: User) -> None:
    """At each sign-in of thirty days: a code that the office had printed has opened this account (R-AM-08)."""
    used_at = office_code_used_at(tenant=request.tenant, account=account, at=timezone.now())
    if used_at is not None:
        day = date_format(timezone.localtime(used_at), "j F")
        messages.warning(
            request,
            _("On %(day)s a new password was set with a code from the school office. Was it not you? Tell the office.")
            % {"day": day},
        )
