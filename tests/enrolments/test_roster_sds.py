"""Microsoft School Data Sync CSV v1, v2, v2.1, and telling formats apart (rostering.md §1, §4)."""

from datetime import date

import pytest

from schoolgate.enrolments.roster.rows import AssociationRow, ContactRow, ReadOptions, StaffRow, StudentRow
from tests.factories.rosters import CONTACT, SETS, STUDENT, csv_of, native, one_family, read

SCHOOL = {"SIS ID": "101", "Name": "Wattle Creek"}
PUPIL = {"SIS ID": "S1", "School SIS ID": "101", "Username": "s1", "First Name": "Ada", "Last Name": "Okafor"}
ADULT = {"Email": "Amara@home.example", "First Name": "Amara", "Last Name": "Okafor", "Phone": "", "SIS ID": ""}
GUARD = {"SIS ID": "S1", "Email": "Amara@home.example", "Role": "Parent"}


def v1(*, pupils=({},), adults=({},), guards=({},), **more):
    return {
        "School.csv": csv_of([SCHOOL]),
        "Student.csv": csv_of([{**PUPIL, **row} for row in pupils]),
        "User.csv": csv_of([{**ADULT, **row} for row in adults], headings=list(ADULT)),
        "Guardianrelationship.csv": csv_of([{**GUARD, **row} for row in guards], headings=list(GUARD)),
        **{f"{name}.csv": csv_of(rows) for name, rows in more.items()},
    }


def v2_1(users=({},), roles=({},), relations=()):
    user = {
        "sourcedId": "U1",
        "username": "u1",
        "givenName": "Ada",
        "familyName": "Okafor",
        "password": "hunter2",
        "activeDirectoryMatchId": "",
        "email": "",
        "phone": "",
    }
    role = {
        "userSourcedId": "U1",
        "orgSourcedId": "O1",
        "role": "student",
        "grade": "7",
        "isPrimary": "TRUE",
        "roleStartDate": "",
        "roleEndDate": "",
    }
    relation = {"userSourcedId": "U1", "relationshipUserSourcedId": "P1", "relationshipRole": "guardian"}
    return {
        "orgs.csv": csv_of([{"sourcedId": "O1", "name": "Wattle Creek", "type": "school"}, {"sourcedId": "O2", "name": "Hill", "type": "school"}]),
        "users.csv": csv_of([{**user, **row} for row in users]),
        "roles.csv": csv_of([{**role, **row} for row in roles]),
        "relationships.csv": csv_of([{**relation, **row} for row in relations], headings=list(relation)),
    }  # fmt: skip


PARENT = {"sourcedId": "P1", "givenName": "Amara", "email": "amara@home.example"}


def ties(found):
    return [(row.student_id, row.contact_id, row.relationship) for row in found.of(AssociationRow)]


def test_v1_ties_join_by_address_in_any_case():
    found = read(v1(guards=[{"Email": "amara@HOME.example"}]))
    assert ties(found) == [("S1", "Amara@home.example", "parent")]
    assert found.codes == []


def test_v1_an_address_that_is_none_still_identifies():
    found = read(v1(adults=[{"Email": "De Leon@home.example"}], guards=[{"Email": "De Leon@home.example"}]))
    assert ties(found) == [("S1", "De Leon@home.example", "parent")]
    assert found.codes == ["warning cell.email"] * 2


@pytest.mark.parametrize(("row", "column"), [({"SIS ID": "S9"}, "SIS ID"), ({"Email": "b@home.example"}, "Email")])
def test_v1_relationships_to_nobody_are_errors(row, column):
    assert read(v1(guards=[row])).finding("id.unknown_reference").column == column


def test_v1_a_blank_role_is_other_and_an_unknown_one_an_error():
    assert ties(read(v1(guards=[{"Role": ""}])))[0][2] == "other"
    assert "error cell.enum" in read(v1(guards=[{"Role": "Boss"}])).codes


def test_v1_headings_of_guardians_may_not_be_missing():
    files = v1()
    files["Guardianrelationship.csv"] = "SIS ID,Email\nS1,Amara@home.example\n"
    assert read(files).finding("header.missing").column == "Role"


def test_v1_british_headings():
    found = read(
        {
            "School.csv": "DfE Number,Name,Postal Code\n101,Wattle Creek,2999\n",
            "Student.csv": "ID,School DfE Number,Username,First Name,Last Name\nS1,101,s1,Ada,Okafor\n",
            "Section.csv": "ID,School DfE Number,Section Name\nK1,101,7B\n",
            "StudentEnrollment.csv": "Section ID,ID\nK1,S1\n",
        }
    )
    assert (found.format, found.counts["student"], found.codes) == ("sds-1", 1, [])


