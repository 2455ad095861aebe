"""One letter's facts, for tests of the engine; nobody in particular."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from schoolgate.letters.fields import KEY_LETTER, Part
from schoolgate.letters.merge import ParsedTemplate, merge, parse_template
from schoolgate.letters.pdf import Batch, SheetTexts
from schoolgate.letters.sheet import LetterSheet, PaperSize, SheetWords, TallyRow, lay_out
from schoolgate.letters.shipped import shipped_template
from schoolgate.letters.values import MergeValues, StudentLine

MADE_AT = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
KEY = "7QK4M-2XW9D-T31HD"
LINK = f"https://portal.example.edu.au/s-AlpxF2/key/#k={KEY}"
WORDS = SheetWords(
    "The letters I, L, O and U are never used in a key.", "Square code that opens the portal with your key"
)

VALUES = MergeValues(
    contact_full_name="Amara Okafor",
    contact_salutation="Ms Okafor",
    contact_postal_address=("Amara Okafor", "Unit 4, 12 Banksia Road", "Wattle Creek NSW 2999"),
    students=(StudentLine("Mia Cole", "7B"), StudentLine("Finn Cole", "4A")),
    key=KEY,
    key_link=LINK,
    expires_on="18 January 2027",
    portal_url="https://portal.example.edu.au/s-AlpxF2/",
    school_name="Wattle Creek College",
    school_help="Call the school office: 02 5550 1234.",
    date="19 November 2026",
)


def values(**changes: Any) -> MergeValues:  # Any: whatever the field takes.
    return replace(VALUES, **changes)


def letter(
    facts: MergeValues = VALUES, *, template: ParsedTemplate | None = None, language: str = "en", is_rtl: bool = False
) -> LetterSheet:
    tree = merge(template or shipped_template("key", Part.LETTER), facts)
    return lay_out(tree, facts, language=language, is_rtl=is_rtl, words=WORDS)


def letter_template(body: str) -> ParsedTemplate:
    return parse_template(kind=KEY_LETTER, subject="", body=body)


def batch(*letters: LetterSheet, paper: PaperSize = PaperSize.A4, tally: tuple[TallyRow, ...] = ()) -> Batch:
    texts = SheetTexts(
        title="Letters",
        tally_title="Tally of file 1",
        tally_note="Count the letters and compare.",
        tally_heads=("Page", "Contact ID", "Key", "Copy"),
        ref_alt="Reference for returned mail",
    )
    return Batch(texts, "Wattle Creek College", "en", paper, letters, MADE_AT, tally)
