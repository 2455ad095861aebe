"""Sheets of paper: where the window of the envelope shows, where it is folded, and one letter set out on it (design.md §10)."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from schoolgate.letters.as_sheet import inlines_of, nodes_of, value_node
from schoolgate.letters.qr import qr_of
from schoolgate.letters.tree import Block, KeyPanel, Placed, Tree
from schoolgate.letters.values import MergeValues, breakable, clean, direction


class PaperSize(StrEnum):
    A4 = "a4"
    US_LETTER = "us-letter"


@dataclass(frozen=True)
class Sheet:
    """All in millimetres from the sheet's top left. window_*: the strip that shows wherever the folded sheet slides, less a margin.

    body_top: below the window. panel_top: the highest place of the key panel, outside of every window. folds: from the top.
    """

    width: float
    height: float
    left: float
    right: float
    bottom: float
    body_top: float
    panel_top: float
    window_x: float
    window_y: float
    window_width: float
    window_height: float
    folds: tuple[float, ...]


# One A4 block fits DIN 5008 form B and the DL windows of AU, NZ and UK; US Letter is #10, folded at 4.0 and 8.0 in.
SHEETS = {
    PaperSize.A4: Sheet(210, 297, 23, 23, 18, 98.5, 112, 23, 62.7, 74, 20.3, (105, 210)),
    PaperSize.US_LETTER: Sheet(215.9, 279.4, 25.4, 25.4, 17, 96.5, 110, 25.4, 66.8, 82.5, 18.8, (101.6, 203.2)),
}


@dataclass(frozen=True)
class SheetWords:
    """The sheet's own words, in the letter's language. qr_alt: what the square code is, for people who don't see it."""

    key_note: str
    qr_alt: str


@dataclass(frozen=True)
class LetterSheet:
    """One letter as data for letter.typ. text: every sign that it prints, to find one that no font has."""

    node: dict[str, Any]
    text: str
    language: str


@dataclass(frozen=True)
class TallyRow:
    """A line of the tally sheet: no name, no address and no full key (R-CK-10, E-20)."""

    page_no: int
    contact_no: str
    selector: str
    copy_no: int


def lay_out(tree: Tree, values: MergeValues, *, language: str, is_rtl: bool, words: SheetWords) -> LetterSheet:
    """Put one letter's parts in their places: what flows before the key panel, the panel, what flows after."""
    placed: set[str] = set()
    for block in tree.blocks:
        if isinstance(block, Placed):
            placed |= block.names
    panel_at = _panel_place(tree.blocks)
    before = tree.blocks if panel_at is None else tree.blocks[:panel_at]
    panel = None if panel_at is None else tree.blocks[panel_at]
    after = () if panel_at is None else tree.blocks[panel_at + 1 :]
    address = _window(placed, values)
    node = {
        "lang": language.partition("-")[0],
        "dir": "rtl" if is_rtl else "ltr",
        "school": _line(values.school_name) if "school.logo" in placed else None,
        "date": _line(values.date) if "date" in placed and values.date else None,
        "address": [_line(line) for line in address if line],
        "ref": list(qr_of(values.letter_ref).png) if "letter.ref" in placed and values.letter_ref else [],
        "before": nodes_of(before),
        "panel": _panel(panel, values, words) if isinstance(panel, KeyPanel) else None,
        "after": nodes_of(after),
    }
    return LetterSheet(node, _text_of(node), language)


def sheet_node(paper: PaperSize) -> dict[str, Any]:
    return asdict(SHEETS[paper])


def _window(placed: set[str], values: MergeValues) -> tuple[str, ...]:
    """What shows in the window: the address, or who gets the letter handed over."""
    if "student.label" in placed:
        return tuple(map(clean, values.student_label))
    if "contact.postal_address" in placed:
        return tuple(map(clean, values.contact_postal_address)) or (clean(values.contact_full_name),)
    return ()


def _panel_place(blocks: tuple[Block, ...]) -> int | None:
    """The key panel's place: the one with the square code, or else the first."""
    places = [place for place, block in enumerate(blocks) if isinstance(block, KeyPanel)]
    with_code = [place for place in places if getattr(blocks[place], "shows_qr", False)]
    return next(iter(with_code or places), None)


def _panel(panel: KeyPanel, values: MergeValues, words: SheetWords) -> dict[str, Any]:
    code = qr_of(panel.link) if panel.shows_qr and panel.link else None
    return {
        "label": inlines_of(panel.label),
        "key": panel.key,
        "url": breakable(values.portal_url),
        "note": words.key_note if panel.key else "",
        "qr": list(code.png) if code else [],
        "qr_mm": code.width_mm if code else 0,
        "alt": words.qr_alt,
    }


def _line(text: str) -> dict[str, Any]:
    text = clean(text)
    return value_node(text, direction(text))


def _text_of(node: object) -> str:
    """Every text in the data, joined; keys of objects and numbers left out."""
    match node:
        case str():
            return node
        case {"t": "v", "s": text}:
            return str(text)
        case dict():
            return "".join(
                _text_of(value)
                for name, value in node.items()
                if name not in {"t", "lang", "dir", "d", "alt", "h", "qr", "ref"}
            )
        case [int(), *_]:
            return ""
        case list():
            return "".join(map(_text_of, node))
        case _:
            return ""
