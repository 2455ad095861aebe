"""What a printed file holds, read back with other people's tools: poppler for words and pictures, zxing for codes."""

import io
import re
import subprocess
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import zxingcpp
from PIL import Image

_MM_PER_POINT = 25.4 / 72


@dataclass(frozen=True)
class Word:
    """A word and its box, in millimetres from the sheet's top left."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def text_of_pages(pdf: bytes) -> list[str]:
    """The text layer of each page."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


def words_of(pdf: bytes) -> list[Word]:
    """Every word of the first page."""
    done = subprocess.run(["pdftotext", "-bbox", "-l", "1", "-", "-"], input=pdf, capture_output=True, check=True)
    tree = ET.fromstring(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", done.stdout.decode()))
    found = []
    for word in tree.iter("{http://www.w3.org/1999/xhtml}word"):
        left, top, right, bottom = (
            float(word.attrib[name]) * _MM_PER_POINT for name in ("xMin", "yMin", "xMax", "yMax")
        )
        found.append(Word(word.text or "", left, top, right, bottom))
    return found


def picture_of(pdf: bytes, *, page: int = 1, dpi: int = 150) -> Image.Image:
    command = ["pdftoppm", "-r", str(dpi), "-png", "-f", str(page), "-l", str(page), "-"]
    done = subprocess.run(command, input=pdf, capture_output=True, check=True)
    return Image.open(io.BytesIO(done.stdout)).convert("L")


def codes_in(picture: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def code_span(picture: Image.Image, *, dpi: int) -> tuple[float, float]:
    """Top and bottom of the picture's one square code, without its quiet zone, in millimetres."""
    (code,) = zxingcpp.read_barcodes(picture)
    corners = [code.position.top_left.y, code.position.bottom_left.y]
    return min(corners) / dpi * 25.4, max(corners) / dpi * 25.4
