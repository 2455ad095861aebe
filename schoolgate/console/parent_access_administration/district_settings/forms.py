"""The sections of District Settings: their names of fields are names of settings (registration-keys §9)."""

from django import forms
from django.utils.translation import gettext_lazy

from schoolgate.console.portal_console.settings.forms import KeysForm, ProofForm, SectionForm


class SignUpForm(SectionForm):
    title = gettext_lazy("Sign-up")
    lead = gettext_lazy("Off means off: pages that make accounts or take keys are hidden, and refused at the server.")

    parent_sign_up = forms.BooleanField(
        label=gettext_lazy("Parents and carers may make accounts and use keys"), required=False
    )
    student_sign_up = forms.BooleanField(
        label=gettext_lazy("Students may make accounts and use keys of their own"), required=False
    )
    student_minimum_age = forms.IntegerField(
        label=gettext_lazy("Youngest student who may have an account (years)"),
        min_value=0,
        max_value=18,
        help_text=gettext_lazy("From 0 to 18."),
        error_messages={
            name: gettext_lazy("Enter a whole number from 0 to 18.")
            for name in ("required", "invalid", "min_value", "max_value")
        },
    )


class PasswordForm(SectionForm):
    title = gettext_lazy("Forgotten passwords")
    lead = gettext_lazy("Stays as it is when sign-up is turned off, so that account holders find back.")

    forgot_password = forms.BooleanField(
        label=gettext_lazy("Families and students may ask for a new password by e-mail"), required=False
    )


SECTIONS: dict[str, type[SectionForm]] = {
    "sign-up": SignUpForm,
    "passwords": PasswordForm,
    "proof": ProofForm,
    "keys": KeysForm,
}
