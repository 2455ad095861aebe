"""From files to the working copy: matching, absence, flags, restrictions, all or nothing (rostering.md §10, R-PA-07, R-PA-08, R-RX-08)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.enrolments.clock import clock_now
from schoolgate.enrolments.errors import ImportRefused
from schoolgate.enrolments.import_options import ImportOptions
from schoolgate.enrolments.import_roster import import_roster
from schoolgate.enrolments.merge.plan import Tally
from schoolgate.enrolments.models import (
    Association,
    Contact,
    Household,
    HouseholdMember,
    ImportState,
    Restriction,
    RosterImport,
    Staff,
    Student,
)
from schoolgate.enrolments.notes import open_note
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.enrolments.roster.rows import DateOrder
from schoolgate.tenancy.models import OfficeNotice, School, Tenant, TenantSettings
from tests.enrolments.test_roster_oneroster import parent, v1_1
from tests.factories.rosters import SETS, STUDENT, csv_of, many, native, one_family, uploads_of, without
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db
EASY = ImportOptions(accepts_warnings=True, approves=True)


@pytest.fixture
def tenant():
    return make_tenant()


def take(tenant, files, *, at=NOW, dry_run=False, options=EASY, **changes):
    findings = Findings()
    gathered = (
        RosterFiles.at_paths([files], findings)
        if hasattr(files, "is_dir")
        else RosterFiles.gather(uploads_of(files), findings)
    )
    with gathered:
        return import_roster(
            tenant=tenant, files=gathered, findings=findings, options=replace(options, **changes), by=actor(), at=at, dry_run=dry_run
        )  # fmt: skip


def codes(result):
    return [f"{finding.severity.value} {finding.code}" for finding in result.findings if finding.code != "file.ignored"]


def student(tenant, id_="S1"):
    return Student.objects.for_tenant(tenant).get(source_id=id_)


def contact(tenant, id_="C1"):
    return Contact.objects.for_tenant(tenant).get(source_id=id_)


def tie(tenant, student_id="S1", contact_id="C1"):
    return Association.objects.for_tenant(tenant).get(student__source_id=student_id, contact__source_id=contact_id)


# The sets of the READMEs.

TRUTHS = {
    "grandbend-native": (234, 461, 461),
    "grandbend-oneroster-1.1": (234, 461, 461),
    "grandbend-oneroster-1.2": (234, 461, 461),
    "grandbend-sds-v1": (234, 28, 28),
    "grandbend-sds-v2.1": (234, 28, 28),
    "oneroster-1.1-edfi-lms": (8, 0, 0),
    "sds-v1-100": (86, 0, 0),
    "sds-v2": (22, 0, 0),
    "sds-v2.1": (4, 2, 3),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_a_published_roster_arrives_whole_and_a_second_time_changes_nothing(tenant, name):
    first = take(tenant, SETS / name)
    found = (Student, Contact, Association)
    assert first.applied
    assert tuple(model.objects.for_tenant(tenant).count() for model in found) == TRUTHS[name]
    assert (first.students.total, first.contacts.total, first.associations.total) == TRUTHS[name]
    assert (first.students.added, first.contacts.added, first.associations.added) == TRUTHS[name]
    before = list(Student.objects.for_tenant(tenant).order_by("pk").values())
    again = take(tenant, SETS / name, at=NOW + timedelta(days=1), approves=False)
    assert again.applied
    assert again.is_nothing
    assert (again.students.total, again.contacts.total, again.associations.total) == TRUTHS[name]
    assert list(Student.objects.for_tenant(tenant).order_by("pk").values()) == before


@pytest.mark.parametrize("name", TRUTHS)
def test_a_dry_run_tells_what_the_act_does_and_leaves_no_trace(tenant, name):
    told = take(tenant, SETS / name, dry_run=True)
    assert told.state == ImportState.READY
    assert not Student.objects.for_tenant(tenant).exists()
    assert not School.objects.for_tenant(tenant).exists()
    assert not RosterImport.objects.for_tenant(tenant).exists()
    assert clock_now(tenant=tenant) == 0
    done = take(tenant, SETS / name)
    assert (told.students, told.contacts, told.associations) == (done.students, done.contacts, done.associations)
    assert told.findings == done.findings


def test_staff_arrive_as_staff_and_not_as_contacts(tenant):
    take(tenant, SETS / "sds-v2.1")
    assert sorted(Staff.objects.for_tenant(tenant).values_list("source_id", flat=True)) == ["114006", "114007"]
    assert not Contact.objects.for_tenant(tenant).filter(source_id__in=["114006", "114007"]).exists()


def test_households_and_their_people(tenant):
    take(tenant, SETS / "grandbend-native")
    assert Household.objects.for_tenant(tenant).count() == 314
    home = Household.objects.for_tenant(tenant).get(source_id="H00001")
    members = HouseholdMember.objects.for_tenant(tenant).filter(household=home, ended_at=None)
    assert {m.contact.source_id for m in members if m.contact} == {"778393", "779017"}
    assert {m.student.source_id for m in members if m.student} == {"604821"}
    assert home.address_1 == "263 New Street"
    assert tie(tenant, "604821", "778393").household == home


# All or nothing.


def test_one_error_refuses_everything(tenant):
    files = native([{}, {"student_id": "S2", "birth_date": "31/02/2015"}], [{}], [{}])
    result = take(tenant, files)
    assert result.state == ImportState.REFUSED
    assert "error cell.date" in codes(result)
    assert result.students == Tally(0, 0, 0, 0)
    assert not Student.objects.for_tenant(tenant).exists()


def test_warnings_want_accepting_before_holds_want_approval(tenant):
    take(tenant, many(30))
    files = without(many(30), *(f"S{n}" for n in range(20)))
    files["contacts.csv"] = files["contacts.csv"].replace("c3@home.example", "c 3@home.example")
    plain = replace(EASY, accepts_warnings=False, approves=False)
    assert take(tenant, files, options=plain).state == ImportState.WARNED
    held = take(tenant, files, options=plain, accepts_warnings=True)
    assert (held.state, held.held) == (ImportState.HELD, ("missing_people",))
    assert held.students == Tally(10, 0, 0, 20)
    assert Student.objects.for_tenant(tenant).filter(state="active").count() == 30
    done = take(tenant, files, options=plain, accepts_warnings=True, approves=True)
    assert done.applied
    assert done.students == held.students
    assert Student.objects.for_tenant(tenant).filter(state="active").count() == 10


def test_every_end_leaves_its_record_with_findings(tenant):
    take(tenant, native([{"birth_date": "x"}]))
    take(tenant, one_family())
    refused, applied = RosterImport.objects.for_tenant(tenant).order_by("pk")
    assert (refused.state, refused.applied_at) == ("refused", None)
    assert refused.findings.get(code="cell.date").places == [[2, "•"]]
    assert (applied.state, applied.applied_at, applied.format) == ("applied", NOW, "native")
    assert applied.counts["students"] == {"total": 1, "added": 1, "changed": 0, "deactivated": 0}
    assert len(applied.content_hash) == 64


def test_an_applied_import_is_in_the_audit_a_refused_one_is_not(tenant):
    take(tenant, native([{"birth_date": "x"}]))
    assert not AuditEntry.objects.filter(tenant=tenant, act="roster.imported").exists()
    result = take(tenant, one_family())
    entry = AuditEntry.objects.get(tenant=tenant, act="roster.imported")
    assert entry.subjects == [["import", result.import_id]]
    assert entry.detail["students"]["added"] == 1
    assert "Okafor" not in str(entry.detail)


@pytest.mark.parametrize("options", [{"source": ""}, {"source": "office"}, {"source": "x" * 41}, {"format": "xml"}])
def test_options_that_cannot_be_are_refused(tenant, options):
    with pytest.raises(ImportRefused):
        take(tenant, one_family(), **options)


def test_the_json_of_the_command(tenant):
    content = take(tenant, one_family(contact={"email": "a b"})).content()
    assert set(content) == {"format", "applied", "held", "students", "contacts", "associations", "left_out", "findings"}
    assert content["contacts"] == {"total": 1, "added": 1, "changed": 0, "deactivated": 0}
    finding = next(finding for finding in content["findings"] if finding["code"] == "cell.email")
    assert finding == {
        "severity": "warning",
        "code": "cell.email",
        "file": "contacts.csv",
        "line": 2,
        "column": "email",
        "value": "a b",
        "why": finding["why"],
        "fix": finding["fix"],
        "count": 1,
    }


# Matching.


def test_people_are_matched_by_source_and_id_never_by_name(tenant):
    take(tenant, one_family())
    take(tenant, one_family(), source="other")
    assert Student.objects.for_tenant(tenant).count() == 2
    take(tenant, one_family(student={"student_id": "s1"}, tie={"student_id": "s1"}))
    assert Student.objects.for_tenant(tenant).count() == 3


def test_another_tenant_is_never_touched(tenant):
    other = make_tenant()
    take(other, one_family())
    take(tenant, one_family(student={"given_name": "Ben"}))
    assert student(other).given_name == "Ada"
    assert student(tenant).given_name == "Ben"


def test_only_what_differs_is_written(tenant):
    take(tenant, many(6))
    files = many(6)
    files["students.csv"] = files["students.csv"].replace("FamilyS3", "x").replace("S3,101,Family3,", "S3,101,Renamed,")
    result = take(tenant, files)
    assert result.students == Tally(6, 0, 1, 0)
    changed = Student.objects.for_tenant(tenant).filter(changed_no=clock_now(tenant=tenant))
    assert [row.source_id for row in changed] == ["S3"]
    assert changed[0].sort_name == "renamed ada"


def test_a_column_the_file_lacks_leaves_what_is_known_a_blank_cell_clears_it(tenant):
    take(tenant, one_family(student={"roll_class": "7B"}))
    take(tenant, one_family())
    assert student(tenant).roll_class == "7B"
    take(tenant, one_family(student={"roll_class": ""}))
    assert student(tenant).roll_class == ""


def test_two_days_of_a_student_file(tenant):
    """contoso-delta: one renamed, one new, one gone; two share a State ID and are not the same."""

    def day(number):
        text = (SETS / "contoso-delta" / f"day{number}" / "students.csv").read_text()
        return {"School.csv": csv_of([{"SIS ID": "sch0", "Name": "Contoso"}]), "Student.csv": text}

    assert take(tenant, day(1)).students == Tally(2, 2, 0, 0)
    assert take(tenant, day(2)).students == Tally(2, 1, 1, 1)
    assert student(tenant, "st1").given_name == "Al"
    assert student(tenant, "st4").state == "inactive"


def test_who_comes_back_is_the_same_person(tenant):
    take(tenant, many(4))
    take(tenant, without(many(4), "S2"))
    gone = student(tenant, "S2")
    assert (gone.state, tie(tenant, "S2", "C2").ended_at) == ("inactive", NOW)
    result = take(tenant, many(4))
    assert student(tenant, "S2").pk == gone.pk
    assert student(tenant, "S2").state == "active"
    assert tie(tenant, "S2", "C2").ended_at is None
    assert (result.students, result.associations) == (Tally(4, 0, 1, 0), Tally(4, 1, 0, 0))


# Absence.


def test_absence_counts_only_in_the_schools_of_the_file(tenant):
    take(tenant, many(3, prefix="a", school="101"))
    result = take(tenant, many(2, prefix="b", school="102"))
    assert result.students == Tally(5, 2, 0, 0)
    assert result.contacts.deactivated == 0


def test_a_contact_with_a_child_elsewhere_stays(tenant):
    both = native(
        [{}, {"student_id": "S2", "given_name": "Ben", "school_code": "102"}],
        [{}, {"contact_id": "C2", "given_name": "Bo"}],
        [{}, {"student_id": "S2"}, {"contact_id": "C2"}],
    )
    take(tenant, both)
    result = take(tenant, native([{}], [], []))
    assert contact(tenant, "C1").state == "active"
    assert contact(tenant, "C2").state == "inactive"
    assert tie(tenant, "S1", "C1").ended_at
    assert tie(tenant, "S2", "C1").ended_at is None
    assert (result.contacts, result.associations) == (Tally(1, 0, 0, 1), Tally(1, 0, 0, 2))


def test_of_what_a_file_set_leaves_out_nobody_is_missing(tenant):
    take(tenant, one_family())
    result = take(tenant, native([{}]))
    assert (result.contacts.total, result.associations.total) == (1, 1)
    result = take(tenant, native(None, [{"contact_id": "C2", "email": ""}]))
    assert result.contacts == Tally(2, 1, 0, 0)


def test_a_manifest_makes_absence_whole(tenant):
    school_2 = {"sourcedId": "O2", "identifier": "102", "name": "Hill"}
    take(tenant, v1_1([{}, {"sourcedId": "U2", "orgSourcedIds": "O2", "givenName": "Ben"}], orgs=({}, school_2)))
    result = take(tenant, v1_1([{}]))
    assert result.students == Tally(1, 0, 0, 1)
    assert "missing_people" in result.held


def test_version_1_0_makes_nobody_inactive(tenant):
    def files(*ids):
        head = "sourcedId,status,dateLastModified,orgSourcedIds,role,username,userId,givenName,familyName\n"
        return {
            "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier\nO1,,,Wattle,school,101\n",
            "users.csv": head + "".join(f"{id_},,,O1,student,{id_},,N{id_},F\n" for id_ in ids),
        }

    take(tenant, files("U1", "U2"))
    assert take(tenant, files("U1")).students == Tally(2, 0, 0, 0)


def test_a_row_that_says_inactive_ends_the_ties(tenant):
    take(tenant, one_family())
    result = take(tenant, one_family(student={"enrolment_status": "inactive"}))
    assert (result.students, result.associations) == (Tally(0, 0, 0, 1), Tally(0, 0, 0, 1))
    assert result.contacts.total == 1
    assert take(tenant, one_family(student={"enrolment_status": "inactive"})).is_nothing


def test_a_deceased_contact_is_kept_as_such(tenant):
    take(tenant, one_family())
    result = take(tenant, one_family(contact={"status": "deceased"}))
    assert contact(tenant).state == "deceased"
    assert (result.contacts.deactivated, result.associations.deactivated) == (1, 1)


def test_an_import_may_be_limited_to_one_school(tenant):
    files = native(
        [{}, {"student_id": "S2", "given_name": "Ben", "school_code": "102"}],
        [{}, {"contact_id": "C2", "given_name": "Bo", "email": "bo@home.example"}],
        [{}, {"student_id": "S2", "contact_id": "C2"}],
    )
    result = take(tenant, files, school_number=101)
    assert (result.students, result.contacts, result.associations) == (Tally(1, 1, 0, 0),) * 3
    take(tenant, files)
    changed = {name: text.replace("Ben", "Benno").replace("Ada", "Adah") for name, text in files.items()}
    assert take(tenant, changed, school_number=101).students == Tally(2, 0, 1, 0)
    assert student(tenant, "S2").given_name == "Ben"
    gone = take(tenant, without(files, "S1"), school_number=102)
    assert gone.students == Tally(2, 0, 0, 0)
    assert "error school.missing" in codes(take(tenant, files, school_number=103))


def test_a_student_who_leaves_the_one_school_that_is_imported_moves(tenant):
    files = native([{}, {"student_id": "S2", "given_name": "Ben", "school_code": "102"}], [{}], [{}])
    take(tenant, files)
    moved = {**files, "students.csv": files["students.csv"].replace("S1,101", "S1,102")}
    moved["students.csv"] += "S3,101,Okafor,Cy,2014-03-28\n"
    take(tenant, moved, school_number=101)
    assert student(tenant, "S1").school.number == 102
    assert student(tenant, "S1").state == "active"


# Schools.


def test_an_unknown_school_is_made_and_noted(tenant):
    result = take(tenant, one_family())
    school = School.objects.for_tenant(tenant).get()
    assert (school.number, school.name, school.is_active) == (101, "101", True)
    assert "note school.new" in codes(result)
    assert "note school.new" not in codes(take(tenant, one_family()))


def test_a_known_number_is_that_school_and_keeps_its_name(tenant):
    known = make_school(tenant, number=101, name="Senior Campus")
    take(tenant, one_family())
    assert student(tenant).school == known
    known.refresh_from_db()
    assert (known.name, known.source_id) == ("Senior Campus", "101")


def test_a_school_without_a_number_gets_the_next_free_one(tenant):
    make_school(tenant, number=7)
    orgs = (
        {"sourcedId": "A", "identifier": "", "name": "Alpha"},
        {"sourcedId": "B", "identifier": "7x", "name": "Beta"},
    )
    take(tenant, v1_1([{"orgSourcedIds": "A"}, {"sourcedId": "U2", "givenName": "B", "orgSourcedIds": "B"}], orgs=orgs))
    assert dict(School.objects.for_tenant(tenant).values_list("number", "name")) == {
        7: "Senior Campus",
        8: "Alpha",
        9: "Beta",
    }


def test_two_schools_of_one_number_stay_two(tenant):
    orgs = ({"sourcedId": "A", "name": "Alpha"}, {"sourcedId": "B", "name": "Beta"})
    users = [{"orgSourcedIds": "A"}, {"sourcedId": "U2", "givenName": "B", "orgSourcedIds": "B"}]
    take(tenant, v1_1(users, orgs=orgs))
    assert take(tenant, v1_1(users, orgs=orgs)).is_nothing
    assert dict(School.objects.for_tenant(tenant).values_list("source_id", "number")) == {"A": 101, "B": 102}


# The flag (R-PA-07, R-PA-08).


@pytest.mark.parametrize(("columns", "flag", "how"), [
    ({"relationship": "mother"}, True, "rule"), ({"relationship": "aunt"}, False, "rule"),
    ({"receives_portal_access": "no"}, False, "import"), ({"relationship": "aunt", "receives_portal_access": "yes"}, True, "import"),
])  # fmt: skip
def test_a_stated_flag_holds_a_blank_one_follows_the_rule(tenant, columns, flag, how):
    take(tenant, one_family(tie=columns))
    assert (tie(tenant).receives_portal_access, tie(tenant).flag_how) == (flag, how)


def test_the_tenants_policy_may_be_off():
    tenant = make_tenant(access_policy="off")
    take(tenant, one_family())
    assert tie(tenant).receives_portal_access is False


def test_another_policy_turns_what_the_rule_has_set_and_nothing_else(tenant):
    """R-PA-07: the rule is asked at each import; what a person or a file has said stays."""
    files = many(3)
    take(tenant, files)
    Association.objects.for_tenant(tenant).filter(student__source_id="S0").update(flag_how="hand")
    TenantSettings.objects.filter(tenant=tenant).update(access_policy="off")
    take(Tenant.objects.get(pk=tenant.pk), files)
    assert [tie(tenant, f"S{n}", f"C{n}").receives_portal_access for n in range(3)] == [True, False, False]


def test_only_parents_see_by_rule(tenant):
    take(tenant, one_family(contact={"type": "STAFF"}))
    assert tie(tenant).receives_portal_access is False


def test_an_import_follows_its_own_flags(tenant):
    take(tenant, one_family(tie={"receives_portal_access": "yes"}))
    result = take(tenant, one_family(tie={"receives_portal_access": "no"}))
    assert tie(tenant).receives_portal_access is False
    assert result.associations == Tally(1, 0, 1, 0)


@pytest.mark.parametrize("by_hand", [True, False])
def test_an_import_never_flips_a_flag_that_a_person_set(tenant, by_hand):
    take(tenant, one_family())
    Association.objects.for_tenant(tenant).update(receives_portal_access=by_hand, flag_how="hand")
    result = take(tenant, one_family(tie={"receives_portal_access": "no" if by_hand else "yes"}))
    assert (tie(tenant).receives_portal_access, tie(tenant).flag_how) == (by_hand, "hand")
    assert "note flag.kept" in codes(result)


def test_a_flag_turned_off_by_hand_stays_off_when_the_tie_comes_back(tenant):
    take(tenant, one_family())
    Association.objects.for_tenant(tenant).update(receives_portal_access=False, flag_how="hand")
    gone = {**one_family(), "relationships.csv": csv_of([], headings=["student_id", "contact_id", "relationship"])}
    take(tenant, gone)
    assert tie(tenant).ended_at
    take(tenant, one_family())
    assert (tie(tenant).ended_at, tie(tenant).receives_portal_access) == (None, False)


def test_a_tie_that_ends_takes_its_flag_along(tenant):
    take(tenant, one_family())
    take(
        tenant, {**one_family(), "relationships.csv": csv_of([], headings=["student_id", "contact_id", "relationship"])}
    )
    assert (tie(tenant).receives_portal_access, tie(tenant).ended_at) == (False, NOW)


def test_columns_set_by_hand_stay(tenant):
    take(tenant, one_family(student={"roll_class": "7B"}))
    Student.objects.for_tenant(tenant).update(
        hand_fields=["given_name", "roll_class"], given_name="Addie", roll_class="8C"
    )
    result = take(tenant, one_family(student={"roll_class": "7D", "family_name": "Vale"}))
    row = student(tenant)
    assert (row.given_name, row.roll_class, row.family_name) == ("Addie", "8C", "Vale")
    assert [finding.column for finding in result.findings if finding.code == "field.kept"] == [
        "given_name",
        "roll_class",
    ]
    assert take(tenant, one_family(student={"roll_class": "7D", "family_name": "Vale"})).is_nothing


def test_ties_made_by_hand_stay_when_the_file_lacks_them(tenant):
    take(tenant, many(2))
    Association.objects.create(
        tenant=tenant, source="office", student=student(tenant, "S0"), contact=contact(tenant, "C1"), flag_how="hand",
        flag_at=NOW, changed_no=1, changed_at=NOW, changed_how="hand", receives_portal_access=True, relationship="Grandmother",
    )  # fmt: skip
    assert take(tenant, many(2)).is_nothing
    assert tie(tenant, "S0", "C1").ended_at is None


def test_a_household_of_the_office_keeps_its_tie(tenant):
    """R-PA-06: a pair that has another basis stays."""
    take(tenant, one_family())
    home = Household.objects.create(
        tenant=tenant, source="office", source_id="X", changed_no=1, changed_at=NOW, changed_how="hand"
    )
    for who in ({"student": student(tenant)}, {"contact": contact(tenant)}):
        HouseholdMember.objects.create(tenant=tenant, household=home, changed_no=1, **who)
    result = take(
        tenant, {**one_family(), "relationships.csv": csv_of([], headings=["student_id", "contact_id", "relationship"])}
    )
    assert (tie(tenant).ended_at, result.associations.total) == (None, 1)


def test_a_format_of_roles_does_not_overwrite_a_word_that_says_more(tenant):
    take(tenant, native([{"student_id": "U1"}], [{"contact_id": "P1"}], [{"student_id": "U1", "contact_id": "P1"}]))
    take(tenant, v1_1([{"agentSourcedIds": "P1"}, parent()], has_manifest=False))
    assert tie(tenant, "U1", "P1").relationship == "mother"
    take(tenant, v1_1([{"agentSourcedIds": "P2"}, parent("P2", role="relative")], has_manifest=False))
    take(tenant, v1_1([{"agentSourcedIds": "P2"}, parent("P2", role="guardian")], has_manifest=False))
    assert tie(tenant, "U1", "P2").relationship == "guardian"
    assert tie(tenant, "U1", "P2").receives_portal_access is True


def test_who_changes_household_leaves_the_old_one(tenant):
    take(tenant, one_family(student={"household_id": "H1"}, contact={"household_id": "H1", "address_1": "1 A St"}))
    assert tie(tenant).basis == "household"
    take(tenant, one_family(student={"household_id": "H1"}, contact={"household_id": "H2", "address_1": "2 B St"}))
    standing = HouseholdMember.objects.for_tenant(tenant).filter(ended_at=None)
    assert {(m.household.source_id, m.student_id is None) for m in standing} == {("H1", False), ("H2", True)}
    assert (tie(tenant).basis, tie(tenant).household) == ("associated", None)
    back = take(
        tenant, one_family(student={"household_id": "H1"}, contact={"household_id": "H1", "address_1": "1 A St"})
    )
    assert HouseholdMember.objects.for_tenant(tenant).filter(ended_at=None, household__source_id="H1").count() == 2
    assert back.associations == Tally(1, 0, 1, 0)


# Restrictions (R-RX-08).


def barred(**columns):
    return one_family(
        tie={
            "restriction": "no_access",
            "restriction_from": "",
            "restriction_until": "",
            "restriction_note": "",
            **columns,
        }
    )


def test_a_restriction_is_recorded_and_keeps_the_flag_off(tenant):
    result = take(
        tenant, barred(restriction_until="2027-01-01", restriction_note="order 12", receives_portal_access="yes")
    )
    bar = Restriction.objects.for_tenant(tenant).get()
    assert (bar.kind, bar.starts_on, bar.ends_on, bar.source_word) == (
        "no_access",
        NOW.date(),
        date(2027, 1, 1),
        "no_access",
    )
    note = open_note(bar.note_sealed, tenant_id=tenant.pk, student_id=bar.student_id, contact_id=bar.contact_id)
    assert note == "order 12"
    assert (tie(tenant).receives_portal_access, tie(tenant).flag_how) == (False, "hand")
    assert result.restricted == ((bar.student_id, bar.contact_id),)
    assert AuditEntry.objects.filter(tenant=tenant, act="restriction.imported").exists()
    assert take(
        tenant, barred(restriction_until="2027-01-01", restriction_note="order 12", receives_portal_access="yes")
    ).is_nothing
    assert Restriction.objects.for_tenant(tenant).count() == 1


def test_a_restriction_beats_a_flag_that_a_person_set(tenant):
    take(tenant, one_family())
    Association.objects.for_tenant(tenant).update(receives_portal_access=True, flag_how="hand")
    take(tenant, barred())
    assert tie(tenant).receives_portal_access is False


@pytest.mark.parametrize(("word", "kind"), [
    ("no_contact", "no_access_no_mail"), ("no_access", "no_access"), ("no_portal", "no_access"),
    ("supervised", "no_access"), ("see_office", "no_access"), ("order 9", "no_access"),
])  # fmt: skip
def test_what_the_words_of_a_roster_bar(tenant, word, kind):
    take(tenant, barred(restriction=word))
    assert Restriction.objects.for_tenant(tenant).get().kind == kind


def test_a_restriction_of_the_future_leaves_the_flag(tenant):
    take(tenant, barred(restriction_from="2027-01-01"))
    assert tie(tenant).receives_portal_access is True


def test_an_import_never_ends_a_restriction(tenant):
    take(tenant, barred())
    for files in (
        one_family(tie={"restriction": ""}),
        barred(restriction_until="2026-12-01"),
        barred(restriction="none"),
    ):
        held = take(tenant, files, approves=False)
        assert held.held == ("restriction_ends",)
        assert "hold restriction.dropped" in codes(held)
        take(tenant, files)
        bar = Restriction.objects.for_tenant(tenant).get()
        assert (bar.ends_on, bar.lifted_at) == (None, None)
        assert tie(tenant).receives_portal_access is False


def test_absence_of_the_column_or_of_the_pair(tenant):
    take(tenant, barred())
    assert take(tenant, one_family(), approves=False).held == ()
    gone = native([{}], [{}], [{"restriction": ""}])
    gone["relationships.csv"] = csv_of([], headings=["student_id", "contact_id", "relationship", "restriction"])
    assert "restriction_ends" in take(tenant, gone, approves=False).held


def test_a_longer_or_stricter_restriction_is_added(tenant):
    take(tenant, barred(restriction_until="2026-12-01"))
    take(tenant, barred(restriction_until="2027-12-01"))
    take(tenant, barred(restriction="no_contact", restriction_until="2027-12-01"))
    assert sorted(Restriction.objects.for_tenant(tenant).values_list("kind", "ends_on")) == [
        ("no_access", date(2026, 12, 1)), ("no_access", date(2027, 12, 1)), ("no_access_no_mail", date(2027, 12, 1)),
    ]  # fmt: skip


def test_a_restriction_lifted_by_hand_is_no_longer_missed(tenant):
    take(tenant, barred())
    Restriction.objects.for_tenant(tenant).update(lifted_at=NOW, reviewed_at=NOW)
    assert take(tenant, one_family(tie={"restriction": ""}), approves=False).held == ()


def test_an_unclear_restriction_waits_bars_and_becomes_a_task(tenant):
    held = take(tenant, barred(restriction="ask Ms Vale"), approves=False)
    assert held.held == ("restriction_unclear",)
    (finding,) = [finding for finding in held.findings if finding.code == "restriction.unclear"]
    assert (finding.severity, finding.file, finding.line, finding.value) == (
        "hold",
        "relationships.csv",
        2,
        "ask Ms Vale",
    )
    take(tenant, barred(restriction="ask Ms Vale"))
    assert tie(tenant).receives_portal_access is False
    assert OfficeNotice.objects.for_tenant(tenant).get().kind == "restriction.unclear"
    again = take(tenant, barred(restriction="ask Ms Vale"), approves=False)
    assert (again.applied, again.is_nothing) == (True, True)


# Two writers.


def test_an_import_takes_one_tick_of_the_clock(tenant):
    take(tenant, many(3))
    assert clock_now(tenant=tenant) == 1
    assert set(Association.objects.for_tenant(tenant).values_list("changed_no", flat=True)) == {1}


# What is asked once.


def test_the_order_of_dates_is_asked_once_for_a_source(tenant):
    files = native([{"birth_date": "4/2/2014"}])
    assert "error cell.date" in codes(take(tenant, files))
    take(tenant, files, date_order=DateOrder.DAY_FIRST)
    for _ in range(2):
        assert take(tenant, files).is_nothing
    assert student(tenant).birth_date == date(2014, 2, 4)
    assert "error cell.date" in codes(take(tenant, files, source="other"))


def test_an_encoding_is_confirmed_once_for_a_source(tenant):
    files = {name: text.encode("cp1252") for name, text in one_family(student={"given_name": "Zoë"}).items()}
    assert take(tenant, files, accepts_warnings=False).state == ImportState.WARNED
    take(tenant, files)
    for _ in range(2):
        again = take(tenant, files, accepts_warnings=False)
        assert again.applied
        assert "note file.encoding" in codes(again)


def schools_of(tenant, id_="S1"):
    """Numbers of the student's two schools."""
    found = student(tenant, id_)
    return found.school.number, found.second_school.number if found.second_school else None


