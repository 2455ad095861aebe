"""A school or campus."""

from django import forms
from django.utils.translation import gettext_lazy as _

from schoolgate.tenancy.models import School


class SchoolForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, error_messages={"required": _("Enter a name.")})
    number = forms.IntegerField(
        label=_("School code"),
        min_value=1,
        max_value=999_999_999_999,
        help_text=_("The number by which other systems know this campus."),
        error_messages={"required": _("Enter the school code, a number."), "invalid": _("Enter a number.")},
    )


class EditSchoolForm(SchoolForm):
    is_active = forms.BooleanField(label=_("Active"), required=False)

    @classmethod
    def of(cls, row: School) -> "EditSchoolForm":
        return cls(initial={"name": row.name, "number": row.number, "is_active": row.is_active})
