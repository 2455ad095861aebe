"""OneRoster CSV 1.0, 1.1, 1.2 (rostering.md §2, §3)."""

from datetime import UTC, date, datetime

import pytest

from schoolgate.enrolments.roster.rows import (
    Absence,
    AssociationRow,
    ContactRow,
    ReadOptions,
    RollClassRow,
    SchoolRow,
    StaffRow,
    StudentRow,
)
from tests.factories.rosters import csv_of, read

ORG = {
    "sourcedId": "O1",
    "status": "",
    "dateLastModified": "",
    "name": "Wattle Creek",
    "type": "school",
    "identifier": "101",
}
USER = {
    "sourcedId": "U1", "status": "", "dateLastModified": "", "enabledUser": "true", "orgSourcedIds": "O1",
    "role": "student", "username": "u1", "givenName": "Ada", "familyName": "Okafor", "agentSourcedIds": "",
    "grades": "07", "password": "hunter2",
}  # fmt: skip
FILES = ["academicSessions", "categories", "classes", "demographics", "enrollments", "orgs", "roles", "users"]


def manifest(version="1.1", **modes):
    lines = ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{version}"]
    lines += [f"file.{name},{modes.get(name, 'absent')}" for name in FILES]
    return "\n".join(lines) + "\n"


def v1_1(users, *, orgs=({},), has_manifest=True, **more):
    files = {
        "orgs.csv": csv_of([{**ORG, **org} for org in orgs]),
        "users.csv": csv_of([{**USER, **user} for user in users]),
        **{f"{name}.csv": csv_of(rows) for name, rows in more.items()},
    }
    modes = dict.fromkeys(["orgs", "users", *more], "bulk")
    return {"manifest.csv": manifest(**modes), **files} if has_manifest else files


def parent(id_="P1", **columns):
    return {"sourcedId": id_, "role": "parent", "givenName": "Amara", "username": id_, "grades": "", **columns}


def ties(found):
    return [(row.student_id, row.contact_id, row.relationship) for row in found.of(AssociationRow)]


@pytest.mark.parametrize(("student", "adult"), [("P1", ""), ("", "U1"), ("P1", "U1")])
def test_a_tie_named_on_either_side_or_both_is_one_tie(student, adult):
    found = read(v1_1([{"agentSourcedIds": student}, parent(agentSourcedIds=adult)]))
    assert ties(found) == [("U1", "P1", "parent")]
    assert found.codes == []


def test_an_agent_may_come_earlier_or_later_in_the_file():
    found = read(
        v1_1(
            [
                parent(agentSourcedIds="U1"),
                {},
                {"sourcedId": "U2", "agentSourcedIds": "P2, P1"},
                parent("P2", role="guardian"),
            ]
        )
    )
    assert sorted(ties(found)) == [("U1", "P1", "parent"), ("U2", "P1", "parent"), ("U2", "P2", "guardian")]


def test_an_agent_who_is_not_in_the_file_is_a_warning_in_words_with_a_count():
    users = [{"sourcedId": f"U{n}", "givenName": f"N{n}", "agentSourcedIds": "778393"} for n in range(7)]
    finding = read(v1_1(users)).finding("id.unknown_reference")
    assert (finding.severity, finding.file, finding.line, finding.column, finding.value, finding.count) == (
        "warning", "users.csv", 2, "agentSourcedIds", "778393", 7,
    )  # fmt: skip
    assert "users.csv" in finding.why


def test_other_agents_are_no_contacts():
    users = [
        {"agentSourcedIds": "U1,U2,T1"},
        {"sourcedId": "U2", "givenName": "Ben"},
        parent("T1", role="teacher"),
        parent("P1", agentSourcedIds="P2"),
        parent("P2"),
    ]
    found = read(v1_1(users))
    assert ties(found) == []
    assert {code for code in found.codes if "tie" in code} == {
        "note tie.self",
        "note tie.student_to_student",
        "note tie.to_staff",
    }


