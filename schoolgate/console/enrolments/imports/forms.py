"""What the office says about an upload, and before it is applied."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from schoolgate.enrolments.import_options import DEFAULT_SOURCE, ImportOptions
from schoolgate.enrolments.import_queries import schools_to_import, usual_source
from schoolgate.enrolments.models import RosterImport
from schoolgate.enrolments.roster.registry import FORMATS
from schoolgate.enrolments.roster.rows import DateOrder
from schoolgate.tenancy.models import Tenant


class FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """The files as a list."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(file, initial) for file in given or [None]]


class UploadForm(forms.Form):
    """The files first; the rest has answers that are right for most, and is folded away."""

    roster = FilesField(
        label=_("Roster files"),
        help_text=_("The CSV files of one export, or one zip of them. At most 200 MB a file."),
        widget=FilesInput(attrs={"accept": ".csv,.zip,text/csv,application/zip"}),
        error_messages={"required": _("Choose the files of your export."), "empty": _("One of these files is empty.")},
        allow_empty_file=True,  # Told among the findings, by name.
    )
    school = forms.TypedChoiceField(
        label=_("Import one school only"),
        help_text=_("The rest of the files is left alone."),
        coerce=int,
        empty_value=None,
        required=False,
    )
    source = forms.CharField(
        label=_("Whose IDs these are"),
        help_text=_("One short name for each system you import from. The same name each time, or everybody is new."),
        max_length=40,
        error_messages={"required": _("Enter a short name, such as sis.")},
    )
    format = forms.ChoiceField(label=_("Format"), required=False)
    dates = forms.ChoiceField(
        label=_("Dates such as 4/2/2014"),
        required=False,
        choices=[
            ("", _("As the files show")),
            (DateOrder.DAY_FIRST.value, _("Day first: 4 February")),
            (DateOrder.MONTH_FIRST.value, _("Month first: 2 April")),
        ],
    )
    repair = forms.BooleanField(
        label=_("Repair doubly encoded letters (Müller that reads MÃ¼ller), in whole files"), required=False
    )

    def __init__(self, *args: Any, tenant: Tenant, school_ids: Collection[int] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].initial = usual_source(tenant=tenant) or DEFAULT_SOURCE
        self.fields["format"].choices = [  # type: ignore[attr-defined]  # A choice field.
            ("", _("Find out from the files")),
            *((format_.name, format_.title) for format_ in FORMATS.values()),
        ]
        schools = schools_to_import(tenant=tenant, school_ids=school_ids)
        # Somebody who works for one school imports that school.
        every = [] if school_ids is not None else [("", _("Every school in the files"))]
        self.fields["school"].choices = [  # type: ignore[attr-defined]  # As above.
            *every,
            *((school.number, f"{school.name} ({school.number})") for school in schools),
        ]
        self.fields["school"].required = school_ids is not None

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that most leave as they are."""
        return [self[name] for name in ("school", "source", "format", "dates", "repair")]

    @property
    def has_folded_fault(self) -> bool:
        """Is one of them to be mended?"""
        return any(name in self.errors for name in ("school", "source", "format", "dates", "repair"))

    @property
    def given(self) -> "list[UploadedFile[Any]]":
        """The files."""
        return list(self.cleaned_data["roster"])

    def options(self) -> ImportOptions:
        """All but the files."""
        said = self.cleaned_data
        return ImportOptions(
            source=said["source"],
            format=said["format"],
            school_number=said["school"],
            date_order=DateOrder(said["dates"]) if said["dates"] else None,
            repair=said["repair"],
        )


class ApplyForm(forms.Form):
    """What has to be said before an import is applied: only what this one needs."""

    accepts = forms.BooleanField(
        label=_("I have looked at the warnings"),
        error_messages={"required": _("Tick that you have looked at the warnings.")},
    )
    reason = forms.CharField(
        label=_("Why this import is right"),
        help_text=_("It is held because it changes so much. Your reason is kept in the audit log."),
        max_length=500,
        error_messages={"required": _("Say why this import is right.")},
    )

    def __init__(self, *args: Any, entry: RosterImport, has_warnings: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_warnings:
            del self.fields["accepts"]
        if not entry.held:
            del self.fields["reason"]


class UndoForm(forms.Form):
    """Why: kept in the audit."""

    reason = forms.CharField(
        label=_("Why is it undone?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why it is undone.")},
    )
