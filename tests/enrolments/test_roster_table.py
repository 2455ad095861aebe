"""Cells, headings and rows as real files have them (rostering.md §9, §10): what is an error, what is not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.enrolments.roster import left_out, messages
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.enrolments.roster.messages import CELL_REQUIRED
from schoolgate.enrolments.roster.rows import ContactRow, DateOrder, ReadOptions, StudentRow
from tests.factories.rosters import CONTACT, SETS, STUDENT, csv_of, native, one_family, read


def student(**columns):
    """The one student that a file with these cells gives, and the findings' codes about it."""
    found = read(one_family(student=columns))
    return found.of(StudentRow)[0], [code for code in found.codes if not code.startswith("note")]


def contact(**columns):
    found = read(one_family(contact=columns))
    return found.of(ContactRow)[0], found.codes


def births(*texts, options=None):
    files = native([{"student_id": f"S{n}", "birth_date": text, "given_name": f"N{n}"} for n, text in enumerate(texts)])
    found = read(files, options=options)
    return [str(row.birth_on) for row in found.of(StudentRow)], [code for code in found.codes if "error" in code], found


# Bytes.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_encodings_with_a_mark_or_none_are_read_alike(encoding):
    files = {name: text.encode(encoding) for name, text in one_family(student={"given_name": "Zoë"}).items()}
    found = read(files)
    assert found.of(StudentRow)[0].given_name == "Zoë"
    assert [code for code in found.codes if not code.startswith("note")] == []


def test_windows_1252_is_read_and_three_names_are_shown_to_confirm():
    names = ["Zoë", "José", "Müller", "Åsa"]
    files = native([{"student_id": f"S{n}", "family_name": name} for n, name in enumerate(names)])
    found = read({name: text.encode("cp1252") for name, text in files.items()})
    assert [row.family_name for row in found.of(StudentRow)] == names
    assert found.codes == ["warning file.encoding"]
    assert "Zoë, José, Müller" in found.finding("file.encoding").why


def test_a_double_encoded_file_is_a_warning_and_can_be_repaired_whole():
    files = {
        name: text.encode().decode("cp1252").encode()
        for name, text in one_family(student={"given_name": "Zoë"}).items()
    }
    assert read(files).codes == ["warning file.double_encoded"]
    repaired = read(files, options=ReadOptions(repair=True))
    assert repaired.of(StudentRow)[0].given_name == "Zoë"
    assert repaired.codes == []


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_accepted_in_native_files(delimiter):
    files = {
        "students.csv": csv_of([STUDENT], delimiter=delimiter),
        "contacts.csv": csv_of([CONTACT], delimiter=delimiter),
    }
    assert read(files).counts["student"] == 1


def test_a_delimiter_that_is_none_shows_as_missing_columns():
    found = read({"students.csv": csv_of([STUDENT], delimiter="|"), "contacts.csv": csv_of([CONTACT])})
    assert set(found.codes) == {"error header.missing", "warning header.unknown"}
    assert "student_id|school_code" in next(f for f in found.findings if f.code == "header.missing").fix


def test_a_broken_upload_is_refused():
    whole = native([{"student_id": f"S{n}", "given_name": f"N{n}"} for n in range(3)])["students.csv"]
    for cut in (whole[:-15], whole[:-1].rpartition("\n")[0] + '\nS9,101,"Oka'):
        found = read({"students.csv": cut})
        assert "error file.truncated" in found.codes, cut


def test_a_last_line_without_line_end_is_whole():
    assert read({"students.csv": native([{}])["students.csv"].rstrip("\n")}).codes == []


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_a_file_without_headings_is_empty(content):
    assert read({"students.csv": content, "contacts.csv": csv_of([CONTACT])}).codes == ["error file.empty"]


def test_no_students_are_an_error_no_contacts_a_note():
    assert "error file.empty" in read(native([], [{}])).codes
    assert "note file.empty" in read(native([{}], [])).codes


# Headings.


def test_native_headings_stand_in_any_order_case_and_spelling():
    text = "Given Name,FAMILY_NAME,student id,School_Code\nAda,Okafor,S1,101\n"
    found = read({"students.csv": text, "contacts.csv": csv_of([CONTACT])})
    assert found.of(StudentRow)[0].given_name == "Ada"
    assert found.codes == []


