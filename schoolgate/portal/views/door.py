"""The doors of the portal: welcome, sign in, sign out, a forgotten password, a lost letter, the language."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schoolgate.accounts.choose_language import choose_language
from schoolgate.accounts.errors import LinkNotAccepted, PasswordRefused, TooManyTries
from schoolgate.accounts.portal_state import require_recovery
from schoolgate.accounts.recover import ask_for_password_link, recover_account
from schoolgate.portal.claim import typed_key
from schoolgate.portal.doors import account_of, claim_page, open_page
from schoolgate.portal.forms import EmailForm, NewPasswordForm, SignInForm
from schoolgate.portal.proof import proved_account
from schoolgate.portal.views.office import warn_of_office_code
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import User, UserKind
from schoolgate.tenancy.roles import for_anybody

BACKEND = "schoolgate.tenancy.sign_in.TenantBackend"


@open_page
@require_safe
def welcome(request: TenantRequest) -> HttpResponse:
    """Two ways in, side by side; whoever is in already goes home."""
    if account_of(request) is not None:
        return redirect("portal:home", request.tenant.code)
    return render(request, "portal/welcome.html")


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: TenantRequest) -> HttpResponse:
    """One answer for a wrong name, a wrong password and too many tries (R-RD-14)."""
    form = SignInForm(request.POST or None)
    if form.is_valid():
        user = proved_account(request, at=timezone.now(), **form.cleaned_data)
        if user is not None:
            login(request, user, backend=BACKEND)
            warn_of_office_code(request, user)
            return speaking(HttpResponseRedirect(next_page(request)), user)
        form.add_error(
            None, _("The e-mail address and the password do not belong together, or there were too many tries.")
        )
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render(request, "portal/sign_in.html", context, status=422 if form.errors else 200)


@for_anybody
@require_POST
def sign_out(request: TenantRequest) -> HttpResponse:
    """The language stays; everything else of the session goes."""
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("portal:welcome", request.tenant.code)


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: TenantRequest) -> HttpResponse:
    """The same page afterwards, whether the address has an account or not."""
    require_recovery(request.tenant)
    form = EmailForm(request.POST or None)
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            ask_for_password_link(tenant=request.tenant, email=email, by=request.actor, at=timezone.now())
        except TooManyTries as refusal:
            form.add_error(None, refusal.message)
            return render(request, "portal/recover.html", {"form": form}, status=refusal.status)
        return render(request, "portal/recover_sent.html", {"email": email})
    return render(request, "portal/recover.html", {"form": form}, status=422 if form.errors else 200)


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def recover_password(request: TenantRequest) -> HttpResponse:
    """Where the mail's link leads: its secret is in the fragment, and nothing happens before the press."""
    form = NewPasswordForm(request.POST or None)
    if form.is_valid():
        try:
            recover_account(
                tenant=request.tenant,
                token=form.cleaned_data["link"],
                password=form.cleaned_data["password"],
                by=request.actor,
                at=timezone.now(),
            )
        except PasswordRefused as refusal:
            form.add_error("password", refusal.message)
        except LinkNotAccepted as refusal:
            form.add_error("link", refusal.message)
        else:
            messages.success(request, _("Your new password is set. Sign in with it."))
            return redirect("portal:sign_in", request.tenant.code)
    return render(request, "portal/recover_password.html", {"form": form}, status=422 if form.errors else 200)


@open_page
@require_safe
def lost_letter(request: TenantRequest) -> HttpResponse:
    """How to reach the office. Asks for nothing, so it tells nothing (R-RD-13)."""
    return render(request, "portal/lost_letter.html")


@open_page
@require_safe
def not_you(request: TenantRequest) -> HttpResponse:
    """Where the mail after a redemption points: what to do if it was somebody else (R-RD-12)."""
    return render(request, "portal/not_you.html")


@for_anybody
@require_POST
def language(request: TenantRequest) -> HttpResponse:
    """Remember the language in this browser and, for who is signed in, with the account."""
    chosen = request.POST.get("language", "")
    back = request.POST.get("next", "")
    response = HttpResponseRedirect(
        back if is_own_page(request, back) else resolve_url("portal:welcome", request.tenant.code)
    )
    if chosen in dict(settings.LANGUAGES):
        account = account_of(request)
        if account is not None:
            choose_language(tenant=request.tenant, account=account, language=chosen)
        _keep_language(response, chosen)
    return response


def next_page(request: TenantRequest) -> str:
    """After signing in: on with a typed key, else where the person wanted to go, else home."""
    if typed_key(request, at=timezone.now()) is not None and request.user.kind == UserKind.FAMILY:
        return resolve_url("portal:check", request.tenant.code)
    wanted = request.POST.get("next", "")
    return wanted if is_own_page(request, wanted) else resolve_url("portal:home", request.tenant.code)


def is_own_page(request: TenantRequest, address: str) -> bool:
    safe = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return safe and address.casefold().startswith(f"/s-{request.tenant.code}/".casefold())


def speaking(response: HttpResponse, account: User) -> HttpResponse:
    """On a new device the pages come in the account's language."""
    if account.language in dict(settings.LANGUAGES):
        _keep_language(response, account.language)
    return response


def _keep_language(response: HttpResponse, code: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
