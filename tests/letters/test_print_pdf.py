"""The printed sheet: right signs for right names, the address alone in the window, the key where it belongs (§5, design.md §10)."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from schoolgate.letters import fonts
from schoolgate.letters.errors import FontsMissing, LettersRefused
from schoolgate.letters.pdf import TALLY_COLUMNS, TALLY_ROWS, draw_svg, print_pdf, tally_pages
from schoolgate.letters.sheet import SHEETS, PaperSize, TallyRow
from schoolgate.letters.values import MergeValues, StudentLine
from tests.letters.pages import code_span, codes_in, picture_of, text_of_pages, words_of
from tests.letters.samples import KEY, LINK, VALUES, batch, letter, letter_template, values

NAUGHTY = Path(__file__).parents[1] / "data" / "rosters" / "naughty-strings" / "blns.json"
PAPERS = list(PaperSize)

LONGEST = values(
    contact_full_name="Wilhelmina-Theodora Featherstonehaugh-Cholmondeley-Vandersmit",
    contact_salutation="Wilhelmina-Theodora Featherstonehaugh-Cholmondeley-Vandersmit",
    contact_postal_address=(
        *("Wilhelmina-Theodora Featherstonehaugh", "c/o The Wattle Creek Community Centre"),
        *("Level 14, Suite 1407", "Building B, The Old Brewery", "1234 Upper Banksia Street North"),
        *("Wattle Creek NSW 2999", "AUSTRALIA"),
    ),
    students=tuple(
        StudentLine(f"Child-{n} Featherstonehaugh-Cholmondeley-Vandersmit-Okafor", "Year 10") for n in range(8)
    ),
    copy_no="Copy 12 of the same key.",
)


def named(name: str) -> MergeValues:
    return values(
        contact_full_name=name,
        contact_salutation=name,
        contact_postal_address=(name, "12 Banksia Road"),
        students=(StudentLine(name, "7B"),),
    )


NAMES = {
    "arabic": "محمد عبد الرحمن",
    "chinese": "王小明",
    "devanagari": "अनिता शर्मा",
    "hebrew": "דוד כהן",
    "thai": "สมชาย ใจดี",
    "polish": "Łukasz Żółć",
    "japanese": "山田たろう",
    "korean": "김철수",
    "amharic": "አበበ ቢቂላ",
    "tamil": "முருகன்",
}


@pytest.fixture(scope="module")
def many_scripts() -> bytes:
    return print_pdf(batch(*(letter(named(name)) for name in NAMES.values())))


def test_a_name_of_any_script_is_in_the_text_layer(many_scripts: bytes) -> None:
    """R-TP-10, B-09. What a person copies or a screen reader reads is the name itself."""
    texts = [page.extract_text() for page in PdfReader(io.BytesIO(many_scripts)).pages]
    for script in ("chinese", "polish", "japanese", "korean", "amharic"):
        assert NAMES[script] in texts[list(NAMES).index(script)].replace("\n", " ")


def test_every_letter_is_one_page(many_scripts: bytes) -> None:
    assert len(PdfReader(io.BytesIO(many_scripts)).pages) == len(NAMES)


def test_the_file_is_tagged_titled_and_says_its_language(many_scripts: bytes) -> None:
    """R-TP-10; the engine itself refuses what PDF/UA-1 forbids."""
    reader = PdfReader(io.BytesIO(many_scripts))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
    assert root["/Lang"].startswith("en")
    assert reader.metadata.title == "Letters"
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]


def test_a_name_without_a_blank_stays_on_the_paper() -> None:
    words = words_of(print_pdf(batch(letter(values(contact_salutation="W" * 150)))))
    assert max(word.right for word in words) <= 210 - 20


def test_fonts_are_embedded(many_scripts: bytes) -> None:
    fonts_used = PdfReader(io.BytesIO(many_scripts)).pages[0]["/Resources"]["/Font"]
    for font in fonts_used.values():
        below = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(below)


@pytest.mark.parametrize("paper", PAPERS)
def test_the_square_code_opens_the_key_page_and_nothing_else(paper: PaperSize) -> None:
    """R-KY-09."""
    assert codes_in(picture_of(print_pdf(batch(letter(), paper=paper)))) == [LINK]


def test_the_square_code_is_read_from_a_bad_black_and_white_copy() -> None:
    """R-KY-09: also readable after a black-and-white copy."""
    small = picture_of(print_pdf(batch(letter())), dpi=100)
    smeared = small.resize((small.width * 2 // 3, small.height * 2 // 3)).resize(small.size, Image.Resampling.BILINEAR)
    copied = smeared.point(lambda grey: 255 if grey > 140 else 0)
    assert codes_in(copied) == [LINK]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("facts", [VALUES, LONGEST], ids=["usual", "longest"])
def test_only_the_address_shows_in_the_window(paper: PaperSize, facts: MergeValues) -> None:
    """R-TP-10, design.md §10: no key, no child, wherever the folded sheet slides."""
    left, top, right, bottom = (10, 45, 111, 95) if paper is PaperSize.A4 else (15, 60.3, 115, 92.1)
    seen = [
        word
        for word in words_of(print_pdf(batch(letter(facts), paper=paper)))
        if word.left < right and word.right > left and word.top < bottom and word.bottom > top
    ]
    said = " ".join(facts.contact_postal_address).split()
    assert sorted(word.text for word in seen) == sorted(said)
    sheet = SHEETS[paper]
    for word in seen:
        assert word.left >= sheet.window_x - 0.5
        assert word.right <= sheet.window_x + sheet.window_width + 0.5
        assert word.top >= sheet.window_y - 1.3  # A box has room for accents that the ink doesn't use.
        assert word.bottom <= sheet.window_y + sheet.window_height + 0.5


@pytest.mark.parametrize("paper", PAPERS)
def test_the_key_never_lies_in_a_window_nor_on_a_fold(paper: PaperSize) -> None:
    """design.md §10: the key panel is at least 110 mm from the top, and off the fold."""
    letters = []
    for sentences in range(0, 100, 8):
        body = "Some words of the school. " * sentences + "\n\n{students}\n\n{key} {key.qr}\n\n{expires_on}"
        letters.append(letter(template=letter_template(body)))
    pdf = print_pdf(batch(*letters, paper=paper))
    tops = []
    for page in range(1, len(letters) + 1):
        top, bottom = code_span(picture_of(pdf, page=page, dpi=100), dpi=100)
        panel_top, panel_bottom = top - 5.5, bottom + 5.5  # Quiet zone and inset.
        assert panel_top >= 109
        assert not any(panel_top < fold < panel_bottom for fold in SHEETS[paper].folds)
        tops.append(panel_top)
    assert max(tops) > SHEETS[paper].folds[1], "a long text has moved it past the second fold"


@pytest.mark.parametrize("below", ["", "a-longer-place-below-it-than-anybody-has-yet-had-on-a-server-of-a-district/"])
def test_the_portal_s_address_is_copied_as_it_is(below: str) -> None:
    """R-TP-10: no unseen sign in an address, however long it is."""
    address = f"https://portal.wattle-creek-district.education.example/{below}s-AlpxF2/"
    pdf = print_pdf(batch(letter(values(portal_url=address))))
    text = PdfReader(io.BytesIO(pdf)).pages[0].extract_text().replace("\n", "")
    assert text.count(address) == 2  # In the panel, and in the way to go.
    assert max(word.right for word in words_of(pdf)) <= SHEETS[PaperSize.A4].width - SHEETS[PaperSize.A4].right + 1


def test_the_key_is_large_enough() -> None:
    """R-TP-09: 14 pt or more; a box is a little taller than the size of its type."""
    key = next(word for word in words_of(print_pdf(batch(letter()))) if word.text == KEY)
    assert (key.bottom - key.top) / 25.4 * 72 >= 14


@pytest.mark.parametrize("paper", PAPERS)
def test_the_longest_values_fit_the_page(paper: PaperSize) -> None:
    """R-TP-08."""
    pages = text_of_pages(print_pdf(batch(letter(LONGEST), paper=paper)))
    assert len(pages) == 1
    assert "Child-7" in pages[0]
    assert "Copy 12" in pages[0]


def test_a_letter_that_does_not_fit_is_refused_and_not_cut() -> None:
    """R-TP-08: overflow is reported, never cut silently."""
    long = values(students=tuple(StudentLine(f"Child {n} " + "Long " * 20, "7B") for n in range(60)))
    with pytest.raises(LettersRefused) as refused:
        print_pdf(batch(letter(), letter(long), letter()))
    assert [(fault.index, fault.code) for fault in refused.value.faults] == [(1, "letter_too_long")]


def test_an_address_that_would_leave_the_window_is_refused() -> None:
    address = tuple(f"Line {n} of an address that goes on" for n in range(12))
    with pytest.raises(LettersRefused) as refused:
        print_pdf(batch(letter(), letter(values(contact_postal_address=address))))
    assert [(fault.index, fault.code) for fault in refused.value.faults] == [(1, "address_too_long")]


def test_a_sign_without_a_glyph_is_named_and_never_a_box() -> None:
    with pytest.raises(LettersRefused) as refused:
        print_pdf(batch(letter(), letter(named("Ana 🦄 Gómez")), letter(named("\U00012345"))))
    assert [(fault.index, fault.code) for fault in refused.value.faults] == [(1, "missing_glyph"), (2, "missing_glyph")]
    assert "U+1F984 UNICORN FACE" in refused.value.faults[0].message


def test_a_cluster_that_the_engine_cannot_set_is_named_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second wall: if our own reading of the fonts were wrong, the engine still refuses the letter."""
    monkeypatch.setattr(fonts, "_covers", lambda family, sign: family == fonts.BASE_FAMILY)
    fonts._family_of.cache_clear()
    try:
        with pytest.raises(LettersRefused) as refused:
            print_pdf(batch(letter(), letter(named("王小明"))))
    finally:
        fonts._family_of.cache_clear()
    assert {fault.index for fault in refused.value.faults} == {1}