def test_people_become_what_their_role_says():
    roles = ["aide", "administrator", "guardian", "relative", "proctor", "Chief Wizard"]
    found = read(v1_1([{}, *(parent(f"X{n}", role=role) for n, role in enumerate(roles))]))
    assert [row.id for row in found.of(ContactRow)] == ["X2", "X3"]
    assert [(row.id, row.role) for row in found.of(StaffRow)] == [
        ("X0", "aide"), ("X1", "administrator"), ("X4", "proctor"), ("X5", "Chief Wizard"),
    ]  # fmt: skip
    unknown = found.finding("cell.enum")
    assert (unknown.severity, unknown.value) == ("note", "Chief Wizard")


def test_a_disabled_user_is_a_user_one_to_be_deleted_is_inactive():
    found = read(v1_1([{"enabledUser": "false"}, {"sourcedId": "U2", "givenName": "B", "status": "tobedeleted"}]))
    assert [(row.id, row.is_active) for row in found.of(StudentRow)] == [("U1", None), ("U2", False)]


def test_birth_dates_come_from_demographics():
    found = read(v1_1([{}], demographics=[{"sourcedId": "U1", "birthDate": "2014-03-27"}]))
    assert str(found.of(StudentRow)[0].birth_on) == "2014-03-27"
    dangling = read(v1_1([{}], demographics=[{"sourcedId": "U9", "birthDate": "2014-03-27"}]))
    assert dangling.finding("id.unknown_reference").line == 2


def test_a_homeroom_is_the_roll_class():
    classes = [
        {"sourcedId": "K1", "title": "7B", "classType": "homeroom", "schoolSourcedId": "O1"},
        {"sourcedId": "K2", "title": "Algebra", "classType": "scheduled", "schoolSourcedId": "O1"},
    ]
    members = [
        {"sourcedId": f"E{n}", "classSourcedId": id_, "userSourcedId": "U1", "role": "student"}
        for n, id_ in enumerate(["K1", "K2"])
    ]
    found = read(v1_1([{}], classes=classes, enrollments=members))
    assert [(row.student_id, row.roll_class) for row in found.of(RollClassRow)] == [("U1", "7B")]
    assert found.codes == ["note student.no_contact"]


def test_references_of_classes_and_enrolments_are_checked():
    classes = [{"sourcedId": "K1", "title": "7B", "classType": "homeroom", "schoolSourcedId": "O9"}]
    members = [
        {"sourcedId": "E1", "classSourcedId": "K9", "userSourcedId": "U1", "role": "student"},
        {"sourcedId": "E2", "classSourcedId": "K1", "userSourcedId": "U9", "role": "student"},
    ]
    found = read(v1_1([{}], classes=classes, enrollments=members))
    assert [(f.file, f.column, f.value) for f in found.findings if f.severity == "error"] == [
        ("classes.csv", "schoolSourcedId", "O9"),
        ("enrollments.csv", "classSourcedId", "K9"),
        ("enrollments.csv", "userSourcedId", "U9"),
    ]


def test_a_students_school_must_be_there_a_second_one_may_be_missing():
    assert "error id.unknown_reference" in read(v1_1([{"orgSourcedIds": "O9"}])).codes
    found = read(v1_1([{"orgSourcedIds": "O1,O9"}]))
    assert "warning id.unknown_reference" in found.codes
    assert found.of(StudentRow)[0].school_id == "O1"
    assert read(v1_1([{"orgSourcedIds": ""}])).finding("cell.required").column == "orgSourcedIds"


@pytest.mark.parametrize(("org", "number"), [
    ({}, 101), ({"identifier": "A7", "sourcedId": "O1"}, None), ({"identifier": "", "sourcedId": "42"}, 42),
    ({"identifier": "007"}, 7), ({"identifier": "9" * 30}, None),
])  # fmt: skip
def test_a_schools_number_is_its_numeric_identifier_or_id(org, number):
    orgs = [{**ORG, **org}]
    found = read(v1_1([{"orgSourcedIds": orgs[0]["sourcedId"]}], orgs=orgs))
    assert found.of(SchoolRow)[0].number == number


def test_a_district_is_a_school_only_when_people_belong_to_it():
    orgs = [{}, {"sourcedId": "D1", "type": "district", "identifier": "9"}]
    assert [row.id for row in read(v1_1([{}], orgs=orgs)).of(SchoolRow)] == ["O1"]
    assert [row.id for row in read(v1_1([{"orgSourcedIds": "D1"}], orgs=orgs)).of(SchoolRow)] == ["O1", "D1"]


