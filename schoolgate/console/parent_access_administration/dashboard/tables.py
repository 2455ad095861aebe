"""From numbers to tables with a bar in each row; pure. Each number has the address of the list behind it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.formats import number_format
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from schoolgate.console.parent_access_administration.dashboard.figures import Figures
from schoolgate.console.parent_access_administration.dashboard.stages import (
    COVERAGES,
    HELP,
    NOT_REGISTERED,
    OWN_COVERAGES,
    WORD_OF,
    Stage,
)
from schoolgate.lib.natural import natural
from schoolgate.tenancy.models import School


@dataclass(frozen=True)
class Cell:
    """A number.

    query: the end of the address of the list behind it; empty where nobody is in it. percent: of its row, None where it is
    no share. fill: its pattern in the row's bar, if there is one.
    """

    label: str
    count: int
    query: str = ""
    percent: int | None = None
    fill: str = ""

    @property
    def shown(self) -> str:
        """The number as the language groups its digits."""
        return number_format(self.count, 0, force_grouping=True) if self.count >= 1_000 else str(self.count)


@dataclass(frozen=True)
class Stretch:
    """A part of a bar. x, width: percent of the bar, so that its pattern keeps its shape at every size."""

    fill: str
    x: float
    width: float


@dataclass(frozen=True)
class Row:
    """A line: what it is about, how many there are in all, and how they divide. label_note: beside the label."""

    label: str
    whole: Cell
    cells: tuple[Cell, ...]
    bar: tuple[Stretch, ...] = ()
    label_note: str = ""

    @property
    def said(self) -> str:
        """The bar in words."""
        return ", ".join(f"{cell.label}: {cell.count}" for cell in self.cells)


@dataclass(frozen=True)
class DashboardTable:
    """name: as addresses and files call it. head, whole: the headings of the first two columns. total: the last line."""

    name: str
    title: str
    head: str
    whole: str
    rows: tuple[Row, ...]
    total: Row

    @property
    def has_bars(self) -> bool:
        return bool(self.total.bar)

    @property
    def heads(self) -> tuple[str, ...]:
        return tuple(cell.label for cell in self.total.cells)


@dataclass(frozen=True)
class Reason:
    """A reason why parents are not registered. help: what the office does next."""

    cell: Cell
    help: str


@dataclass(frozen=True)
class Dashboard:
    """All that the page shows. all_students: the whole of the member's reach, divided. waiting: parents not registered."""

    all_students: Row
    parents: Cell
    registered: Cell
    waiting: Cell
    reasons: tuple[Reason, ...]
    tables: tuple[DashboardTable, ...]
    at_several_schools: int


def dashboard_of(figures: Figures, schools: Sequence[School]) -> Dashboard:
    """Put the page together. schools: those that the member may see, by name."""
    by_stage = _stages(figures)
    waiting = sum(by_stage[stage] for stage in NOT_REGISTERED)
    return Dashboard(
        all_students=_students_row(_("All students"), _coverages(figures), {}),
        parents=_parents_cell(_("Parents"), by_stage.total(), {}),
        registered=_stage_cell(Stage.REGISTERED, by_stage, {}, of=by_stage.total()),
        waiting=_parents_cell(_("Not registered"), waiting, {"state": "waiting"}),
        reasons=tuple(Reason(_stage_cell(stage, by_stage, {}), str(HELP[stage])) for stage in NOT_REGISTERED),
        tables=(
            _schools_table(figures, schools),
            _waiting_table(figures, schools),
            _years_table(figures),
            _languages_table(figures),
            *_own_tables(figures, schools),
        ),
        at_several_schools=figures.at_several_schools,
    )


def _schools_table(figures: Figures, schools: Sequence[School]) -> DashboardTable:
    by_school: dict[int, Counter[str]] = defaultdict(Counter)
    for (school_id, _year, coverage), n in figures.students.items():
        by_school[school_id][coverage] += n
    rows = tuple(
        _students_row(each.name, by_school.get(each.pk, Counter()), {"school": each.number}, note=_note(each))
        for each in _shown(schools, by_school)
    )
    total = _students_row(_("All schools"), _coverages(figures), {})
    return DashboardTable("schools", _("Schools side by side"), _("School"), _("Active students"), rows, total)


