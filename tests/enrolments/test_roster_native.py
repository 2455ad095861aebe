"""schoolgate's own three files (rostering.md §8)."""

import pytest

from schoolgate.enrolments.roster.rows import (
    Absence,
    AssociationRow,
    Basis,
    ContactRow,
    HouseholdRow,
    ReadOptions,
    RestrictionRow,
    StudentRow,
)
from schoolgate.enrolments.roster.ties import opens_by_rule
from tests.factories.rosters import native, one_family, read


class Everybody:
    def has_student(self, source_id):
        return source_id.startswith("S")

    def has_contact(self, source_id):
        return source_id.startswith("C")


def test_all_columns_arrive():
    found = read(
        native(
            [{"middle_name": "Bea", "preferred_name": "Addie", "year_level": "7", "roll_class": "7B",
              "enrolment_status": "Inactive", "start_date": "2024-01-29", "end_date": "2026-12-11",
              "email": "ada@school.example", "household_id": "H1"}],
            [{"type": "PARENT", "title": "Dr", "mobile": "0491 570 156", "phone_home": "02 5550 1234",
              "phone_work": "02 5550 1235", "household_id": "H1", "address_1": "1 Wattle St", "address_2": "Unit 2",
              "town": "Wattle Creek", "region": "NSW", "postcode": "2999", "country": "AU", "language": "ar",
              "interpreter": "yes", "status": "active"}],
            [{"order": "1", "receives_portal_access": "no", "legal_guardian": "yes", "lives_with": "yes",
              "emergency": "no", "pickup": "yes", "receives_mail": "no", "receives_reports": "yes",
              "restriction": "no_contact", "restriction_from": "2026-01-01", "restriction_until": "2027-01-01",
              "restriction_note": "order 12", "start_date": "2024-01-29", "end_date": "2030-01-01"}],
        )
    )  # fmt: skip
    student, contact, tie = found.of(StudentRow)[0], found.of(ContactRow)[0], found.of(AssociationRow)[0]
    bar, home = found.of(RestrictionRow)[0], found.of(HouseholdRow)[0]
    assert (student.line, student.middle_name, student.is_active, str(student.end_on)) == (
        2,
        "Bea",
        False,
        "2026-12-11",
    )
    assert (contact.title, contact.phone_work, contact.needs_interpreter, contact.country) == (
        "Dr",
        "02 5550 1235",
        True,
        "AU",
    )
    assert (tie.basis, tie.household_id, tie.order, tie.receives_portal_access) == (Basis.HOUSEHOLD, "H1", 1, False)
    assert (tie.legal_guardian, tie.emergency, tie.pickup, tie.receives_mail) == (True, False, True, False)
    assert (bar.word, str(bar.starts_on), str(bar.ends_on), bar.note) == (
        "no_contact",
        "2026-01-01",
        "2027-01-01",
        "order 12",
    )
    assert (home.id, home.address_1, home.country) == ("H1", "1 Wattle St", "AU")
    assert found.codes == []


def test_a_column_that_is_not_there_says_nothing_a_blank_cell_says_blank():
    bare = read(one_family()).of(StudentRow)[0]
    blank = read(one_family(student={"roll_class": ""})).of(StudentRow)[0]
    assert (bare.roll_class, blank.roll_class) == (None, "")


def test_a_repeated_row_is_a_warning_and_taken_once():
    found = read(native([{}, {}], [{}, {}], [{}, {}]))
    assert found.codes == ["warning id.duplicate"] * 3
    assert found.counts == {"school": 1, "student": 1, "contact": 1, "association": 1}


def test_one_id_with_two_contents_is_an_error_that_names_both_lines():
    found = read(native([{}, {"given_name": "Ben"}]))
    finding = found.finding("id.duplicate")
    assert (finding.severity, finding.line, finding.value) == ("error", 3, "S1")
    assert "line 2" in finding.why


@pytest.mark.parametrize(("column", "where"), [("student_id", "students.csv"), ("contact_id", "contacts.csv")])
def test_a_relationship_to_nobody_is_an_error(column, where):
    found = read(native([{}], [{}], [{column: "X9"}]))
    finding = found.finding("id.unknown_reference")
    assert (finding.severity, finding.file, finding.line, finding.column) == ("error", "relationships.csv", 2, column)
    assert where in finding.why


def test_relationships_alone_may_name_people_known_before():
    files = native(None, None, [{}])
    assert read(files, options=ReadOptions(known=Everybody())).counts == {"association": 1}
    assert read(files).codes == ["error id.unknown_reference"] * 2


def test_who_is_known_but_not_in_the_file_that_lists_them_is_nobody():
    files = native([{}], [{}], [{"contact_id": "C2"}])
    assert "error id.unknown_reference" in read(files, options=ReadOptions(known=Everybody())).codes


