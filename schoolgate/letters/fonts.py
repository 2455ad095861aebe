"""Which Noto family prints which sign: read from the fonts' own character maps, so that a missing one is known before it is a box.

The files come from Debian's fonts-noto-core and fonts-noto-cjk. OpenType 1.9: `ttcf` collections, `cmap` formats 4 and 12.
"""

import mmap
import struct
import unicodedata
from bisect import bisect_right
from functools import cache
from pathlib import Path

from schoolgate.letters.errors import FontsMissing

FOLDERS = (Path("/usr/share/fonts/truetype/noto"), Path("/usr/share/fonts/opentype/noto"))

BASE_FAMILY = "Noto Sans"
_HAN_BY_LANGUAGE = {"ja": "JP", "ko": "KR", "zh-hk": "HK", "zh-mo": "HK", "zh-tw": "TC", "zh-hant": "TC"}
# In the order in which they are asked. Thai and Lao with loops, as grown-ups read them in letters.
_FAMILIES = {
    BASE_FAMILY: "NotoSans-Regular.ttf",
    "Noto Sans Arabic": "NotoSansArabic-Regular.ttf",
    "Noto Sans Hebrew": "NotoSansHebrew-Regular.ttf",
    "Noto Sans Devanagari": "NotoSansDevanagari-Regular.ttf",
    "Noto Looped Thai": "NotoLoopedThai-Regular.ttf",
    "Noto Sans CJK": "NotoSansCJK-Regular.ttc",
    "Noto Sans Bengali": "NotoSansBengali-Regular.ttf",
    "Noto Sans Gurmukhi": "NotoSansGurmukhi-Regular.ttf",
    "Noto Sans Gujarati": "NotoSansGujarati-Regular.ttf",
    "Noto Sans Oriya": "NotoSansOriya-Regular.ttf",
    "Noto Sans Tamil": "NotoSansTamil-Regular.ttf",
    "Noto Sans Telugu": "NotoSansTelugu-Regular.ttf",
    "Noto Sans Kannada": "NotoSansKannada-Regular.ttf",
    "Noto Sans Malayalam": "NotoSansMalayalam-Regular.ttf",
    "Noto Sans Sinhala": "NotoSansSinhala-Regular.ttf",
    "Noto Looped Lao": "NotoLoopedLao-Regular.ttf",
    "Noto Sans Khmer": "NotoSansKhmer-Regular.ttf",
    "Noto Sans Myanmar": "NotoSansMyanmar-Regular.ttf",
    "Noto Serif Tibetan": "NotoSerifTibetan-Regular.ttf",
    "Noto Sans Armenian": "NotoSansArmenian-Regular.ttf",
    "Noto Sans Georgian": "NotoSansGeorgian-Regular.ttf",
    "Noto Sans Ethiopic": "NotoSansEthiopic-Regular.ttf",
    "Noto Sans Cherokee": "NotoSansCherokee-Regular.ttf",
    "Noto Sans CanAborig": "NotoSansCanadianAboriginal-Regular.ttf",
    "Noto Sans Mongolian": "NotoSansMongolian-Regular.ttf",
    "Noto Sans Syriac": "NotoSansSyriac-Regular.ttf",
    "Noto Sans Thaana": "NotoSansThaana-Regular.ttf",
    "Noto Sans NKo": "NotoSansNKo-Regular.ttf",
    "Noto Sans Adlam": "NotoSansAdlam-Regular.ttf",
    "Noto Sans Tifinagh": "NotoSansTifinagh-Regular.ttf",
    "Noto Sans Vai": "NotoSansVai-Regular.ttf",
    "Noto Sans Ol Chiki": "NotoSansOlChiki-Regular.ttf",
    "Noto Sans MeeteiMayek": "NotoSansMeeteiMayek-Regular.ttf",
    "Noto Sans Hanifi Rohingya": "NotoSansHanifiRohingya-Regular.ttf",
    "Noto Sans Javanese": "NotoSansJavanese-Regular.ttf",
    "Noto Sans Balinese": "NotoSansBalinese-Regular.ttf",
    "Noto Sans Symbols": "NotoSansSymbols-Regular.ttf",
    "Noto Sans Symbols2": "NotoSansSymbols2-Regular.ttf",
    "Noto Sans Math": "NotoSansMath-Regular.ttf",
}
_NEEDED = [BASE_FAMILY, "Noto Sans CJK"]  # Their absence means that a package isn't installed.


def check_fonts() -> None:
    """Raise FontsMissing unless both packages of fonts are installed. ``schoolgate doctor`` asks this."""
    for family in _NEEDED:
        if _file_of(family) is None:
            raise FontsMissing


