"""The forms of the Contact Keys page."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.console.parent_access.contact_keys.filters import GridView
from schoolgate.console.parent_access.contact_keys.grid import FilterChoices
from schoolgate.console.parent_access.contact_keys.states import SEGMENTS, GridState

_YES_NO = [("", gettext_lazy("All")), ("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]


class FilterForm(forms.Form):
    """Every filter of the list, as it stands in the address; sent by GET, and read back by filters.py alone."""

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

    def __init__(self, view: GridView, choices: FilterChoices, *, may_see_restrictions: bool) -> None:
        super().__init__(initial=asdict(view.filters), auto_id="filter_%s")
        states = [(segment.name, segment.label) for segment in SEGMENTS]
        states += [(state.value, state.label) for state in GridState if state.value not in dict(states)]
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

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field
