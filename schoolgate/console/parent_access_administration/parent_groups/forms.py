"""How a group of students is named (R-GP-01)."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.console.parent_access_administration.by_school.forms import set_choices
from schoolgate.keys.id_list import MOST_BYTES, Entry, ListRefused, read_list
from schoolgate.keys.keep_group import LONGEST_NAME
from schoolgate.tenancy.models import School


class ListForm(forms.Form):
    """A list, pasted or as a file."""

    pasted = forms.CharField(
        label=gettext_lazy("Student Ids"),
        help_text=gettext_lazy("One on each line, as the office writes them."),
        required=False,
        strip=False,
        max_length=MOST_BYTES,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "ltr", "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        help_text=gettext_lazy(
            "CSV or text, at most 50,000 lines. Of several columns, the one headed “Student Id” is read."
        ),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: handed on as they are.
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.entries: list[Entry] = []

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        name, content = "pasted", str(found.get("pasted", "")).encode(errors="replace")
        if found.get("file") is not None:
            if content.strip():
                self.add_error("file", _("Paste a list or choose a file, not both."))
                return found
            name, content = "file", found["file"].read(MOST_BYTES + 1)
        if not self.errors:
            try:
                self.entries = read_list(content)
            except ListRefused as refusal:
                self.add_error(name, refusal.in_full)
        return found


class FilterForm(forms.Form):
    """A year or a class."""

    needs_nothing = True  # So no field of it is called optional.

    schools = forms.MultipleChoiceField(
        label=gettext_lazy("Schools"),
        help_text=gettext_lazy("None ticked: all of yours."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    years = forms.MultipleChoiceField(label=gettext_lazy("Years"), required=False, widget=forms.CheckboxSelectMultiple)
    classes = forms.MultipleChoiceField(
        label=gettext_lazy("Roll classes"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, schools: Sequence[School], years: Sequence[str], classes: Sequence[str], **kwargs: Any
    ) -> None:  # Any: handed on as they are.
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        set_choices(self, "schools", ((str(school.number), school.name) for school in schools))
        set_choices(self, "years", ((year, year) for year in years))
        set_choices(self, "classes", ((each, each) for each in classes))

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(found.get(name) for name in ("schools", "years", "classes")):
            raise forms.ValidationError(_("Choose a school, a year or a class."))
        return found


class NameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the group"),
        help_text=gettext_lazy("Such as: new in year 7. A year or class finds whoever is in it then."),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Give the group a name.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as above
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
