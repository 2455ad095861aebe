"""The square code: the quick way gives what the library gives, and what a reader reads back (R-KY-09)."""

import io

import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from schoolgate.letters.qr import qr_of

ADDRESS = "https://portal.example.edu.au/s-AlpxF2/key/"
SYMBOLS = st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ-", min_size=17, max_size=17)


def modules_of(png: bytes) -> list[str]:
    """The code's rows as "0" and "1" for dark, its quiet zone left out: a dot of each module."""
    picture = Image.open(io.BytesIO(png)).convert("1")
    side = picture.width // 3 - 8
    return [
        "".join("0" if picture.getpixel((3 * (x + 4) + 1, 3 * (y + 4) + 1)) else "1" for x in range(side))
        for y in range(side)
    ]


def by_the_library(link: str) -> list[str]:
    code = segno.make_qr(link, error="m", mode="byte", mask=3, boost_error=False)
    return ["".join(map(str, row)) for row in code.matrix]


@settings(max_examples=50, deadline=None)
@given(SYMBOLS)
def test_links_that_differ_in_their_key_have_the_codes_that_the_library_makes(symbols: str) -> None:
    link = f"{ADDRESS}#k={symbols}"

    assert modules_of(qr_of(link).png) == by_the_library(link)


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300))
def test_a_fragment_of_any_length_and_of_any_signs_gives_the_library_s_code(fragment: str) -> None:
    link = f"{ADDRESS}#{fragment}"

    assert modules_of(qr_of(link).png) == by_the_library(link)


def test_a_text_without_a_fragment_or_beyond_ascii_is_read_back() -> None:
    for text in ("AlpxF2-0000123", f"{ADDRESS}#k=Ärger", "https://portal.example.edu.au/#"):
        picture = Image.open(io.BytesIO(qr_of(text).png)).convert("L")

        assert [code.text for code in zxingcpp.read_barcodes(picture)] == [text]


def test_codes_of_several_portals_in_turn_do_not_mix() -> None:
    for number in range(12):
        for key in ("7QK4M-2XW9D-T31HD", "00000-00000-00000"):
            link = f"https://school{number}.example.org/s-AlpxF2/key/#k={key}"

            assert modules_of(qr_of(link).png) == by_the_library(link)
