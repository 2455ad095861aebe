"""The family's home: the children, one child, My Access, the account."""

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schoolgate.accounts.change_password import change_password
from schoolgate.accounts.disclaim import disclaim_child
from schoolgate.accounts.errors import PasswordRefused
from schoolgate.accounts.own_email import address_to_prove
from schoolgate.accounts.queries import access_of, child_of, children_of, own_record
from schoolgate.accounts.sign_out_everywhere import sign_out_everywhere
from schoolgate.portal.doors import family_page
from schoolgate.portal.forms import ChangePasswordForm
from schoolgate.portal.proof import proved_account
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import UserKind


@family_page
@require_safe
def home(request: TenantRequest) -> HttpResponse:
    """A family's children, or a student's own record."""
    if request.user.kind == UserKind.STUDENT:
        return _own(request, "portal/student_home.html")
    children = children_of(tenant=request.tenant, account=request.user, at=timezone.now())
    return render(request, "portal/home.html", {"children": children})


@family_page
@require_safe
def child(request: TenantRequest, student_id: int) -> HttpResponse:
    if request.user.kind == UserKind.STUDENT:
        return redirect("portal:home", request.tenant.code)
    found = child_of(tenant=request.tenant, account=request.user, student_id=student_id, at=timezone.now())
    return render(request, "portal/child.html", {"child": found})


@family_page
@require_http_methods(["GET", "HEAD", "POST"])
def disclaim(request: TenantRequest, student_id: int) -> HttpResponse:
    """*This is not my child* asks once, then hides the child until the office restores it."""
    now = timezone.now()
    found = child_of(tenant=request.tenant, account=request.user, student_id=student_id, at=now)
    if request.method != "POST":
        return render(request, "portal/disclaim.html", {"child": found})
    disclaim_child(tenant=request.tenant, account=request.user, student_id=student_id, by=request.actor, at=now)
    messages.success(request, _("You no longer see this child. The school office has been told."))
    return redirect("portal:my_access", request.tenant.code)


@family_page
@require_safe
def my_access(request: TenantRequest) -> HttpResponse:
    if request.user.kind == UserKind.STUDENT:
        return _own(request, "portal/student_access.html")
    access = access_of(tenant=request.tenant, account=request.user, at=timezone.now())
    return render(request, "portal/my_access.html", {"access": access})


@family_page
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: TenantRequest) -> HttpResponse:
    """The password is changed here; language and sessions have their own buttons."""
    form = ChangePasswordForm(request.POST or None)
    if form.is_valid():
        now = timezone.now()
        password = form.cleaned_data["current"]
        proved = proved_account(request, username=request.user.username, password=password, at=now)
        if proved is None:
            form.add_error("current", _("This is not your password, or there were too many tries."))
        else:
            try:
                changed = change_password(
                    tenant=request.tenant,
                    account=proved,
                    password=form.cleaned_data["password"],
                    by=request.actor,
                    at=now,
                )
            except PasswordRefused as refusal:
                form.add_error("password", refusal.message)
            else:
                update_session_auth_hash(request, changed)
                messages.success(request, _("Your new password is set. Other devices are signed out."))
                return redirect("portal:account", request.tenant.code)
    context = {"form": form, "waiting": address_to_prove(tenant=request.tenant, account=request.user)}
    return render(request, "portal/account.html", context, status=422 if form.errors else 200)


def _own(request: TenantRequest, template: str) -> HttpResponse:
    own = own_record(tenant=request.tenant, account=request.user, at=timezone.now())
    return render(request, template, {"own": own})


@family_page
@require_POST
def sign_out_all(request: TenantRequest) -> HttpResponse:
    sign_out_everywhere(tenant=request.tenant, account=request.user, by=request.actor, at=timezone.now())
    logout(request)
    messages.success(request, _("You are signed out everywhere."))
    return redirect("portal:welcome", request.tenant.code)
