"""Roster files of the smallest valid kind, and reading them: for the tests of readers and of the import."""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schoolgate.enrolments.roster.detect import detect
from schoolgate.enrolments.roster.files import RosterFiles, Upload
from schoolgate.enrolments.roster.findings import Finding, Findings
from schoolgate.enrolments.roster.rows import Coverage, ReadOptions, Row

SETS = Path(__file__).parents[1] / "data" / "rosters"
STUDENT = {
    "student_id": "S1",
    "school_code": "101",
    "family_name": "Okafor",
    "given_name": "Ada",
    "birth_date": "2014-03-27",
}
CONTACT = {"contact_id": "C1", "family_name": "Okafor", "given_name": "Amara", "email": "amara@home.example"}
TIE = {"student_id": "S1", "contact_id": "C1", "relationship": "mother"}
Rows = Iterable[Mapping[str, str]]


def csv_of(rows: Rows, *, headings: Sequence[str] = (), delimiter: str = ",") -> str:
    """CSV text of dicts; headings: those of the first row unless given."""
    given = list(rows)
    names = list(headings) or list(dict.fromkeys(name for row in given for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(given)
    return out.getvalue()


def native(students: Rows | None = None, contacts: Rows | None = None, ties: Rows | None = None) -> dict[str, str]:
    """The three files; each row is filled up from the smallest valid one. None leaves a file out, an empty list its rows."""
    files = {}
    for name, base, rows in (
        ("students.csv", STUDENT, students),
        ("contacts.csv", CONTACT, contacts),
        ("relationships.csv", TIE, ties),
    ):
        if rows is not None:
            files[name] = csv_of([{**base, **row} for row in rows], headings=() if rows else list(base))
    return files


def one_family(**changes: Mapping[str, str]) -> dict[str, str]:
    """A student, a contact, their tie; changes: columns of student, contact and tie."""
    return native([changes.get("student", {})], [changes.get("contact", {})], [changes.get("tie", {})])


def many(count: int, *, prefix: str = "", school: str = "101", **student: str) -> dict[str, str]:
    """As many families of one student and one contact."""
    return native(
        [
            {
                "student_id": f"{prefix}S{n}",
                "school_code": school,
                "family_name": f"Family{prefix}{n}",
                "birth_date": f"20{10 + n % 9}-0{1 + n % 9}-{10 + n % 18}",
                **student,
            }
            for n in range(count)
        ],
        [
            {"contact_id": f"{prefix}C{n}", "family_name": f"Family{prefix}{n}", "email": f"c{prefix}{n}@home.example"}
            for n in range(count)
        ],
        [{"student_id": f"{prefix}S{n}", "contact_id": f"{prefix}C{n}"} for n in range(count)],
    )


def without(files: dict[str, str], *gone: str) -> dict[str, str]:
    """The same files without the lines that hold one of these ids in a cell."""
    return {
        name: "".join(
            line
            for line in text.splitlines(keepends=True)
            if not any(id_ in line.rstrip("\n").split(",") for id_ in gone)
        )
        for name, text in files.items()
    }


def uploads_of(files: Mapping[str, str | bytes]) -> list[Upload]:
    """Files in memory as an upload."""

    def opener(content: bytes):
        return lambda: io.BytesIO(content)

    return [Upload(name, opener(text.encode() if isinstance(text, str) else text)) for name, text in files.items()]


def zip_of(files: Mapping[str, str | bytes], *, folder: str = "") -> bytes:
    """A zip of them, in a folder if one is named."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{folder}{name}", content)
    return out.getvalue()


@dataclass
class Read:
    """What came of reading files."""

    format: str
    rows: list[Row]
    coverage: Coverage | None
    findings: list[Finding] = field(default_factory=list)
    newest_at: object = None

    @property
    def counts(self) -> Counter[str]:
        """How many of each kind of row."""
        return Counter(type(row).__name__.removesuffix("Row").lower() for row in self.rows)

    def of(self, kind: type) -> list[Row]:
        """The rows of one kind."""
        return [row for row in self.rows if isinstance(row, kind)]

    @property
    def codes(self) -> list[str]:
        """Severity code, in the files' order, without the note about files that aren't read."""
        return [
            f"{finding.severity.value} {finding.code}" for finding in self.findings if finding.code != "file.ignored"
        ]

    def finding(self, code: str) -> Finding:
        """The one finding of a code."""
        (found,) = [finding for finding in self.findings if finding.code == code]
        return found


def read(files: Mapping[str, str | bytes] | Path, *, named: str = "", options: ReadOptions | None = None) -> Read:
    """Read files (in memory, or a folder or zip on disk) as an import would."""
    findings = Findings()
    gathered = (
        RosterFiles.at_paths([files], findings)
        if isinstance(files, Path)
        else RosterFiles.gather(uploads_of(files), findings)
    )
    with gathered:
        format_ = detect(gathered, findings, named=named)
        if format_ is None:
            return Read("", [], None, findings.folded())
        reading = format_.read(gathered, options or ReadOptions(), findings)
        rows = list(reading.rows)
        return Read(format_.name, rows, reading.coverage, findings.folded(), reading.newest_at)
