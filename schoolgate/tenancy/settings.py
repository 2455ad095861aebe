"""Change what a tenant chose; the one writer of TenantSettings (R-ST-06, R-ST-07)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F

from schoolgate.audit.actor import Actor
from schoolgate.audit.models import AuditEntry
from schoolgate.audit.record import record
from schoolgate.lib.errors import NotFound, SchoolgateError
from schoolgate.tenancy.models import (
    AccessPolicy,
    KeySystem,
    Paper,
    SecondProof,
    Tenant,
    TenantSettings,
    User,
    UserKind,
)


class SettingRefused(SchoolgateError):
    """A setting that doesn't exist, or a value outside its range; names both."""

    code = "settings.refused"
    status = 422


@dataclass(frozen=True)
class Setting:
    """read: text to value, raising ValueError whose text is the allowed range. what: for people."""

    name: str
    what: str
    read: Callable[[str], Any]


def _yes_no(text: str) -> bool:
    folded = text.strip().casefold()
    if folded in {"yes", "true", "on", "1", "y"}:
        return True
    if folded in {"no", "false", "off", "0", "n"}:
        return False
    raise ValueError("yes or no")


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        allowed = f"a whole number from {low} to {high}"
        if not text.strip().isascii() or not text.strip().isdigit() or not low <= int(text) <= high:
            raise ValueError(allowed)
        return int(text)

    return read


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        folded = text.strip().casefold().replace(" ", "_")
        if folded not in allowed:
            raise ValueError("one of: " + ", ".join(allowed))
        return folded

    return read


