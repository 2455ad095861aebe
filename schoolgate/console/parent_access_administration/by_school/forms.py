"""What a run from the students' side is asked for."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from schoolgate.console.enrolments.forms import DateField
from schoolgate.keys.whom import ContactsAsked
from schoolgate.letters.first_delivery import Way
from schoolgate.tenancy.models import School

ALL = "all"
MOST_ORDER = 99
DAYS_BEFORE = 14
MOST_AHEAD = timedelta(days=150)  # A key lives 180 days at most, and whoever gets it needs some of them.


def set_choices(form: forms.Form, name: str, choices: Iterable[tuple[str, str]]) -> None:
    """The choices that a school has."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
    if not field.choices:
        del form.fields[name]


class ContactsForm(forms.Form):
    """Which of the students' contacts, and how their keys go out first (R-GP-03)."""

    relationships = forms.MultipleChoiceField(
        label=gettext_lazy("Only these relationships"), required=False, widget=forms.CheckboxSelectMultiple
    )
    lives_with = forms.BooleanField(label=gettext_lazy("Only contacts who live with the student"), required=False)
    order_at_most = forms.IntegerField(
        label=gettext_lazy("Only the first contacts of a student"),
        help_text=gettext_lazy("Up to this place in the roster's order, such as 2."),
        min_value=1,
        max_value=MOST_ORDER,
        required=False,
    )
    way = forms.ChoiceField(
        label=gettext_lazy("First delivery"),
        help_text=gettext_lazy("Begins by itself when the run has ended."),
        choices=Way.choices,
        required=False,
        widget=forms.RadioSelect,
    )

    folded: tuple[str, ...] = ("relationships", "lives_with", "order_at_most")
    """Rarely needed: shown when asked for."""

    def __init__(
        self, *args: Any, relationships: Sequence[str] = (), may_print: bool = True, **kwargs: Any
    ) -> None:  # Any: handed on as they are.
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        set_choices(self, "relationships", ((word, word.capitalize()) for word in relationships))
        by_letter = {Way.LETTERS, Way.LETTERS_WITHOUT_EMAIL}
        set_choices(self, "way", ((way, str(label)) for way, label in Way.choices if may_print or way not in by_letter))

    @property
    def folded_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.folded if name in self.fields]

    @property
    def is_narrowed(self) -> bool:
        return any(self[name].value() for name in self.folded if name in self.fields)

    def contacts(self) -> ContactsAsked:
        chosen = self.cleaned_data
        return ContactsAsked(
            frozenset(chosen.get("relationships", ())), bool(chosen["lives_with"]), chosen["order_at_most"]
        )


class BySchoolForm(ContactsForm):
    schools = forms.MultipleChoiceField(
        label=gettext_lazy("Schools"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one school."),
            "invalid_choice": gettext_lazy("A school that was chosen is not one of your active schools."),
        },
    )
    students = forms.BooleanField(label=gettext_lazy("Keys for student use"), required=False)
    parents = forms.BooleanField(label=gettext_lazy("Keys for parent use"), required=False)
    years = forms.MultipleChoiceField(
        label=gettext_lazy("Only these years"), required=False, widget=forms.CheckboxSelectMultiple
    )

    starting_before = DateField(
        label=gettext_lazy("Also students who start before"),
        help_text=gettext_lazy("Whoever starts later than today is left out otherwise."),
        required=False,
    )
    days_before = forms.IntegerField(
        label=gettext_lazy("Then give the keys out so many days before that day"),
        help_text=gettext_lazy("14, if left empty. The whole run waits for it."),
        min_value=0,
        max_value=60,
        required=False,
    )

    folded = ("years", *ContactsForm.folded, "starting_before", "days_before")

    def __init__(
        self, *args: Any, schools: Sequence[School], years: Sequence[str], today: date, **kwargs: Any
    ) -> None:  # Any: handed on as they are.
        super().__init__(*args, **kwargs)
        n = len(schools)
        everything = ngettext("All my schools (%(n)s)", "All my schools (%(n)s)", n) % {"n": n}
        offered = [(str(school.number), school.name) for school in schools]
        field = self.fields["schools"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(ALL, everything), *offered] if n > 1 else offered
        set_choices(self, "years", ((year, year) for year in years))
        self.fields["way"].help_text = _(
            "Begins by itself when the run has ended. Students' letters are to be handed out in class; their e-mails go to the address that the school has given them."
        )
        self.today = today
        self._all = {school.number: school.pk for school in schools}

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if not (found.get("students") or found.get("parents")):
            self.add_error("students", _("Choose keys for student use, for parent use, or both."))
        return found

    def clean_starting_before(self) -> date | None:
        day: date | None = self.cleaned_data["starting_before"]
        if day is not None and not self.today < day <= self.today + MOST_AHEAD:
            raise forms.ValidationError(
                _("Give a day after today, at most %(n)s days ahead: a key lives no longer.") % {"n": MOST_AHEAD.days}
            )
        return day

    def held_until(self) -> date | None:
        """The day before which the keys don't go out by themselves; None where that is no later than today (R-GS-04)."""
        day: date | None = self.cleaned_data["starting_before"]
        if day is None:
            return None
        before = self.cleaned_data["days_before"]
        held = day - timedelta(days=DAYS_BEFORE if before is None else before)
        return held if held > self.today else None

    def school_ids(self) -> frozenset[int]:
        chosen: Collection[str] = self.cleaned_data["schools"]
        if ALL in chosen:
            return frozenset(self._all.values())
        return frozenset(self._all[int(number)] for number in chosen)


class StartForm(forms.Form):
    """What the preview showed, and, for a run of the whole district, that number typed (R-GS-06)."""

    shown = forms.IntegerField(widget=forms.HiddenInput)
    typed = forms.CharField(max_length=20, required=False)

    def __init__(self, *args: Any, to_make: int, is_district_wide: bool, **kwargs: Any) -> None:  # Any: as above
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.to_make, self.is_district_wide = to_make, is_district_wide
        if is_district_wide:
            self.fields["typed"].label = _("Type %(n)s, the number of keys that this run makes") % {"n": to_make}
            self.fields["typed"].required = True
            self.fields["typed"].error_messages["required"] = _("Type the number of keys that this run makes.")
            self.fields["typed"].widget.attrs |= {"inputmode": "numeric", "autocomplete": "off"}
        else:
            del self.fields["typed"]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("shown") is not None and found["shown"] != self.to_make:
            raise forms.ValidationError(
                _(
                    "The number has changed since you looked: it was %(before)s and is %(now)s. Look again, and press again."
                )
                % {"before": found["shown"], "now": self.to_make}
            )
        typed = "".join(str(found.get("typed", "")).split())
        if self.is_district_wide and "typed" in found and typed.translate(_POINTS) != str(self.to_make):
            self.add_error("typed", _("This is not the number: the run makes %(n)s keys.") % {"n": self.to_make})
        return found


_POINTS = {ord(sign): None for sign in ",.'’"}
"""10,412 is 10412 to whoever types it as they read it."""
