"""Portal Console › Portal Console Setup › General › Settings."""

from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.portal_console.settings.forms import SECTIONS, SectionForm
from schoolgate.console.portal_console.settings.key_system import choices_of
from schoolgate.console.portal_console.settings.page import sections_of
from schoolgate.console.portal_console.settings.saving import save_section
from schoolgate.console.portal_console.settings.sender import SenderForm, sender_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.SETTINGS_READ)
@require_safe
def settings(request: TenantRequest) -> HttpResponse:
    return _page(request, may_edit=request.rights.get(Right.SETTINGS_EDIT, set()) is None)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def save(request: TenantRequest, section: str) -> HttpResponse:
    """Save one section, all of it or nothing."""
    form = save_section(request, section, kinds=SECTIONS)
    if form is None:
        return redirect("console:settings:edit", request.tenant.code)
    return _page(request, may_edit=True, refused={section: form}, status=422)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_POST
def check_sender(request: TenantRequest) -> HttpResponse:
    """Look the sender's domain up; changes nothing."""
    form = SenderForm(request.POST)
    return _page(request, may_edit=True, sender=form, status=200 if form.is_valid() else 422)


def _page(
    request: TenantRequest,
    *,
    may_edit: bool,
    refused: Mapping[str, SectionForm] | None = None,
    sender: SenderForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """refused: the form of a section that wasn't saved, by its name. sender: as it was pressed."""
    context = {
        "sections": sections_of(request.tenant, refused=refused or {}, may_edit=may_edit),
        "may_edit": may_edit,
        "key_systems": choices_of(request),
        "sender": sender_of(sender or SenderForm()),
        "form": next(iter((refused or {}).values()), None),
    }
    return render(request, "console/settings/settings.html", context, status=status)
