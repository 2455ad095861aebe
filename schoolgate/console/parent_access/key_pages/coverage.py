"""How far the school has come: one stacked bar whose legend filters the list (design.md §12)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.translation import ngettext

from schoolgate.console.parent_access.key_pages.filters import address_with, address_without
from schoolgate.console.parent_access.key_pages.schemes import SCHEMES, Scheme
from schoolgate.console.parent_access.key_pages.states import LOOKS, SEGMENTS, GridState, Look, state_label
from schoolgate.tenancy.models import KeySystem

_WIDTH = 1000.0
_GAP = 1.5  # Holds the stretches apart without colour.
_LEAST = 5.0  # One contact among 200,000 is still seen.


@dataclass(frozen=True)
class Stretch:
    """A stretch of the bar with its entry in the legend. x, width: of 1000; width 0 where there is nobody."""

    label: str
    fill: str
    count: int
    x: float
    width: float
    address: str
    is_here: bool


@dataclass(frozen=True)
class StateLine:
    """A line of the bar's table."""

    label: str
    look: Look
    count: int
    percent: int


@dataclass(frozen=True)
class Coverage:
    """total: contacts that the filters let through, the state's aside. newly: connected since Monday, None if not known."""

    total: int
    connected: int
    percent: int
    newly: int | None
    stretches: tuple[Stretch, ...]
    lines: tuple[StateLine, ...]
    all_address: str
    is_all_here: bool
    scheme: Scheme

    @property
    def headline(self) -> str:
        """How many of them are connected."""
        numbers = {
            "connected": number_format(self.connected, force_grouping=True),
            "shown": number_format(self.total, force_grouping=True),
        }
        if self.scheme.system == KeySystem.FAMILY:
            said = ngettext(
                "%(connected)s of %(shown)s household is connected",
                "%(connected)s of %(shown)s households are connected",
                self.total,
            )
        elif self.scheme.system == KeySystem.STUDENT:
            said = ngettext(
                "%(connected)s of %(shown)s student is connected",
                "%(connected)s of %(shown)s students are connected",
                self.total,
            )
        else:
            said = ngettext(
                "%(connected)s of %(shown)s contact is connected",
                "%(connected)s of %(shown)s contacts are connected",
                self.total,
            )
        return said % numbers

    @property
    def said(self) -> str:
        """The bar in words."""
        return ", ".join(f"{each.count} {each.label}" for each in self.stretches)


def coverage_of(
    counts: Mapping[str, int],
    *,
    by_state: Mapping[GridState, int],
    state: str,
    address: QueryDict,
    newly: int | None,
    scheme: Scheme = SCHEMES["contact"],
) -> Coverage:
    """The bar and its legend. counts: by segment. by_state: for the table. state: the filter in force. address: where the reader is."""
    total = sum(counts.values())
    numbers = [counts.get(segment.name, 0) for segment in SEGMENTS]
    places = _places(numbers)
    stretches = [
        Stretch(
            label=str(segment.label),
            fill=segment.fill,
            count=number,
            x=x,
            width=width,
            address=address_with(address, state=segment.name),
            is_here=state == segment.name,
        )
        for segment, number, (x, width) in zip(SEGMENTS, numbers, places, strict=True)
    ]
    lines = [
        StateLine(state_label(each, scheme), LOOKS[each], by_state[each], _percent(by_state[each], total))
        for segment in SEGMENTS
        for each in segment.states
        if by_state.get(each)
    ]
    return Coverage(
        total=total,
        connected=counts.get("connected", 0),
        percent=_percent(counts.get("connected", 0), total),
        newly=newly,
        stretches=tuple(stretches),
        lines=tuple(lines),
        all_address=address_without(address, "state"),
        is_all_here=not state,
        scheme=scheme,
    )


def _percent(part: int, whole: int) -> int:
    """Rounded down, so that 100 % is said of all of them only."""
    return part * 100 // whole if whole else 0


def _places(numbers: list[int]) -> list[tuple[float, float]]:
    """Where each stretch begins and how wide it is: by its number, but never too thin to be seen."""
    total = sum(numbers)
    if not total:
        return [(0.0, 0.0)] * len(numbers)
    shown = [number for number in numbers if number]
    room = _WIDTH - _GAP * (len(shown) - 1) - _LEAST * len(shown)
    places, x = [], 0.0
    for number in numbers:
        width = _LEAST + room * number / total if number else 0.0
        places.append((round(x, 1), round(width, 1)))
        x += width + _GAP if number else 0.0
    return places
