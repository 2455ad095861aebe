"""The square code on letters: nothing in it but the link (R-KY-09)."""

import struct
import zlib
from dataclasses import dataclass

import segno

_MASK = 3  # Fixed: trying all eight takes five times as long and changes nothing that a phone notices.
_QUIET = 4  # Modules of white all round, drawn by us as part of the picture.
_DOTS = 3  # For each module, so that a viewer that smooths pictures blurs an edge and not a module.
_MIN_MM, _MIN_MODULE_MM = 30.0, 0.7


@dataclass(frozen=True)
class QrCode:
    """png: black on white, its quiet zone included. width_mm: so large that a module has 0.7 mm and the whole at least 30."""

    png: bytes
    width_mm: float


def qr_of(link: str) -> QrCode:
    """A QR code (ISO/IEC 18004) of a link, error correction M."""
    code = segno.make_qr(link, error="m", mask=_MASK, boost_error=False)
    modules = len(code.matrix) + 2 * _QUIET
    return QrCode(_png(code.matrix, modules), max(_MIN_MM, _MIN_MODULE_MM * modules))


def _png(matrix: tuple[bytearray, ...], modules: int) -> bytes:
    """One bit a dot; rows that repeat the one above are stored as such, which keeps 500 of them small."""
    width = modules * _DOTS
    row_bytes = (width + 7) // 8
    edge = "1" * (_QUIET * _DOTS)
    blank = "1" * width
    rows = [blank] * _QUIET
    rows += [edge + "".join(("0" if dark else "1") * _DOTS for dark in row) + edge for row in matrix]
    rows += [blank] * _QUIET
    repeat = (b"\2" + bytes(row_bytes)) * (_DOTS - 1)
    raw = b"".join(b"\0" + int(row.ljust(row_bytes * 8, "0"), 2).to_bytes(row_bytes, "big") + repeat for row in rows)
    header = struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw, 6)) + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
