"""Put District Settings together: its sections, who may see keys, and the history that changes are put back from (R-DI-01)."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schoolgate.audit.models import AuditEntry
from schoolgate.audit.queries import find_entries
from schoolgate.console.history import Line, lines_of
from schoolgate.console.parent_access_administration.district_settings.forms import SECTIONS
from schoolgate.console.parent_access_administration.district_settings.schools import differing_schools, schools_alike
from schoolgate.console.portal_console.settings.forms import SectionForm
from schoolgate.console.portal_console.settings.page import sections_of
from schoolgate.letters.key_values import portal_url
from schoolgate.letters.qr import qr_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import Membership
from schoolgate.tenancy.queries import members_of
from schoolgate.tenancy.roles import RIGHTS_BY_ROLE, Right
from schoolgate.tenancy.school_settings import ACT

_SHOWN = 20


@dataclass(frozen=True)
class Change:
    """One change of settings, and whether it can be put back by a press."""

    entry: AuditEntry
    line: Line
    may_put_back: bool
    is_of_school: bool


def page_of(request: TenantRequest, *, refused: Mapping[str, SectionForm] | None = None) -> dict[str, Any]:
    """Query: all that the page shows."""
    may_edit = request.rights.get(Right.SETTINGS_EDIT, set()) is None
    differing = differing_schools(request.tenant)
    address = portal_url(request.tenant)
    return {
        "address": address,
        "address_code": f"data:image/png;base64,{b64encode(qr_of(address).png).decode()}",
        "sections": sections_of(request.tenant, refused=refused or {}, may_edit=may_edit, kinds=SECTIONS),
        "may_edit": may_edit,
        "differing": differing,
        "alike": schools_alike(request.tenant, differing) if may_edit else [],
        "seers": who_sees_keys(request),
        "changes": _changes(request, may_edit=may_edit),
    }


def who_sees_keys(request: TenantRequest) -> list[Membership]:
    """Members with the single right to have keys shown, whose role covers it; by name."""
    return [
        each for each in members_of(request.tenant) if each.may_see_keys and Right.KEYS_ACT in RIGHTS_BY_ROLE[each.role]
    ]


def _changes(request: TenantRequest, *, may_edit: bool) -> list[Change]:
    """The newest changes of settings, whichever page they were made on, and of the schools' own."""
    entries = list(find_entries(tenant_id=request.tenant.pk, act="setting.")[:_SHOWN])
    return [
        Change(entry, line, may_edit and bool(entry.detail.get("before")), entry.act == ACT)
        for entry, line in zip(entries, lines_of(request, entries), strict=True)
    ]
