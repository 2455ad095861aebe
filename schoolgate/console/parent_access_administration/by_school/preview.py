"""A run before it is done: per school and year, how many of each, who is left out and why (R-GS-02, R-GS-03, R-GS-07)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.console.parent_access.key_pages.words import about, skip_mend, skip_phrase
from schoolgate.keys.make_keys import MANY_KEYS, MOST_KEYS, count_live_keys
from schoolgate.keys.plan_run import Later, RunAsked, count_later, forecast_run, plan_run
from schoolgate.keys.whom import Place, Plan, PlanLine
from schoolgate.lib.natural import natural
from schoolgate.sync.pending import what_waits
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import KeySystem, School, Tenant
from schoolgate.tenancy.templatetags.shown import day

_PER_SECOND = 10_000
_NOWHERE = Place(0, "")


@dataclass(frozen=True)
class Skip:
    """A reason with its number, and what to do about it."""

    phrase: str
    mend: str


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    school: str
    line: PlanLine

    @property
    def skips(self) -> list[str]:
        return [skip_phrase(why, count) for why, count in _most_first(self.line.skipped)]


@dataclass(frozen=True)
class RunPreview:
    """asked: for whom. waiting: changes that no Data Sync has published yet. live: keys in force before it.

    later: students who start later. held_until: the day before which the keys don't go out by themselves (R-GS-04).
    """

    tenant: Tenant
    asked: RunAsked
    plan: Plan
    rows: Sequence[Row]
    waiting: int
    live: int
    today: date
    later: Later
    held_until: date | None = None

    @cached_property
    def total(self) -> PlanLine:
        """All lines together; its place means nothing."""
        found = PlanLine(_NOWHERE)
        for row in self.rows:
            line = row.line
            found.students += line.students
            found.subjects += line.subjects
            found.gaps += line.gaps
            found.for_students += line.for_students
            found.for_parents += line.for_parents
            found.shared += line.shared
            found.skipped += line.skipped
        return found

    @property
    def to_make(self) -> int:
        return self.total.to_make

    @property
    def skips(self) -> list[Skip]:
        return [Skip(skip_phrase(why, count), skip_mend(why)) for why, count in _most_first(self.total.skipped)]

    @property
    def does(self) -> str:
        """The forecast in a sentence."""
        parts = []
        if self.asked.for_parents:
            n = self.total.for_parents
            parts.append(ngettext("%(n)s key for parent use", "%(n)s keys for parent use", n) % {"n": n})
        if self.asked.for_students:
            n = self.total.for_students
            parts.append(ngettext("%(n)s key for student use", "%(n)s keys for student use", n) % {"n": n})
        return _("Makes %(parts)s.") % {"parts": _(" and ").join(parts)}

    @property
    def button(self) -> str:
        return ngettext("Generate %(n)s key", "Generate %(n)s keys", self.to_make) % {"n": self.to_make}

    @property
    def takes(self) -> str:
        return about(self.to_make / _PER_SECOND)

    @property
    def notes(self) -> list[str]:
        """Of those who start later (R-GS-04)."""
        found = []
        if n := self.later.left_out:
            told = ngettext(
                "%(n)s student starts later and is left out.", "%(n)s students start later and are left out.", n
            )
            found.append(told % {"n": n})
        if n := self.later.not_active:
            told = ngettext(
                "%(n)s student starts before that day and is not active in the roster yet: no key is made until a Data Sync has published it.",
                "%(n)s students start before that day and are not active in the roster yet: no keys are made until a Data Sync has published it.",
                n,
            )
            found.append(told % {"n": n})
        if self.held_until is not None:
            told = _("Nothing goes out by itself before {day}, whoever the key is for.")
            found.append(format_html(told, day=day(self.held_until)))
        return found

    @property
    def warnings(self) -> list[str]:
        found = []
        after = self.live + self.to_make
        if after > MOST_KEYS:
            found.append(
                _(
                    "There would be %(n)s live keys, more than the %(most)s that four public symbols can tell apart. What goes beyond is skipped."
                )
                % {"n": after, "most": MOST_KEYS}
            )
        elif after > MANY_KEYS:
            found.append(_("There would be %(n)s live keys. From 500,000 on no more can be made.") % {"n": after})
        system = self.tenant.settings.key_system
        if self.asked.for_parents and system != KeySystem.CONTACT:
            found.append(
                _("This district uses Family keys: each adult gets a key for each household.")
                if system == KeySystem.FAMILY
                else _("This district uses Student keys: each adult gets a key for each student.")
            )
        return found


def preview_of(*, tenant: Tenant, asked: RunAsked, at: datetime, held_until: date | None = None) -> RunPreview:
    """Query: what the run would do at this moment, by the code of the act itself (R-CK-07)."""
    today = day_of(tenant, at)
    plan = plan_run(tenant=tenant, asked=asked, at=at)
    lines = forecast_run(tenant=tenant, plan=plan, at=at)
    names = dict(School.objects.for_tenant(tenant).values_list("pk", "name"))
    rows = [Row(names[line.place.school_id], line) for line in lines]
    rows.sort(key=lambda row: (row.school.casefold(), row.line.place.school_id, natural(row.line.place.year_level)))
    return RunPreview(
        tenant=tenant,
        asked=asked,
        plan=plan,
        rows=rows,
        waiting=what_waits(tenant=tenant, today=today).rows,
        live=count_live_keys(tenant=tenant),
        today=today,
        later=count_later(tenant=tenant, asked=asked, today=today),
        held_until=held_until,
    )


def _most_first(skipped: "Mapping[str, int] | Counter[str]") -> list[tuple[str, int]]:
    return sorted(((why, count) for why, count in skipped.items() if count), key=lambda each: (-each[1], each[0]))
