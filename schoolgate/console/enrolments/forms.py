"""What the office fills in about people, households and who belongs to whom."""

from datetime import date
from typing import Any, Self

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from schoolgate.enrolments.associate import NewAssociation
from schoolgate.enrolments.edit_association import AssociationFields
from schoolgate.enrolments.models import Association, ContactType, PersonState, RestrictionKind, Student
from schoolgate.enrolments.people import ContactFields, HouseholdFields, StudentFields
from schoolgate.enrolments.save_restriction import RestrictionTerms
from schoolgate.tenancy.models import School

DATE_FAULT = _("Enter the date like 27 3 2016.")


class DateField(forms.DateField):
    """A day, by the browser's own field or typed."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        formats = ["%Y-%m-%d", "%d %m %Y", "%d/%m/%Y", "%d.%m.%Y"]
        super().__init__(widget=widget, input_formats=formats, error_messages={"invalid": DATE_FAULT}, **options)


class StatedField(forms.TypedChoiceField):
    """Yes, no, or not stated (None)."""

    def __init__(self, **options: Any) -> None:
        choices = [("", _("Not stated")), ("yes", _("Yes")), ("no", _("No"))]
        super().__init__(
            choices=choices, coerce=lambda word: word == "yes", empty_value=None, required=False, **options
        )


def stated(value: bool | None) -> str:
    """What StatedField shows for a value."""
    return {True: "yes", False: "no", None: ""}[value]


class EmailField(forms.EmailField):
    """An address the school may write to; one alone."""

    def __init__(self) -> None:
        widget = forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"})
        fault = {"invalid": _("Enter one e-mail address, such as name@example.org.")}
        super().__init__(label=_("E-mail"), required=False, max_length=254, widget=widget, error_messages=fault)


def _words(label: Any, *, most: int = 200, required: bool = False, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, required=required, **options)


class EditForm(forms.Form):
    """base_no: the version that the person opened; a later save by somebody else is shown, not overwritten."""

    base_no = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @classmethod
    def of(cls, row: models.Model, **options: Any) -> Self:
        """The form filled with a row as it is."""
        initial = {name: getattr(row, name, None) for name in cls.base_fields if name != "base_no"}
        return cls(initial={**initial, "base_no": row.changed_no}, **options)  # type: ignore[attr-defined]  # Enrolled.

    def values(self) -> dict[str, Any]:
        """The cleaned values of the person's own fields."""
        return {name: value for name, value in self.cleaned_data.items() if name != "base_no"}


class StudentForm(EditForm):
    family_name = _words(_("Family name"), required=True, error_messages={"required": _("Enter a family name.")})
    given_name = _words(_("Given name"), required=True, error_messages={"required": _("Enter a given name.")})
    middle_name = _words(_("Middle name"))
    preferred_name = _words(_("Preferred name"), help_text=_("What the student is called, if not by the given name."))
    student_no = _words(_("Student Id"), most=255, required=True, error_messages={"required": _("Enter a Student Id.")})
    school_id = forms.TypedChoiceField(
        label=_("School"), coerce=int, error_messages={"required": _("Choose a school.")}
    )
    second_school_id = forms.TypedChoiceField(
        label=_("Second school"),
        coerce=int,
        required=False,
        empty_value=None,
        help_text=_(
            "If the student goes to two. Both offices then see the student; lists and letters go by the first."
        ),
    )
    year_level = _words(_("Year"), most=40)
    roll_class = _words(_("Class"), most=80)
    birth_date = DateField(label=_("Date of birth"), required=False)
    state = forms.ChoiceField(
        label=_("Enrolment status"), choices=[(PersonState.ACTIVE, _("Active")), (PersonState.INACTIVE, _("Inactive"))]
    )
    starts_on = DateField(label=_("First day"), required=False)
    ends_on = DateField(label=_("Last day"), required=False)
    email = EmailField()

    def __init__(self, *given: Any, schools: list[School], now: Student | None = None, **options: Any) -> None:
        """schools: the member's. now: the student as they are; a place at a school beyond the member's can't be changed."""
        super().__init__(*given, **options)
        places = {"school_id": now and now.school, "second_school_id": now and now.second_school}
        for name, place in places.items():
            offered = [None, *schools] if place is None or place in schools else [place]
            self.fields[name].choices = [  # type: ignore[attr-defined]  # A choice field.
                (each.pk, f"{each.name} ({each.number})") if each else ("", "") for each in offered
            ]
            self.fields[name].required |= None not in offered  # To leave it out would take the student out of it.
        if len(schools) < 2 and places["second_school_id"] is None:
            del self.fields["second_school_id"]

    def clean_birth_date(self) -> date | None:
        born: date | None = self.cleaned_data["birth_date"]
        if born is not None and not date(1900, 1, 1) <= born <= date.today():  # noqa: DTZ011  # A day either way is no matter.
            raise forms.ValidationError(_("Enter a date of birth in the past."))
        return born

    def fields_given(self) -> StudentFields:
        return StudentFields(**self.values())


