"""Create an account on the way: the address, its proof, then name and password (R-RD-03)."""

from django.contrib.auth import login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from schoolgate.accounts.confirm import complete_account, confirm_email, confirm_email_by_link
from schoolgate.accounts.errors import CodeNotAccepted, LinkNotAccepted, PasswordRefused, TooManyTries
from schoolgate.accounts.portal_state import require_sign_up
from schoolgate.accounts.register import register_account
from schoolgate.portal import claim
from schoolgate.portal.doors import account_of, claim_page
from schoolgate.portal.forms import CodeForm, CompleteForm, EmailForm
from schoolgate.portal.views.door import BACKEND, next_page
from schoolgate.tenancy.http import TenantRequest


@claim_page
@require_safe
def key_account(request: TenantRequest) -> HttpResponse:
    """Three cards: a new account, the one that there is, or a student's own."""
    require_sign_up(request.tenant, is_for_student=False)
    if claim.typed_key(request, at=timezone.now()) is None:
        return redirect("portal:key", request.tenant.code)
    if account_of(request) is not None:
        return redirect("portal:check", request.tenant.code)
    return render(request, "portal/key_account.html")


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: TenantRequest) -> HttpResponse:
    """Ask for the address. Whether it has an account is told to its owner alone, by mail."""
    require_sign_up(request.tenant, is_for_student=False)
    if claim.typed_key(request, at=timezone.now()) is None:
        return redirect("portal:key", request.tenant.code)
    form = EmailForm(request.POST or None)
    if not form.is_valid():
        return render(request, "portal/new.html", {"form": form}, status=422 if form.errors else 200)
    email = form.cleaned_data["email"]
    try:
        registration_id = register_account(
            tenant=request.tenant,
            email=email,
            language=get_language() or "en",
            by=request.actor,
            at=timezone.now(),
        )
    except TooManyTries as refusal:
        form.add_error(None, refusal.message)
        return render(request, "portal/new.html", {"form": form}, status=refusal.status)
    claim.keep_registration(request, registration_id=registration_id, email=email)
    return redirect("portal:confirm", request.tenant.code)


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: TenantRequest) -> HttpResponse:
    """The code of the mail, or its link: opened here it fills the field by script and waits for the press."""
    require_sign_up(request.tenant, is_for_student=False)
    asked = claim.registration(request)
    form = CodeForm(request.POST or None)
    context = {"form": form, "email": asked["email"] if asked else ""}
    if not form.is_valid():
        return render(request, "portal/confirm.html", context, status=422 if form.errors else 200)
    now, typed = timezone.now(), form.cleaned_data["code"]
    try:
        if form.is_link:
            account_id = confirm_email_by_link(tenant=request.tenant, token=typed, by=request.actor, at=now)
        else:
            registration_id = asked["id"] if asked else None
            account_id = confirm_email(
                tenant=request.tenant, registration_id=registration_id, typed=typed, by=request.actor, at=now
            )
    except (CodeNotAccepted, LinkNotAccepted, TooManyTries) as refusal:
        form.add_error("code", refusal.message)
        return render(request, "portal/confirm.html", context, status=refusal.status)
    claim.keep_proved_email(request, account_id=account_id, at=now)
    return redirect("portal:complete", request.tenant.code)


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def complete(request: TenantRequest) -> HttpResponse:
    """Name and password; then the person is signed in, and goes on with the key."""
    require_sign_up(request.tenant, is_for_student=False)
    now = timezone.now()
    account_id = claim.proved_account(request, at=now)
    if account_id is None:
        return redirect("portal:welcome", request.tenant.code)
    form = CompleteForm(request.POST or None)
    if form.is_valid():
        try:
            account = complete_account(
                tenant=request.tenant, account_id=account_id, by=request.actor, at=now, **form.cleaned_data
            )
        except PasswordRefused as refusal:
            form.add_error("password", refusal.message)
        except LinkNotAccepted:
            return redirect("portal:sign_in", request.tenant.code)
        else:
            claim.forget_proved_email(request)
            login(request, account, backend=BACKEND)
            return redirect(next_page(request))
    return render(request, "portal/complete.html", {"form": form}, status=422 if form.errors else 200)