def test_a_second_school_comes_stays_where_nothing_is_said_and_goes_where_a_blank_is(tenant):
    """R-RK-10. The same file again changes nothing, new school or not."""
    both = {"students.csv": csv_of([{**STUDENT, "second_school_code": "102"}])}
    assert take(tenant, both).students.added == 1
    assert schools_of(tenant) == (101, 102)
    assert not clock_moves(tenant, both)
    take(tenant, {"students.csv": csv_of([STUDENT])})
    assert schools_of(tenant) == (101, 102)
    same = {"students.csv": csv_of([{**STUDENT, "second_school_code": "101"}])}
    take(tenant, same)
    assert schools_of(tenant) == (101, None)
    preview = take(tenant, {"students.csv": csv_of([{**STUDENT, "second_school_code": "103"}])}, dry_run=True)
    assert preview.students.changed == 1


def clock_moves(tenant, files):
    before = student(tenant).changed_no
    take(tenant, files)
    return student(tenant).changed_no != before


def test_a_second_school_set_by_hand_stays_while_the_first_follows_the_file(tenant):
    """R-PA-08."""
    take(tenant, {"students.csv": csv_of([STUDENT, {**STUDENT, "student_id": "S2", "school_code": "102"}])})
    other = School.objects.get(tenant=tenant, number=102)
    Student.objects.filter(pk=student(tenant).pk).update(second_school=other, hand_fields=["second_school_id"])
    moved = {**STUDENT, "school_code": "103", "second_school_code": ""}
    take(tenant, {"students.csv": csv_of([moved, {**moved, "student_id": "S2", "school_code": "102"}])})
    assert schools_of(tenant) == (103, 102)


def test_an_import_for_one_school_takes_those_whose_second_school_it_is(tenant):
    rows = [{**STUDENT, "second_school_code": "102"}, {**STUDENT, "student_id": "S2", "family_name": "Berg"}]
    take(tenant, {"students.csv": csv_of(rows)}, school_number=102)
    assert [each.source_id for each in Student.objects.for_tenant(tenant)] == ["S1"]
    assert schools_of(tenant) == (101, 102)
