"""Change what one school has stricter than its district; the one writer of SchoolSettings (R-DI-01, R-DI-02)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.models import AuditEntry
from schoolgate.audit.record import record
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import School, SchoolSettings, SecondProof, Tenant, TenantSettings
from schoolgate.tenancy.queries import school_by_id
from schoolgate.tenancy.school_rules import STRICTER, Rules, rules_of_district
from schoolgate.tenancy.settings import RANGES, SETTINGS, SettingRefused

ACT = "setting.changed_for_school"


@transaction.atomic(durable=True)
def change_school_settings(
    *, tenant: Tenant, school: School, changes: Mapping[str, str], by: Actor, at: datetime
) -> list[str]:
    """Set each named setting of the school from its text, "" for as the district; all or none. The names of those that differ now.

    What isn't changed isn't looked at: it may be laxer than a district that became stricter, and counts for nothing then.
    Raises SettingRefused, naming the setting and what is allowed.
    """
    return _change(tenant=tenant, school=school, changes=changes, by=by, at=at)


@transaction.atomic(durable=True)
def put_back_school_settings(*, tenant: Tenant, entry_id: int, by: Actor, at: datetime) -> list[str]:
    """Set what one change at a school changed to what it was before (R-DI-01); the names of those that differ now.

    entry_id: of the audit's entry. Raises NotFound, and SettingRefused where a value is laxer than the district by now.
    """
    entry = AuditEntry.objects.filter(tenant_id=tenant.pk, act=ACT, pk=entry_id).first()
    if entry is None:
        raise NotFound
    school = school_by_id(tenant=tenant, school_id=dict(entry.subjects)["school"])
    changes = {name: _as_text(value) for name, value in entry.detail["before"].items() if name in STRICTER}
    return _change(tenant=tenant, school=school, changes=changes, by=by, at=at, detail={"puts_back": entry.seq})


def range_for(name: str, *, district: Rules) -> tuple[int, int]:
    """The least and the greatest number that a school may choose; the district's own is one end of it."""
    low, high = RANGES[name]
    at_district = getattr(district, name)
    return (low, at_district) if STRICTER[name] is min else (at_district, high)


def school_settings_of(*, tenant: Tenant) -> list[SchoolSettings]:
    """Query: the schools that differ, with their schools, by name; one statement."""
    rows = SchoolSettings.objects.for_tenant(tenant).select_related("school")
    return list(rows.order_by("school__name", "school__number"))


def settings_of_school(*, tenant: Tenant, school: School) -> SchoolSettings | None:
    """Query: what this school has of its own; None where it doesn't differ."""
    return SchoolSettings.objects.for_tenant(tenant).filter(school=school).first()


def _change(
    *,
    tenant: Tenant,
    school: School,
    changes: Mapping[str, str],
    by: Actor,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> list[str]:
    """Step: the names of the settings that were changed. Locks the district's row, so that what is compared with it holds."""
    tenant.settings = TenantSettings.objects.select_for_update().get(tenant=tenant)
    district = rules_of_district(tenant)
    rows = SchoolSettings.objects.for_tenant(tenant)
    row = rows.filter(school=school).first() or SchoolSettings(school=school, tenant=tenant)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, text in changes.items():
        was, value = getattr(row, name, None), _read(name, text, was=getattr(row, name, None), district=district)
        if value != was:
            before[name], after[name] = was, value
            setattr(row, name, value)
    if not after:
        return []
    stamp = {"at": at.isoformat(), "by": by.user_id}
    row.changed = {**row.changed, **dict.fromkeys(after, stamp)}
    if row.values():
        row.save()
    else:
        rows.filter(school=school).delete()
    record(
        ACT,
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=[("school", school.pk)],
        detail={"number": school.number, "before": before, "after": after, **(detail or {})},
    )
    return list(after)


def _read(name: str, text: str, *, was: Any, district: Rules) -> Any:
    """The value that a text means; None for as the district. Raises SettingRefused."""
    if name not in STRICTER:
        fix = "The settings of a school are: " + ", ".join(STRICTER) + "."
        raise SettingRefused(f"A school has no setting {name!r} of its own.", fix=fix)
    if not text.strip():
        return None
    allowed = SettingRefused(f"{name} can't be {text!r} at a school.", fix=f"It is {_allowed(name, district)}.")
    try:
        value = SETTINGS[name].read(text)
    except ValueError as fault:
        raise allowed from fault
    if value == was:
        return value
    # The mildest values are no exceptions, even where the district has them too.
    if value is True or value == SecondProof.NONE or STRICTER[name](getattr(district, name), value) != value:
        raise allowed
    return value


def _allowed(name: str, district: Rules) -> str:
    if name in RANGES:
        low, high = range_for(name, district=district)
        return f"a whole number from {low} to {high}, or nothing for as the district"
    only = "date_of_birth" if name == "second_proof" else "no"
    return f"{only}, or nothing for as the district"


def _as_text(value: Any) -> str:
    """A value as the audit keeps it, as the text that sets it."""
    return "no" if value is False else "" if value is None else str(value)