def test_a_missing_column_is_named_with_those_that_are_there():
    text = csv_of([{k: v for k, v in STUDENT.items() if k != "family_name"}])
    found = read({"students.csv": text})
    assert found.codes == ["error header.missing"]
    assert found.findings[0].column == "family_name"


def test_an_unknown_column_is_a_warning():
    found = read(one_family(student={"favourite_colour": "green"}))
    assert found.codes == ["warning header.unknown"]
    assert found.finding("header.unknown").column == "favourite_colour"


def test_a_column_that_occurs_twice_is_an_error_an_unused_one_is_not():
    assert (
        "error header.duplicate"
        in read({"students.csv": "student_id,school_code,family_name,given_name,given_name\n"}).codes
    )


def test_nameless_empty_columns_are_dropped():
    text = "student_id,school_code,family_name,given_name,,\nS1,101,Okafor,Ada,,\n"
    assert read({"students.csv": text}).codes == []


# Rows.


def test_rows_of_another_width_are_errors_with_an_editors_line():
    text = "student_id,school_code,family_name,given_name\nS1,101,O,Ada\nS2,101,O\nS3,101,O,Bo,extra\nS4,101,O,Cy\n"
    found = read({"students.csv": text})
    assert found.codes == ["error row.width"]
    assert [place.line for place in found.finding("row.width").places] == [3, 4]


def test_a_quoted_line_break_counts_as_a_line():
    text = 'student_id,school_code,family_name,given_name\nS1,101,"O\nkafor",Ada\n,101,O,Bo\n'
    found = read({"students.csv": text})
    assert found.finding("cell.required").line == 4


def test_rows_of_blank_cells_below_a_table_are_nothing():
    text = "student_id,school_code,family_name,given_name\nS1,101,O,Ada\n,,,\n\n , ,\n"
    assert read({"students.csv": text}).codes == []


# Cells.


@pytest.mark.parametrize("column", ["student_id", "school_code", "family_name", "given_name"])
def test_an_empty_cell_that_must_not_be_is_an_error(column):
    found = read(native([{column: ""}, {"student_id": "S2"}]))
    assert found.finding("cell.required").column == column


@pytest.mark.parametrize("value", ["#REF!", "#N/A", "########", "NULL", "None"])
def test_marks_of_failed_values_are_errors(value):
    assert student(family_name=value)[1] == ["error cell.error_value"]


@pytest.mark.parametrize("value", ["Null", "Nonesuch", "#1", "O'None", "NULLARBOR"])
def test_names_that_look_like_marks_pass(value):
    assert student(family_name=value) == (student(family_name=value)[0], [])
    assert student(family_name=value)[0].family_name == value


@pytest.mark.parametrize("value", ["9.6E+12", "1E+05", "9,6E+12"])
def test_scientific_notation_in_an_id_is_refused(value):
    assert "error cell.scientific" in read(native([{"student_id": value}])).codes


@pytest.mark.parametrize("value", ["12E5", "E+12A", "7E", "00E1"])
def test_ids_with_an_e_pass(value):
    assert read(native([{"student_id": value}])).codes == []


def test_ids_that_a_spreadsheet_rounded_are_refused():
    rounded = [{"student_id": f"95812345678901{n}000", "given_name": f"N{n}"} for n in range(4)]
    assert "error cell.scientific" in read(native(rounded)).codes
    honest = [*rounded, {"student_id": "958123456789012345", "given_name": "N9"}]
    assert read(native(honest)).codes == []


def test_one_id_of_sixteen_digits_may_end_in_a_zero():
    assert read(native([{"student_id": "9581234567890120"}])).codes == []


def test_ids_are_kept_exactly():
    for id_ in ["007", "0007", "a", "A", "é", "1.0", "+5", "=1", "x y"]:
        assert read(native([{"student_id": f" {id_} "}])).of(StudentRow)[0].id == id_


def test_ids_have_255_characters_names_200():
    assert "error cell.too_long" not in read(native([{"student_id": "x" * 255}])).codes
    assert "error cell.too_long" in read(native([{"student_id": "x" * 256}])).codes
    assert student(family_name="é" * 200)[1] == []
    assert student(family_name="é" * 201)[1] == ["error cell.too_long"]


