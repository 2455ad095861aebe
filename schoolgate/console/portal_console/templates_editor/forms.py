"""The text of a letter or mail, as it is written."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from schoolgate.letters.errors import TemplateRefused
from schoolgate.letters.fields import Part, TemplateKind
from schoolgate.letters.preview_template import Draft
from schoolgate.letters.queries import TextInUse


class TemplateForm(forms.Form):
    """based_on: the version that this text was written over."""

    subject = forms.CharField(
        label=_("Subject"),
        strip=False,
        max_length=1_000,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        error_messages={"required": _("Write a subject.")},
    )
    body = forms.CharField(
        label=_("Text"),
        strip=False,
        max_length=50_000,
        help_text=_("Two stars around **words** make them bold, one *italic*; # begins a heading, 1. a list."),
        widget=forms.Textarea(attrs={"rows": 22, "dir": "auto", "class": "sg-source"}),
        error_messages={"required": _("Write the text.")},
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def __init__(self, *args: Any, kind: TemplateKind, **kwargs: Any) -> None:  # Any: Django's own arguments.
        super().__init__(*args, **kwargs)
        self.kind = kind
        if kind.channel is Part.LETTER:
            del self.fields["subject"]

    @classmethod
    def of(cls, text: TextInUse, *, kind: TemplateKind) -> "TemplateForm":
        initial = {"subject": text.subject, "body": text.body, "based_on": text.version}
        return cls(kind=kind, initial=initial)

    @property
    def draft(self) -> Draft:
        found = self.cleaned_data
        return Draft(self.kind.channel, found.get("subject", ""), found["body"].replace("\r\n", "\n"), self.kind.name)

    def refuse(self, refusal: TemplateRefused) -> None:
        """Each fault at its field, with line and column (R-TP-03)."""
        for fault in refusal.faults:
            self.add_error(fault.part if fault.part in self.fields else "body", str(fault))
