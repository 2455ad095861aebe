"""What stands in the Actions menu and on the preview page of an act (R-CK-07)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.console.parent_access.key_pages.acts import ACTS, Act, warnings_of
from schoolgate.console.parent_access.key_pages.chosen import Chosen, Losing, Named
from schoolgate.console.parent_access.key_pages.forms import ActForm
from schoolgate.console.parent_access.key_pages.words import about, said_skips, skip_mend, skip_phrase
from schoolgate.keys.schemes import Forecast
from schoolgate.tenancy.roles import Right

_NAMED = 8
_LOSING_NAMED = 20


@dataclass(frozen=True)
class Line:
    """An entry of the menu. name: the end of its address. said: its forecast for this selection. asks_first: more than a preview."""

    name: str
    title: str
    icon: str
    said: str
    asks_first: bool = False
    is_grave: bool = False
    is_behind_divider: bool = False


@dataclass(frozen=True)
class Skip:
    """A reason with its number, and what to do about it."""

    phrase: str
    mend: str


@dataclass(frozen=True)
class Preview:
    """An act before it is done. named: some of those it acts on; more: how many beside them. losing: who would lose the portal."""

    act: Act
    chosen: Chosen
    forecast: Forecast
    form: ActForm
    named: tuple[Named, ...]
    skips: tuple[Skip, ...]
    losing: tuple[Losing, ...]
    losing_total: int
    warnings: tuple[str, ...]
    lacks_for_many: bool

    @property
    def more(self) -> int:
        return self.forecast.acts_on - len(self.named)

    @property
    def losing_more(self) -> int:
        return self.losing_total - len(self.losing)

    @property
    def does(self) -> str:
        return self.act.does_for(self.chosen.scheme, self.forecast)

    @property
    def lead(self) -> str:
        return self.act.lead_for(self.chosen.scheme)

    @property
    def button(self) -> str:
        return self.act.button(self.forecast)

    @property
    def takes(self) -> str:
        return about(self.forecast.acts_on / self.act.per_second)


def lines_of(chosen: Chosen, *, rights: Mapping[Right, set[int] | None]) -> list[Line]:
    """The menu of what the member may do; with nothing ticked it has no forecasts, and says so."""
    lines = [
        Line(
            name=act.name,
            title=str(act.title),
            icon=act.icon,
            said=_said(act, chosen) if chosen.count else "",
            asks_first=act.asks_first,
            is_grave=act.is_grave,
            is_behind_divider=act.is_behind_divider,
        )
        for act in ACTS
        if all(right in rights for right in act.needs)
    ]
    if Right.KEYS_SEE in rights:
        lines.insert(-1, _show_line(chosen))  # Before Revoke, which stands last.
    return lines


def _show_line(chosen: Chosen) -> Line:
    n = sum(group.count for group in chosen.groups if group.facts.key_id is not None) if chosen.count else 0
    said = ngettext("%(n)s key is shown for 2 minutes.", "%(n)s keys are shown for 2 minutes.", n) % {"n": n}
    return Line("show", _("Show Keys"), "eye", said if chosen.count else "", asks_first=True, is_behind_divider=True)


def _said(act: Act, chosen: Chosen) -> str:
    found = act.forecast(chosen, {})
    return " ".join(part for part in (act.does_for(chosen.scheme, found), said_skips(found.skipped)) if part)


def preview_of(
    act: Act, chosen: Chosen, *, form: ActForm, asked: QueryDict, rights: Mapping[Right, set[int] | None]
) -> Preview:
    """asked: the options in the address, or in the form that was sent."""
    form.suit(chosen.scheme)
    options = {name: bool(asked.get(name)) for name in form.changes_forecast if name in form.fields}
    if not form.is_bound:
        form.initial = options
    found = act.forecast(chosen, options)
    losing = chosen.losing(limit=_LOSING_NAMED) if act.may_end_ties else []
    return Preview(
        act=act,
        chosen=chosen,
        forecast=found,
        form=form,
        named=tuple(chosen.first(lambda some: act.whys(chosen, some, options), limit=_NAMED)),
        skips=tuple(
            Skip(skip_phrase(why, count), skip_mend(why))
            for why, count in sorted(found.skipped.items(), key=lambda each: (-each[1], each[0]))
            if count
        ),
        losing=tuple(losing),
        losing_total=sum(len(group.facts.tie_key_ids) * group.count for group in chosen.groups) if losing else 0,
        warnings=tuple(warnings_of(act, found, chosen, options)),
        lacks_for_many=found.acts_on > 1 and act.needs_for_many is not None and act.needs_for_many not in rights,
    )
