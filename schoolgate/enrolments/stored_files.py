"""Uploaded files between the request that brings them and the worker that reads them: pieces in the database.

The web is stateless, so a file can't wait on one machine's disk; and it is gone from the database when the import ends.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from schoolgate.enrolments.models import ImportState, RosterChunk, RosterImport
from schoolgate.enrolments.roster.files import Upload
from schoolgate.tenancy.models import Tenant

_CHUNK = 1 << 20


class Given(Protocol):
    """A file as a form has it: Django's UploadedFile is one."""

    name: str | None

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]: ...


def store_files(entry: RosterImport, files: Iterable[Given]) -> None:
    """Step: keep the files' contents, a piece at a time."""
    for number, file in enumerate(files):
        for position, content in enumerate(file.chunks(_CHUNK)):
            RosterChunk.objects.create(roster_import=entry, file_no=number, position=position, content=content)


@contextmanager
def stored_files(entry: RosterImport) -> Iterator[list[Upload]]:
    """The files again, on the disk of whoever reads them, for as long as they do."""
    with tempfile.TemporaryDirectory(prefix="schoolgate-import-") as folder:
        uploads = []
        for number, name in enumerate(entry.file_names):
            path = Path(folder) / str(number)  # Never the name that was given.
            with path.open("wb") as file:
                pieces = RosterChunk.objects.filter(roster_import=entry, file_no=number).order_by("position")
                for content in pieces.values_list("content", flat=True).iterator(chunk_size=4):
                    file.write(content)
            uploads.append(Upload(name, lambda path=path: path.open("rb")))  # type: ignore[misc]  # A default, not a parameter.
        yield uploads


def drop_files(entry: RosterImport) -> None:
    """Step: the import has ended; its files are no longer needed."""
    RosterChunk.objects.filter(roster_import=entry).delete()


def drop_files_of_refused(tenant: Tenant) -> None:
    """Step: the same for imports that were refused and could have been applied without some rows."""
    refused = RosterImport.objects.for_tenant(tenant).filter(state=ImportState.REFUSED)
    RosterChunk.objects.filter(roster_import__in=refused).delete()
