"""Save one section of a page of settings, all of it or nothing."""

from collections.abc import Mapping

from django.contrib import messages
from django.utils import timezone
from django.utils.translation import gettext as _

from schoolgate.console.portal_console.settings.forms import SectionForm
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.settings import SettingRefused, change_settings


def save_section(request: TenantRequest, section: str, *, kinds: Mapping[str, type[SectionForm]]) -> SectionForm | None:
    """None when it is saved, and said; else the form with what was refused. kinds: of the page's sections. Raises NotFound."""
    if section not in kinds:
        raise NotFound
    form = kinds[section](request.POST, auto_id=f"{section}_%s")
    if not form.is_valid():
        return form
    try:
        change_settings(tenant=request.tenant, changes=form.as_changes(), by=request.actor, at=timezone.now())
    except SettingRefused as refusal:
        form.add_error(None, refusal.in_full)
        return form
    messages.success(request, _("Saved: %(section)s.") % {"section": form.title})
    return None