def test_an_id_that_nobody_can_see_whole_is_refused():
    assert "error cell.error_value" in read(native([{"student_id": "S\u200b1"}])).codes


def test_names_lose_what_is_invisible_and_keep_their_spelling():
    row, codes = student(family_name="  O\u0000ka\u202efor \t Smith ", given_name="نو\u200cر")
    assert (row.family_name, row.given_name) == ("Okafor Smith", "نو\u200cر")
    assert codes == []
    assert read(one_family(student={"family_name": "O\u0001k"})).codes == ["note cell.control"]


def test_names_are_composed():
    assert student(given_name="Zoe\u0308")[0].given_name == "Zoë"


def test_formula_cells_are_kept_as_text():
    row, codes = student(family_name="=cmd|'/c calc'!A1", given_name="+x", middle_name="@y", roll_class="-1")
    assert (row.family_name, row.given_name, row.middle_name, row.roll_class) == ("=cmd|'/c calc'!A1", "+x", "@y", "-1")
    assert codes == []


@pytest.mark.parametrize(
    "value",
    ["a@b.example;c@d.example", "mailto:a@b.example", "a b@c.example", "ab", "a@b", "a@b.example\nBcc: x@y.example"],
)
def test_what_is_no_single_address_is_a_warning_kept_as_typed(value):
    row, codes = contact(email=value)
    assert "warning cell.email" in codes
    assert row.email == value.replace("\n", " ")


@pytest.mark.parametrize("value", ["none@none.example", "noemail", "x@x", "N/A", "no-email@x.example", "-"])
def test_placeholders_are_no_address(value):
    assert contact(email=value) == (contact(email=value)[0], [])
    assert contact(email=value)[0].email == ""


def test_only_the_domain_is_made_small():
    assert contact(email="Ann.O'Neil+school@Home.Example")[0].email == "Ann.O'Neil+school@home.example"


@pytest.mark.parametrize("value", ["12345", "+61 491 570 156", "(02) 5550-1234", "02.5550.1234", "٠٤٩١٥٧٠١٥٦"])
def test_phone_numbers_of_any_plan_pass(value):
    assert contact(mobile=value)[1] == []


@pytest.mark.parametrize("value", ["1234", "ask Ann", "0491 570 156 (work)"])
def test_what_is_no_phone_number_is_a_warning(value):
    row, codes = contact(mobile=value)
    assert (row.mobile, codes) == (value, ["warning cell.phone"])


@pytest.mark.parametrize("value", ["yes", "No", "TRUE", "false", "1", "0", "Y", "n", ""])
def test_yes_and_no_in_all_their_spellings(value):
    assert read(one_family(tie={"legal_guardian": value})).codes == []


def test_other_words_for_yes_and_no_are_errors_that_name_the_words():
    found = read(one_family(tie={"legal_guardian": "perhaps"})).finding("cell.enum")
    assert "yes, true" in found.fix


def test_words_of_a_list_are_read_in_any_case():
    assert contact(type="parent", status="ACTIVE", country="au")[0].country == "AU"
    assert contact(type="friend")[1] == ["error cell.enum"]
    assert contact(country="Australia")[1] == ["error cell.enum"]


# Dates.


@pytest.mark.parametrize(
    ("texts", "dates"),
    [
        (["2014-03-27", "2014-12-01"], ["2014-03-27", "2014-12-01"]),
        (["20140327", "20141201"], ["2014-03-27", "2014-12-01"]),
        (["1/12/2014", "27/3/2014"], ["2014-12-01", "2014-03-27"]),
        (["12/1/2014", "3/27/2014"], ["2014-12-01", "2014-03-27"]),
        (["1.12.2014", "27.3.2014"], ["2014-12-01", "2014-03-27"]),
    ],
)
def test_one_order_fits_the_whole_column(texts, dates):
    assert births(*texts)[:2] == (dates, [])


