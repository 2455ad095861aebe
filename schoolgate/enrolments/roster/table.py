"""One CSV file as rows of clean cells in the order a reader asks for; what is wrong goes into the findings.

The loop is hot: 600,000 rows of some 15 cells. So a row is first looked at as one string, and only where that shows
something unusual is each cell looked at by its kind (``cells.py``).
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from operator import gt, itemgetter
from typing import Any

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.cells import (
    YES_NO,
    Column,
    Kind,
    clean_text,
    is_blind,
    is_error_value,
    is_phone,
    is_scientific,
    read_email,
)
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import PLACES_KEPT, Findings, Message
from schoolgate.enrolments.roster.lookups import BadCell, Dates, Lookup, Numbers, ReadBy, Words
from schoolgate.enrolments.roster.rows import DateOrder, ReadOptions
from schoolgate.lib.csvfile import CsvRows, NotCsv, TextForm, find_form

# One value for each column asked for: text, or what its kind makes of it (bool, date, int, a word's value), or None.
Cells = tuple[Any, ...]
Pick = Callable[[Sequence[Any]], Cells]
_DIGITS_KEPT_BY_SPREADSHEETS = 15


class Table:
    """A file of an upload, opened for the columns a reader wants.

    exact: headings are case-sensitive by the format's rules, so another case is accepted with a warning; otherwise
    case, blanks and underscores don't matter. also_known: headings of the format that we don't read; a ``*`` at the end
    stands for any rest. commas_only: another delimiter is accepted with a warning. date_order: how the format writes
    dates where a column alone doesn't tell.
    """

    def __init__(
        self,
        files: RosterFiles,
        file: str,
        columns: Sequence[Column],
        findings: Findings,
        options: ReadOptions,
        *,
        exact: bool,
        also_known: Sequence[str] = (),
        commas_only: bool = False,
        rows_needed: bool = False,
        date_order: DateOrder | None = None,
    ) -> None:
        self.file = file
        self.columns = columns
        self.row_count = 0
        self._files = files
        self._findings = findings
        self._repair = options.repair
        self._encoding_is_confirmed = options.encoding_is_confirmed
        self._date_order = options.date_order or date_order
        self._exact = exact
        self._also_known = also_known
        self._commas_only = commas_only
        self._rows_needed = rows_needed
        self._form = TextForm("utf-8")
        self._headings: list[str] = []
        self._heading_line = 0
        self._places: list[int | None] = [None] * len(columns)
        self._samples: list[str] = []
        self._long_ids: dict[str, _LongIds] = {}
        self._last_line = 0
        self._ends_in_quotes = False
        self.is_open = self._open()

    def has(self, name: str) -> bool:
        """True when the file has this column."""
        return any(
            column.name == name and place is not None for column, place in zip(self.columns, self._places, strict=True)
        )

    def report(self, message: Message, line: int, column: str = "", value: str = "", **gaps: object) -> None:
        """Note a finding about a place of this file."""
        self._findings.add(message, file=self.file, line=line, column=column, value=value, gaps=gaps)

    def _open(self) -> bool:
        """Find out the encoding and the delimiter, and where each column is. False when there is nothing to read."""
        try:
            with self._files.open(self.file) as stream:
                self._form = find_form(stream)
            for line, headings in self._raw_rows(self._form):
                self._heading_line = line
                self._headings = [heading.strip() for heading in headings]
                break
        except NotCsv as fault:
            self.report(messages.FILE_UNREADABLE, fault.line, reason=messages.TROUBLES[fault.trouble])
            return False
        if not any(self._headings):
            self.report(messages.FILE_EMPTY, 0)
            return False
        self._report_form(self._form)
        return self._place_columns()

    def _raw_rows(self, form: TextForm) -> Iterator[tuple[int, list[str]]]:
        with self._files.open(self.file) as stream:
            rows = CsvRows(stream, form, repair=self._repair and form.is_twice_encoded)
            yield from rows
            self._ends_in_quotes = rows.ends_in_quotes

    def _report_form(self, form: TextForm) -> None:
        if form.encoding.startswith("utf-16"):
            self.report(messages.FILE_UTF16, 0)
        if form.is_twice_encoded and not self._repair:
            self.report(messages.FILE_TWICE_ENCODED, 0)
        if self._commas_only and form.delimiter != ",":
            shown = {"\t": "⇥"}.get(form.delimiter, form.delimiter)
            self.report(messages.FILE_DELIMITER, self._heading_line, delimiter=shown)

    def _fold(self, heading: str) -> str:
        folded = heading.casefold()
        return folded if self._exact else "_".join(folded.replace("_", " ").split())

    def _place_columns(self) -> bool:
        number_by_name: dict[str, int] = {}
        for number, column in enumerate(self.columns):
            for name in (column.name, *column.aliases):
                number_by_name[self._fold(name)] = number
        known = {self._fold(name) for name in self._also_known if not name.endswith("*")}
        prefixes = tuple(self._fold(name[:-1]) for name in self._also_known if name.endswith("*"))
        line, is_good = self._heading_line, True
        for place, heading in enumerate(self._headings):
            folded = self._fold(heading)
            wanted = number_by_name.get(folded)
            if wanted is None:
                if heading and folded not in known and not (prefixes and folded.startswith(prefixes)):
                    self.report(messages.HEADER_UNKNOWN, line, heading)
            elif self._places[wanted] is not None:
                self.report(messages.HEADER_DUPLICATE, line, heading)
                is_good = False
            else:
                self._places[wanted] = place
                spellings = (self.columns[wanted].name, *self.columns[wanted].aliases)
                if self._exact and heading not in spellings:
                    self.report(messages.HEADER_CASE, line, spellings[0], heading)
        found = ", ".join(heading for heading in self._headings if heading)
        for column, place_or_none in zip(self.columns, self._places, strict=True):
            if column.needed and place_or_none is None:
                self.report(messages.HEADER_MISSING, line, column.name, found=found)
                is_good = False
        return is_good

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Each row with its line; its cells in the order of ``columns``, None where the file lacks the column.

        A bad cell is reported and comes as None, so that the row still counts as there; a row of the wrong width is
        reported and left out.
        """
        if not self.is_open:
            return
        try:
            yield from self._rows()
        except NotCsv as fault:
            self.report(messages.FILE_UNREADABLE, fault.line, reason=messages.TROUBLES[fault.trouble])
            return
        if self.row_count == 0:
            message = messages.FILE_NO_ROWS if self._rows_needed else messages.FILE_NO_ROWS_NOTED
            self.report(message, self._heading_line)
        if self._ends_in_quotes:
            self.report(messages.FILE_TRUNCATED, self._last_line)
        if self._form.is_guess:
            is_old = self._encoding_is_confirmed
            guessed = messages.FILE_ENCODING_CONFIRMED if is_old else messages.FILE_ENCODING_GUESSED
            self.report(guessed, 0, samples=", ".join(self._samples))
        self._report_long_ids()

    def _rows(self) -> Iterator[tuple[int, Cells]]:
        # Picked: the columns the file has, in our order. Final: those and None for the others, in our order.
        present = [number for number, place in enumerate(self._places) if place is not None]
        width = len(self._headings)
        pick = _picker([place for place in self._places if place is not None])
        at_by_number = {number: at for at, number in enumerate(present)}
        final = _picker([at_by_number.get(number, len(present)) for number in range(len(self.columns))])
        columns = [self.columns[number] for number in present]
        limits = [column.longest for column in columns]
        shortest = min(limits)
        filled = [at for at, column in enumerate(columns) if column.filled]
        fills = _picker(filled) if filled else None
        lookups = [(at, self._lookup(column, present[at])) for at, column in enumerate(columns) if column.is_typed]
        checks = [(at, check) for at, column in enumerate(columns) if (check := self._check(column)) is not None]
        short_row: tuple[int, list[str]] | None = None
        is_normalized = unicodedata.is_normalized
        is_guess = self._form.is_guess
        numbered = self._raw_rows(self._form)
        next(numbered)  # The headings.
        for line, row in numbered:
            if short_row is not None:
                self._report_width(*short_row)
                short_row = None
            self._last_line = line
            if len(row) != width:
                if len(row) < width:
                    if not any(map(str.strip, row)):
                        continue
                    short_row = (line, row)  # An upload that broke off, if nothing follows.
                    continue
                if any(map(str.strip, row[width:])):
                    self._report_width(line, row)
                    continue
                self.report(messages.ROW_SURPLUS_BLANK, line)
            cells: Sequence[str] = pick(row)
            text = ",".join(cells)
            if (
                not text.isprintable()
                or "  " in text
                or ", " in text
                or " ," in text
                or text[:1] == " "
                or text[-1:] == " "
                or "#" in text
                or "E+" in text
                or "NULL" in text
                or "None" in text
                or (len(text) > shortest and any(map(gt, map(len, cells), limits)))
                or not (text.isascii() or (is_normalized("NFC", text) and not is_guess))
            ):
                cells = self._clean(line, cells, columns)
            if fills is not None and "" in fills(cells):
                if not any(cells):
                    continue  # Spreadsheets leave such rows below a table.
                self._report_empty(line, cells, columns)
            self.row_count += 1
            values: list[Any] = [*cells, None]
            for at, lookup in lookups:
                try:
                    values[at] = lookup[values[at]]
                except BadCell as bad:
                    self._report_cell(bad.message, line, columns[at], values[at], **bad.gaps)
                    values[at] = None
            for at, check in checks:
                if values[at]:
                    values[at] = check(line, values[at])
            yield line, final(values)
        if short_row is not None:
            self.report(messages.FILE_TRUNCATED, short_row[0])

    def _report_width(self, line: int, row: Sequence[str]) -> None:
        self.report(messages.ROW_WIDTH, line, found=len(row), wanted=len(self._headings))

    def _report_empty(self, line: int, cells: Sequence[str], columns: Sequence[Column]) -> None:
        for cell, column in zip(cells, columns, strict=True):
            if column.filled and not cell:
                self.report(messages.CELL_REQUIRED, line, column.name)

    def _report_cell(self, message: Message, line: int, column: Column, value: str, **gaps: object) -> None:
        self._findings.add(
            message,
            file=self.file,
            line=line,
            column=column.name,
            value=value,
            is_masked=column.is_masked,
            gaps=gaps,
        )

    def _clean(self, line: int, cells: Sequence[str], columns: Sequence[Column]) -> list[str]:
        """The cells of an unusual row, each by its kind."""
        return [self._clean_cell(line, cell, column) for cell, column in zip(cells, columns, strict=True)]

    def _clean_cell(self, line: int, cell: str, column: Column) -> str:
        kind = column.kind
        cell = cell.strip()
        if self._form.is_guess and kind is Kind.NAME and not cell.isascii() and len(self._samples) < 3:
            self._samples.append(cell)
        if column.is_typed and kind not in {Kind.DATE, Kind.BIRTH}:
            return cell
        if kind is not Kind.NOTE and is_error_value(cell):
            self._report_cell(messages.CELL_ERROR_VALUE, line, column, cell)
            return cell
        if kind is Kind.ID:
            if is_scientific(cell):
                self._report_cell(messages.CELL_SCIENTIFIC, line, column, cell)
            elif is_blind(cell):
                self._report_cell(messages.CELL_UNPRINTABLE_ID, line, column, clean_text(cell)[0])
                cell = cell.replace("\0", "")  # PostgreSQL keeps none, and the import is refused by this anyway.
        elif kind is Kind.LIST:
            cell = cell.replace("\0", "")
        else:
            cell, dropped = clean_text(cell)
            if dropped:
                self._report_cell(messages.CELL_CONTROL, line, column, cell)
        if len(cell) > column.longest:
            self._report_cell(messages.CELL_TOO_LONG, line, column, cell, length=len(cell), limit=column.longest)
            return cell[: column.longest]
        return cell

    def _check(self, column: Column) -> Callable[[int, str], str] | None:
        if column.kind is Kind.ID:
            return lambda line, cell: self._check_id(line, cell, column)
        if column.kind is Kind.EMAIL:
            return lambda line, cell: self._check_email(line, cell, column)
        if column.kind is Kind.PHONE:
            return lambda line, cell: self._check_phone(line, cell, column)
        return None

    def _check_id(self, line: int, cell: str, column: Column) -> str:
        if len(cell) > _DIGITS_KEPT_BY_SPREADSHEETS and cell.isdigit():
            self._long_ids.setdefault(column.name, _LongIds()).add(line, cell)
        return cell

    def _check_email(self, line: int, cell: str, column: Column) -> str:
        address, is_one = read_email(cell)
        if not is_one:
            self._report_cell(messages.CELL_EMAIL, line, column, cell)
        return address

    def _check_phone(self, line: int, cell: str, column: Column) -> str:
        if not is_phone(cell):
            self._report_cell(messages.CELL_PHONE, line, column, cell)
        return cell

    def _report_long_ids(self) -> None:
        for name, found in self._long_ids.items():
            if found.are_rounded:
                for line, cell in found.places:
                    self.report(messages.CELL_SCIENTIFIC, line, name, cell)

    def _lookup(self, column: Column, number: int) -> Lookup:
        if column.kind in {Kind.DATE, Kind.BIRTH}:
            return Dates(lambda: self._scan(number), self._date_order)
        if column.kind is Kind.NUMBER:
            return Numbers()
        if column.read is not None:
            return ReadBy(column.read, column.allowed)
        return Words(YES_NO if column.kind is Kind.YES_NO else column.words or {})

    def _scan(self, number: int) -> Iterator[str]:
        """Every cell of one column, read once more: to see how the whole column writes its dates."""
        place = self._places[number]
        numbered = self._raw_rows(self._form)
        next(numbered)
        for _, row in numbered:
            if place is not None and len(row) > place and (cell := row[place].strip()):
                yield cell


class _LongIds:
    """Ids of more than fifteen digits in one column, of which a spreadsheet keeps fifteen and writes zeros for the rest.

    One of sixteen digits may honestly end in a zero, one in ten does; a whole column of them does not.
    """

    def __init__(self) -> None:
        self.places: list[tuple[int, str]] = []
        self._honest = 0
        self._zeros = 0

    def add(self, line: int, cell: str) -> None:
        if cell[_DIGITS_KEPT_BY_SPREADSHEETS:].strip("0"):
            self._honest += 1
            return
        self._zeros += len(cell) - _DIGITS_KEPT_BY_SPREADSHEETS
        if len(self.places) < PLACES_KEPT:
            self.places.append((line, cell))

    @property
    def are_rounded(self) -> bool:
        return not self._honest and self._zeros >= 3


def _picker(places: Sequence[int]) -> Pick:
    """Itemgetter that gives a tuple for one place too."""
    if len(places) == 1:
        only = places[0]
        return lambda row: (row[only],)
    return itemgetter(*places)