def _waiting_table(figures: Figures, schools: Sequence[School]) -> DashboardTable:
    """The total counts everybody once, and therefore may be less than the sum of the schools."""
    by_school: dict[int, Counter[Stage]] = defaultdict(Counter)
    for (school_id, stage), n in figures.at_schools.items():
        by_school[school_id][stage] += n
    rows = tuple(
        _waiting_row(each.name, by_school.get(each.pk, Counter()), {"school": each.number}, note=_note(each))
        for each in _shown(schools, by_school)
    )
    title, total = _("Parents who are not registered, by school"), _waiting_row(_("All schools"), _stages(figures), {})
    return DashboardTable("reasons", title, _("School"), _("Not registered"), rows, total)


def _years_table(figures: Figures) -> DashboardTable:
    by_year: dict[str, Counter[str]] = defaultdict(Counter)
    for (_school_id, year, coverage), n in figures.students.items():
        by_year[year][coverage] += n
    rows = tuple(
        _students_row(_year_name(year), by_year[year], {"year": year or NONE})
        for year in sorted(by_year, key=_year_order)
    )
    total = _students_row(_("All years"), _coverages(figures), {})
    return DashboardTable("years", _("Year levels"), _("Year"), _("Active students"), rows, total)


def _languages_table(figures: Figures) -> DashboardTable:
    by_language: dict[str, Counter[Stage]] = defaultdict(Counter)
    for (language, stage), n in figures.parents.items():
        by_language[language][stage] += n
    order = sorted(by_language, key=lambda language: (language == "", -by_language[language].total(), language))
    rows = tuple(_parents_row(language_name(each), by_language[each], {"language": each or NONE}) for each in order)
    total = _parents_row(_("All languages"), _stages(figures), {})
    return DashboardTable("languages", _("Languages of parents"), _("Language"), _("Parents"), rows, total)


def _own_tables(figures: Figures, schools: Sequence[School]) -> tuple[DashboardTable, ...]:
    """Students by their keys for their own use; none before the first such key is made."""
    if not any(stage != Stage.NEVER for _school_id, _year, stage in figures.own):
        return ()
    by_school: dict[int, Counter[Stage]] = defaultdict(Counter)
    by_year: dict[str, Counter[Stage]] = defaultdict(Counter)
    every: Counter[Stage] = Counter()
    for (school_id, year, stage), n in figures.own.items():
        by_school[school_id][stage] += n
        by_year[year][stage] += n
        every[stage] += n
    schools_rows = tuple(
        _own_row(each.name, by_school.get(each.pk, Counter()), {"school": each.number}, note=_note(each))
        for each in _shown(schools, by_school)
    )
    years_rows = tuple(
        _own_row(_year_name(year), by_year[year], {"year": year or NONE}) for year in sorted(by_year, key=_year_order)
    )
    students = _("Active students")
    return (
        DashboardTable(
            "own_schools",
            _("Keys for student use, by school"),
            _("School"),
            students,
            schools_rows,
            _own_row(_("All schools"), every, {}),
        ),
        DashboardTable(
            "own_years",
            _("Keys for student use, by year level"),
            _("Year"),
            students,
            years_rows,
            _own_row(_("All years"), every, {}),
        ),
    )


def _coverages(figures: Figures) -> Counter[str]:
    found: Counter[str] = Counter()
    for (_school_id, _year, coverage), n in figures.students.items():
        found[coverage] += n
    return found


def _stages(figures: Figures) -> Counter[Stage]:
    found: Counter[Stage] = Counter()
    for (_language, stage), n in figures.parents.items():
        found[stage] += n
    return found


NONE = "-"
"""How an address says that a year level, or a language, is not stated."""


# What the framework has no name for, and schools have families of.
_MORE_LANGUAGES = {
    "am": gettext_lazy("Amharic"),
    "fil": gettext_lazy("Filipino"),
    "gu": gettext_lazy("Gujarati"),
    "mi": gettext_lazy("Māori"),
    "prs": gettext_lazy("Dari"),
    "ps": gettext_lazy("Pashto"),
    "si": gettext_lazy("Sinhala"),
    "sm": gettext_lazy("Samoan"),
    "so": gettext_lazy("Somali"),
    "ti": gettext_lazy("Tigrinya"),
    "to": gettext_lazy("Tongan"),
    "yue": gettext_lazy("Cantonese"),
}


def language_name(tag: str) -> str:
    """In the reader's language, where its name is known."""
    if not tag:
        return _("Not stated")
    if tag in _MORE_LANGUAGES:
        return str(_MORE_LANGUAGES[tag])
    try:
        return str(get_language_info(tag)["name_translated"])
    except KeyError:
        return tag


