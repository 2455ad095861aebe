"""Bytes to rows and back: lib/csvfile.py (rostering.md §9, R-CK-17)."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.lib.csvfile import (
    CsvRows,
    NotCsv,
    TextForm,
    csv_bytes,
    find_form,
    repaired,
    safe_cell,
)


def read(content: bytes, *, repair: bool = False) -> list[tuple[int, list[str]]]:
    return list(CsvRows(io.BytesIO(content), find_form(io.BytesIO(content)), repair=repair))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"id,name\n1,Zo\xc3\xab\n", "utf-8-sig"),
        (b"\xef\xbb\xbfid,name\n1,Zo\xc3\xab\n", "utf-8-sig"),
        ("id,name\n1,Zoë\n".encode("utf-16"), "utf-16"),
        ("id,name\n1,Zoë\n".encode("utf-16-le"), "utf-16-le"),
        ("id,name\n1,Zoë\n".encode("utf-16-be"), "utf-16-be"),
        (b"id,name\n1,Zo\xeb\n", "cp1252"),
    ],
)
def test_every_encoding_gives_the_same_rows(content: bytes, encoding: str) -> None:
    assert find_form(io.BytesIO(content)).encoding == encoding
    assert read(content) == [(1, ["id", "name"]), (2, ["1", "Zoë"])]


def test_only_windows_1252_is_a_guess() -> None:
    assert find_form(io.BytesIO(b"id,name\n1,Zo\xeb\n")).is_guess
    assert not find_form(io.BytesIO(b"id,name\n1,Zo\xc3\xab\n")).is_guess


def test_an_invalid_byte_far_into_the_file_is_found() -> None:
    content = b"id,name\n" + b"1,Anna\n" * 300_000 + b"2,Zo\xeb\n"
    assert find_form(io.BytesIO(content)).encoding == "cp1252"


def test_no_byte_of_windows_1252_becomes_a_replacement_character() -> None:
    rows = read(b"id,name\n1,\xe9" + bytes(range(0x80, 0x100)) + b"\n")
    assert "\ufffd" not in rows[1][1][1]
    assert "?" not in rows[1][1][1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_read_from_the_heading_outside_quotes(delimiter: str) -> None:
    heading = delimiter.join(['"a,b;c;d;e"', "f", "g"])
    assert find_form(io.BytesIO(heading.encode())).delimiter == delimiter


def test_a_comma_is_taken_where_the_heading_has_no_delimiter() -> None:
    assert find_form(io.BytesIO(b"a|b|c\n")).delimiter == ","


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_count_as_in_a_text_editor(newline: str) -> None:
    content = newline.join(["id,note", "1,plain", '2,"two', 'lines"', "", "3,after a blank"]) + newline
    assert [line for line, _ in read(content.encode())] == [1, 2, 3, 6]


def test_a_double_encoded_file_is_noticed_and_can_be_repaired_whole() -> None:
    for name in ["Müller", "Élodie", "Zoë", "Àngels", "Ñúñez"]:
        content = f"id,name\n1,{name}\n".encode().decode("cp1252", errors="schoolgate.c1").encode()
        assert find_form(io.BytesIO(content)).is_twice_encoded, name
        assert read(content)[1][1] != ["1", name]
        assert read(content, repair=True)[1][1] == ["1", name]


@pytest.mark.parametrize("name", ["SÃO PAULO", "João", "Ângela", "Müller", "Nguyễn", "Ã", "L’Âge"])
def test_honest_accents_are_not_taken_for_double_encoding(name: str) -> None:
    assert not find_form(io.BytesIO(f"id,name\n1,{name}\n".encode())).is_twice_encoded


def test_a_line_that_was_never_damaged_stays_as_it_is() -> None:
    assert repaired("1,Zoë") == "1,Zoë"


def test_a_cell_left_open_at_the_end_is_told() -> None:
    content = b'id,name\n1,"Ann'
    rows = CsvRows(io.BytesIO(content), find_form(io.BytesIO(content)))
    list(rows)
    assert rows.ends_in_quotes
    assert rows.ends_without_newline


@pytest.mark.parametrize(
    "content",
    [
        b'id,name\n1,"Ann"',
        b"id,name\n1,Ann\n",
        b'id,name\n1,"A\nB"\n',
        b'id,n\n1,5" nail\n',
    ],
)
def test_a_whole_last_line_is_not_taken_for_a_broken_one(content: bytes) -> None:
    rows = CsvRows(io.BytesIO(content), find_form(io.BytesIO(content)))
    list(rows)
    assert not rows.ends_in_quotes


def test_a_quotation_mark_that_swallows_the_file_is_refused_with_its_line() -> None:
    content = b'id,name\n1,Ann\n2,"Bob\n' + b"3,Cleo\n" * 50_000
    with pytest.raises(NotCsv) as refusal:
        read(content)
    assert refusal.value.line == 3


@pytest.mark.parametrize("content", [b"PK\x03\x04rest", b"%PDF-1.7", b"\xd0\xcf\x11\xe0rest"])
def test_a_file_that_is_no_text_is_named_for_what_it_is(content: bytes) -> None:
    with pytest.raises(NotCsv, match="it is an|it is a"):
        find_form(io.BytesIO(content))


def test_utf_16_that_breaks_off_in_the_middle_is_refused() -> None:
    with pytest.raises(NotCsv):
        read("id,name\n1,Zoë\n".encode("utf-16")[:-1])


def test_an_empty_file_has_no_rows() -> None:
    assert read(b"") == []
    assert read(b"\xef\xbb\xbf\n\n") == []


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")),
            min_size=2,
            max_size=2,
        )
    )
)
def test_what_is_written_is_read_again(rows: Sequence[Sequence[str]]) -> None:
    content = b"".join(csv_bytes(["a", "b"], rows))
    assert content.startswith(b"\xef\xbb\xbf")
    back = [cells for _, cells in CsvRows(io.BytesIO(content), TextForm("utf-8-sig"))]
    assert back == [["a", "b"], *([safe_cell(cell) for cell in row] for row in rows)]


@pytest.mark.parametrize("value", ["=cmd|'/c calc'!A1", "+1", "-2+3", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_that_a_spreadsheet_would_run_is_escaped(value: str) -> None:
    assert safe_cell(value) == "'" + value


@pytest.mark.parametrize(
    ("value", "text"),
    [(-5, "-5"), (None, ""), ("a=b", "a=b"), ("", ""), ("Ann", "Ann")],
)
def test_other_cells_are_left_alone(value: object, text: str) -> None:
    assert safe_cell(value) == text


def test_a_long_export_comes_in_pieces() -> None:
    pieces = list(csv_bytes(["a"], (["x" * 100] for _ in range(5_000))))
    assert len(pieces) > 3
    assert len(list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))) == 5_001
