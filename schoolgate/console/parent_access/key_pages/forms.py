"""The forms of the key pages."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.console.parent_access.key_pages.filter_choices import FilterChoices
from schoolgate.console.parent_access.key_pages.filters import GridView
from schoolgate.console.parent_access.key_pages.schemes import Scheme
from schoolgate.console.parent_access.key_pages.states import SEGMENTS, GridState, state_label

_YES_NO = [("", gettext_lazy("All")), ("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]


class FilterForm(forms.Form):
    """Every filter of the list, as it stands in the address; sent by GET, and read back by filters.py alone."""

    needs_nothing = True  # So no field of it is called optional.

    school = forms.ChoiceField(label=gettext_lazy("School"), required=False)
    year = forms.ChoiceField(label=gettext_lazy("Year level"), required=False)
    roll_class = forms.ChoiceField(label=gettext_lazy("Roll class"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    students = forms.ChoiceField(label=gettext_lazy("Has students"), required=False, choices=_YES_NO)
    email = forms.ChoiceField(label=gettext_lazy("Has an e-mail"), required=False, choices=_YES_NO)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    expires = forms.ChoiceField(label=gettext_lazy("Key expires within"), required=False)
    problem = forms.ChoiceField(label=gettext_lazy("Delivery problem"), required=False)
    shared = forms.ChoiceField(label=gettext_lazy("Shares an e-mail"), required=False)
    pending = forms.ChoiceField(label=gettext_lazy("Change pending"), required=False)
    restricted = forms.ChoiceField(label=gettext_lazy("Restricted"), required=False)

    def __init__(self, view: GridView, choices: FilterChoices, scheme: Scheme, *, may_see_restrictions: bool) -> None:
        super().__init__(initial=asdict(view.filters), auto_id="filter_%s", label_suffix="")
        states = [(segment.name, segment.label) for segment in SEGMENTS]
        states += [(state.value, state_label(state, scheme)) for state in GridState if state.value not in dict(states)]
        offered: dict[str, Iterable[tuple[Any, Any]]] = {
            "school": choices.schools,
            "year": ((each, each) for each in choices.years),
            "roll_class": ((each, each) for each in choices.roll_classes),
            "language": ((each, each) for each in choices.languages),
            "state": (each for each in states if each[0] != GridState.NOT_PUBLISHED),
            "expires": ((days, _("%(days)s days") % {"days": days}) for days in (7, 14, 30, 60)),
            **{name: [("yes", _("Only these"))] for name in ("problem", "shared", "pending", "restricted")},
        }
        for name, found in offered.items():
            self._field(name).choices = [("", _("All")), *found]
        if not may_see_restrictions:
            del self.fields["restricted"]
        if not scheme.is_own_addressee:
            self.fields["students"].label = _("Somebody with access")
            self._field("email").choices = [
                ("", _("All")),
                ("yes", _("An adult has one")),
                ("no", _("An adult has none")),
            ]

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field


class ActForm(forms.Form):
    """What an act asks for. The fields named in changes_forecast are read from a preview's address as well."""

    changes_forecast: tuple[str, ...] = ()

    def suit(self, scheme: Scheme) -> None:
        """Ask only what makes sense where rows are of this kind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: handed on as they are.
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for name in self.changes_forecast:
            self.fields[name].widget.attrs |= {
                "data-option": "",
                "hx-get": "",
                "hx-include": "[data-option]",
                "hx-target": "#forecast",
                "hx-swap": "outerHTML",
            }


class GenerateForm(ActForm):
    changes_forecast = ("also_unlinked", "another_account")

    also_unlinked = forms.BooleanField(
        label=gettext_lazy("Also contacts with no students yet"),
        help_text=gettext_lazy("Such a key can be used once a student is published for the contact."),
        required=False,
    )
    another_account = forms.BooleanField(
        label=gettext_lazy("Also for another account of people who are connected"),
        help_text=gettext_lazy("The account they have stays. Say why a second one is needed."),
        required=False,
    )
    reason = forms.CharField(label=gettext_lazy("Reason for another account"), max_length=200, required=False)

    def suit(self, scheme: Scheme) -> None:
        """An adult without a student belongs to no household and to no student."""
        if not scheme.is_own_addressee:
            del self.fields["also_unlinked"]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("another_account") and not found.get("reason", "").strip():
            self.add_error("reason", _("Say why a second account is needed."))
        return found


class PrintForm(ActForm):
    changes_forecast = ("also_generate", "only_with_address")

    also_generate = forms.BooleanField(
        label=gettext_lazy("Also generate keys for those who have none"),
        help_text=gettext_lazy("As Generate Keys does it, just before the letter."),
        required=False,
    )
    only_with_address = forms.BooleanField(
        label=gettext_lazy("Only contacts with a postal address"),
        help_text=gettext_lazy("Otherwise letters without one are printed for handing over."),
        required=False,
    )

    def suit(self, scheme: Scheme) -> None:
        """One letter for each adult."""
        if not scheme.is_own_addressee:
            self.fields["only_with_address"].label = _("Only adults with a postal address")


class EmailForm(ActForm):
    changes_forecast = ("again",)

    again = forms.BooleanField(
        label=gettext_lazy("Also contacts who were mailed this key before"),
        help_text=gettext_lazy("The same key once more, with the same or a later date."),
        required=False,
    )

    def suit(self, scheme: Scheme) -> None:
        """One email for each adult."""
        if not scheme.is_own_addressee:
            self.fields["again"].label = _("Also adults who were mailed this key before")


class ReplaceForm(ActForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the audit, such as: letter lost in the post."),
        max_length=200,
        required=False,
    )


class RevokeForm(ActForm):
    changes_forecast = ("used",)

    used = forms.BooleanField(label=gettext_lazy("Also end the access of the people in this list"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the audit. Families are not told."),
        max_length=200,
        error_messages={"required": gettext_lazy("Say why these keys are revoked.")},
    )
