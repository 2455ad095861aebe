"""The search as its address says it; what can't be searched for is marked, and nonsense in the rest gives the default (R-RK-02)."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.accounts.find import STATES, Wanted
from schoolgate.console.enrolments.forms import DateField
from schoolgate.console.parent_access_administration.account_maintenance.words import KINDS
from schoolgate.console.parent_access_administration.account_maintenance.words import STATES as LOOKS
from schoolgate.tenancy.models import School

_WORDS = ("last_name", "email", "username", "student_last_name", "student_no")
_LEAST = {"last_name": 2, "email": 2, "username": 2, "student_last_name": 2, "student_no": 1}
_LTR = {"dir": "ltr", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_NAME = {"autocomplete": "off", "spellcheck": "false"}
_SHOWN = {
    "locked": [
        ("any", gettext_lazy("Locked")),
        ("tries", gettext_lazy("Locked: too many tries")),
        ("staff", gettext_lazy("Stopped by staff")),
    ],
    "seen": [("never", gettext_lazy("Never signed in"))],
}
ALL, WITH, WITHOUT = "all", "with", "without"


class SearchForm(forms.Form):
    """Sent by GET. Go needs a school or one of the fields; a choice of *Accounts* (a chip) does without."""

    needs_nothing = True  # So no field of it is called optional.

    school = forms.ChoiceField(label=gettext_lazy("School"), required=False)
    inactive = forms.BooleanField(label=gettext_lazy("Show Inactive Schools"), required=False)
    last_name = forms.CharField(
        label=gettext_lazy("User's Last Name"), required=False, max_length=100, widget=forms.TextInput(attrs=_NAME)
    )
    email = forms.CharField(
        label=gettext_lazy("Email Address"), required=False, max_length=100, widget=forms.TextInput(attrs=_LTR)
    )
    username = forms.CharField(
        label=gettext_lazy("User Name"), required=False, max_length=100, widget=forms.TextInput(attrs=_LTR)
    )
    student_last_name = forms.CharField(
        label=gettext_lazy("Student's Last Name"), required=False, max_length=100, widget=forms.TextInput(attrs=_NAME)
    )
    student_no = forms.CharField(
        label=gettext_lazy("Student ID"), required=False, max_length=100, widget=forms.TextInput(attrs=_LTR)
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    locked = forms.ChoiceField(label=gettext_lazy("Locked?"), required=False)
    seen = forms.ChoiceField(label=gettext_lazy("Last sign-in"), required=False)
    not_since = DateField(label=gettext_lazy("Not signed in since"), required=False)

    def __init__(self, address: QueryDict | None, schools: list[School]) -> None:
        super().__init__(address, auto_id="find_%s", label_suffix="")
        shows_inactive = bool(address and address.get("inactive"))
        offered = [(str(school.pk), _school_name(school)) for school in schools if school.is_active or shows_inactive]
        choices: dict[str, list[tuple[str, Any]]] = {
            "school": [("", _("All my schools")), *offered],
            "kind": [("", _("All")), *((name, label) for name, label in KINDS.items())],
            "state": [("", _("All")), *((name, LOOKS[name].label) for name in STATES)],
            **{name: [("", _("All")), *shown] for name, shown in _SHOWN.items()},
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]  # Choice fields.
        known = {str(school.pk): school for school in schools}
        self.fell_back = False
        if address and address.get("school") in known and address["school"] not in dict(offered):
            self.data = address.copy()
            self.data["school"] = ""
            self.fell_back = True  # Inactive ones were hidden again while one of them was chosen (R-RK-01).

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        for name in _WORDS:
            words = found.get(name, "").strip()
            found[name] = words
            if words and len(words) < _LEAST[name] and words.isascii():
                self.add_error(name, _("Enter at least two letters."))
        return found

    def has_search(self) -> bool:
        return self._has("school", *_WORDS)

    def has_filter(self) -> bool:
        return self._has("kind", "state", "locked", "seen", "not_since")

    def _has(self, *names: str) -> bool:
        """Before the first Go nothing has been read, and nothing counts."""
        given = getattr(self, "cleaned_data", {})
        return any(given.get(name) for name in names)


@dataclass(frozen=True)
class Search:
    """form: as it is shown. wanted: what to look for; None before the first Go, and for a search that was marked."""

    form: SearchForm
    wanted: Wanted | None
    accounts: str

    @property
    def words(self) -> dict[str, str]:
        """What the fields of names and ids hold; for a search that is valid."""
        return {name: self.form.cleaned_data[name] for name in _WORDS}

    @property
    def is_filtered(self) -> bool:
        return self.wanted is not None and (self.accounts != ALL or self.form.has_filter() or self.form.has_search())


def read_search(address: QueryDict, *, schools: list[School]) -> Search:
    """Query string to search. schools: those that the member may see, inactive ones too."""
    accounts = address.get("accounts", "")
    accounts = accounts if accounts in {ALL, WITH, WITHOUT} else ""
    is_asked = bool(accounts or address.get("go"))
    form = SearchForm(_without_nonsense(address) if is_asked or address else None, schools)
    if not is_asked or not form.is_valid():
        if not is_asked:
            form.errors.clear()
        return Search(form, None, accounts or ALL)
    if not accounts and not form.has_search() and not form.has_filter():
        form.add_error(None, _("Choose a school, or fill in at least one field."))
        return Search(form, None, ALL)
    return Search(form, wanted_by(form.cleaned_data, accounts or ALL), accounts or ALL)


def wanted_by(given: dict[str, Any], accounts: str) -> Wanted:
    return Wanted(
        school_id=int(given["school"]) if given["school"] else None,
        last_name=given["last_name"],
        email=given["email"],
        username=given["username"],
        student_last_name=given["student_last_name"],
        student_no=given["student_no"],
        students=accounts if accounts != ALL else "",
        kind=given["kind"],
        state=given["state"],
        locked=given["locked"],
        never_seen=given["seen"] == "never",
        not_since=given["not_since"],
    )


def filters_said(address: QueryDict) -> dict[str, str]:
    """The search in force, for the audit: fields of names and ids are told as such, not word by word."""
    told = {
        name: address.get(name, "") for name in ("school", "accounts", "kind", "state", "locked", "seen", "not_since")
    }
    told |= {name: "words" for name in _WORDS if address.get(name, "").strip()}
    return {name: value[:40] for name, value in told.items() if value}


def _without_nonsense(address: QueryDict) -> QueryDict:
    """Choices that don't exist count as none; NUL, which no name has and PostgreSQL refuses, is taken out."""
    found = address.copy()
    for name in found:
        found[name] = str(found[name]).replace("\0", "")
    allowed = {"kind": set(KINDS), "state": set(STATES), "locked": {"any", "tries", "staff"}, "seen": {"never"}}
    for name, values in allowed.items():
        if found.get(name) not in values:
            found[name] = ""
    return found


def _school_name(school: School) -> str:
    return school.name if school.is_active else _("%(name)s (inactive)") % {"name": school.name}
