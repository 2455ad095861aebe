"""Who may do what; what of the audit to show."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from schoolgate.tenancy.change_member import SINGLE_RIGHTS
from schoolgate.tenancy.models import Membership, Role, School

ROLE_WORDS = {
    Role.OWNER: _("Owner"),
    Role.ADMINISTRATOR: _("Administrator"),
    Role.ENROLMENTS_OFFICER: _("Enrolments officer: people, households, restrictions, Data Sync"),
    Role.PORTAL_OFFICER: _("Portal officer: keys, letters, mails, accounts"),
    Role.INTEGRATIONS_OFFICER: _("Integrations officer: connections to other systems"),
    Role.AUDITOR: _("Auditor: reads everything, changes nothing"),
}


class MembershipForm(forms.Form):
    """Role, reach and the single rights inside the role, which are off for new members."""

    role = forms.ChoiceField(
        label=_("Role"), widget=forms.RadioSelect, error_messages={"required": _("Choose a role.")}
    )
    school = forms.TypedChoiceField(
        label=_("For"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("A member for one school sees and acts on that school's people only."),
        error_messages={"required": _("Choose one of your schools.")},
    )
    may_see_keys = forms.BooleanField(label=_("May show keys on the screen"), required=False)
    may_bulk_print = forms.BooleanField(label=_("May download files of letters"), required=False)
    may_export = forms.BooleanField(label=_("May download lists"), required=False)
    may_see_restrictions = forms.BooleanField(label=_("May read the notes of restrictions"), required=False)

    def __init__(
        self, *given: Any, schools: list[School], may_name_all_schools: bool, may_name_owners: bool, **options: Any
    ) -> None:
        super().__init__(*given, **options)
        roles = [role for role in Role if may_name_owners or role != Role.OWNER]
        self.fields["role"].choices = [(role.value, ROLE_WORDS[role]) for role in roles]  # type: ignore[attr-defined]  # A choice field.
        every = [("", _("All schools"))] if may_name_all_schools else []
        self.fields["school"].required = not may_name_all_schools
        self.fields["school"].choices = [*every, *((one.pk, one.name) for one in schools)]  # type: ignore[attr-defined]  # A choice field.

    @classmethod
    def of(cls, row: Membership, **options: Any) -> "MembershipForm":
        rights = {name: getattr(row, name) for name in SINGLE_RIGHTS}
        return cls(initial={"role": row.role, "school": row.school_id, **rights}, **options)

    def single_rights(self) -> dict[str, bool]:
        return {name: self.cleaned_data[name] for name in SINGLE_RIGHTS}


class MemberForm(MembershipForm):
    """A new member."""

    name = forms.CharField(label=_("Name"), max_length=200, error_messages={"required": _("Enter a name.")})
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter an e-mail address."),
            "invalid": _("Enter an e-mail address, such as office@school.example."),
        },
    )
    field_order = ["name", "email", "role", "school", *SINGLE_RIGHTS]
