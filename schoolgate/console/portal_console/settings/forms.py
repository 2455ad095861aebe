"""The sections of the Settings page, one form each. Ranges stand in tenancy/settings.py, which has the last word."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.tenancy.models import AccessPolicy, Paper, SecondProof


def _days(label: Any, low: int, high: int, help_text: Any) -> forms.IntegerField:
    # Any: Django's own names for lazy texts differ between its stubs.
    wrong = gettext_lazy("Enter a whole number from %(low)s to %(high)s.")
    said = {name: wrong % {"low": low, "high": high} for name in ("required", "invalid", "min_value", "max_value")}
    return forms.IntegerField(label=label, min_value=low, max_value=high, help_text=help_text, error_messages=said)


class SectionForm(forms.Form):
    """title, lead: above its fields. Names of fields are names of settings."""

    title: str | Promise = ""
    lead: str | Promise = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: handed on as they are.
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def as_changes(self) -> dict[str, str]:
        """The cleaned values as the texts that tenancy/settings.py reads."""
        return {name: _text(value) for name, value in self.cleaned_data.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


class PortalForm(SectionForm):
    title = gettext_lazy("Family portal")
    lead = gettext_lazy("Whether families can come in, and whom they ask.")

    help_line = forms.CharField(
        label=gettext_lazy("Help line"),
        help_text=gettext_lazy(
            "A phone number or a few words. Shown on every family page and letter; needed before the portal opens."
        ),
        max_length=60,
        required=False,
    )
    help_address = forms.CharField(
        label=gettext_lazy("Address for questions"),
        help_text=gettext_lazy("Where families may write or go to."),
        max_length=254,
        required=False,
    )
    portal_open = forms.BooleanField(label=gettext_lazy("The portal is open"), required=False)
    portal_opens_on = forms.DateField(
        label=gettext_lazy("Opening date"),
        help_text=gettext_lazy("Shown to families while the portal is closed."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Enter the date like 2026-02-01.")},
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("portal_open") and not found.get("help_line", "").strip():
            self.add_error("help_line", _("Enter a help line before the portal opens: families must know whom to ask."))
        return found


class ProofForm(SectionForm):
    title = gettext_lazy("Second proof")
    lead = gettext_lazy("What a family is asked besides the key, in case a letter went astray.")

    second_proof = forms.ChoiceField(
        label=gettext_lazy("Families are asked for"),
        choices=[
            (SecondProof.DATE_OF_BIRTH, gettext_lazy("A child's date of birth")),
            (SecondProof.NONE, gettext_lazy("Nothing besides the key")),
        ],
        widget=forms.RadioSelect,
    )


class KeysForm(SectionForm):
    title = gettext_lazy("Lives of keys")
    lead = gettext_lazy(
        "Days end at midnight in the school's time zone. A shorter life never shortens a date that is printed already."
    )

    letter_life_days = _days(
        gettext_lazy("A printed key can be used for (days)"),
        7,
        180,
        gettext_lazy("From 7 to 180, counted from printing."),
    )
    email_life_days = _days(
        gettext_lazy("An e-mailed key can be used for (days)"),
        1,
        30,
        gettext_lazy("From 1 to 30, counted from sending."),
    )
    failed_tries = _days(gettext_lazy("Wrong tries before a key locks"), 3, 10, gettext_lazy("From 3 to 10."))
    leaving_grace_days = _days(
        gettext_lazy("A key outlives the last student by (days)"),
        0,
        365,
        gettext_lazy("From 0 to 365: the leaving grace."),
    )


class MailForm(SectionForm):
    title = gettext_lazy("Letters and emails")

    reply_to = forms.EmailField(
        label=gettext_lazy("Answers go to"),
        help_text=gettext_lazy("The office's address, for replies to our emails."),
        required=False,
        error_messages={"invalid": gettext_lazy("Enter an address such as office@school.example.")},
    )
    mails_per_hour = _days(
        gettext_lazy("Emails in an hour at most"), 1, 1_000_000, gettext_lazy("As many as your mail server takes.")
    )
    paper = forms.ChoiceField(
        label=gettext_lazy("Paper"), choices=[(Paper.A4, "A4"), (Paper.US_LETTER, gettext_lazy("US Letter"))]
    )
    language = forms.ChoiceField(label=gettext_lazy("The school's language"), choices=settings.LANGUAGES)


class SchoolForm(SectionForm):
    title = gettext_lazy("School")

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=lambda: [(name, name.replace("_", " ")) for name in sorted(available_timezones())],
    )
    access_policy = forms.ChoiceField(
        label=gettext_lazy("A roster that leaves Has Portal Access blank means"),
        choices=[
            (AccessPolicy.GUARDIANS, gettext_lazy("On for guardians and parents, off for others")),
            (AccessPolicy.OFF, gettext_lazy("Off")),
        ],
        widget=forms.RadioSelect,
    )


SECTIONS: dict[str, type[SectionForm]] = {
    "portal": PortalForm,
    "proof": ProofForm,
    "keys": KeysForm,
    "mail": MailForm,
    "school": SchoolForm,
}
