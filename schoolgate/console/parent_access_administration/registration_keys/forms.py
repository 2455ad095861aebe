"""The forms of Registration Key Maintenance."""

import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.lib.names import surname_parts
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import School
from schoolgate.tenancy.queries import schools_of
from schoolgate.tenancy.roles import Right

_SPREADSHEET = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)


class SearchForm(forms.Form):
    """The search, by GET (R-RK-01 to R-RK-03). schools: those that the member may see, inactive ones too."""

    school = forms.ChoiceField(label=gettext_lazy("School"), required=False)
    inactive = forms.BooleanField(
        label=gettext_lazy("Show Inactive Schools"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "sg-ck"}),
    )
    student_no = forms.CharField(
        label=gettext_lazy("Student Id"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    surname = forms.CharField(
        label=gettext_lazy("Student Last Name"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, given: QueryDict | None, *, schools: Collection[School]) -> None:
        super().__init__(given, auto_id="seek_%s", label_suffix="")
        self.shows_inactive = bool(given and given.get("inactive"))
        offered = [school for school in schools if school.is_active or self.shows_inactive]
        self.school_ids_offered = [school.pk for school in offered]
        self.school_ids_hidden = [school.pk for school in schools if not (school.is_active or self.shows_inactive)]
        self.school_ids_closed = [school.pk for school in offered if not school.is_active]
        self.fell_back = self._falls_back(given, schools)
        field = self.fields["school"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All my schools")), *((str(each.pk), school_label(each)) for each in offered)]

    def _falls_back(self, given: QueryDict | None, schools: Collection[School]) -> bool:
        """An inactive school is chosen, and inactive schools are not shown any more: then all schools are, and it is said (R-RK-01)."""
        if given is None or self.shows_inactive:
            return False
        hidden = {str(school.pk) for school in schools if not school.is_active}
        if given.get("school", "") not in hidden:
            return False
        self.data = given.copy()
        self.data["school"] = ""
        return True

    def clean_student_no(self) -> str:
        given = str(self.cleaned_data["student_no"]).strip()
        if _SPREADSHEET.fullmatch(given):
            raise forms.ValidationError(
                _(
                    "This is a number as a spreadsheet writes it. Format the column as text, and copy the Student Id again."
                )
            )
        return given

    def clean_surname(self) -> str:
        given = str(self.cleaned_data["surname"]).strip()
        sought = "".join(surname_parts(given))
        # A sign of a script without case may be a whole surname.
        if given and len(sought) < 2 and not (sought.isalpha() and sought.upper() == sought.lower()):
            raise forms.ValidationError(_("Enter at least two letters of the surname."))
        return given

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if not self.errors and not (found.get("school") or found.get("student_no") or found.get("surname")):
            told = _("Choose a school, or enter a Student Id or a surname.")
            for name in ("school", "student_no", "surname"):
                self.add_error(name, told)
        return found


def search_form(request: TenantRequest, given: QueryDict | None) -> SearchForm:
    """Query: the search with the schools that the member may see. given: None before the first Go."""
    return SearchForm(given, schools=schools_of(request.tenant, only=request.rights[Right.KEYS_READ]))


def school_label(school: School) -> str:
    return school.name if school.is_active else _("%(school)s (inactive)") % {"school": school.name}


class ReplaceForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the audit, such as: slip lost."),
        max_length=200,
        required=False,
    )


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the audit. Families are not told."),
        max_length=200,
        error_messages={"required": gettext_lazy("Say why the key is revoked.")},
    )


class EmailForm(forms.Form):
    again = forms.BooleanField(
        label=gettext_lazy("Also if this key was mailed before"),
        help_text=gettext_lazy("The same key once more, with the same or a later date."),
        required=False,
    )


class PlainForm(forms.Form):
    """An act that asks for nothing."""