def families_for(text: str, *, language: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The families that print a letter's text, in order, and the signs that none of them has.

    language: BCP 47, of the letter; it decides how Chinese signs look, unless the text itself is plainly Japanese or Korean.
    """
    needed = [BASE_FAMILY]
    missing = set()
    for sign in set(text):
        family = _family_of(sign)
        if family is None:
            missing.add(sign)
        elif family and family not in needed:
            needed.append(family)
    ordered = [family for family in _FAMILIES if family in needed]
    return tuple(_named(family, text, language) for family in ordered), frozenset(missing)


def describe(sign: str) -> str:
    """A sign for a sentence: 😀 (U+1F600 GRINNING FACE)."""
    name = unicodedata.name(sign, "")
    return f"{sign} (U+{ord(sign):04X}{' ' + name if name else ''})"


@cache
def _family_of(sign: str) -> str | None:
    """The first family that has the sign; "" when it needs none; None when no family has it."""
    if unicodedata.category(sign) in {"Cf", "Zs"} or "\ufe00" <= sign <= "\ufe0f":
        return ""  # Joiners, marks of direction and blanks draw nothing.
    if not _covers(BASE_FAMILY, sign):
        check_fonts()
    return next((family for family in _FAMILIES if _covers(family, sign)), None)


def _named(family: str, text: str, language: str) -> str:
    """The family's name as the engine knows it: the Chinese, Japanese and Korean forms have a name each."""
    if family != "Noto Sans CJK":
        return family
    if any("\u3040" <= sign <= "\u30ff" for sign in text):
        return f"{family} JP"
    if any("\uac00" <= sign <= "\ud7af" for sign in text):
        return f"{family} KR"
    language = language.lower()
    return f"{family} {next((form for prefix, form in _HAN_BY_LANGUAGE.items() if language.startswith(prefix)), 'SC')}"


def _covers(family: str, sign: str) -> bool:
    starts, ends = _ranges(family)
    place = bisect_right(starts, ord(sign)) - 1
    return place >= 0 and ord(sign) <= ends[place]


def _file_of(family: str) -> Path | None:
    return next((path for folder in FOLDERS if (path := folder / _FAMILIES[family]).exists()), None)


@cache
def _ranges(family: str) -> tuple[list[int], list[int]]:
    """First and last code points of the runs that a family covers, in order; empty when its file isn't there."""
    path = _file_of(family)
    if path is None:
        return [], []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as font:
        runs = _merged(_read_cmap(font))
    return [first for first, _ in runs], [last for _, last in runs]


def _read_cmap(font: mmap.mmap) -> list[tuple[int, int]]:
    start = struct.unpack_from(">I", font, 12)[0] if font[:4] == b"ttcf" else 0
    tables = struct.unpack_from(">H", font, start + 4)[0]
    records = (struct.unpack_from(">4sIII", font, start + 12 + 16 * n) for n in range(tables))
    cmap = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    count = struct.unpack_from(">H", font, cmap + 2)[0]
    found: list[tuple[int, int]] = []
    for n in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", font, cmap + 4 + 8 * n)
        if (platform, encoding) in {(3, 1), (3, 10), (0, 3), (0, 4)}:
            table = cmap + offset
            match struct.unpack_from(">H", font, table)[0]:
                case 4:
                    found += _read_format_4(font, table)
                case 12:
                    groups = struct.unpack_from(">I", font, table + 12)[0]
                    found += [struct.unpack_from(">II", font, table + 16 + 12 * g) for g in range(groups)]
    return found


def _read_format_4(font: mmap.mmap, table: int) -> list[tuple[int, int]]:
    """Segments of the basic plane; a segment may have holes, which map to glyph 0."""
    segments = struct.unpack_from(">H", font, table + 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", font, table + 14)
    starts = struct.unpack_from(f">{segments}H", font, table + 16 + 2 * segments)
    deltas = struct.unpack_from(f">{segments}H", font, table + 16 + 4 * segments)
    offsets_at = table + 16 + 6 * segments
    offsets = struct.unpack_from(f">{segments}H", font, offsets_at)
    found = []
    for n, (first, last) in enumerate(zip(starts, ends, strict=True)):
        if first == 0xFFFF:
            continue
        if offsets[n] == 0:
            found.append((first, last))
            continue
        for sign in range(first, last + 1):
            glyph = struct.unpack_from(">H", font, offsets_at + 2 * n + offsets[n] + 2 * (sign - first))[0]
            if glyph and (glyph + deltas[n]) % 0x10000:
                found.append((sign, sign))
    return found


def _merged(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