def test_two_addresses_for_one_household_are_a_conflict():
    homes = [
        {"household_id": "H1", "address_1": "1 A St"},
        {"contact_id": "C2", "household_id": "H1", "address_1": "2 B St"},
    ]
    found = read(native([{}], homes))
    finding = found.finding("row.conflict")
    assert (finding.line, finding.value) == (3, "H1")


def test_a_blank_address_or_another_case_is_no_conflict():
    homes = [
        {"household_id": "H1"},
        {"contact_id": "C2", "household_id": "H1", "address_1": "1 A St"},
        {"contact_id": "C3", "household_id": "H1", "address_1": "1 a st"},
    ]
    found = read(native([{}], homes))
    assert [(home.id, home.address_1) for home in found.of(HouseholdRow)] == [("H1", "1 A St")]
    assert not [code for code in found.codes if "error" in code]


def test_a_household_of_students_alone_has_no_address():
    found = read(native([{"household_id": "H1"}]))
    assert [(home.id, home.address_1) for home in found.of(HouseholdRow)] == [("H1", "")]


def test_a_blank_basis_is_the_household_that_both_share():
    people = native(
        [{"household_id": "H1"}],
        [{"household_id": "H1"}, {"contact_id": "C2", "household_id": "H2"}, {"contact_id": "C3"}],
        [{}, {"contact_id": "C2"}, {"contact_id": "C3"}],
    )
    assert [row.basis for row in read(people).of(AssociationRow)] == ["household", "associated", "associated"]


@pytest.mark.parametrize(("said", "word", "is_clear"), [
    ("no_access", "no_access", True), ("No contact", "no_contact", True), ("see-office", "see_office", True),
    ("court order 12/3", "see_office", False), ("yes", "see_office", False),
])  # fmt: skip
def test_an_unknown_restriction_is_read_as_no_access(said, word, is_clear):
    (bar,) = read(one_family(tie={"restriction": said})).of(RestrictionRow)
    assert (bar.word, bar.said, bar.is_clear) == (word, said, is_clear)


@pytest.mark.parametrize("said", ["", "none", "None", "NONE"])
def test_no_restriction_is_none(said):
    found = read(one_family(tie={"restriction": said}))
    assert found.of(RestrictionRow) == []
    assert found.codes == []


def test_a_file_without_the_column_does_not_say_that_there_is_none():
    assert read(one_family()).coverage.restrictions is False
    assert read(one_family(tie={"restriction": ""})).coverage.restrictions is True


def test_a_restriction_that_ends_before_it_starts_is_an_error():
    found = read(
        one_family(
            tie={"restriction": "no_access", "restriction_from": "2026-02-01", "restriction_until": "2026-01-01"}
        )
    )
    assert found.codes == ["error cell.date"]


def test_notes_are_masked_in_findings():
    found = read(one_family(tie={"restriction_note": "secret " * 700}))
    assert "secret" not in found.finding("cell.too_long").value


def test_people_without_ties_are_counted_in_notes():
    found = read(native([{}, {"student_id": "S2", "given_name": "B"}], [{}, {"contact_id": "C2"}], [{}]))
    assert found.finding("student.no_contact").value == "S2"
    assert found.finding("contact.no_student").value == "C2"


def test_shared_inboxes_are_a_note_twins_none_doubles_a_warning():
    found = read(
        native([{}, {"student_id": "S2"}, {"student_id": "S3", "given_name": "Ben"}], [{}, {"contact_id": "C2"}], [{}])
    )
    assert found.finding("person.two_people_same_email").severity == "note"
    assert (
        found.finding("person.same_name_and_birth").severity,
        found.finding("person.same_name_and_birth").count,
    ) == ("warning", 1)


def test_absence_counts_within_the_schools_of_the_file():
    coverage = read(native([{}], None, [{}]), options=ReadOptions(known=Everybody())).coverage
    assert (coverage.absence, coverage.students, coverage.contacts, coverage.associations) == (
        Absence.WITHIN_SCHOOLS, True, False, True,
    )  # fmt: skip


@pytest.mark.parametrize(("tie", "opens"), [
    ({"relationship": "Mother"}, True), ({"relationship": "carer"}, True), ({"relationship": "grandmother"}, False),
    ({"relationship": "grandmother", "legal_guardian": "yes"}, True),
    ({"relationship": "neighbour", "emergency": "yes"}, False),
    ({"relationship": "mother", "emergency": "yes"}, True),
    ({"relationship": "friend", "emergency": "yes", "lives_with": "yes"}, False),
])  # fmt: skip
def test_the_shipped_rule_for_a_blank_flag(tie, opens):
    """R-PA-07."""
    assert opens_by_rule(read(one_family(tie=tie)).of(AssociationRow)[0]) is opens
