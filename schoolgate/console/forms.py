"""The forms of the door."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "inputmode": "email", "dir": "ltr", "autocapitalize": "none"}
        ),
        error_messages={"required": _("Enter your e-mail address.")},
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "dir": "ltr"}),
        error_messages={"required": _("Enter your password.")},
    )


class FreshForm(forms.Form):
    password = SignInForm.base_fields["password"]


class ChoosePasswordForm(forms.Form):
    link = forms.CharField(
        label=_("Your sign-in link"),
        help_text=_("The whole link that your administrator gave you."),
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "data-fragment": "t"}),
        error_messages={"required": _("Paste the link that your administrator gave you.")},
    )
    password = forms.CharField(
        label=_("New password"),
        help_text=_("At least 12 characters. Three or four words that don't belong together are good."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "dir": "ltr"}),
        error_messages={"required": _("Choose a password.")},
    )

    def clean_link(self) -> str:
        """The token alone, whether a whole link was pasted or only its end."""
        return str(self.cleaned_data["link"]).rpartition("#t=")[2].strip()