def _students_row(label: str, counted: Mapping[str, int], where: Mapping[str, object], *, note: str = "") -> Row:
    total = sum(counted.values())
    numbers = [counted.get(coverage.name, 0) for coverage in COVERAGES]
    cells = tuple(
        Cell(
            str(each.label),
            n,
            _query("students", where, coverage=each.name) if n else "",
            percent_of(n, total),
            each.fill,
        )
        for each, n in zip(COVERAGES, numbers, strict=True)
    )
    whole = Cell(_("Active students"), total, _query("students", where) if total else "")
    return Row(label, whole, cells, bar_of(numbers, [each.fill for each in COVERAGES]), note)


def _parents_row(label: str, counted: Mapping[Stage, int], where: Mapping[str, object]) -> Row:
    """Parents divided as students are, but for those whom nobody sees."""
    whole = _parents_cell(_("Parents"), sum(counted.values()), where)
    return _divided(label, whole, counted, lambda word: _query("parents", where, state=word))


def _own_row(label: str, counted: Mapping[Stage, int], where: Mapping[str, object], *, note: str = "") -> Row:
    """Students divided by their own keys, in the same words."""
    total = sum(counted.values())
    whole = Cell(_("Active students"), total, _query("students", where) if total else "")
    return _divided(label, whole, counted, lambda word: _query("students", where, own=word), note=note)


def _divided(
    label: str, whole: Cell, counted: Mapping[Stage, int], query: Callable[[str], str], *, note: str = ""
) -> Row:
    """Holders of keys by how far they have come. query: the list of those whom a word stands for."""
    numbers = [sum(counted.get(stage, 0) for stage in each.stages) for each in OWN_COVERAGES]
    cells = tuple(
        Cell(str(each.parents), n, query(each.name) if n else "", percent_of(n, whole.count), each.fill)
        for each, n in zip(OWN_COVERAGES, numbers, strict=True)
    )
    return Row(label, whole, cells, bar_of(numbers, [each.fill for each in OWN_COVERAGES]), note)


def _waiting_row(label: str, counted: Mapping[Stage, int], where: Mapping[str, object], *, note: str = "") -> Row:
    cells = tuple(_stage_cell(stage, counted, where) for stage in NOT_REGISTERED)
    whole = _parents_cell(_("Not registered"), sum(cell.count for cell in cells), {"state": "waiting", **where})
    return Row(label, whole, cells, label_note=note)


def _stage_cell(
    stage: Stage, counted: Mapping[Stage, int], where: Mapping[str, object], *, of: int | None = None
) -> Cell:
    n = counted.get(stage, 0)
    query = _query("parents", where, state=WORD_OF[stage]) if n else ""
    return Cell(str(stage.label), n, query, None if of is None else percent_of(n, of))


def _parents_cell(label: str, n: int, where: Mapping[str, object]) -> Cell:
    return Cell(label, n, _query("parents", where) if n else "")


def _query(of: str, where: Mapping[str, object], **more: str) -> str:
    """The end of a list's address: which list, and its filters."""
    query = urlencode({**where, **more})
    return f"{of}/?{query}" if query else f"{of}/"


def percent_of(part: int, whole: int) -> int:
    """Rounded down, so that 100 % is said of all of them only."""
    return part * 100 // whole if whole else 0


def bar_of(numbers: Sequence[int], fills: Sequence[str], *, least: float = 0.6) -> tuple[Stretch, ...]:
    """Where each stretch begins and how wide it is, in percent: by its number, but never too thin to be seen."""
    total, shown = sum(numbers), sum(1 for number in numbers if number)
    stretches, x = [], 0.0
    for number, fill in zip(numbers, fills, strict=True):
        if number:
            width = least + (100 - least * shown) * number / total
            stretches.append(Stretch(fill, round(x, 2), round(width, 2)))
            x += width
    return tuple(stretches)


def _shown(schools: Iterable[School], with_people: Collection[int]) -> list[School]:
    """Active ones, and others that still have somebody: nobody is left out of a sum."""
    return [school for school in schools if school.is_active or school.pk in with_people]


def _note(school: School) -> str:
    return "" if school.is_active else _("inactive")


def _year_name(year: str) -> str:
    return _("Year %(year)s") % {"year": year} if year else _("Not stated")


def _year_order(year: str) -> tuple[bool, list[tuple[int, int, str]]]:
    """As K, 7, 10, and at the end those who have none."""
    return not year, natural(year)
