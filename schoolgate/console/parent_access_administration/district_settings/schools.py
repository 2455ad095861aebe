"""*Schools that differ*: what each has stricter than the district, and the page where that is changed (R-DI-02)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from schoolgate.console.portal_console.settings.page import Line, line_of
from schoolgate.directory.queries import count_younger
from schoolgate.keys.by_school import SchoolKeys, count_school_keys
from schoolgate.tenancy.models import School, SchoolSettings, SecondProof, Tenant
from schoolgate.tenancy.queries import names_of_users, schools_of
from schoolgate.tenancy.school_rules import STRICTER, Rules, rules_for, rules_of_district
from schoolgate.tenancy.school_settings import range_for, school_settings_of

LABELS = {
    "letter_life_days": gettext_lazy("A printed key can be used for (days)"),
    "email_life_days": gettext_lazy("An e-mailed key can be used for (days)"),
    "failed_tries": gettext_lazy("Wrong tries before a key locks"),
    "second_proof": gettext_lazy("Families are asked for"),
    "parent_sign_up": gettext_lazy("Parents and carers may use keys"),
    "student_sign_up": gettext_lazy("Students may make accounts and use keys of their own"),
    "student_minimum_age": gettext_lazy("Youngest student who may have an account (years)"),
}
_NUMBERS = ("letter_life_days", "email_life_days", "failed_tries", "student_minimum_age")


@dataclass(frozen=True)
class OwnSetting:
    """One setting of a school. counts: False where the district is as strict by now, or stricter."""

    label: str
    value: str
    district: str
    counts: bool


@dataclass(frozen=True)
class Differing:
    school: School
    exceptions: tuple[OwnSetting, ...]


class SchoolSettingsForm(forms.Form):
    """Empty: as the district. What is left as it was is not looked at (tenancy/school_settings.py)."""

    needs_nothing = True  # So no field of it is called optional.

    def __init__(self, *args: Any, district: Rules, **kwargs: Any) -> None:  # Any: handed on as they are.
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.district = district
        for name, label in LABELS.items():
            self.fields[name] = _number(name, label, district) if name in _NUMBERS else _choice(name, label, district)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        for name in _NUMBERS:
            low, high = range_for(name, district=self.district)
            value = found.get(name)
            if value is not None and value != self.initial.get(name) and not low <= value <= high:
                self.add_error(name, _wrong_number() % {"low": low, "high": high})
        return found

    def as_changes(self) -> dict[str, str]:
        """The cleaned values as the texts that tenancy/school_settings.py reads."""
        return {name: "" if value is None else str(value) for name, value in self.cleaned_data.items()}


def _wrong_number() -> str:
    return _("Enter a whole number from %(low)s to %(high)s, or leave it empty.")


def _number(name: str, label: Any, district: Rules) -> forms.IntegerField:  # Any: lazy texts.
    low, high = range_for(name, district=district)
    words = {"low": low, "high": high, "district": getattr(district, name)}
    said = _wrong_number() % words
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        help_text=_("The district: %(district)s. From %(low)s to %(high)s; empty is as the district.") % words,
        error_messages={"invalid": said, "min_value": said},
    )


def _choice(name: str, label: Any, district: Rules) -> forms.ChoiceField:
    as_district = _("As the district: %(district)s") % {"district": _shown(name, getattr(district, name))}
    stricter = "date_of_birth" if name == "second_proof" else "no"
    words = _("A child's date of birth") if name == "second_proof" else _("Off")
    return forms.ChoiceField(
        label=label, required=False, choices=[("", as_district), (stricter, words)], widget=forms.RadioSelect
    )


def form_of(tenant: Tenant, row: SchoolSettings | None, *, sent: Mapping[str, Any] | None = None) -> SchoolSettingsForm:
    """With what the school has of its own; sent: what was typed instead."""
    values = row.values() if row is not None else {}
    initial = {name: "no" if value is False else value for name, value in values.items()}
    return SchoolSettingsForm(sent, auto_id="school_%s", initial=initial, district=rules_of_district(tenant))


def differing_schools(tenant: Tenant) -> list[Differing]:
    """Query: the schools that differ, by name, each with what it has of its own; one statement."""
    district = rules_of_district(tenant)
    return [
        Differing(
            row.school,
            tuple(
                OwnSetting(
                    str(LABELS[name]),
                    _shown(name, value),
                    _shown(name, getattr(district, name)),
                    STRICTER[name](getattr(district, name), value) != getattr(district, name),
                )
                for name, value in row.values().items()
            ),
        )
        for row in school_settings_of(tenant=tenant)
    ]


def schools_alike(tenant: Tenant, differing: list[Differing]) -> list[School]:
    """Query: active schools without exceptions, which may get some."""
    ids = {each.school.pk for each in differing}
    return [school for school in schools_of(tenant) if school.is_active and school.pk not in ids]


def lines_of_school(
    tenant: Tenant, school: School, row: SchoolSettings | None, form: SchoolSettingsForm, *, at: datetime
) -> list[Line]:
    """The fields, each with what a change of it does at this school, in numbers, and who changed it last (R-DI-01)."""
    rules = rules_for(tenant=tenant, school_ids=[school.pk])
    keys = count_school_keys(tenant=tenant, school_id=school.pk, at=at)
    young = count_younger(tenant=tenant, school_id=school.pk, age=rules.student_minimum_age, at=at)
    effects = _effects(keys, young)
    changed = row.changed if row is not None else {}
    names = names_of_users(tenant, {stamp["by"] for stamp in changed.values() if stamp.get("by")})
    return [line_of(form[name], changed.get(name), names, effects[name]) for name in form.fields]


def _effects(keys: SchoolKeys, young: int) -> dict[str, str]:
    live = keys.parents + keys.students
    return {
        "letter_life_days": ngettext(
            "%(n)s printed key that opens a student here keeps its date; a copy printed later may get a later one.",
            "%(n)s printed keys that open students here keep their dates; copies printed later may get later ones.",
            keys.printed,
        )
        % {"n": keys.printed},
        "email_life_days": ngettext(
            "%(n)s e-mailed key that opens a student here keeps the date told in its email.",
            "%(n)s e-mailed keys that open students here keep the dates told in their emails.",
            keys.emailed,
        )
        % {"n": keys.emailed},
        "failed_tries": ngettext(
            "Counts at once for %(n)s live key that opens a student here; one with as many wrong tries is locked.",
            "Counts at once for %(n)s live keys that open students here; those with as many wrong tries are locked.",
            live,
        )
        % {"n": live},
        "second_proof": ngettext(
            "Counts at once for %(n)s live key that opens a student here; letters that are out stay as they are.",
            "Counts at once for %(n)s live keys that open students here; letters that are out stay as they are.",
            live,
        )
        % {"n": live},
        "parent_sign_up": ngettext(
            "%(n)s live key of an adult opens a student here. Off refuses it, unless it opens a student of another school, where it is on.",
            "%(n)s live keys of adults open students here. Off refuses them, but for those that open a student of another school, where it is on.",
            keys.parents,
        )
        % {"n": keys.parents},
        "student_sign_up": ngettext(
            "Off refuses %(n)s live key of a student here at once. Whoever has an account signs in as before.",
            "Off refuses %(n)s live keys of students here at once. Whoever has an account signs in as before.",
            keys.students,
        )
        % {"n": keys.students},
        "student_minimum_age": ngettext(
            "%(n)s active student here is younger now and gets no key of their own. Accounts that are there stay.",
            "%(n)s active students here are younger now and get no key of their own. Accounts that are there stay.",
            young,
        )
        % {"n": young},
    }


def _shown(name: str, value: Any) -> str:
    if name == "second_proof":
        return _("a child's date of birth") if value == SecondProof.DATE_OF_BIRTH else _("nothing besides the key")
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return str(value)
