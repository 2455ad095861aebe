"""The part of the page that looks at the records of the sender's domain (R-TP-11)."""

from dataclasses import dataclass, field

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy

from schoolgate.letters.check_sender import (
    NamesAway,
    SenderFinding,
    check_sender,
    domain_of,
    is_selector,
    look_up_texts,
)


class SenderForm(forms.Form):
    selector = forms.CharField(
        label=gettext_lazy("Name of your mail server's DKIM key (selector)"),
        help_text=gettext_lazy("Such as s1 or mail2026. Leave it empty if you don't know it."),
        max_length=63,
        required=False,
    )

    def clean_selector(self) -> str:
        selector = str(self.cleaned_data["selector"]).strip()
        if selector and not is_selector(selector):
            raise forms.ValidationError(gettext_lazy("Letters, digits, dots and hyphens only, such as s1."))
        return selector


@dataclass(frozen=True)
class Sender:
    """is_sending: a mail server is set. findings: once they were asked for. fault: why there are none."""

    address: str
    is_sending: bool
    form: SenderForm
    findings: list[SenderFinding] = field(default_factory=list)
    fault: str = ""


def sender_of(form: SenderForm) -> Sender:
    """Names are looked up only when that was asked for, and never where no mail leaves."""
    address, is_sending = settings.DEFAULT_FROM_EMAIL, bool(settings.EMAIL_URL)
    if not is_sending or not form.is_bound or not form.is_valid():
        return Sender(address, is_sending, form)
    try:
        found = check_sender(domain_of(address), selector=form.cleaned_data["selector"], texts=look_up_texts)
    except NamesAway as away:
        return Sender(address, is_sending, form, fault=away.in_full)
    return Sender(address, is_sending, form, found)
