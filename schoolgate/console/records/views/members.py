"""Members: who of the office may do what (spine §6)."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schoolgate.console.fresh import requires_fresh
from schoolgate.console.records.forms import ROLE_WORDS, MemberForm, MembershipForm
from schoolgate.console.records.reach import may_change, require_reach, require_reach_of_all
from schoolgate.tenancy.add_member import Added, MemberRefused, add_member
from schoolgate.tenancy.change_member import change_member, remove_member, renew_sign_in_link
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import Membership, Role
from schoolgate.tenancy.queries import member_by_email, members_of, membership_by_id, school_by_id, schools_of
from schoolgate.tenancy.roles import Right, requires


def membership_in(request: TenantRequest, membership_id: int) -> Membership:
    """A membership that the member may change. Raises NotFound, NotAllowed."""
    found = membership_by_id(tenant=request.tenant, membership_id=membership_id)
    require_reach(request, role=found.role, school_id=found.school_id)
    return found


def _reach(request: TenantRequest) -> dict[str, Any]:
    """What the forms offer: a member for some schools names members for these only."""
    schools = request.rights[Right.MEMBERS_EDIT]
    return {
        "schools": schools_of(request.tenant, only=schools),
        "may_name_all_schools": schools is None,
        "may_name_owners": Right.OWNERS_EDIT in request.rights,
    }


@requires(Right.MEMBERS_READ)
@require_safe
def members(request: TenantRequest) -> HttpResponse:
    rows = [
        (row, ROLE_WORDS[Role(row.role)], may_change(request, role=row.role, school_id=row.school_id))
        for row in members_of(request.tenant)
    ]
    context = {"rows": rows, "may_edit": Right.MEMBERS_EDIT in request.rights}
    return render(request, "console/records/members.html", context)


@requires(Right.MEMBERS_EDIT)
@requires_fresh
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def member_add(request: TenantRequest) -> HttpResponse:
    form = MemberForm(request.POST or None, **_reach(request))
    if form.is_valid():
        given = form.cleaned_data
        require_reach(request, role=given["role"], school_id=given["school"])
        known = member_by_email(tenant=request.tenant, email=given["email"])
        if known is not None:  # Their role there is replaced, and the page shows a link that opens their sign-in.
            require_reach_of_all(request, known)
        school = school_by_id(tenant=request.tenant, school_id=given["school"]) if given["school"] else None
        try:
            added = add_member(
                tenant=request.tenant,
                email=given["email"],
                name=given["name"],
                role=given["role"],
                school=school,
                single_rights=form.single_rights(),
                by=request.actor,
                at=timezone.now(),
            )
        except MemberRefused as refusal:
            form.add_error(None, refusal.in_full)
        else:
            return _show_link(request, added)
    return render(request, "console/records/member_form.html", {"form": form}, status=422 if form.errors else 200)


def _show_link(request: TenantRequest, added: Added) -> HttpResponse:
    """The one page that ever shows the link; the secret stands in its fragment, which no server sees."""
    link = f"{settings.BASE_URL}/s-{request.tenant.code}/console/welcome/#t={quote(added.token)}"
    return render(request, "console/records/member_link.html", {"member": added.user, "link": link})


@requires(Right.MEMBERS_EDIT)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def member_edit(request: TenantRequest, membership_id: int) -> HttpResponse:
    found = membership_in(request, membership_id)
    form = (
        MembershipForm(request.POST, **_reach(request)) if request.POST else MembershipForm.of(found, **_reach(request))
    )
    if form.is_valid():
        given = form.cleaned_data
        require_reach(request, role=given["role"], school_id=given["school"])
        school = school_by_id(tenant=request.tenant, school_id=given["school"]) if given["school"] else None
        try:
            change_member(
                membership=found,
                role=given["role"],
                school=school,
                single_rights=form.single_rights(),
                by=request.actor,
                at=timezone.now(),
            )
        except MemberRefused as refusal:
            form.add_error(None, refusal.in_full)
        else:
            messages.success(request, _("Saved. It holds from the member's next page on."))
            return redirect("console:records:members", request.tenant.code)
    context = {"form": form, "membership": found}
    return render(request, "console/records/member_form.html", context, status=422 if form.errors else 200)


@requires(Right.MEMBERS_EDIT)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: TenantRequest, membership_id: int) -> HttpResponse:
    found = membership_in(request, membership_id)
    if request.method == "POST":
        try:
            remove_member(membership=found, by=request.actor, at=timezone.now())
        except MemberRefused as refusal:
            messages.error(request, refusal.in_full)
        else:
            messages.success(
                request, _("%(name)s no longer has this role.") % {"name": found.user.name or found.user.username}
            )
        return redirect("console:records:members", request.tenant.code)
    return render(request, "console/records/member_remove.html", {"membership": found})


@requires(Right.MEMBERS_EDIT)
@requires_fresh
@never_cache
@require_POST
def member_link(request: TenantRequest, membership_id: int) -> HttpResponse:
    """A new sign-in link; the old password ends."""
    found = membership_in(request, membership_id)
    require_reach_of_all(request, found.user)
    return _show_link(request, renew_sign_in_link(user=found.user, by=request.actor, at=timezone.now()))
