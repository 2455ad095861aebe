"""What the address of a key page asks for: filters, sort, columns, page; never an error, whatever is in it (portal-console §12.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.console.parent_access.key_pages.schemes import SCHEMES, Scheme
from schoolgate.console.parent_access.key_pages.states import SEGMENT_BY_NAME, GridState, state_label, states_of

SIZES = (50, 100, 250)
SORTS = SCHEMES["contact"].sorts
EXTRA_COLUMNS = {
    "delivered": gettext_lazy("Delivered"),
    "expires": gettext_lazy("Expires"),
    "seen": gettext_lazy("Last seen"),
}
_LONGEST = 100


@dataclass(frozen=True)
class Filters:
    """All of it from the address; empty means no filter.

    state: a segment of the bar or one state. school: a school's code. expires: within so many days. The yes/no
    filters hold "yes", "no" or "".
    """

    q: str = ""
    state: str = ""
    school: int | None = None
    year: str = ""
    roll_class: str = ""
    problem: str = ""
    email: str = ""
    shared: str = ""
    students: str = ""
    pending: str = ""
    restricted: str = ""
    language: str = ""
    expires: int | None = None

    @property
    def is_narrowed(self) -> bool:
        """Is any filter set, the state's included?"""
        return self != Filters()

    @property
    def is_narrowed_beside_state(self) -> bool:
        """Is any filter set but the state's?"""
        return replace(self, state="") != Filters()


@dataclass(frozen=True)
class GridView:
    """One look at the list. sort: a name of SORTS, "-" before it for downwards. notes: what of the address was not understood."""

    filters: Filters = Filters()
    sort: str = "name"
    size: int = SIZES[0]
    page: int = 1
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_view(address: QueryDict, *, may_see_restrictions: bool, scheme: Scheme = SCHEMES["contact"]) -> GridView:
    """The view that an address asks for; what it doesn't understand, or the reader may not ask, is left out and noted."""
    notes: list[str] = []
    chosen = {
        name: value for name in _READERS if (value := _read(name, address.get(name, ""), notes)) not in ("", None)
    }
    if not may_see_restrictions and chosen.pop("restricted", ""):
        notes.append(_("Your role does not cover the filter for restrictions; it is left out."))
    sort = address.get("sort", "name")
    if sort.removeprefix("-") not in scheme.sorts:
        notes.append(_("This list can't be sorted that way; it is sorted by name."))
        sort = "name"
    columns = tuple(name for name in EXTRA_COLUMNS if name in address.getlist("columns"))
    size = _number(address.get("rows", "")) or SIZES[0]
    return GridView(
        filters=Filters(**chosen),  # type: ignore[arg-type]  # Each reader gives its own field's type.
        sort=sort,
        size=size if size in SIZES else SIZES[0],
        page=max(1, _number(address.get("page", "")) or 1),
        columns=columns,
        notes=tuple(notes),
    )


def _read(name: str, text: str, notes: list[str]) -> str | int | None:
    text = text.strip()
    if not text:
        return None
    value = _READERS[name](text)
    if value in ("", None):
        notes.append(_("A filter was not understood and is left out."))
    return value


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _line(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())[:_LONGEST].strip()


def _yes_no(text: str) -> str:
    return text if text in {"yes", "no"} else ""


def _yes(text: str) -> str:
    return text if text == "yes" else ""


def _days(text: str) -> int | None:
    days = _number(text)
    return days if days is not None and days <= 365 else None


def _state(text: str) -> str:
    return text if states_of(text) else ""


_READERS: dict[str, Callable[[str], str | int | None]] = {
    "q": _line,
    "state": _state,
    "school": _number,
    "year": _line,
    "roll_class": _line,
    "problem": _yes,
    "email": _yes_no,
    "shared": _yes,
    "students": _yes_no,
    "pending": _yes,
    "restricted": _yes,
    "language": _line,
    "expires": _days,
}


@dataclass(frozen=True)
class Chip:
    """A filter in force: what it says, and the address without it."""

    label: str
    without: str


def chips_of(
    view: GridView, address: QueryDict, *, school_names: Mapping[int, str], scheme: Scheme = SCHEMES["contact"]
) -> list[Chip]:
    """The chips above the list, one for each filter but the words searched for and the bar's segments, which show themselves."""
    found = []
    for name in (each.name for each in fields(Filters)):
        value = getattr(view.filters, name)
        if value in ("", None) or name == "q" or (name == "state" and value in SEGMENT_BY_NAME):
            continue
        found.append(Chip(_said(name, value, school_names, scheme), address_without(address, name)))
    return found


def _said(name: str, value: str | int, school_names: Mapping[int, str], scheme: Scheme) -> str:
    sentences = {
        ("problem", "yes"): _("Delivery problem"),
        ("email", "yes"): _("Has e-mail"),
        ("email", "no"): _("No e-mail"),
        ("shared", "yes"): _("Shares an e-mail"),
        ("students", "yes"): _("Has students"),
        ("students", "no"): _("No students"),
        ("pending", "yes"): _("Change pending"),
        ("restricted", "yes"): _("Restricted"),
    }
    if not scheme.is_own_addressee:
        sentences |= {
            ("email", "yes"): _("An adult with an e-mail"),
            ("email", "no"): _("An adult without an e-mail"),
            ("students", "yes"): _("Somebody with access"),
            ("students", "no"): str(scheme.no_link),
        }
    if (name, value) in sentences:
        return sentences[name, str(value)]
    if name == "school":
        return _("School: %(name)s") % {"name": school_names.get(int(value), value)}
    if name == "state":
        return _("State: %(name)s") % {"name": state_label(GridState(str(value)), scheme)}
    if name == "expires":
        return _("Expires within %(days)s days") % {"days": value}
    label = {"year": _("Year"), "roll_class": _("Class"), "language": _("Language")}[name]
    return f"{label}: {value}"


def address_without(address: QueryDict, *names: str) -> str:
    """The query string without some parameters, and on the first page; "?" when nothing is left."""
    rest = address.copy()
    for name in (*names, "page"):
        rest.pop(name, None)
    return f"?{rest.urlencode()}"


def address_with(address: QueryDict, **values: str) -> str:
    """The query string with other values for some parameters, and on the first page; empty values go."""
    rest = address.copy()
    rest.pop("page", None)
    for name, value in values.items():
        rest.pop(name, None)
        if value:
            rest[name] = value
    return f"?{rest.urlencode()}"