def test_v1_references_of_sections_are_checked():
    found = read(
        v1(
            Section=[{"SIS ID": "K1"}],
            StudentEnrollment=[{"Section SIS ID": "K9", "SIS ID": "S1"}, {"Section SIS ID": "K1", "SIS ID": "S9"}],
        )
    )
    assert [f.column for f in found.findings if f.severity == "error"] == ["Section SIS ID", "SIS ID"]


def test_v1_a_status_makes_inactive():
    assert read(v1(pupils=[{"Status": "Inactive"}])).of(StudentRow)[0].is_active is False


def test_v1_without_contacts_says_nothing_about_them():
    files = v1()
    del files["User.csv"], files["Guardianrelationship.csv"]
    coverage = read(files).coverage
    assert (coverage.students, coverage.contacts, coverage.associations) == (True, False, False)


def test_v2_1_who_has_no_role_is_a_contact():
    found = read(v2_1([{}, PARENT], relations=[{}]))
    assert [row.id for row in found.of(ContactRow)] == ["P1"]
    assert ties(found) == [("U1", "P1", "guardian")]
    assert found.codes == []


def test_v2_1_a_contact_without_address_is_a_contact():
    assert read(v2_1([{}, {**PARENT, "email": ""}], relations=[{}])).codes == []


def test_v2_1_ties_that_are_none():
    users = [{}, {"sourcedId": "U2", "givenName": "Ben"}, {"sourcedId": "T1", "givenName": "Tess"}, PARENT]
    roles = [{}, {"userSourcedId": "U2"}, {"userSourcedId": "T1", "role": "Teacher"}]
    relations = [
        {"relationshipUserSourcedId": "U1"}, {"relationshipUserSourcedId": "U2"}, {"relationshipUserSourcedId": "T1"},
        {"userSourcedId": "P1"}, {"relationshipUserSourcedId": "X9"},
    ]  # fmt: skip
    found = read(v2_1(users, roles, relations))
    assert ties(found) == []
    assert {code for code in found.codes if "tie" in code} == {
        "note tie.self",
        "note tie.student_to_student",
        "note tie.to_staff",
    }
    assert "error id.unknown_reference" in found.codes


def test_v2_1_the_primary_role_gives_the_school():
    roles = [{"orgSourcedId": "O2", "isPrimary": "FALSE", "grade": "6"}, {"orgSourcedId": "O1", "grade": "7"}]
    student = read(v2_1([{}], roles)).of(StudentRow)[0]
    assert (student.school_id, student.year_level) == ("O1", "7")


def test_v2_1_another_role_is_the_second_school_while_it_lasts():
    """R-RK-10; not kept is a school that somebody has left, nor a third."""
    roles = [{}, {"orgSourcedId": "O2", "isPrimary": "FALSE", "grade": "6"}]
    student = read(v2_1([{}], roles)).of(StudentRow)[0]
    assert (student.school_id, student.second_school_id, student.year_level) == ("O1", "O2", "7")
    left = [{}, {"orgSourcedId": "O2", "isPrimary": "FALSE", "roleEndDate": "2026-06-30"}]
    options = ReadOptions(today=date(2026, 11, 24))
    assert read(v2_1([{}], left), options=options).of(StudentRow)[0].second_school_id == ""


def test_v2_1_roles_of_nobody_and_at_no_school():
    found = read(v2_1([{}], [{"userSourcedId": "U9"}, {"orgSourcedId": "O9"}]))
    assert [(f.column, f.value) for f in found.findings if f.severity == "error"] == [
        ("userSourcedId", "U9"),
        ("orgSourcedId", "O9"),
    ]


def test_v2_roles_come_in_any_case():
    assert {row.role for row in read(SETS / "sds-v2").of(StaffRow)} >= {"Professor", "teacher"}


# Telling formats apart.


def test_a_named_format_is_used_whatever_it_looks_like():
    assert read(one_family(), named="sds-1").codes[0] == "error file.missing"


def test_two_formats_in_one_upload_are_asked_about():
    found = read({**v1(), **native([{}], [{}], [{}])})
    assert found.codes == ["error file.unreadable"]
    assert "native, sds-1" in found.findings[0].why


def test_a_relationships_file_of_sds_is_not_ours():
    assert read(v2_1([{}, PARENT], relations=[{}])).format == "sds-2.1"


def test_native_files_are_known_one_by_one():
    assert read({"contacts.csv": csv_of([CONTACT])}).format == "native"
    assert read({"students.csv": csv_of([STUDENT])}).format == "native"


def test_files_of_no_format_are_named():
    found = read({"marks.csv": "a,b\n1,2\n"})
    assert (found.codes, found.findings[0].value) == (["error file.unreadable"], "marks.csv")


@pytest.mark.parametrize("files", [{"students.csv": ""}, {"users.csv": "", "orgs.csv": ""}])
def test_files_with_nothing_in_them_are_empty(files):
    assert set(read(files).codes) == {"error file.empty"}
