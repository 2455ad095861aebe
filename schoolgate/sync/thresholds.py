"""May this difference be published unattended? If not, a person takes a second look (R-DS-03). Pure."""

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LINKS_SHARE = 0.05
LINKS_AT_LEAST = 5
LINKS_AT_MOST = 50
PEOPLE_SHARE = 0.10
PEOPLE_AT_LEAST = 5
RESTRICTION_ENDED_DAYS = 30


@dataclass(frozen=True)
class Figures:
    """What the guard weighs. Totals are those before the sync; they need only be counted as far as the rules look.

    schools_emptied: numbers of schools that had links and would have none. reopened: added links whose pair had a
    restriction that ended less than 30 days ago. rows_left_out: rows that applied imports went without, since the last run.
    """

    links: int = 0
    links_removed: int = 0
    schools_emptied: tuple[int, ...] = ()
    students: int = 0
    students_leaving: int = 0
    contacts: int = 0
    contacts_leaving: int = 0
    reopened: int = 0
    rows_left_out: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"schools_emptied": list(self.schools_emptied)}


def reasons_to_hold(figures: Figures) -> list[str]:
    """Codes of every reason, in a fixed order; empty when the sync may go ahead."""
    found = []
    if _too_many_links(figures):
        found.append("links_removed")
    if figures.schools_emptied:
        found.append("school_emptied")
    if _too_many(figures.students_leaving, figures.students) or _too_many(figures.contacts_leaving, figures.contacts):
        found.append("mass_change")
    if figures.reopened:
        found.append("restriction_ends")
    if figures.rows_left_out:
        found.append("missing_people")
    return found


def _too_many_links(figures: Figures) -> bool:
    removed = figures.links_removed
    if removed > LINKS_AT_MOST:
        return True
    return removed >= LINKS_AT_LEAST and removed > figures.links * LINKS_SHARE


def _too_many(leaving: int, people: int) -> bool:
    return leaving >= PEOPLE_AT_LEAST and leaving > people * PEOPLE_SHARE


def hold_text(code: str, figures: Figures) -> str:
    """A reason in numbers, for the person who is to decide."""
    if code == "links_removed":
        return ngettext(
            "%(removed)d link would be withdrawn: that is more than 5 in 100 of all links, or more than 50.",
            "%(removed)d links would be withdrawn: that is more than 5 in 100 of all links, or more than 50.",
            figures.links_removed,
        ) % {"removed": figures.links_removed}
    if code == "school_emptied":
        numbers = ", ".join(str(number) for number in figures.schools_emptied)
        return _("School %(numbers)s would lose all its links.") % {"numbers": numbers}
    if code == "mass_change":
        return _("%(students)d students and %(contacts)d contacts would leave: more than 1 in 10.") % {
            "students": figures.students_leaving,
            "contacts": figures.contacts_leaving,
        }
    if code == "restriction_ends":
        return ngettext(
            "%(reopened)d added link is of a pair whose restriction ended less than 30 days ago.",
            "%(reopened)d added links are of pairs whose restriction ended less than 30 days ago.",
            figures.reopened,
        ) % {"reopened": figures.reopened}
    if code == "missing_people":
        return ngettext(
            "An import was applied without %(rows)d of its rows.",
            "Imports were applied without %(rows)d of their rows.",
            figures.rows_left_out,
        ) % {"rows": figures.rows_left_out}
    return code
