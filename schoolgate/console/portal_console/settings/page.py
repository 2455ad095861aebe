"""Put the Settings page together: sections of fields, each with who changed it last and what a change does (R-ST-06, R-ST-07)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms import BoundField
from django.utils import timezone

from schoolgate.console.portal_console.settings.effects import effect_of, numbers_of
from schoolgate.console.portal_console.settings.forms import SECTIONS, SectionForm
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.queries import names_of_users
from schoolgate.tenancy.settings import settings_of


@dataclass(frozen=True)
class Line:
    """One field. changed_by: a name, "" when it is as shipped."""

    field: BoundField
    effect: str
    changed_at: datetime | None
    changed_by: str


@dataclass(frozen=True)
class Section:
    name: str
    form: SectionForm
    lines: tuple[Line, ...]


def sections_of(
    tenant: Tenant,
    *,
    refused: Mapping[str, SectionForm],
    may_edit: bool,
    kinds: Mapping[str, type[SectionForm]] = SECTIONS,
) -> list[Section]:
    """refused: the form that was sent and could not be saved, by its section; it is shown as typed. kinds: of a page's sections."""
    values, changed = settings_of(tenant=tenant), tenant.settings.changed
    found = numbers_of(tenant, at=timezone.now())
    names = names_of_users(tenant, {stamp["by"] for stamp in changed.values() if stamp.get("by")})
    sections = []
    for name, kind in kinds.items():
        form = refused.get(name) or form_for(name, kind, values)
        for field in form.fields.values():
            field.disabled = field.disabled or not may_edit
        lines = [
            line_of(form[each], changed.get(each), names, effect_of(each, found, tenant=tenant)) for each in form.fields
        ]
        sections.append(Section(name, form, tuple(lines)))
    return sections


def form_for(name: str, kind: type[SectionForm], values: Mapping[str, Any]) -> SectionForm:
    """The section's form with what holds now."""
    return kind(initial=values, auto_id=f"{name}_%s")


def line_of(field: BoundField, stamp: Mapping[str, Any] | None, names: Mapping[int, str], effect: str) -> Line:
    """stamp: as the row of settings keeps it for this field, {"at", "by"}."""
    if not stamp:
        return Line(field, effect, None, "")
    by = names.get(stamp["by"], "") if stamp.get("by") else "schoolgate"
    return Line(field, effect, datetime.fromisoformat(stamp["at"]), by)
