"""The door of the office: sign in, prove it again, sign out; the first page after it."""

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schoolgate.console.find import found_in
from schoolgate.console.forms import ChoosePasswordForm, FreshForm, SignInForm
from schoolgate.console.fresh import note_proof
from schoolgate.console.home import home_of, may_close
from schoolgate.console.kept_form import take_form
from schoolgate.console.lists import words_in
from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.choose_password import LinkNotAccepted, PasswordRefused, choose_password
from schoolgate.tenancy.close_notice import close_notice
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.middleware import source_of
from schoolgate.tenancy.prove_sign_in import prove_sign_in
from schoolgate.tenancy.queries import notice_by_id
from schoolgate.tenancy.roles import Right, for_anybody, requires

BACKEND = "schoolgate.tenancy.sign_in.TenantBackend"


def _next_page(request: TenantRequest) -> str:
    """Where the person wanted to go, if that is a page of this tenant; else Home."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    own = f"/s-{request.tenant.code}/".casefold()
    return wanted if safe and wanted.casefold().startswith(own) else resolve_url("console:home", request.tenant.code)


@for_anybody
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: TenantRequest) -> HttpResponse:
    """One answer for a wrong name, a wrong password and too many tries."""
    form = SignInForm(request.POST or None)
    if form.is_valid():
        now = timezone.now()
        user = prove_sign_in(
            tenant=request.tenant, door="staff", source=source_of(request), at=now, **form.cleaned_data
        )
        if user is not None:
            login(request, user, backend=BACKEND)
            note_proof(request, at=now)
            return HttpResponseRedirect(_next_page(request))
        form.add_error(
            None,
            _(
                "The e-mail address and the password do not belong together, or there were too many tries. Compare them, or wait 30 minutes."
            ),
        )
    context = {"form": form, "next": _next_page(request)}
    return render(request, "console/sign_in.html", context, status=422 if form.errors else 200)


@requires(Right.HOME_READ)
@require_POST
def sign_out(request: TenantRequest) -> HttpResponse:
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("console:sign_in", request.tenant.code)


@for_anybody
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: TenantRequest) -> HttpResponse:
    """Where a sign-in link leads: choose a password, and be signed in."""
    form = ChoosePasswordForm(request.POST or None)
    if form.is_valid():
        now = timezone.now()
        try:
            user = choose_password(
                tenant=request.tenant,
                token=form.cleaned_data["link"],
                password=form.cleaned_data["password"],
                source=source_of(request),
                via="console",
                at=now,
            )
        except PasswordRefused as refusal:
            form.add_error("password", refusal.message)
        except LinkNotAccepted as refusal:
            form.add_error("link", refusal.in_full)
        else:
            login(request, user, backend=BACKEND)
            note_proof(request, at=now)
            messages.success(request, _("Your password is set. You are signed in."))
            return redirect("console:home", request.tenant.code)
    return render(request, "console/welcome.html", {"form": form}, status=422 if form.errors else 200)


@requires(Right.HOME_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def fresh(request: TenantRequest) -> HttpResponse:
    """Ask for the password once more before a sensitive act."""
    form = FreshForm(request.POST or None)
    if form.is_valid():
        now = timezone.now()
        user = prove_sign_in(
            tenant=request.tenant,
            door="staff",
            username=request.user.username,
            password=form.cleaned_data["password"],
            source=source_of(request),
            at=now,
        )
        if user == request.user:
            note_proof(request, at=now)
            kept = take_form(request, at=now)
            if kept is not None:
                return render(request, "console/kept.html", {"kept": kept, "next": _next_page(request)})
            return HttpResponseRedirect(_next_page(request))
        form.add_error(
            "password", _("This is not your password, or there were too many tries. Try again, or wait 30 minutes.")
        )
    context = {"form": form, "next": _next_page(request)}
    return render(request, "console/fresh.html", context, status=422 if form.errors else 200)


@requires(Right.HOME_READ)
@require_safe
def home(request: TenantRequest) -> HttpResponse:
    return render(request, "console/home.html", {"home": home_of(request, at=timezone.now())})


@requires(Right.HOME_READ)
@require_POST
def notice_close(request: TenantRequest, notice_id: int) -> HttpResponse:
    """Somebody has dealt with it."""
    notice = notice_by_id(tenant=request.tenant, notice_id=notice_id)
    if not may_close(request, notice):
        raise NotAllowed
    close_notice(notice=notice, by=request.actor, at=timezone.now())
    messages.success(request, _("Closed. The audit log keeps it."))
    return redirect("console:home", request.tenant.code)


@requires(Right.HOME_READ)
@require_safe
def find(request: TenantRequest) -> HttpResponse:
    """A student, a contact or a page, by the beginning of a name or an id."""
    words = words_in(request)
    return render(request, "console/find.html", {"words": words, "found": found_in(request, words)})
