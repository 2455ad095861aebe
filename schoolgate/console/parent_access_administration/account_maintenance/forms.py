"""What the acts on accounts ask for."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from schoolgate.tenancy.models import User

_REASON = {"required": _("Say why. The audit log keeps it; the person is not told.")}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, error_messages=_REASON)


class ConfirmForm(forms.Form):
    """Nothing to fill in: the button says the deed."""


class UpdateForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=200, required=False, help_text=_("As it is shown here and to the person.")
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, help_text=_("Of the portal's pages and of mails about this account.")
    )

    def __init__(self, posted: Any, *, account: User) -> None:
        super().__init__(posted, initial={"name": account.name, "language": account.language})
        self.fields["language"].choices = [("", _("The school's language")), *settings.LANGUAGES]  # type: ignore[attr-defined]  # A choice field.


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=_("New e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter an e-mail address."),
            "invalid": _("Enter one e-mail address, such as name@example.org."),
        },
    )


class UsernameForm(forms.Form):
    username = forms.RegexField(
        r"^[A-Za-z0-9._-]{6,50}$",
        label=_("User name"),
        help_text=_("6 to 50 letters and digits."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "none"}),
        error_messages={"required": _("Enter a user name."), "invalid": _("Use 6 to 50 letters and digits.")},
    )


class CodeForm(forms.Form):
    checked = forms.CharField(
        label=_("How did you make sure who is asking?"),
        max_length=200,
        help_text=_("For example: in person, with a document; or a call back to the number on file."),
        error_messages={"required": _("Say how you made sure who is asking.")},
    )


class RemoveStudentForm(forms.Form):
    """way: one of those that the member's role covers."""

    way = forms.ChoiceField(
        label=_("How"), widget=forms.RadioSelect, error_messages={"required": _("Choose one of the ways.")}
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, error_messages=_REASON)

    def __init__(self, *given: Any, ways: list[tuple[str, Any]]) -> None:
        super().__init__(*given)
        self.fields["way"].choices = ways  # type: ignore[attr-defined]  # A choice field.


class ExportForm(forms.Form):
    columns = forms.MultipleChoiceField(
        label=_("Columns"), widget=forms.CheckboxSelectMultiple, error_messages={"required": _("Choose a column.")}
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        error_messages={"required": _("Say what the list is for. The audit log keeps it.")},
    )

    def __init__(self, posted: Any, *, columns: dict[str, Any]) -> None:
        super().__init__(posted, initial={"columns": list(columns)})
        self.fields["columns"].choices = list(columns.items())  # type: ignore[attr-defined]  # A choice field.
