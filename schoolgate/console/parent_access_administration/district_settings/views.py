"""ParentAccess Administration › District Settings (registration-keys §9)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.parent_access_administration.district_settings.forms import SECTIONS
from schoolgate.console.parent_access_administration.district_settings.page import page_of
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires
from schoolgate.tenancy.settings import SettingRefused, change_settings, put_back_settings


@requires(Right.SETTINGS_READ)
@require_safe
def edit(request: TenantRequest) -> HttpResponse:
    return render(request, "console/district_settings/edit.html", page_of(request))


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def save(request: TenantRequest, section: str) -> HttpResponse:
    """Save one section, all of it or nothing."""
    if section not in SECTIONS:
        raise NotFound
    form = SECTIONS[section](request.POST, auto_id=f"{section}_%s")
    if form.is_valid():
        try:
            change_settings(tenant=request.tenant, changes=form.as_changes(), by=request.actor, at=timezone.now())
        except SettingRefused as refusal:
            form.add_error(None, f"{refusal.message} {refusal.fix}".strip())
        else:
            messages.success(request, _("Saved: %(section)s.") % {"section": form.title})
            return redirect("console:district_settings:edit", request.tenant.code)
    context = page_of(request, refused={section: form}) | {"form": form}
    return render(request, "console/district_settings/edit.html", context, status=422)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def put_back(request: TenantRequest, entry_id: int) -> HttpResponse:
    """Set what one change changed to what it was before; a change of its own, with its own line in the history (R-DI-01)."""
    try:
        names = put_back_settings(tenant=request.tenant, entry_id=entry_id, by=request.actor, at=timezone.now())
    except SettingRefused as refusal:
        messages.error(request, f"{refusal.message} {refusal.fix}".strip())
    else:
        said = ngettext("%(n)s setting was put back.", "%(n)s settings were put back.", len(names)) % {"n": len(names)}
        messages.success(request, said if names else _("It is already as it was."))
    return redirect("console:district_settings:edit", request.tenant.code)
