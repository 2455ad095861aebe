"""What the cells of one column stand for: each distinct cell is read once (``rostering.md`` §9)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.cells import DateForm, date_form_of, has_two_digit_year
from schoolgate.enrolments.roster.findings import Message
from schoolgate.enrolments.roster.rows import DateOrder


class BadCell(Exception):
    """The cell can't be read as its kind."""

    def __init__(self, message: Message, **gaps: object) -> None:
        super().__init__(message.code)
        self.message = message
        self.gaps = gaps


class Lookup(dict[str, Any]):  # Any: what the words of a column stand for is the reader's choice.
    """Reads each distinct cell once. Raises BadCell, every time, for one that can't be read. Blank is None."""

    def __missing__(self, cell: str) -> Any:
        value = self.read(cell) if cell else None
        self[cell] = value
        return value

    def read(self, cell: str) -> Any:
        raise NotImplementedError


class Words(Lookup):
    """A closed list of words, in any case."""

    def __init__(self, words: Mapping[str, object]) -> None:
        super().__init__()
        self._words = words

    def read(self, cell: str) -> object:
        found = self._words.get(cell.strip().casefold(), self)
        if found is self:
            raise BadCell(messages.CELL_ENUM, allowed=", ".join(self._words))
        return found


class ReadBy(Lookup):
    """What a reader makes of it. allowed: in words, what may stand there."""

    def __init__(self, read: Callable[[str], object | None], allowed: str) -> None:
        super().__init__()
        self._read = read
        self._allowed = allowed

    def read(self, cell: str) -> object:
        found = self._read(cell.strip())
        if found is None:
            raise BadCell(messages.CELL_ENUM, allowed=self._allowed)
        return found


class Numbers(Lookup):
    """Whole numbers of at most four digits."""

    def read(self, cell: str) -> int:
        if cell.isascii() and cell.isdigit() and len(cell) <= 4:
            return int(cell)
        raise BadCell(messages.CELL_ENUM, allowed="0, 1, 2, …")


class Dates(Lookup):
    """The dates of one column: ISO as it comes; at the first other date the whole column is looked at once."""

    def __init__(self, scan: Callable[[], Iterator[str]], order: DateOrder | None) -> None:
        super().__init__()
        self._scan = scan
        self._order = order
        self._form: DateForm | None = DateForm.ISO
        self._is_scanned = False
        self._is_unsure = False
        self._is_mixed = False

    def read(self, cell: str) -> object:
        if not self._is_scanned and DateForm.ISO.read(cell) is None:
            self._is_scanned = True
            self._form, self._is_mixed = date_form_of(self._scan(), preferred=self._order)
            self._is_unsure = self._form is None
            if self._form is not DateForm.ISO and any(self.values()):
                raise BadCell(messages.CELL_DATE)  # The dates before this one are ISO: the column is mixed.
            self.clear()
        if self._is_unsure and DateForm.DAY_FIRST.read(cell) is not None:
            raise BadCell(messages.CELL_DATE_UNSURE)
        value = self._form.read(cell) if self._form else None
        if value is None:
            if self._is_mixed and (DateForm.DAY_FIRST.read(cell) or DateForm.MONTH_FIRST.read(cell)):
                raise BadCell(messages.CELL_DATE_MIXED)
            raise BadCell(messages.CELL_DATE_TWO_DIGITS if has_two_digit_year(cell) else messages.CELL_DATE)
        return value
