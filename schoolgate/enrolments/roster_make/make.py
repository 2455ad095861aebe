"""Write a made-up roster: one format's files in one folder, all of them or none."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from schoolgate.enrolments.roster_make.native import NativeWriter
from schoolgate.enrolments.roster_make.oneroster import OneRosterWriter
from schoolgate.enrolments.roster_make.sds import Sds1Writer, Sds2Writer
from schoolgate.enrolments.roster_make.world import World
from schoolgate.enrolments.roster_make.writing import Files, RosterCounts, Writer
from schoolgate.lib.errors import SchoolgateError

AS_OF = date(2026, 11, 1)
"""The day that a made-up roster is from, unless another is asked for: never today, or a seed's bytes would change overnight."""

MOST_STUDENTS = 2_000_000


class RosterNotMade(SchoolgateError):
    """The sizes make no sense, or the folder holds something else."""

    code = "roster.not_made"


WRITERS: dict[str, Callable[[int, date], Writer]] = {
    "native": lambda _seed, _as_of: NativeWriter(),
    "oneroster-1.0": lambda seed, as_of: OneRosterWriter("1.0", seed=seed, as_of=as_of),
    "oneroster-1.1": lambda seed, as_of: OneRosterWriter("1.1", seed=seed, as_of=as_of),
    "oneroster-1.2": lambda seed, as_of: OneRosterWriter("1.2", seed=seed, as_of=as_of),
    "sds-1": lambda seed, _as_of: Sds1Writer(seed=seed),
    "sds-2": lambda seed, _as_of: Sds2Writer(seed=seed, with_contacts=False),
    "sds-2.1": lambda seed, _as_of: Sds2Writer(seed=seed, with_contacts=True),
}


def make_roster(
    *,
    students: int,
    schools: int,
    seed: int,
    format: str,  # noqa: A002  (the word of the command line)
    out: Path,
    as_of: date = AS_OF,
    on_progress: Callable[[int], None] | None = None,
) -> RosterCounts:
    """The counts that an importer of the format would give. Same arguments, same bytes. Raises RosterNotMade, OSError.

    on_progress is told the number of students so far, now and then.
    """
    if not 1 <= schools <= students <= MOST_STUDENTS:
        raise RosterNotMade(
            f"{students:,} students can't be spread over {schools:,} schools.",
            fix=f"Each school needs a student, and {MOST_STUDENTS:,} students are the most.",
            code="roster.sizes",
        )
    writer = WRITERS[format](seed, as_of)
    _require_free(out, writer)
    world = World(students=students, schools=schools, seed=seed, as_of=as_of)
    counts = RosterCounts()
    out.mkdir(parents=True, exist_ok=True)
    # Written beside and moved in when whole, so that a full disk leaves no half a roster that looks like one.
    with tempfile.TemporaryDirectory(dir=out, prefix=".making-") as draft:
        with ExitStack() as stack:
            writer.open(Files(Path(draft), stack), world.schools)
            for number, family in enumerate(world.families()):
                writer.write(family, counts)
                if on_progress is not None and number % 500 == 0:
                    on_progress(counts.students)
        for name in writer.names:
            (Path(draft) / name).replace(out / name)
    return counts


def _require_free(out: Path, writer: Writer) -> None:
    """Files of another format beside ours would be read together with them."""
    if out.exists() and not out.is_dir():
        raise RosterNotMade(f"{out} is a file.", fix="Name a folder.", code="roster.folder")
    others = [path.name for path in out.iterdir() if path.name not in writer.names] if out.exists() else []
    if others:
        raise RosterNotMade(
            f"{out} holds other files, such as {min(others)}.",
            fix="Name an empty folder, or one with an earlier roster of this format.",
            code="roster.folder",
        )