def _line(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        line = text.strip()
        if len(line) > longest or any(ord(sign) < 32 for sign in line):
            raise ValueError(f"one line of at most {longest} characters")
        return line

    return read


def _email_or_empty(text: str) -> str:
    if text.strip():
        try:
            validate_email(text.strip())
        except ValidationError as fault:
            raise ValueError("an e-mail address, or nothing") from fault
    return text.strip()


def _date_or_empty(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as fault:
        raise ValueError("a date such as 2026-02-01, or nothing") from fault


def _time_zone(text: str) -> str:
    if text.strip() not in available_timezones():
        raise ValueError("a time zone such as Australia/Sydney")
    return text.strip()


RANGES = {
    "letter_life_days": (7, 180),
    "email_life_days": (1, 30),
    "failed_tries": (3, 10),
    "student_minimum_age": (0, 18),
}
"""The whole numbers that a district may choose; of these a school may be stricter (tenancy/school_settings.py)."""

SETTINGS = {
    setting.name: setting
    for setting in [
        Setting("portal_open", "Families may sign in and redeem keys", _yes_no),
        Setting(
            "portal_opens_on",
            "The opening date that is shown while the portal is closed",
            _date_or_empty,
        ),
        Setting(
            "second_proof",
            "What a family is asked besides the key",
            _choice(*SecondProof.values),
        ),
        Setting("letter_life_days", "Days that a printed key can be used", _number(*RANGES["letter_life_days"])),
        Setting("email_life_days", "Days that an e-mailed key can be used", _number(*RANGES["email_life_days"])),
        Setting("failed_tries", "Wrong tries after which a key locks", _number(*RANGES["failed_tries"])),
        Setting(
            "leaving_grace_days",
            "Days that a key or tie outlives the last child",
            _number(0, 365),
        ),
        Setting(
            "help_line",
            "The phone number or words that families are told to turn to",
            _line(60),
        ),
        Setting("help_address", "The address families may write to", _line(254)),
        Setting("reply_to", "Where answers to our mails go", _email_or_empty),
        Setting(
            "mails_per_hour",
            "Mails handed over in an hour at most",
            _number(1, 1_000_000),
        ),
        Setting(
            "access_policy",
            "What a roster's blank portal-access flag means",
            _choice(*AccessPolicy.values),
        ),
        Setting("parent_sign_up", "Parents and carers may make accounts and use keys", _yes_no),
        Setting("student_sign_up", "Students may make accounts and use keys of their own", _yes_no),
        Setting("forgot_password", "Families and students may ask for a new password by e-mail", _yes_no),
        Setting(
            "student_minimum_age",
            "Age from which a student may have an account",
            _number(*RANGES["student_minimum_age"]),
        ),
        Setting("paper", "The paper letters are printed on", _choice(*Paper.values)),
        Setting("language", "The school's language", _choice("en", "ar")),
        Setting("time_zone", "The school's time zone", _time_zone),
    ]
}


@transaction.atomic(durable=True)
def change_settings(*, tenant: Tenant, changes: Mapping[str, str], by: Actor, at: datetime) -> dict[str, Any]:
    """Set each named setting from its text; all or none. Returns every setting of the tenant as JSON values.

    Raises SettingRefused, naming the setting and what is allowed. The portal opens only with a help line (R-ST-06), and
    closing it ends the sessions of families and students: who comes back when it opens signs in anew (R-ST-09).
    """
    _change(tenant=tenant, changes=changes, by=by, at=at)
    return settings_of(tenant=tenant)


@transaction.atomic(durable=True)
def put_back_settings(*, tenant: Tenant, entry_id: int, by: Actor, at: datetime) -> list[str]:
    """Set what one change of settings changed to what it was before (R-DI-01); the names of those that differ now.

    entry_id: of the audit's entry. Raises NotFound, and SettingRefused where a value is not allowed any more.
    """
    entry = AuditEntry.objects.filter(tenant_id=tenant.pk, act="setting.changed", pk=entry_id).first()
    if entry is None:
        raise NotFound
    before: Mapping[str, Any] = entry.detail["before"]
    changes = {name: _as_text(value) for name, value in before.items() if name in SETTINGS}
    return _change(tenant=tenant, changes=changes, by=by, at=at, detail={"puts_back": entry.seq})


def _as_text(value: Any) -> str:
    """A value as the audit keeps it, as the text that sets it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _change(
    *, tenant: Tenant, changes: Mapping[str, str], by: Actor, at: datetime, detail: Mapping[str, Any] | None = None
) -> list[str]:
    """Step: the names of the settings that were changed."""
    row = TenantSettings.objects.select_for_update().get(tenant=tenant)
    tenant.refresh_from_db(fields=["time_zone"])
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, text in changes.items():
        value = _read(name, text)
        holder = tenant if name == "time_zone" else row
        if getattr(holder, name) != value:
            before[name], after[name] = getattr(holder, name), value
            setattr(holder, name, value)
    if row.portal_open and not row.help_line:
        raise SettingRefused(
            "The portal can't open without a help line, since families must know whom to ask.",
            fix="Set help_line as well.",
        )
    if after:
        stamp = {"at": at.isoformat(), "by": by.user_id}
        row.changed = {**row.changed, **dict.fromkeys(after, stamp)}
        row.save()
        tenant.save(update_fields=["time_zone"])
        if before.get("portal_open"):
            accounts = User.objects.for_tenant(tenant).filter(kind__in=[UserKind.FAMILY, UserKind.STUDENT])
            accounts.update(session_epoch=F("session_epoch") + 1)
        record(
            "setting.changed",
            tenant_id=tenant.pk,
            by=by,
            at=at,
            subjects=[("tenant", tenant.pk)],
            detail={"before": before, "after": after, **(detail or {})},
        )
    return list(after)


def note_key_system(*, tenant: Tenant, system: KeySystem, by: Actor, at: datetime) -> KeySystem:
    """Step of keys/switch_system.py: put this system into the tenant's one row (R-ST-01); the one that was in force.

    Locks the row. The caller ends what belongs to the old system, and writes the audit.
    """
    row = TenantSettings.objects.select_for_update().get(tenant=tenant)
    before = KeySystem(row.key_system)
    row.key_system = system
    row.changed = {**row.changed, "key_system": {"at": at.isoformat(), "by": by.user_id}}
    if before != system:
        row.save(update_fields=["key_system", "changed"])
    return before


def settings_of(*, tenant: Tenant) -> dict[str, Any]:
    """Query: every setting with its value, as JSON values; the key system too, which only its own act changes."""
    row = TenantSettings.objects.get(tenant=tenant)
    found: dict[str, Any] = {"key_system": row.key_system}
    for name in SETTINGS:
        value = tenant.time_zone if name == "time_zone" else getattr(row, name)
        found[name] = value.isoformat() if isinstance(value, date) else value
    return found


def _read(name: str, text: str) -> Any:
    setting = SETTINGS.get(name)
    if setting is None:
        raise SettingRefused(
            f"There is no setting {name!r}.",
            fix="The settings are: " + ", ".join(SETTINGS) + ".",
        )
    try:
        return setting.read(text)
    except ValueError as fault:
        raise SettingRefused(f"{name} can't be {text!r}.", fix=f"It is {fault}.") from fault