def test_a_column_that_fits_both_orders_is_asked_about():
    assert births("1/2/2014", "3/4/2014")[1] == ["error cell.date"]
    day_first = ReadOptions(date_order=DateOrder.DAY_FIRST)
    assert births("1/2/2014", "3/4/2014", options=day_first)[:2] == (["2014-02-01", "2014-04-03"], [])
    month_first = ReadOptions(date_order=DateOrder.MONTH_FIRST)
    assert births("1/2/2014", "3/4/2014", options=month_first)[0] == ["2014-01-02", "2014-03-04"]


def test_what_somebody_said_about_the_order_does_not_overrule_the_column():
    assert births("27/3/2014", "1/2/2014", options=ReadOptions(date_order=DateOrder.MONTH_FIRST))[0][0] == "2014-03-27"


@pytest.mark.parametrize("odd", ["31/02/2014", "2014-03-27", "27-3-2014", "yesterday", "0/1/2014", "1/1/0014"])
def test_a_date_unlike_the_rest_is_an_error_at_its_place(odd):
    _, errors, found = births("27/3/2014", "28/3/2014", odd, "13/4/2014")
    assert errors == ["error cell.date"]
    assert found.finding("cell.date").line == 4


def test_iso_dates_before_others_are_a_mixed_column():
    assert births("2014-03-27", "27/3/2014", "28/3/2014", "28/4/2014")[1] == ["error cell.date"]


def test_a_column_with_both_orders_says_so_and_is_never_half_believed():
    """One order must fit all rows (rostering.md, section 9): the row that breaks it is about the whole column."""
    both = ("1/2/2014", "13/4/2014", "5/26/2014")
    for options in (ReadOptions(), ReadOptions(date_order=DateOrder.DAY_FIRST)):
        _, errors, found = births(*both, options=options)
        assert (errors, found.finding("cell.date").line) == (["error cell.date"], 4)
        assert "some the month first" in found.finding("cell.date").why
    assert messages.CELL_DATE_MIXED not in left_out._OF_ONE_ROW


def test_years_of_two_digits_are_refused():
    assert "two digits" in births("27/3/14")[2].finding("cell.date").why


def test_birth_dates_are_masked_in_findings_other_dates_are_not():
    assert births("2014-03-27", "2014-02-31")[2].finding("cell.date").value == "••••-••-••"
    assert read(one_family(student={"start_date": "2014-02-31"})).finding("cell.date").value == "2014-02-31"


# Findings.


def test_findings_of_one_kind_fold_with_a_count_and_twenty_places():
    found = read(native([{"student_id": f"S{n}", "birth_date": "x"} for n in range(50)]))
    finding = found.finding("cell.date")
    assert (finding.count, len(finding.places), finding.places[19].line) == (50, 20, 21)


def test_values_in_findings_are_short_and_on_one_line():
    value = read(one_family(contact={"email": "a b" * 100})).finding("cell.email").value
    assert len(value) == 80
    assert value.endswith("…")


def test_findings_come_in_the_files_order():
    findings = Findings()
    for file, line in [("b.csv", 9), ("a.csv", 5), ("b.csv", 2), ("a.csv", 1)]:
        findings.add(CELL_REQUIRED, file=file, line=line, column=f"c{line}")
    assert [(finding.file, finding.line) for finding in findings.folded()] == [
        ("a.csv", 1),
        ("a.csv", 5),
        ("b.csv", 2),
        ("b.csv", 9),
    ]


@pytest.mark.parametrize("text", json.loads((SETS / "naughty-strings" / "blns.json").read_text(encoding="utf-8")))
def test_hostile_strings_in_every_text_field_are_read_or_refused_by_place(text):
    for kind, base in (("student", STUDENT), ("contact", CONTACT)):
        columns = [name for name in base if name.endswith("name")]
        found = read(one_family(**{kind: dict.fromkeys([*columns, "email"], text)}))
        assert found.format == "native"
        assert all(finding.file and (finding.line or finding.count) for finding in found.findings)
        assert "\0" not in repr(list(found.rows))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=60))
def test_any_text_as_a_name_is_read_or_refused(text):
    found = read(one_family(student={"family_name": text}))
    assert found.counts["student"] == 1
    family = found.of(StudentRow)[0].family_name
    assert family == " ".join(family.split())
    assert not any(sign < " " for sign in family)
