"""The files of one upload: loose, in a folder, or in a zip; each opened as a stream, never held whole (``rostering.md`` §9).

An archive is somebody else's program's work: names that lead out of it, bombs, passwords and links are refused.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, Self, cast

from django.utils.translation import gettext as _

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.lib.csvfile import NotCsv, Trouble

MEGABYTE = 1_000_000
LARGEST_FILE = 200 * MEGABYTE
LARGEST_UNPACKED = 500 * MEGABYTE
MOST_ENTRIES = 50
HIGHEST_RATIO = 100
# Below this a high ratio is a short file of equal rows, not a bomb.
_RATIO_COUNTS_FROM = MEGABYTE
_SYSTEM_FILES = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")
_LINK = 0o120000


@dataclass(frozen=True, slots=True)
class Upload:
    """One thing a person gave: its name and how to open its bytes anew (a seekable stream for a zip)."""

    name: str
    open: Callable[[], BinaryIO]

    @classmethod
    def of_path(cls, path: Path) -> "Upload":
        """A file on this machine."""
        return cls(path.name, lambda: path.open("rb"))


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    open: Callable[[], BinaryIO]


class RosterFiles:
    """The files by name, folders taken away. ``newest_at``: the newest entry of a zip (guard 6), None without a zip.

    Use as a context manager, which closes what was opened.
    """

    def __init__(self) -> None:
        self.newest_at: datetime | None = None
        self._entries: dict[str, _Entry] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def names(self) -> list[str]:
        """The files' names as they were given."""
        return [entry.name for entry in self._entries.values()]

    def name_of(self, wanted: str) -> str | None:
        """The file of this name as it was given, case apart."""
        entry = self._entries.get(wanted.casefold())
        return entry.name if entry else None

    def open(self, name: str) -> BinaryIO:
        """The bytes of a file from its beginning. Raises NotCsv when an archive's entry is broken, KeyError if absent."""
        try:
            stream = self._entries[name.casefold()].open()
        except (zipfile.BadZipFile, NotImplementedError, OSError) as fault:
            raise NotCsv(Trouble.PACKED) from fault
        return cast(BinaryIO, _Checked(stream)) if isinstance(stream, zipfile.ZipExtFile) else stream

    def content_hash(self) -> str:
        """SHA-256 over the names and contents of all files: the same upload has the same, zipped or not."""
        digest = hashlib.sha256()
        for key in sorted(self._entries):
            digest.update(f"{key}\0".encode())
            try:
                with self.open(key) as stream:
                    while chunk := stream.read(1 << 20):
                        digest.update(chunk)
            except NotCsv:
                digest.update(b"unreadable")
        return digest.hexdigest()

    def heading_of(self, name: str) -> bytes:
        """The first bytes of a file, for telling formats apart; empty when it can't be read."""
        try:
            with self.open(name) as stream:
                return stream.read(8_192)
        except NotCsv:
            return b""

    @classmethod
    def gather(cls, uploads: Iterable[Upload], findings: Findings) -> "RosterFiles":
        """Look into what was given. What is refused is in the findings and left out."""
        files = cls()
        for upload in uploads:
            stream = files._stack.enter_context(upload.open())
            if _is_zip(upload.name, stream):
                files._add_zip(upload.name, stream, findings)
                continue
            size = stream.seek(0, 2)
            if size > LARGEST_FILE:
                findings.add(
                    messages.FILE_TOO_LARGE,
                    file=upload.name,
                    gaps={"size": size // MEGABYTE, "limit": LARGEST_FILE // MEGABYTE},
                )
            else:
                files._add(_Entry(upload.name, upload.open), findings)
        return files

    @classmethod
    def at_paths(cls, paths: Iterable[Path], findings: Findings) -> "RosterFiles":
        """Files, zips and folders of this machine; of a folder, the files right in it. Raises OSError as ``open`` does."""
        given: list[Upload] = []
        for path in paths:
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
            given.extend(Upload.of_path(file) for file in inside if not file.is_dir() and not _is_system(file.name))
        return cls.gather(given, findings)

    def _add(self, entry: _Entry, findings: Findings) -> None:
        if entry.name.casefold() in self._entries:
            findings.add(messages.FILE_DOUBLED, file=entry.name)
        else:
            self._entries[entry.name.casefold()] = entry

    def _add_zip(self, name: str, stream: BinaryIO, findings: Findings) -> None:
        try:
            archive = self._stack.enter_context(zipfile.ZipFile(stream))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            findings.add(messages.FILE_UNSAFE, file=name, gaps={"reason": _("it is broken or not a zip")})
            return
        entries = [entry for entry in archive.infolist() if not _is_folder(entry) and not _is_system(entry.filename)]
        faults = list(_faults_of(archive.infolist(), entries))
        for value, reason in faults:
            findings.add(messages.FILE_UNSAFE, file=name, value=value, gaps={"reason": reason})
        if faults:
            return
        newest = [moment for entry in entries if (moment := _moment_of(entry)) is not None]
        self.newest_at = max([*newest, *([self.newest_at] if self.newest_at else [])], default=None)
        for entry in entries:
            file = PurePosixPath(entry.filename).name
            if entry.file_size > LARGEST_FILE:
                findings.add(
                    messages.FILE_TOO_LARGE,
                    file=file,
                    gaps={"size": entry.file_size // MEGABYTE, "limit": LARGEST_FILE // MEGABYTE},
                )
            else:
                self._add(_Entry(file, _opener(archive, entry)), findings)


class _Checked:
    """A zip entry whose broken contents raise NotCsv instead of the archive library's own errors."""

    def __init__(self, stream: zipfile.ZipExtFile) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self._stream.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def read(self, size: int = -1) -> bytes:
        return self._guarded(self._stream.read, size)

    def read1(self, size: int = -1) -> bytes:
        return self._guarded(self._stream.read1, size)

    @staticmethod
    def _guarded(read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return read(size)
        except Exception as fault:  # zlib, lzma and bz2 each have their own; all mean the same to the reader.
            raise NotCsv(Trouble.PACKED) from fault


def _is_zip(name: str, stream: BinaryIO) -> bool:
    beginning = stream.read(4)
    stream.seek(0)
    # A workbook is a zip as well: by its name it claims to be a file of the roster, and is refused as such later.
    return name.casefold().endswith(".zip") or (
        beginning == b"PK\x03\x04" and not name.casefold().endswith((".csv", ".xlsx", ".xlsm", ".ods"))
    )


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    """As the library tells it, which fails on an entry without a name."""
    return entry.filename.endswith("/")


def _is_system(name: str) -> bool:
    folded = name.casefold()
    return folded.startswith("__macosx/") or folded.rpartition("/")[2] in _SYSTEM_FILES


def _faults_of(everything: list[zipfile.ZipInfo], entries: list[zipfile.ZipInfo]) -> Iterable[tuple[str, str]]:
    """What makes an archive unfit, as (entry, reason). Reads only its directory, unpacks nothing."""
    if len(everything) > MOST_ENTRIES:
        yield (
            "",
            _("it has %(found)s entries, and %(limit)s are the limit")
            % {"found": len(everything), "limit": MOST_ENTRIES},
        )
        return
    folders = set()
    for entry in everything:
        # orig_filename: what the archive really says; a NUL or a backslash is gone from filename.
        path = PurePosixPath(entry.orig_filename.replace("\\", "/"))
        first = path.parts[0] if path.parts else ""
        if path.is_absolute() or ".." in path.parts or ":" in first or "\0" in entry.orig_filename:
            yield entry.orig_filename, _("a name in it leads out of its folder")
        if not first and not _is_folder(entry):
            yield entry.orig_filename, _("it holds a file without a name")
        if (entry.external_attr >> 16) & 0o170000 == _LINK:
            yield entry.orig_filename, _("it holds a link to another file")
    for entry in entries:
        if entry.filename.casefold().endswith((".csv", ".xml", ".json")):
            folders.add(PurePosixPath(entry.filename.replace("\\", "/")).parent)
        if entry.flag_bits & 0x1:
            yield entry.filename, _("it is locked with a password")
        if entry.file_size > _RATIO_COUNTS_FROM and entry.file_size > HIGHEST_RATIO * max(entry.compress_size, 1):
            yield entry.filename, _("it unpacks to more than %(limit)s times its size") % {"limit": HIGHEST_RATIO}
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST_UNPACKED:
        yield (
            "",
            _("it unpacks to %(found)s MB, and %(limit)s MB are the limit")
            % {
                "found": total // MEGABYTE,
                "limit": LARGEST_UNPACKED // MEGABYTE,
            },
        )
    if len(folders) > 1:
        yield "", _("its files are in several folders")


def _opener(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: cast(BinaryIO, archive.open(entry))


def _moment_of(entry: zipfile.ZipInfo) -> datetime | None:
    """When the entry was written. A zip has no time zone; only moments of zips are compared with one another.

    1980 is what a zip writes where it knows no date.
    """
    try:
        moment = datetime(*entry.date_time, tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment.year > 1980 else None
