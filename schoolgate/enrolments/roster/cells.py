"""What one cell may hold, and what it becomes: text, ids, dates, yes and no, words, e-mail addresses (``rostering.md`` §9)."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from schoolgate.enrolments.roster.rows import DateOrder

# Zero-width joiner and non-joiner belong to the spelling of names in several scripts; no other format character does.
_JOINERS = "\u200c\u200d"
_ERROR_VALUES = frozenset(
    ["#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "NULL", "None"]
)
_HASHES = re.compile(r"#{3,}")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+?\d+")
_PLAIN_EMAIL = re.compile(r"[^\s@;,<>:()\[\]\\\"]+@[^\s@;,<>:()\[\]\\\"._-][^\s@;,<>:()\[\]\\\"]*\.[^\W\d_][\w-]*")
_NO_EMAIL = re.compile(
    r"(?:none|no[._-]?e?mail|nil|n/?a|unknown|not[._-]?provided|null)(?:@.*)?|x+@x+(?:\.x+)?|-+|\.", re.IGNORECASE
)
_PLAIN_PHONE = re.compile(r"[+(]?(?:[ ()./–-]*\d){5,}[ ()./–-]*")


class Kind(Enum):
    """How a column's cells are cleaned and read."""

    ID = "id"
    NAME = "name"
    TEXT = "text"
    LIST = "list"
    NOTE = "note"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    BIRTH = "birth date"
    YES_NO = "yes or no"
    NUMBER = "whole number"
    WORD = "word"
    READ = "read by the column's own function"


_TYPED = frozenset([Kind.DATE, Kind.BIRTH, Kind.YES_NO, Kind.NUMBER, Kind.WORD, Kind.READ])
_LONGEST = {Kind.ID: 255, Kind.EMAIL: 254, Kind.LIST: 20_000, Kind.NOTE: 4_000}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a reader uses. ``needed``: the heading must be there; ``filled``: so must each cell.

    limit: longest text, 0 for the kind's own. words: for WORD, folded spelling to what the reader gets. read: for READ,
    from a cell that isn't blank; None refuses it, and ``allowed`` then says what may stand there.
    """

    name: str
    kind: Kind = Kind.TEXT
    needed: bool = False
    filled: bool = False
    limit: int = 0
    words: Mapping[str, object] | None = None
    read: Callable[[str], object | None] | None = None
    allowed: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def is_typed(self) -> bool:
        """True where a cell becomes something else than text."""
        return self.kind in _TYPED

    @property
    def is_masked(self) -> bool:
        """True where findings show only the shape of a cell."""
        return self.kind in {Kind.BIRTH, Kind.NOTE}

    @property
    def longest(self) -> int:
        """The longest text it takes, in characters."""
        return self.limit or _LONGEST.get(self.kind, 200)


def is_error_value(cell: str) -> bool:
    """True for what a spreadsheet or database writes where a value failed. ``Null`` is a surname and passes."""
    return cell in _ERROR_VALUES or _HASHES.fullmatch(cell) is not None


def is_scientific(cell: str) -> bool:
    """True for ``9.6E+12``: the id's digits are gone."""
    return _SCIENTIFIC.fullmatch(cell) is not None and ("+" in cell[1:] or "." in cell or "," in cell)


def clean_text(cell: str) -> tuple[str, bool]:
    """The text in NFC, trimmed, runs of blanks as one; and whether invisible characters were dropped.

    A line break or tab becomes a blank, other control characters go, of the format characters only the joiners stay.
    """
    kept: list[str] = []
    dropped = False
    for sign in cell:
        category = unicodedata.category(sign)
        if sign in "\t\n\r\v\f\x85\u2028\u2029":
            kept.append(" ")
            dropped = True
        elif category == "Cc" or (category == "Cf" and sign not in _JOINERS):
            dropped = True
        else:
            kept.append(sign)
    return unicodedata.normalize("NFC", " ".join("".join(kept).split())), dropped


def is_blind(cell: str) -> bool:
    """True when an id holds characters nobody can see, joiners included."""
    return any(unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"} for sign in cell)


def read_email(cell: str) -> tuple[str, bool]:
    """The address with its domain in lower case, and whether it is one address; a placeholder becomes no address."""
    if _PLAIN_EMAIL.fullmatch(cell) and not _NO_EMAIL.fullmatch(cell):
        local, _, domain = cell.rpartition("@")
        return f"{local}@{domain.lower()}", True
    if _NO_EMAIL.fullmatch(cell):
        return "", True
    local, at, domain = cell.rpartition("@")
    return (f"{local}@{domain.lower()}" if at else cell), False


def is_usable_email(address: str) -> bool:
    """Whether anything may ever be sent to this address as it is stored."""
    return bool(address) and read_email(address) == (address, True)


def is_phone(cell: str) -> bool:
    """False for under five digits or with letters; numbering plans are nobody's business here."""
    if _PLAIN_PHONE.fullmatch(cell):
        return True
    return sum(map(str.isdigit, cell)) >= 5 and not any(map(str.isalpha, cell))


YES_NO: Mapping[str, object] = {
    "yes": True, "true": True, "1": True, "y": True,
    "no": False, "false": False, "0": False, "n": False,
}  # fmt: skip


class DateForm(Enum):
    """The ways to write a date that a column may use; one must fit all its rows."""

    ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", re.ASCII)
    COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII)
    DAY_FIRST = re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})", re.ASCII)
    MONTH_FIRST = re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})", re.ASCII)
    DOTS = re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})", re.ASCII)

    def read(self, cell: str) -> date | None:
        """The date, or None when the cell is none in this form. Years outside 1900 to 2199 are slips."""
        found = self.value.fullmatch(cell)
        if found is None or not 1900 <= int(found["y"]) < 2200:
            return None
        try:
            return date(int(found["y"]), int(found["m"]), int(found["d"]))
        except ValueError:
            return None


_TWO_DIGIT_YEAR = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2}", re.ASCII)
_FORM_OF_ORDER = {DateOrder.DAY_FIRST: DateForm.DAY_FIRST, DateOrder.MONTH_FIRST: DateForm.MONTH_FIRST}


def has_two_digit_year(cell: str) -> bool:
    """True for 31/12/15."""
    return _TWO_DIGIT_YEAR.fullmatch(cell) is not None


def date_form_of(cells: Iterable[str], *, preferred: DateOrder | None) -> tuple[DateForm | None, bool]:
    """The form that fits most of a column's cells, and whether the column is mixed.

    None when every cell with slashes can be read day first and month first. Mixed: some of them can only be read day
    first and others only month first, so that the rest can't be trusted either way.
    preferred: decides only between these two (what the format's own document says, or what a person said).
    """
    counts = dict.fromkeys(DateForm, 0)
    only_day_first = only_month_first = False
    for cell in cells:
        fitting = [form for form in DateForm if form.read(cell) is not None]
        for form in fitting:
            counts[form] += 1
        only_day_first |= fitting == [DateForm.DAY_FIRST]
        only_month_first |= fitting == [DateForm.MONTH_FIRST]
    is_mixed = only_day_first and only_month_first
    best = max(counts, key=lambda form: counts[form])
    if counts[DateForm.DAY_FIRST] == counts[DateForm.MONTH_FIRST] == counts[best] > 0 and not is_mixed:
        return (_FORM_OF_ORDER[preferred] if preferred else None), False
    return best, is_mixed
