"""Apply without these rows (rostering.md §10): few bad rows, none about a restriction, and their people stay as they were."""

import pytest

from schoolgate.enrolments.models import Association, Contact, ImportState, RosterImport, Student
from schoolgate.sync.publish import Approval, Ending, publish_changes
from tests.enrolments.test_import_roster import codes, contact, student, take, tie
from tests.factories.rosters import csv_of, many, without
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db
MANY = 120


@pytest.fixture
def tenant():
    return make_tenant()


def changed(files, name, old, new):
    assert old in files[name]
    return {**files, name: files[name].replace(old, new, 1)}


def bad_birth(files, id_="S3"):
    """The row of one student with a date that is none, and another name."""
    row = next(line for line in files["students.csv"].splitlines() if line.startswith(f"{id_},"))
    cells = row.split(",")
    return changed(files, "students.csv", row, ",".join([*cells[:2], "Renamed", cells[3], "31/02/2015"]))


def test_it_is_offered_and_nothing_is_applied_before_somebody_chooses_it(tenant):
    take(tenant, many(MANY))
    result = take(tenant, bad_birth(many(MANY)))
    assert (result.state, result.may_leave_out, result.left_out) == (ImportState.REFUSED, 1, 0)
    assert RosterImport.objects.for_tenant(tenant).latest("pk").may_leave_out == 1


def test_the_others_arrive_and_the_person_stays_as_they_were(tenant):
    take(tenant, many(MANY))
    before = Student.objects.for_tenant(tenant).filter(source_id="S3").values().get()
    tied = Association.objects.for_tenant(tenant).filter(student__source_id="S3").values().get()
    files = changed(bad_birth(many(MANY)), "students.csv", "Family9", "Vale")
    result = take(tenant, files, leaves_out=True)
    assert (result.state, result.left_out) == (ImportState.APPLIED, 1)
    assert "error cell.date" in codes(result)
    assert (result.students.changed, result.students.deactivated, result.associations.deactivated) == (1, 0, 0)
    assert student(tenant, "S9").family_name == "Vale"
    assert Student.objects.for_tenant(tenant).filter(source_id="S3").values().get() == before
    assert Association.objects.for_tenant(tenant).filter(student__source_id="S3").values().get() == tied
    assert RosterImport.objects.for_tenant(tenant).latest("pk").counts["left_out"] == 1


def test_somebody_new_with_a_bad_row_does_not_come_nor_do_their_ties(tenant):
    result = take(tenant, bad_birth(many(MANY)), leaves_out=True)
    assert result.applied
    assert (result.students.total, result.contacts.total, result.associations.total) == (MANY - 1, MANY, MANY - 1)
    assert not Student.objects.for_tenant(tenant).filter(source_id="S3").exists()
    assert Association.objects.for_tenant(tenant).count() == MANY - 1


def test_a_bad_tie_leaves_its_pair_and_makes_neither_missing(tenant):
    """The tie names a contact whom contacts.csv has lost."""
    take(tenant, many(MANY))
    files = many(MANY)
    files["contacts.csv"] = without({"contacts.csv": files["contacts.csv"]}, "C7")["contacts.csv"]
    refused = take(tenant, files)
    assert "error id.unknown_reference" in codes(refused)
    result = take(tenant, files, leaves_out=True)
    assert (result.applied, result.contacts.deactivated, result.associations.deactivated) == (True, 0, 0)
    assert contact(tenant, "C7").state == "active"
    assert tie(tenant, "S7", "C7").receives_portal_access


def test_two_rows_of_one_id_are_both_left_out(tenant):
    take(tenant, many(MANY))
    files = many(MANY)
    files["contacts.csv"] += files["contacts.csv"].splitlines()[6].replace("Family5", "Other") + "\n"
    result = take(tenant, files, leaves_out=True)
    assert (result.applied, result.left_out, result.contacts.changed) == (True, 1, 0)
    assert contact(tenant, "C5").family_name == "Family5"


def test_the_same_holds_for_a_contact_beside_people_who_really_leave(tenant):
    take(tenant, many(MANY))
    gone = without(many(MANY), "S1", "C1")
    files = changed(gone, "contacts.csv", "C4,Family4", "C4,#REF!")
    result = take(tenant, files, leaves_out=True)
    assert (result.students.deactivated, result.contacts.deactivated, result.associations.deactivated) == (1, 1, 1)
    assert contact(tenant, "C4").state == "active"
    assert Contact.objects.for_tenant(tenant).filter(state="inactive").get().source_id == "C1"


def restricted(files, pair=("S3", "C3")):
    """A column of restrictions, with one for this pair."""
    rows = [
        dict(zip(("student_id", "contact_id", "relationship"), line.split(","), strict=False))
        for line in files["relationships.csv"].splitlines()[1:]
    ]
    for row in rows:
        row["restriction"] = "no_access" if (row["student_id"], row["contact_id"]) == pair else ""
    return {**files, "relationships.csv": csv_of(rows)}


@pytest.mark.parametrize(
    "files",
    [
        bad_birth(many(99)),  # More than 1 in 100.
        bad_birth(bad_birth(many(150), "S3"), "S4"),
        bad_birth(restricted(many(MANY))),  # The student of a restriction.
        changed(many(MANY), "students.csv", "S3,", ","),  # Nobody can tell whose row it is.
        changed(many(MANY), "students.csv", "S3,", "9.6E+12,"),
        changed(many(MANY), "students.csv", "S3,101", "S3,101,surplus"),
        changed(many(MANY), "students.csv", "birth_date", "birth"),
        changed(restricted(many(MANY)), "relationships.csv", "S3,C3,mother", "S3,C3,"),
    ],
    ids=["1 in 99", "2 in 150", "restriction", "no id", "lost id", "width", "heading", "bad restriction"],
)  # fmt: skip
def test_it_is_not_offered(tenant, files):
    result = take(tenant, files, leaves_out=True)
    if result.applied:  # The column birth_date may be absent.
        assert not [code for code in codes(result) if code.startswith("error")]
    else:
        assert (result.state, result.may_leave_out) == (ImportState.REFUSED, 0)
        assert not Student.objects.for_tenant(tenant).exists()


@pytest.mark.django_db(transaction=True)
def test_the_next_sync_waits_for_a_second_look():
    """R-DS-03: an applied import left rows out."""
    tenant = make_tenant()
    take(tenant, bad_birth(many(MANY)), leaves_out=True)
    held = publish_changes(tenant=tenant, by=actor(), at=NOW)
    assert (held.ending, held.held_why) == (Ending.HELD, ["missing_people"])
    done = publish_changes(tenant=tenant, by=actor(), at=NOW, approval=Approval("they come next week"))
    assert done.ending is Ending.APPLIED
