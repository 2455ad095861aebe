"""The figures of a sync as the page draws them: four numbers, and three bars from one axis (design.md §5, §12)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from schoolgate.sync.weigh import Counts

_WIDEST = 1000.0


@dataclass(frozen=True)
class Figure:
    """One of the four: a number, its words, and the tone of site.css (empty: none)."""

    number: int
    label: str
    tone: str = ""


@dataclass(frozen=True)
class Bar:
    """One line of the picture. The lengths are shares of half its width, in thousandths: added and changed right, removed left."""

    label: str
    added: int
    changed: int
    removed: int
    added_length: float
    changed_length: float
    removed_length: float

    @property
    def changed_x(self) -> float:
        """Where the changed part begins: the axis is at 1000 of 2000."""
        return _WIDEST + self.added_length

    @property
    def removed_from(self) -> float:
        """Where the removed part begins."""
        return _WIDEST - self.removed_length

    @property
    def right(self) -> int:
        return self.added + self.changed


@dataclass(frozen=True)
class Picture:
    """The bars and what they say, as a sentence."""

    bars: list[Bar]
    said: str


def figures_of(counts: Counts) -> list[Figure]:
    """People added, people changed or leaving, links added, links withdrawn."""
    students, contacts = counts.of("student"), counts.of("contact")
    leaving = students.leaving + contacts.leaving + students.removed + contacts.removed
    changed = students.changed + contacts.changed - students.leaving - contacts.leaving
    return [
        Figure(counts.links_removed, _("links withdrawn"), "bad" if counts.links_removed else ""),
        Figure(counts.links_added, _("links added"), "ok" if counts.links_added else ""),
        Figure(students.added + contacts.added, _("people added")),
        Figure(changed, _("people changed") if not leaving else _("people changed, %(n)d leaving") % {"n": leaving}),
    ]


def picture_of(counts: Counts) -> Picture:
    """Students, contacts and links, all on one scale."""
    students, contacts = counts.of("student"), counts.of("contact")
    rows = [
        (_("Students"), students.added, students.changed - students.leaving, students.removed + students.leaving),
        (_("Contacts"), contacts.added, contacts.changed - contacts.leaving, contacts.removed + contacts.leaving),
        (_("Links"), counts.links_added, 0, counts.links_removed),
    ]
    most = max(1, *(max(added + changed, removed) for _label, added, changed, removed in rows))
    bars = [
        Bar(label, added, changed, removed, _length(added, most), _length(changed, most), _length(removed, most))
        for label, added, changed, removed in rows
    ]
    said = "; ".join(
        _("%(label)s: %(added)d added, %(changed)d changed, %(removed)d leaving or withdrawn")
        % {"label": bar.label, "added": bar.added, "changed": bar.changed, "removed": bar.removed}
        for bar in bars
    )
    return Picture(bars, said)


def _length(count: int, most: int) -> float:
    """A count that isn't 0 is never too short to be seen."""
    return round(max(_WIDEST * count / most, 6.0), 1) if count else 0.0
