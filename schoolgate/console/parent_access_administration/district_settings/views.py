"""ParentAccess Administration › District Settings (registration-keys §9)."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.parent_access_administration.district_settings.forms import SECTIONS
from schoolgate.console.parent_access_administration.district_settings.page import page_of
from schoolgate.console.parent_access_administration.district_settings.schools import (
    SchoolSettingsForm,
    form_of,
    lines_of_school,
)
from schoolgate.console.portal_console.settings.saving import save_section
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import School, SchoolSettings
from schoolgate.tenancy.queries import school_by_id
from schoolgate.tenancy.roles import Right, requires
from schoolgate.tenancy.school_rules import STRICTER
from schoolgate.tenancy.school_settings import change_school_settings, put_back_school_settings, settings_of_school
from schoolgate.tenancy.settings import SettingRefused, put_back_settings


@requires(Right.SETTINGS_READ)
@require_safe
def edit(request: TenantRequest) -> HttpResponse:
    return render(request, "console/district_settings/edit.html", page_of(request))


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def save(request: TenantRequest, section: str) -> HttpResponse:
    """Save one section, all of it or nothing."""
    form = save_section(request, section, kinds=SECTIONS)
    if form is None:
        return redirect("console:district_settings:edit", request.tenant.code)
    context = page_of(request, refused={section: form}) | {"form": form}
    return render(request, "console/district_settings/edit.html", context, status=422)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def put_back(request: TenantRequest, entry_id: int) -> HttpResponse:
    """Set what one change changed to what it was before; a change of its own, with its own line in the history (R-DI-01)."""
    return _put_back(request, entry_id, put_back_settings)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def put_back_at_school(request: TenantRequest, entry_id: int) -> HttpResponse:
    """The same for what a school has of its own."""
    return _put_back(request, entry_id, put_back_school_settings)


def _put_back(request: TenantRequest, entry_id: int, act: Callable[..., list[str]]) -> HttpResponse:
    try:
        names = act(tenant=request.tenant, entry_id=entry_id, by=request.actor, at=timezone.now())
    except SettingRefused as refusal:
        messages.error(request, refusal.in_full)
    else:
        said = ngettext("%(n)s setting was put back.", "%(n)s settings were put back.", len(names)) % {"n": len(names)}
        messages.success(request, said if names else _("It is already as it was."))
    return redirect("console:district_settings:edit", request.tenant.code)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_safe
def school_choose(request: TenantRequest) -> HttpResponse:
    """To the page of the school that was chosen in the list."""
    chosen = request.GET.get("school", "")
    if not chosen.isascii() or not chosen.isdigit():
        return redirect("console:district_settings:edit", request.tenant.code)
    return redirect("console:district_settings:school", request.tenant.code, int(chosen))


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_safe
def school(request: TenantRequest, school_id: int) -> HttpResponse:
    """What this school has of its own, and what a change of it does."""
    found = school_by_id(tenant=request.tenant, school_id=school_id)
    row = settings_of_school(tenant=request.tenant, school=found)
    return _school_page(request, found, row, form_of(request.tenant, row))


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def school_save(request: TenantRequest, school_id: int) -> HttpResponse:
    """Save the page of a school, all of it or nothing."""
    found = school_by_id(tenant=request.tenant, school_id=school_id)
    row = settings_of_school(tenant=request.tenant, school=found)
    form = form_of(request.tenant, row, sent=request.POST)
    if form.is_valid():
        try:
            return _changed_at_school(request, found, form.as_changes())
        except SettingRefused as refusal:
            form.add_error(None, refusal.in_full)
    return _school_page(request, found, row, form, status=422)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def school_remove(request: TenantRequest, school_id: int) -> HttpResponse:
    """Let everything at this school be as in the district; the history puts it back."""
    found = school_by_id(tenant=request.tenant, school_id=school_id)
    return _changed_at_school(request, found, dict.fromkeys(STRICTER, ""))


def _changed_at_school(request: TenantRequest, found: School, changes: Mapping[str, str]) -> HttpResponse:
    names = change_school_settings(
        tenant=request.tenant, school=found, changes=changes, by=request.actor, at=timezone.now()
    )
    said = _("Saved: %(section)s.") if names else _("%(section)s is as it was.")
    messages.success(request, said % {"section": found.name})
    return redirect(reverse("console:district_settings:edit", args=[request.tenant.code]) + "#schools")


def _school_page(
    request: TenantRequest, found: School, row: SchoolSettings | None, form: SchoolSettingsForm, *, status: int = 200
) -> HttpResponse:
    lines = lines_of_school(request.tenant, found, row, form, at=timezone.now())
    context = {"school": found, "form": form, "lines": lines}
    return render(request, "console/district_settings/school.html", context, status=status)
