"""What an upload may be: loose files, a folder, a zip; and what an archive may not hold (rostering.md §9, security.md §5)."""

import io
import struct
import zipfile
from datetime import UTC, datetime

import pytest

from schoolgate.enrolments.roster import files as files_module
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings
from tests.factories.rosters import one_family, read, uploads_of, zip_of

FAMILY = one_family()


def refusal(content, name="roster.zip"):
    """The one reason why an archive is refused."""
    found = read({name: content})
    assert found.codes == ["error file.unreadable"]
    return found.findings[0].why


def test_a_zip_a_folder_and_loose_files_say_the_same(tmp_path):
    for name, text in FAMILY.items():
        (tmp_path / name).write_text(text)
    packed = tmp_path / "out" / "roster.zip"
    packed.parent.mkdir()
    packed.write_bytes(zip_of(FAMILY))
    assert read(FAMILY).rows == read(tmp_path).rows == read(packed).rows != []


def test_one_common_folder_is_taken_away():
    assert read({"roster.zip": zip_of(FAMILY, folder="export/2026/")}).rows == read(FAMILY).rows


def test_what_operating_systems_leave_behind_is_nothing():
    content = zip_of({**FAMILY, "__MACOSX/._students.csv": b"\0", ".DS_Store": b"\0", "Thumbs.db": b"\0"})
    assert read({"roster.zip": content}).findings == []


def test_other_files_are_ignored_with_a_note():
    found = read({"roster.zip": zip_of({**FAMILY, "readme.pdf": b"%PDF"})})
    assert [(finding.code, finding.file) for finding in found.findings] == [("file.ignored", "readme.pdf")]


@pytest.mark.parametrize(
    "name", ["../students.csv", "a/../../students.csv", "/etc/students.csv", "C:/students.csv", "..\\students.csv"]
)
def test_a_name_that_leads_out_of_the_archive_is_refused(name):
    assert "leads out of its folder" in refusal(zip_of({name: FAMILY["students.csv"]}))


def test_a_link_in_an_archive_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("students.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "link" in refusal(out.getvalue())


def test_a_bomb_is_refused_unopened():
    content = zip_of({"students.csv": b"\0" * 20_000_000})
    assert len(content) < 30_000
    assert "more than 100 times" in refusal(content)


def test_a_short_file_of_equal_rows_is_no_bomb():
    content = zip_of({**FAMILY, "notes.csv": "0" * 900_000})
    assert "error file.unreadable" not in read({"roster.zip": content}).codes


def test_an_archive_that_lies_about_its_sizes_is_refused():
    content = bytearray(zip_of({"students.csv": b"student_id\n" * 200_000, "contacts.csv": FAMILY["contacts.csv"]}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.find(signature)
        content[place + offset : place + offset + 4] = struct.pack("<I", 100)
    found = read({"roster.zip": bytes(content)})
    assert "error file.unreadable" in found.codes


def test_too_many_entries_are_refused():
    assert "51 entries" in refusal(zip_of({f"{n}.csv": "" for n in range(51)}))


def test_more_than_the_limit_unpacked_is_refused(monkeypatch):
    monkeypatch.setattr(files_module, "LARGEST_UNPACKED", 1_000)
    assert "unpacks to" in refusal(zip_of({"students.csv": "x" * 600, "contacts.csv": "y" * 600}))


def test_a_file_over_the_limit_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(files_module, "LARGEST_FILE", 100)
    for files in ({"students.csv": "x" * 101}, {"roster.zip": zip_of({"students.csv": "x" * 101})}):
        (finding,) = read(files).findings
        assert (finding.code, finding.file) == ("file.unreadable", "students.csv")


def test_an_archive_with_a_password_is_refused():
    content = bytearray(zip_of({"students.csv": FAMILY["students.csv"]}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(signature) + offset] |= 1
    assert "password" in refusal(bytes(content))


def test_files_in_several_folders_are_refused():
    assert "several folders" in refusal(zip_of({"a/students.csv": "x", "b/contacts.csv": "y"}))


@pytest.mark.parametrize("name", ["", "."])
def test_a_file_without_a_name_is_refused(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        nameless = zipfile.ZipInfo("x")
        nameless.filename = nameless.orig_filename = name
        archive.writestr(nameless, b"x")
    assert "without a name" in refusal(out.getvalue())


def test_the_folder_itself_among_the_entries_is_nothing_to_refuse():
    assert read({"roster.zip": zip_of({"./": "", **FAMILY})}).rows == read(FAMILY).rows


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"no zip at all"])
def test_what_is_no_zip_is_refused(content):
    assert "broken or not a zip" in refusal(content)


def test_a_broken_entry_is_an_error_of_that_file():
    content = bytearray(zip_of({"students.csv": FAMILY["students.csv"] * 300, "contacts.csv": FAMILY["contacts.csv"]}))
    content[60:80] = b"\xff" * 20
    found = read({"roster.zip": bytes(content)})
    assert [finding.file for finding in found.findings if finding.code == "file.unreadable"] == ["students.csv"]


def test_a_workbook_is_called_a_workbook():
    found = read({"students.csv": zip_of({"xl/workbook.xml": "x"}), "contacts.csv": FAMILY["contacts.csv"]})
    assert "Excel" in found.finding("file.unreadable").why


def test_two_files_of_one_name_are_refused():
    twice = [*uploads_of(FAMILY), *uploads_of({"Students.CSV": FAMILY["students.csv"]})]
    findings = Findings()
    with RosterFiles.gather(twice, findings):
        assert [(finding.code, finding.file) for finding in findings.folded()] == [("file.unreadable", "Students.CSV")]


def test_an_upload_is_as_new_as_its_newest_entry():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for day, (name, text) in enumerate(FAMILY.items(), 10):
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, day, 8, 30, 0)), text)
    assert read({"roster.zip": out.getvalue()}).newest_at == datetime(2026, 11, 12, 8, 30, tzinfo=UTC)
    assert read(FAMILY).newest_at is None


def test_the_hash_knows_contents_not_packing():
    def hash_of(files):
        with RosterFiles.gather(uploads_of(files), Findings()) as gathered:
            return gathered.content_hash()

    assert hash_of(FAMILY) == hash_of({"a.zip": zip_of(FAMILY)})
    assert hash_of(FAMILY) != hash_of({**FAMILY, "students.csv": FAMILY["students.csv"] + " "})