# The manifest.


def test_delta_files_are_refused():
    files = v1_1([{}])
    files["manifest.csv"] = manifest(orgs="bulk", users="delta")
    found = read(files)
    assert (found.codes, found.findings[0].file) == (["error file.delta"], "users.csv")


def test_what_the_manifest_promises_must_be_there_and_have_rows():
    files = v1_1([{}])
    files["manifest.csv"] = manifest(orgs="bulk", users="bulk", demographics="bulk", academicSessions="bulk")
    files["academicSessions.csv"] = "sourcedId,title\n"
    found = read(files)
    assert [(f.code, f.file) for f in found.findings if f.severity == "error"] == [
        ("file.empty", "academicSessions.csv"),
        ("file.missing", "demographics.csv"),
    ]


def test_a_version_we_do_not_know_is_refused_by_name():
    files = v1_1([{}]) | {"manifest.csv": manifest("2.0", orgs="bulk", users="bulk")}
    assert read(files).codes == ["error file.unreadable"]
    assert "2.0" in read(files, named="oneroster-1.1").finding("file.unreadable").why


def test_with_a_manifest_absence_means_gone_without_one_only_within_the_schools():
    assert read(v1_1([{}])).coverage.absence is Absence.GONE
    assert read(v1_1([{}], has_manifest=False)).coverage.absence is Absence.WITHIN_SCHOOLS


def test_users_without_orgs_are_refused():
    files = v1_1([{}], has_manifest=False)
    del files["orgs.csv"]
    assert "error file.missing" in read(files).codes


def test_headings_in_another_case_and_other_delimiters_are_warnings():
    files = v1_1([{}])
    files["users.csv"] = files["users.csv"].replace("givenName", "GivenName")
    assert read(files).finding("header.case").column == "givenName"
    files["orgs.csv"] = csv_of([ORG], delimiter=";")
    assert read(files).finding("file.delimiter").severity == "warning"


def test_extension_columns_are_part_of_the_format():
    assert read(v1_1([{"metadata.house": "Blue"}])).codes == ["note student.no_contact"]
    assert "warning header.unknown" in read(v1_1([{"house": "Blue"}])).codes


def test_the_newest_change_dates_the_upload():
    users = [
        {"dateLastModified": "2026-11-01T08:00:00.000Z"},
        {"sourcedId": "U2", "givenName": "B", "dateLastModified": "2026-11-03T08:00:00.000Z"},
    ]
    assert read(v1_1(users)).newest_at == datetime(2026, 11, 3, 8, tzinfo=UTC)


# 1.0 and 1.2.


def test_version_1_0_is_read_as_additive():
    users = [
        {"sourcedId": "U1", "status": "active", "dateLastModified": "", "orgSourcedIds": "O1", "role": "student", "username": "u1",
         "userId": "7", "givenName": "Ada", "familyName": "Okafor", "agents": "P1", "grade": "07"},
        {"sourcedId": "P1", "orgSourcedIds": "O1", "role": "parent", "username": "p1", "givenName": "Amara", "familyName": "Okafor"},
    ]  # fmt: skip
    files = {
        "orgs.csv": csv_of([ORG]),
        "users.csv": csv_of(users, headings=list(users[0])),
        "demographics.csv": csv_of([{"userSourcedId": "U1", "birthDate": "2014-03-27"}]),
    }
    found = read(files)
    assert (found.format, found.coverage.absence, ties(found)) == (
        "oneroster-1.0",
        Absence.SAYS_NOTHING,
        [("U1", "P1", "parent")],
    )
    student = found.of(StudentRow)[0]
    assert (student.year_level, str(student.birth_on)) == ("07", "2014-03-27")
    assert found.codes == []


def v1_2(users, roles):
    users = [{k: v for k, v in {**USER, **user}.items() if k not in {"orgSourcedIds", "role"}} for user in users]
    base = {"status": "", "roleType": "primary", "beginDate": "", "endDate": "", "orgSourcedId": "O1"}
    return {
        "manifest.csv": manifest("1.2", orgs="bulk", users="bulk", roles="bulk"),
        "orgs.csv": csv_of([ORG, {**ORG, "sourcedId": "O2", "identifier": "102"}]),
        "users.csv": csv_of(users),
        "roles.csv": csv_of([{"sourcedId": f"R{n}", **base, **role} for n, role in enumerate(roles)]),
    }


