"""A list of Student Ids, read and checked before anything is made: pure (R-GP-01, R-GP-02, registration-keys §12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.keys.id_list import MOST_BYTES, MOST_LINES, Entry, Known, ListCheck, ListRefused, check_list, read_list


def texts(content):
    return [entry.text for entry in read_list(content)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_encodings_of_spreadsheets_are_recognised(encoding):
    assert texts("Schüler-1\r\nSchüler-2\r\n".encode(encoding)) == ["Schüler-1", "Schüler-2"]


def test_leading_zeros_stay_and_outer_blanks_go():
    """R-RK-04"""
    assert texts(b" 007 \n\t42\n") == ["007", "42"]


def test_blank_lines_are_kept_with_their_numbers_and_the_end_of_the_last_line_is_none():
    assert read_list(b"S1\n\n  \nS2\n\n") == [Entry(1, "S1"), Entry(2, ""), Entry(3, ""), Entry(4, "S2")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(end):
    assert [entry.line for entry in read_list(f"S1{end}{end}S2".encode())] == [1, 2, 3]


@pytest.mark.parametrize("heading", ["Student Id", "student_id", "STUDENT ID", "Student No.", "Student Number", "id"])
def test_a_heading_is_no_student(heading):
    assert read_list(f"{heading}\nS1\n".encode()) == [Entry(2, "S1")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_of_several_columns_the_one_headed_student_id_is_read(delimiter):
    rows = [["Name", "Student Id", "Class"], ["Cole, Ada", "S1", "7B"], ["Perry", "S2", "7B"], ["", "", "7C"]]
    content = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows).encode()
    assert read_list(content) == [Entry(2, "S1"), Entry(3, "S2"), Entry(4, "")]


def test_one_line_of_many_is_a_list_too():
    assert texts(b"S1, S2,S3,,\n") == ["S1", "S2", "S3"]


def test_a_comma_at_the_end_is_no_second_column():
    assert texts(b"S1,\nS2,\n") == ["S1", "S2"]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"S1,Ada\nS2,Theo\n", "Line 1 has 2 columns"),
        (b"Student Id,Student Id\nS1,S2\n", "Line 1 has 2 columns"),
        (b"S1\nS2\nS3,Theo\n", "Line 3 has 2 columns"),
        (b"S1\n<html><td>S2\n", "Line 2 looks like a web page"),
        (b"PK\x03\x04rest", "no text"),
        (b"%PDF-1.7", "no text"),
        (b"\xd0\xcf\x11\xe0", "no text"),
        (b"S1\nS\x002\nS3 and much more text so that it is no UTF-16 at all\n" * 9, "Line 2 holds signs"),
        (b"", "empty"),
        (b"\n \n\n", "empty"),
        (b"Student Id\n", "empty"),
        (b"S1\n" + b"x" * 256 + b"\n", "Line 2 is too long"),
        (b"x" * (MOST_BYTES + 1), "The list has 4.0 MB"),
        (b"S1\n" * (MOST_LINES + 1), f"The list has {MOST_LINES + 1} lines"),
    ],
)
def test_what_is_no_list_is_refused_with_its_place_and_a_mend(content, place):
    with pytest.raises(ListRefused) as refused:
        read_list(content)
    assert place in refused.value.message
    assert refused.value.fix


def test_the_longest_list_is_read():
    assert len(read_list(b"S1\n" * MOST_LINES)) == MOST_LINES


@given(st.binary(max_size=400))
def test_no_bytes_at_all_make_it_fail_otherwise(content):
    try:
        entries = read_list(content)
    except ListRefused:
        return
    assert [entry.line for entry in entries] == sorted(entry.line for entry in entries)


def test_the_check_tells_each_line_what_it_is():
    """R-GP-02: found, not found, twice, inactive, each with its line; and numbers as a spreadsheet shortens them (§12)."""
    content = b"S1\n\nS2\nS1\nnobody\nS3\n1.2E+05\n'; --\n"
    check = check_list(read_list(content), {"S1": [Known(1, True)], "S2": [Known(2, True)], "S3": [Known(3, False)]})
    assert check.found == (1, 2)
    assert check.blank == (Entry(2, ""),)
    assert check.twice == (Entry(4, "S1"),)
    assert check.unknown == (Entry(5, "nobody"), Entry(8, "'; --"))
    assert check.inactive == (Entry(6, "S3"),)
    assert check.spreadsheet == (Entry(7, "1.2E+05"),)
    assert check.lines == 8


def test_a_student_whose_id_looks_like_a_spreadsheet_s_number_is_found():
    assert check_list([Entry(1, "12E3")], {"12E3": [Known(7, True)]}).found == (7,)


def test_an_id_that_two_sources_use_means_both():
    check = check_list([Entry(1, "7")], {"7": [Known(1, True), Known(2, True), Known(3, False)]})
    assert check == ListCheck(found=(1, 2), lines=1)


@given(st.lists(st.sampled_from(["", "S1", "S2", "S3", "x", "1e5"]), max_size=40))
def test_every_line_has_exactly_one_end(lines):
    known = {"S1": [Known(1, True)], "S2": [Known(2, True)], "S3": [Known(3, False)]}
    check = check_list([Entry(n, text) for n, text in enumerate(lines, start=1)], known)
    told = [check.blank, check.twice, check.unknown, check.spreadsheet, check.inactive]
    assert len(check.found) + sum(map(len, told)) == check.lines == len(lines)
