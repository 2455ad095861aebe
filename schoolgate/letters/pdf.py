"""The one file that knows the PDF engine: sheets of data to a tagged PDF (PDF/UA-1), or to SVG for the preview.

The engine runs in a process of its own that ends with the batch, since its caches only grow (stack.md). The data goes there and
the bytes come back by pipes: no key touches the disk. Run as a program, this file is that process, and needs no Django.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schoolgate.letters.errors import LetterFault
    from schoolgate.letters.sheet import LetterSheet, PaperSize, TallyRow

MAX_LETTERS = 500  # In one file (R-CK-10).
TALLY_COLUMNS, TALLY_ROWS = 3, 48
_TIMEOUT_SECONDS = 180
_UNFIT = re.compile(r"unfit:([0-9ab,]+):")
_NO_GLYPH = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)
_ESCAPED_SIGN = re.compile(r"\\u\{([0-9a-f]+)\}")


@dataclass(frozen=True)
class SheetTexts:
    """The words of the file itself. title: of the document. tally_title, tally_note: above the tally. tally_heads: page, contact, key, copy."""

    title: str
    tally_title: str = ""
    tally_note: str = ""
    tally_heads: tuple[str, str, str, str] = ("", "", "", "")
    ref_alt: str = ""


@dataclass(frozen=True)
class Batch:
    """What goes in one file. author: the school. language: of the file's own words. made_at: aware; the only clock in the PDF."""

    texts: SheetTexts
    author: str
    language: str
    paper: "PaperSize"
    letters: "Sequence[LetterSheet]"
    made_at: datetime
    tally: "Sequence[TallyRow]" = ()


def print_pdf(batch: Batch) -> bytes:
    """The batch as one tagged PDF: a page for each letter, then the tally.

    Raises LettersRefused, naming every letter that can't be printed as it is; FontsMissing; LetterEngineFailed.
    """
    return _set(batch, "pdf")


def draw_svg(batch: Batch) -> bytes:
    """The same sheet as SVG, for a batch of one page: the preview. Raises as print_pdf does."""
    return _set(batch, "svg")


def tally_pages(rows: int) -> int:
    """How many pages the tally of so many letters takes."""
    return -(-rows // (TALLY_COLUMNS * TALLY_ROWS))


def job_of(batch: Batch) -> dict[str, Any]:
    """The data that letter.typ walks. Raises LettersRefused when a sign has no glyph, and FontsMissing."""
    from schoolgate.letters.errors import LettersRefused
    from schoolgate.letters.fonts import families_for
    from schoolgate.letters.sheet import sheet_node

    faults: list[LetterFault] = []
    nodes = []
    for index, letter in enumerate(batch.letters):
        families, missing = families_for(letter.text, language=letter.language)
        faults += _missing_glyphs(index, missing)
        nodes.append({**letter.node, "fonts": families})
    if faults:
        raise LettersRefused(faults)
    tally_text = (
        "".join(row.contact_no for row in batch.tally)
        + batch.texts.tally_title
        + batch.texts.tally_note
        + "".join(batch.texts.tally_heads)
    )
    families, _ = families_for(tally_text, language=batch.language)
    return {
        "title": batch.texts.title,
        "author": batch.author,
        "lang": batch.language.partition("-")[0],
        "fonts": families,
        "ref_alt": batch.texts.ref_alt,
        "sheet": sheet_node(batch.paper),
        "letters": nodes,
        "tally": _tally_nodes(batch),
    }


def _tally_nodes(batch: Batch) -> list[dict[str, Any]]:
    """Pages of columns of rows, cut here so that the number of pages is known beforehand."""
    rows = [
        {"page": row.page_no, "contact": row.contact_no, "selector": row.selector, "copy": row.copy_no}
        for row in batch.tally
    ]
    columns = [rows[start : start + TALLY_ROWS] for start in range(0, len(rows), TALLY_ROWS)]
    pages = [columns[start : start + TALLY_COLUMNS] for start in range(0, len(columns), TALLY_COLUMNS)]
    texts = batch.texts
    if not pages and texts.tally_title and not batch.letters:
        pages = [[]]  # A file whose letters have all been left out says so.
    return [
        {
            "title": texts.tally_title,
            "note": texts.tally_note,
            "heads": texts.tally_heads,
            "width": TALLY_COLUMNS,
            "columns": page,
        }
        for page in pages
    ]


def _set(batch: Batch, form: str) -> bytes:
    from schoolgate.letters.errors import LetterEngineFailed, LettersRefused
    from schoolgate.letters.fonts import FOLDERS

    how = {"form": form, "fonts": [str(folder) for folder in FOLDERS], "made_at": int(batch.made_at.timestamp())}
    request = "\n".join([json.dumps(how), json.dumps(job_of(batch), ensure_ascii=False)])
    try:
        done = subprocess.run(
            [sys.executable, "-I", __file__],
            input=request.encode(),
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise LetterEngineFailed from late
    verdict, content = done.stdout[:1], done.stdout[1:]
    if done.returncode == 0 and verdict == b"+":
        return content
    faults = _faults_of(content.decode(errors="replace"), batch) if verdict == b"-" else []
    if faults:
        raise LettersRefused(faults)
    raise LetterEngineFailed


def _faults_of(complaint: str, batch: Batch) -> "list[LetterFault]":
    """Which letters the engine's complaint is about; empty when it is about something else."""
    from schoolgate.letters.errors import LetterFault

    unfit = _UNFIT.search(complaint)
    if unfit:
        return [
            LetterFault(int(word[:-1]), "address_too_long", "The address does not fit in the window of the envelope.")
            if word.endswith("a")
            else LetterFault(int(word[:-1]), "letter_too_long", "The letter does not fit on one page.")
            for word in unfit.group(1).split(",")
        ]
    glyph = _NO_GLYPH.search(complaint)
    if glyph:
        text = _ESCAPED_SIGN.sub(lambda sign: chr(int(sign.group(1), 16)), glyph.group(1))
        return [
            fault
            for index, letter in enumerate(batch.letters)
            if text in letter.text
            for fault in _missing_glyphs(index, frozenset(text))
        ]
    return []


def _missing_glyphs(index: int, signs: frozenset[str]) -> "list[LetterFault]":
    from schoolgate.letters.errors import LetterFault
    from schoolgate.letters.fonts import describe

    if not signs:
        return []
    named = ", ".join(describe(sign) for sign in sorted(signs)[:3])
    return [
        LetterFault(
            index, "missing_glyph", f"No font here can print {named}. Correct the name or the text, or send a mail."
        )
    ]


def main() -> None:
    """The engine's process. In: a line that says how, then the job. Out: + and the file, or - and the engine's complaint."""
    import typst

    how, job = json.loads(sys.stdin.buffer.readline()), sys.stdin.buffer.read().decode()
    template = Path(__file__).with_name("letter.typ")
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=how["fonts"])
    compiler = typst.Compiler(template, root=template.parent, font_paths=fonts, ignore_system_fonts=True)
    try:
        made = compiler.compile(
            format=how["form"],
            sys_inputs={"job": job},
            pdf_standards=["ua-1"] if how["form"] == "pdf" else [],
            timestamp=how["made_at"],
        )
    except typst.TypstError as complaint:
        sys.stdout.buffer.write(b"-" + complaint.message.encode())
        return
    if not isinstance(made, list):
        made = [made or b""]
    sys.stdout.buffer.write(b"+" + (made[0] or b""))


if __name__ == "__main__":
    main()