def test_one_person_may_be_teacher_and_guardian():
    found = read(
        v1_2(
            [{"agentSourcedIds": "T1"}, {"sourcedId": "T1", "givenName": "Tess"}],
            [
                {"userSourcedId": "U1", "role": "student"},
                {"userSourcedId": "T1", "role": "teacher"},
                {"userSourcedId": "T1", "role": "guardian", "roleType": "secondary"},
            ],
        )
    )
    assert ties(found) == [("U1", "T1", "guardian")]
    assert [row.id for row in found.of(StaffRow)] == ["T1"]


def test_a_students_school_is_that_of_the_primary_role():
    roles = [
        {"userSourcedId": "U1", "role": "student", "roleType": "secondary", "orgSourcedId": "O2"},
        {"userSourcedId": "U1", "role": "student", "orgSourcedId": "O1"},
    ]
    assert read(v1_2([{}], roles)).of(StudentRow)[0].school_id == "O1"


def test_roles_of_nobody_and_people_without_a_role():
    found = read(v1_2([{}], [{"userSourcedId": "U9", "role": "student"}]))
    assert found.finding("id.unknown_reference").file == "roles.csv"
    assert found.finding("person.no_role").value == "U1"


def test_dates_of_roles_make_nobody_inactive():
    found = read(v1_2([{}], [{"userSourcedId": "U1", "role": "student", "endDate": "2001-01-01"}]))
    assert found.of(StudentRow)[0].is_active is None


def test_preferred_names_and_the_master_identifier_are_kept():
    found = read(
        v1_2(
            [{"preferredGivenName": "Addie", "userMasterIdentifier": "m-1"}],
            [{"userSourcedId": "U1", "role": "student"}],
        )
    )
    assert (found.of(StudentRow)[0].preferred_name, found.of(StudentRow)[0].alternative_id) == ("Addie", "m-1")


# Two schools (R-RK-10).

DISTRICT = {"sourcedId": "D1", "name": "District", "type": "district"}
SCHOOLS = [{}, {"sourcedId": "O2"}, {"sourcedId": "O3"}, DISTRICT]


def places(found):
    [student] = found.of(StudentRow)
    return student.school_id, student.second_school_id


@pytest.mark.parametrize(
    ("orgs", "schools"), [("O1", ("O1", "")), ("O2,O1", ("O2", "O1")), ("D1,O1", ("O1", "")), ("D1", ("D1", ""))]
)
def test_the_first_two_schools_of_a_list_are_the_students(orgs, schools):
    """The district that stands beside them is none, unless there is nothing else."""
    assert places(read(v1_1([{"orgSourcedIds": orgs}], orgs=SCHOOLS))) == schools


def test_a_third_school_is_told_and_left_out():
    found = read(v1_1([{"orgSourcedIds": "O1,O2,O3"}], orgs=SCHOOLS))
    assert places(found) == ("O1", "O2")
    assert (found.finding("student.many_schools").value, found.finding("student.many_schools").line) == ("O3", 2)


def roles_at(*schools):
    """(school, roleType, endDate) of each of the student's roles."""
    columns = ("orgSourcedId", "roleType", "endDate")
    return [{"userSourcedId": "U1", "role": "student", **dict(zip(columns, each, strict=True))} for each in schools]


@pytest.mark.parametrize(
    ("roles", "schools"),
    [
        ([("O2", "secondary", ""), ("O1", "primary", "")], ("O1", "O2")),
        ([("O2", "secondary", "2026-06-30"), ("O1", "primary", "2027-06-30")], ("O1", "")),
        ([("O2", "primary", "2026-06-30")], ("O2", "")),
        ([("O2", "secondary", "at some time"), ("O1", "primary", "")], ("O1", "O2")),
    ],
)
def test_roles_give_both_schools_but_not_one_that_was_left(roles, schools):
    options = ReadOptions(today=date(2026, 11, 24))
    assert places(read(v1_2([{}], roles_at(*roles)), options=options)) == schools
