"""The square code on letters: nothing in it but the link (R-KY-09).

The letters of a school differ in the fragment of their links alone, and a QR code without its mask is a linear code: each bit
of the text turns the same modules over, whatever the other bits are. So the modules that a bit turns are found once, by the
library, and every further code is the sum of a few of them; that takes a tenth of the time.
"""

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

import segno

_MASK = 3  # Fixed: trying all eight takes five times as long and changes nothing that a phone notices.
_QUIET = 4  # Modules of white all round, drawn by us as part of the picture.
_DOTS = 3  # For each module, so that a viewer that smooths pictures blurs an edge and not a module.
_MIN_MM, _MIN_MODULE_MM = 30.0, 0.7
_DIGITS = bytes.maketrans(b"\0\1", b"01")
_DARK, _LIGHT = "0" * _DOTS, "1" * _DOTS
_LINKS_AT_ONCE = 8  # Portals whose codes are being made; what is kept of each is some 50 kB.


@dataclass(frozen=True)
class QrCode:
    """png: black on white, its quiet zone included. width_mm: so large that a module has 0.7 mm and the whole at least 30."""

    png: bytes
    width_mm: float


def qr_of(link: str) -> QrCode:
    """A QR code (ISO/IEC 18004) of a link, error correction M."""
    address, _, fragment = link.partition("#")
    if fragment and link.isascii():
        side, dark = _family(f"{address}#{'0' * len(fragment)}").code_of(link)
    else:
        side, dark = _encode(link)
    modules = side + 2 * _QUIET
    return QrCode(_png(side, dark), max(_MIN_MM, _MIN_MODULE_MM * modules))


class _Family:
    """The codes of all links that are as long as the model, all in ASCII; quick for those that differ from it in a few signs.

    model: a link without anybody's key, since it stays in memory.
    """

    def __init__(self, model: str) -> None:
        self.model = model.encode("ascii")
        self.side, self.dark = _encode(model)
        self.turned_by_bit: dict[tuple[int, int], int] = {}

    def code_of(self, link: str) -> tuple[int, int]:
        """As `_encode` has it."""
        dark = self.dark
        for place, (sign, own) in enumerate(zip(link.encode("ascii"), self.model, strict=True)):
            changed = sign ^ own
            while changed:
                bit = changed & -changed
                dark ^= self._turned(place, bit)
                changed ^= bit
        return self.side, dark

    def _turned(self, place: int, bit: int) -> int:
        """The modules that change with this bit of the sign at this place."""
        found = self.turned_by_bit.get((place, bit))
        if found is None:
            changed = bytearray(self.model)
            changed[place] ^= bit
            found = self.turned_by_bit[place, bit] = _encode(changed.decode("ascii"))[1] ^ self.dark
        return found


_family = lru_cache(maxsize=_LINKS_AT_ONCE)(_Family)


def _encode(text: str) -> tuple[int, int]:
    """The library's own work: (modules of a side, the dark ones as bits, row after row from the top left)."""
    rows = segno.make_qr(text, error="m", mode="byte", mask=_MASK, boost_error=False).matrix
    return len(rows), int(b"".join(rows).translate(_DIGITS), 2)


def _png(side: int, dark: int) -> bytes:
    """One bit a dot; rows that repeat the one above are stored as such, which keeps 500 of them small."""
    width = (side + 2 * _QUIET) * _DOTS
    row_bytes = (width + 7) // 8
    edge, blank = _LIGHT * _QUIET, "1" * width
    modules = format(dark, f"0{side * side}b")
    starts = range(0, side * side, side)
    rows = [blank] * _QUIET
    rows += [
        edge + modules[start : start + side].replace("0", "w").replace("1", _DARK).replace("w", _LIGHT) + edge
        for start in starts
    ]
    rows += [blank] * _QUIET
    repeat = (b"\2" + bytes(row_bytes)) * (_DOTS - 1)
    raw = b"".join(b"\0" + int(row.ljust(row_bytes * 8, "0"), 2).to_bytes(row_bytes, "big") + repeat for row in rows)
    header = struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw, 6)) + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
