"""Portal Console › Portal Console Setup › General › Settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.portal_console.settings.forms import SECTIONS
from schoolgate.console.portal_console.settings.key_system import choices_of
from schoolgate.console.portal_console.settings.page import sections_of
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires
from schoolgate.tenancy.settings import SettingRefused, change_settings


@requires(Right.SETTINGS_READ)
@require_safe
def settings(request: TenantRequest) -> HttpResponse:
    may_edit = request.rights.get(Right.SETTINGS_EDIT, set()) is None
    sections = sections_of(request.tenant, refused={}, may_edit=may_edit)
    context = {"sections": sections, "may_edit": may_edit, "key_systems": choices_of(request)}
    return render(request, "console/settings/settings.html", context)


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
            return redirect("console:settings:edit", request.tenant.code)
    sections = sections_of(request.tenant, refused={section: form}, may_edit=True)
    context = {"sections": sections, "may_edit": True, "key_systems": choices_of(request), "form": form}
    return render(request, "console/settings/settings.html", context, status=422)
