"""A pasted or uploaded list of Student Ids: read, and checked line by line before anything is made (R-GP-01, R-GP-02, §12); pure."""

import csv
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

from django.utils.translation import gettext as _

from schoolgate.lib.csvfile import NotCsv, TextForm, find_form
from schoolgate.lib.errors import SchoolgateError

MOST_LINES = 50_000
MOST_BYTES = 4_000_000
LONGEST_ID = 255

_HEADINGS = {"studentid", "studentno", "studentnumber", "studentids", "sourcedid", "id"}
_SPREADSHEET = re.compile(r"\d+(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")


class ListRefused(SchoolgateError):
    """The list can't be taken as one of Student Ids; nothing was looked up. Names the place and the mend."""

    code = "list.refused"
    status = 422


class Entry(NamedTuple):
    """One id of the list, as written without outer blanks. line: as a text editor counts."""

    line: int
    text: str


def read_list(content: bytes) -> list[Entry]:
    """The ids of a text or CSV file, blank lines as empty entries: UTF-8, UTF-16 or Windows-1252. Raises ListRefused.

    One id a line; or a row of ids; or several columns of which one is headed Student Id.
    """
    if len(content) > MOST_BYTES:
        raise ListRefused(
            _("The list has %(size)s MB.") % {"size": round(len(content) / 1_000_000, 1)},
            fix=_("At most %(most)s MB are read: Student Ids alone, one a line.") % {"most": MOST_BYTES // 1_000_000},
        )
    lines = _lines(content)
    if len(lines) > MOST_LINES:
        raise ListRefused(
            _("The list has %(lines)s lines.") % {"lines": len(lines)},
            fix=_("Send at most %(most)s at once.") % {"most": MOST_LINES},
        )
    delimiter = _delimiter([text for _line, text in lines if text.strip()])
    rows = [(line, _cells(text, delimiter)) for line, text in lines]
    entries = _ids(rows)
    if not any(entry.text for entry in entries):
        raise ListRefused(_("The list is empty."), fix=_("Give one Student Id on each line."))
    for entry in entries:
        if len(entry.text) > LONGEST_ID:
            raise ListRefused(
                _("Line %(line)s is too long to be a Student Id.") % {"line": entry.line},
                fix=_("Give one Student Id on each line."),
            )
    return entries


def _lines(content: bytes) -> list[tuple[int, str]]:
    try:
        text = _decoded(content, find_form(BytesIO(content)))
    except (NotCsv, UnicodeError) as fault:
        raise ListRefused(
            _("This is not a list that can be read: it is no text, or its encoding is not known."),
            fix=_("Save it as CSV or as text, in UTF-8."),
        ) from fault
    lines = list(enumerate(_LINE_END.split(text), start=1))
    while lines and not lines[-1][1].strip():
        lines.pop()  # A file's last line ends, and that is no blank line.
    for line, each in lines:
        if any(ord(sign) < 32 and sign != "\t" for sign in each):
            raise ListRefused(
                _("Line %(line)s holds signs that no text has.") % {"line": line},
                fix=_("Save the list as CSV or as text, in UTF-8."),
            )
        if each.lstrip().startswith("<"):
            raise ListRefused(
                _("Line %(line)s looks like a web page, not like a list of Student Ids.") % {"line": line},
                fix=_("Export the list as CSV, or copy the Ids alone."),
            )
    return lines


def _decoded(content: bytes, form: TextForm) -> str:
    return content.decode(form.encoding, errors="schoolgate.c1" if form.is_guess else "strict")


def _delimiter(lines: Sequence[str]) -> str:
    return max((",", ";", "\t"), key=lines[0].count) if lines else ","


def _cells(text: str, delimiter: str) -> list[str]:
    """One line's cells, without outer blanks; empty for a blank line."""
    try:
        cells = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        cells = [text]
    return [cell.strip().lstrip("\ufeff") for cell in cells] if any(cell.strip() for cell in cells) else []


def _ids(rows: Sequence[tuple[int, list[str]]]) -> list[Entry]:
    filled = [(line, cells) for line, cells in rows if cells]
    if not filled:
        return []
    first_line, heading = filled[0]
    if len(filled) == 1 and len(heading) > 1:
        return [Entry(first_line, cell) for cell in heading if cell]
    named = [place for place, cell in enumerate(heading) if _is_heading(cell)]
    wide = next(((line, cells) for line, cells in filled if len([cell for cell in cells if cell]) > 1), None)
    if wide is not None and len(named) != 1:
        raise ListRefused(
            _("Line %(line)s has %(columns)s columns, and no one column is headed Student Id.")
            % {"line": wide[0], "columns": len(wide[1])},
            fix=_("Leave the Student Ids alone, or head their column “Student Id”."),
        )
    place = named[0] if named else 0
    return [
        Entry(line, cells[place] if place < len(cells) else "")
        for line, cells in rows
        if not (named and line == first_line)
    ]


def _is_heading(cell: str) -> bool:
    return re.sub(r"[\W_]+", "", cell.casefold()) in _HEADINGS


class Known(NamedTuple):
    """A student whom an id names. is_active: enrolled today, at an active school."""

    pk: int
    is_active: bool


@dataclass(frozen=True)
class ListCheck:
    """What of a list can be acted on. found: students, each once, in the list's order; of the rest, each line with its text.

    twice: ids that stood further up. spreadsheet: numbers as a spreadsheet shortens them, such as 1.2E+05.
    """

    found: tuple[int, ...] = ()
    blank: tuple[Entry, ...] = ()
    twice: tuple[Entry, ...] = ()
    unknown: tuple[Entry, ...] = ()
    spreadsheet: tuple[Entry, ...] = ()
    inactive: tuple[Entry, ...] = ()
    lines: int = 0


def check_list(entries: Iterable[Entry], known: Mapping[str, Collection[Known]]) -> ListCheck:
    """known: by the id as written. A student of a school beyond the member's is simply not among them (R-GP-02)."""
    found: dict[int, None] = {}
    seen: set[str] = set()
    lists: dict[str, list[Entry]] = defaultdict(list)
    count = 0
    for entry in entries:
        count += 1
        if not entry.text:
            lists["blank"].append(entry)
            continue
        if entry.text in seen:
            lists["twice"].append(entry)
            continue
        seen.add(entry.text)
        students = known.get(entry.text, ())
        active = [student.pk for student in students if student.is_active]
        if active:
            found.update(dict.fromkeys(active))
        elif students:
            lists["inactive"].append(entry)
        elif _SPREADSHEET.fullmatch(entry.text):
            lists["spreadsheet"].append(entry)
        else:
            lists["unknown"].append(entry)
    told = {name: tuple(entries_) for name, entries_ in lists.items()}
    return ListCheck(found=tuple(found), lines=count, **told)