def test_missing_fonts_are_said_with_the_mend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", (tmp_path,))
    fonts._ranges.cache_clear()
    fonts._family_of.cache_clear()
    try:
        with pytest.raises(FontsMissing) as refused:
            print_pdf(batch(letter()))
        assert "fonts-noto-core" in refused.value.fix
    finally:
        monkeypatch.undo()
        fonts._ranges.cache_clear()
        fonts._family_of.cache_clear()


def test_naughty_strings_print_or_are_named() -> None:
    """Each in every place of a letter that a person or roster can fill."""
    strings = [text for text in json.loads(NAUGHTY.read_text(encoding="utf-8")) if text.strip()]
    letters = [
        letter(
            values(
                contact_full_name=text,
                contact_salutation=text,
                contact_postal_address=(text[:60], "12 Banksia Road"),
                students=(StudentLine(text, text[:40]),),
                school_name=text[:60],
                school_help=text[:60],
            )
        )
        for text in strings
    ]
    left = dict(enumerate(letters))
    while True:
        order = list(left)
        try:
            pdf = print_pdf(batch(*left.values()))
            break
        except LettersRefused as refused:
            assert refused.faults
            for fault in refused.faults:
                left.pop(order[fault.index], None)
    assert len(PdfReader(io.BytesIO(pdf)).pages) == len(left)
    assert len(left) > len(strings) * 0.8


