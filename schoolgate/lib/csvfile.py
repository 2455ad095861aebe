"""CSV as schools really send it, and CSV that is safe to hand back.

Reading: bytes of unknown encoding and delimiter become rows with the line number that a text editor shows
(``rostering.md`` §9). Writing: UTF-8 with BOM, and no cell that a spreadsheet would run as a formula (R-CK-17).
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import BinaryIO

SCAN_BYTES = 1 << 20
DELIMITERS = (",", ";", "\t")

# "MÃ¼ller": UTF-8 read as Windows-1252 and written as UTF-8 again. A letter Ã or Â, then the sign that the second
# byte of a UTF-8 pair (80 to BF) becomes in Windows-1252.
_TWICE_ENCODED = re.compile(
    b"\xc3[\x82\x83](?:\xc2[\x80-\xbf]|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe]|\xc6\x92|\xcb[\x86\x9c]"
    b"|\xe2\x80[\x93\x94\x98-\x9a\x9c-\x9e\xa0-\xa2\xa6\xb0\xb9\xba]|\xe2\x82\xac|\xe2\x84\xa2)"
)


class Trouble(StrEnum):
    """Why bytes can't be read as a table."""

    WORKBOOK = "it is an Excel workbook or a zip archive, not CSV text"
    OLD_WORKBOOK = "it is an old Excel workbook, not CSV text"
    PDF = "it is a PDF document, not CSV text"
    OPEN_QUOTE = "a quotation mark opened here is never closed"
    LINE = "this line can't be read as CSV"
    ENCODING = "the text breaks off or changes its encoding here"
    PACKED = "its contents in the archive are broken"


_NOT_TEXT = {
    b"PK\x03\x04": Trouble.WORKBOOK,
    b"\xd0\xcf\x11\xe0": Trouble.OLD_WORKBOOK,
    b"%PDF": Trouble.PDF,
}


class NotCsv(Exception):
    """The bytes can't be read as a table at all. ``line`` is 0 where the trouble has no place."""

    def __init__(self, trouble: Trouble, line: int = 0) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.line = line


@dataclass(frozen=True, slots=True)
class TextForm:
    """How the bytes of one file become text: found by looking at the whole file once.

    ``is_guess``: not valid UTF-8, so Windows-1252 was taken and somebody should look at a few names.
    ``is_twice_encoded``: holds pairs such as ``Ã¼``; see ``repaired``.
    """

    encoding: str
    delimiter: str = ","
    is_guess: bool = False
    is_twice_encoded: bool = False


def _c1_for_undefined(error: UnicodeError) -> tuple[str, int]:
    """Read the five bytes that Windows-1252 leaves open as browsers do, so that nothing becomes U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(map(chr, error.object[error.start : error.end])), error.end


codecs.register_error("schoolgate.c1", _c1_for_undefined)


def find_form(stream: BinaryIO) -> TextForm:
    """Look at every byte and tell the encoding and the delimiter. Leaves the stream at its end. Raises NotCsv."""
    head = stream.read(SCAN_BYTES)
    for magic, trouble in _NOT_TEXT.items():
        if head.startswith(magic):
            raise NotCsv(trouble)
    form = _find_encoding(head, stream)
    first_line = _first_line(head, form)
    return replace(form, delimiter=_find_delimiter(first_line))


def _find_encoding(head: bytes, stream: BinaryIO) -> TextForm:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return TextForm("utf-16")
    beginning = head[:1024]
    if beginning.count(0) * 4 >= len(beginning) > 0:  # Half of the bytes of Latin text in UTF-16 are NUL.
        return TextForm("utf-16-le" if beginning[1::2].count(0) > beginning[::2].count(0) else "utf-16-be")
    is_twice_encoded = False
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk, tail = head, b""
    try:
        while chunk:
            decoder.decode(chunk)
            is_twice_encoded = is_twice_encoded or _TWICE_ENCODED.search(tail + chunk) is not None
            tail = chunk[-8:]
            chunk = stream.read(SCAN_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return TextForm("cp1252", is_guess=True)
    return TextForm("utf-8-sig", is_twice_encoded=is_twice_encoded)


def _first_line(head: bytes, form: TextForm) -> str:
    text = head.decode(form.encoding, errors="replace")
    for line in text.splitlines():
        if line.strip():
            return line
    return ""


def _find_delimiter(heading_line: str) -> str:
    """The commonest candidate outside quotation marks; a comma when there is none."""
    outside = "".join(heading_line.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


class CsvRows:
    """The records of one file, each with the line it begins on, blank lines left out.

    Iterate once. Afterwards ``ends_in_quotes`` tells that the last cell's quotation mark was never closed, and
    ``ends_without_newline`` that the last line has no end: both are signs of an upload that broke off.
    Raises NotCsv when a record can't be read, with its line.
    """

    def __init__(self, stream: BinaryIO, form: TextForm, *, repair: bool = False) -> None:
        """repair: undo a double encoding in the whole file, never in single cells."""
        errors = "schoolgate.c1" if form.is_guess else "strict"
        # newline="" leaves the line ends to the csv module, so that CR, LF and CRLF all count as an editor counts.
        self._text: Iterable[str] = io.TextIOWrapper(stream, encoding=form.encoding, errors=errors, newline="")
        if repair:
            self._text = map(repaired, self._text)
        self._delimiter = form.delimiter
        self._record: list[str] = []
        self.ends_in_quotes = False
        self.ends_without_newline = False

    def _lines(self) -> Iterator[str]:
        keep = self._record.append
        for line in self._text:
            keep(line)
            yield line

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self._lines(), delimiter=self._delimiter)
        record = self._record
        last_text = ""
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
                if record:
                    last_text = record[-1]
                    if len(record) > 1 or not last_text.endswith(("\n", "\r")):
                        self.ends_in_quotes = _is_open(record, self._delimiter)
                    record.clear()
        except csv.Error as error:
            trouble = Trouble.OPEN_QUOTE if "field limit" in str(error) else Trouble.LINE
            raise NotCsv(trouble, line) from error
        except UnicodeError as error:
            raise NotCsv(Trouble.ENCODING, line) from error
        self.ends_without_newline = bool(last_text) and not last_text.endswith(("\n", "\r"))


def _is_open(record: Sequence[str], delimiter: str) -> bool:
    try:
        list(csv.reader(record, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def repaired(text: str) -> str:
    """Undo one double encoding (``MÃ¼ller`` to ``Müller``); a line that was never damaged comes back as it was."""
    try:
        return text.encode("cp1252", errors="schoolgate.c1_bytes").decode("utf-8")
    except UnicodeError:
        return text


def _bytes_for_c1(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    if any(not "\x80" <= sign <= "\x9f" for sign in signs):
        raise error
    return bytes(map(ord, signs)), error.end


codecs.register_error("schoolgate.c1_bytes", _bytes_for_c1)


def safe_cell(value: object) -> str:
    """The cell's text, with an apostrophe in front where a spreadsheet would take it for a formula (R-CK-17)."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def csv_bytes(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """An export, in pieces of some 64 kB: UTF-8 with BOM, CRLF, every text cell made safe (R-CK-17).

    Numbers and dates are written as they are; None is an empty cell.
    """
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow([safe_cell(heading) for heading in headings])
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
