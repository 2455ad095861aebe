"""Portal Console › Portal Console Setup › General › Settings."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.portal_console.settings.forms import SECTIONS
from schoolgate.console.portal_console.settings.key_system import choices_of
from schoolgate.console.portal_console.settings.page import sections_of
from schoolgate.console.portal_console.settings.saving import save_section
from schoolgate.console.portal_console.settings.sender import SenderForm, sender_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.SETTINGS_READ)
@require_safe
def settings(request: TenantRequest) -> HttpResponse:
    may_edit = request.rights.get(Right.SETTINGS_EDIT, set()) is None
    sections = sections_of(request.tenant, refused={}, may_edit=may_edit)
    context = {
        "sections": sections,
        "may_edit": may_edit,
        "key_systems": choices_of(request),
        "sender": sender_of(SenderForm()),
    }
    return render(request, "console/settings/settings.html", context)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def save(request: TenantRequest, section: str) -> HttpResponse:
    """Save one section, all of it or nothing."""
    form = save_section(request, section, kinds=SECTIONS)
    if form is None:
        return redirect("console:settings:edit", request.tenant.code)
    sections = sections_of(request.tenant, refused={section: form}, may_edit=True)
    context = {
        "sections": sections,
        "may_edit": True,
        "key_systems": choices_of(request),
        "sender": sender_of(SenderForm()),
        "form": form,
    }
    return render(request, "console/settings/settings.html", context, status=422)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def check_sender(request: TenantRequest) -> HttpResponse:
    """Look the sender's domain up; changes nothing."""
    sender = sender_of(SenderForm(request.POST))
    context = {
        "sections": sections_of(request.tenant, refused={}, may_edit=True),
        "may_edit": True,
        "key_systems": choices_of(request),
        "sender": sender,
    }
    return render(request, "console/settings/settings.html", context, status=200 if sender.form.is_valid() else 422)