def test_the_tally_stands_at_the_end_and_shows_no_full_key() -> None:
    """R-CK-10."""
    rows = tuple(TallyRow(n, f"C-{n:04}", "7QK4", 2) for n in range(1, 151))
    pages = text_of_pages(print_pdf(batch(letter(), letter(), tally=rows)))
    assert len(pages) == 2 + tally_pages(150) == 4
    assert "C-0001" in pages[2]
    assert "C-0150" in pages[3]
    assert KEY not in pages[2] + pages[3]


def test_a_full_page_of_tally_takes_one_page() -> None:
    rows = tuple(TallyRow(n, f"C-{n:04}", "7QK4", 2) for n in range(1, TALLY_COLUMNS * TALLY_ROWS + 1))
    for paper in PAPERS:
        assert len(text_of_pages(print_pdf(batch(letter(), paper=paper, tally=rows)))) == 2


def test_the_preview_is_the_same_sheet() -> None:
    svg = draw_svg(batch(letter())).decode()
    assert svg.startswith("<svg")
    assert "<image" in svg


def test_a_letter_from_right_to_left_keeps_key_and_address_as_they_are() -> None:
    """B-09: key and QR unaltered."""
    arabic = letter_template(
        "{school.logo} · {date} · {contact.postal_address}\n\nعزيزي {contact.salutation}،\n\nمفتاحك: {key} {key.qr}\n\n1. افتح {portal.url}\n\nحتى {expires_on}"
    )
    pdf = print_pdf(batch(letter(named("محمد"), template=arabic, language="ar", is_rtl=True)))
    assert codes_in(picture_of(pdf)) == [LINK]
    assert KEY in {word.text for word in words_of(pdf)}


def test_the_returned_mail_reference_is_a_code_in_the_window() -> None:
    facts = values(letter_ref="SG-000123")
    template = letter_template("{contact.postal_address} {letter.ref}\n\n{key}\n\n{expires_on}")
    assert codes_in(picture_of(print_pdf(batch(letter(facts, template=template))), dpi=200)) == ["SG-000123"]