class ContactForm(EditForm):
    given_name = _words(_("Given name"))
    family_name = _words(_("Family name"), required=True, error_messages={"required": _("Enter a family name.")})
    title = _words(_("Title"), most=40)
    type = forms.ChoiceField(
        label=_("Type"),
        choices=[
            (ContactType.PARENT, _("PARENT: whoever cares for a student")),
            (ContactType.STUDENT, _("STUDENT: a student, as a contact")),
            (ContactType.STAFF, _("STAFF: somebody of the school, as a contact")),
        ],
        help_text=_("Only PARENT contacts get Contact Keys."),
    )
    email = EmailField()
    mobile = _words(_("Mobile"), most=60)
    phone_home = _words(_("Phone at home"), most=60)
    phone_work = _words(_("Phone at work"), most=60)
    address_1 = _words(_("Address, first line"), help_text=_("Where letters to this contact go."))
    address_2 = _words(_("Address, second line"))
    town = _words(_("Town"))
    region = _words(_("State or region"))
    postcode = _words(_("Postcode"), most=20)
    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label=_("Country"),
        required=False,
        help_text=_("Two letters, such as AU."),
        error_messages={"invalid": _("Enter the two letters of a country, such as AU.")},
    )
    language = _words(_("Language"), most=35, help_text=_("A language tag, such as ar or zh-Hans."))
    needs_interpreter = forms.BooleanField(label=_("Needs an interpreter"), required=False)
    contact_no = _words(_("Contact ID"), most=255, help_text=_("Left empty, the office gives one."))
    state = forms.ChoiceField(
        label=_("Status"),
        choices=[
            (PersonState.ACTIVE, _("Active")),
            (PersonState.INACTIVE, _("Inactive")),
            (PersonState.DECEASED, _("Deceased: no mail goes out")),
        ],
    )

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def fields_given(self) -> ContactFields:
        return ContactFields(**{name: self.cleaned_data[name] for name in ContactForm.base_fields if name != "base_no"})


class TieForm(forms.Form):
    """How a contact belongs to a student."""

    relationship = _words(
        _("Relationship"),
        most=80,
        required=True,
        help_text=_("To the student: Mother, Grandfather, Case worker, …"),
        error_messages={"required": _("Enter the relationship, such as Grandmother.")},
    )
    access = forms.BooleanField(
        label=_("Has Portal Access"),
        required=False,
        help_text=_("The contact will see the student from the next Data Sync on."),
    )
    lives_with = StatedField(label=_("Lives with the student"))
    is_emergency = StatedField(label=_("Emergency contact"))
    is_legal_guardian = StatedField(label=_("Legal guardian"))
    order = forms.IntegerField(
        label=_("Order"), required=False, min_value=1, max_value=99, help_text=_("1 is called first.")
    )

    def association_with(self, student_id: int) -> NewAssociation:
        return NewAssociation(student_id=student_id, **{name: self.cleaned_data[name] for name in TieForm.base_fields})


class NewContactForm(TieForm, ContactForm):
    """A contact and how they belong to the student, on one page."""

    field_order = ["given_name", "family_name", "relationship", "access", "email", "mobile"]


class AssociationForm(TieForm):
    access = None  # type: ignore[assignment]  # Django's way to leave a parent's field out; the flag has its own switch.

    @classmethod
    def of(cls, row: Association) -> "AssociationForm":
        answers = {name: stated(getattr(row, name)) for name in ("lives_with", "is_emergency", "is_legal_guardian")}
        return cls(initial={"relationship": row.relationship, "order": row.order, **answers})

    def fields_given(self) -> AssociationFields:
        return AssociationFields(**self.cleaned_data)


class HouseholdForm(EditForm):
    name = _words(_("Name"), required=True, error_messages={"required": _("Enter a name, such as Okafor.")})
    address_1 = _words(_("Address, first line"))
    address_2 = _words(_("Address, second line"))
    town = _words(_("Town"))
    region = _words(_("State or region"))
    postcode = _words(_("Postcode"), most=20)
    country = ContactForm.base_fields["country"]

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def fields_given(self) -> HouseholdFields:
        return HouseholdFields(**self.values())


class RestrictForm(forms.Form):
    """A court order or other bar between a contact and a student."""

    whom = forms.ChoiceField(label=_("Barred from"), widget=forms.RadioSelect, required=True)
    kind = forms.ChoiceField(
        label=_("Kind"),
        widget=forms.RadioSelect,
        initial=RestrictionKind.NO_ACCESS_NO_MAIL,
        choices=[
            (RestrictionKind.NO_ACCESS_NO_MAIL, _("No access and no mail")),
            (RestrictionKind.NO_ACCESS, _("No access")),
            (RestrictionKind.NOTE_ONLY, _("Note only: staff see it, nothing is enforced")),
        ],
    )
    starts_on = DateField(label=_("From the beginning of"), help_text=_("Today's date acts at once."))
    ends_on = DateField(
        label=_("Until the end of"),
        required=False,
        help_text=_("Empty: open. When it ends, nothing opens by itself; the pair waits for a review."),
    )
    review_on = DateField(label=_("Look at it again on"), required=False)
    note = forms.CharField(
        label=_("Note for the office"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept encrypted, shown to those with the right. The document itself stays in your own files."),
    )
    reason = forms.CharField(
        label=_("Why it is recorded"),
        max_length=500,
        help_text=_("For the audit log, such as: Order shown by the mother on 24 November."),
        error_messages={"required": _("Say why it is recorded.")},
    )

    def terms(self) -> RestrictionTerms:
        names = ("starts_on", "ends_on", "note", "review_on")
        kind = RestrictionKind(self.cleaned_data["kind"])
        return RestrictionTerms(kind=kind, **{name: self.cleaned_data[name] for name in names})


class ChangeRestrictionForm(forms.Form):
    ends_on = RestrictForm.base_fields["ends_on"]
    review_on = RestrictForm.base_fields["review_on"]
    note = RestrictForm.base_fields["note"]
    reason = forms.CharField(
        label=_("Why it changes"), required=False, max_length=500, help_text=_("Needed when it ends earlier.")
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("For the audit log."),
        error_messages={"required": _("Enter a reason.")},
    )
