"""An import can be undone until the next one (rostering.md §10): what it wrote, and nothing that was saved since."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from schoolgate.audit.models import AuditEntry
from schoolgate.enrolments.edit_student import edit_student
from schoolgate.enrolments.errors import ImportRefused
from schoolgate.enrolments.models import (
    Association,
    Contact,
    HouseholdMember,
    ImportState,
    Restriction,
    RosterBefore,
    RosterImport,
    Student,
)
from schoolgate.enrolments.people import StudentFields
from schoolgate.enrolments.set_access import set_access
from schoolgate.enrolments.undo_import import undo_import
from schoolgate.jobs.run import run_job
from tests.enrolments.test_import_properties import rosters, world
from tests.enrolments.test_import_roster import contact, student, take, tie
from tests.factories.rosters import many, native, one_family, without
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
STAMPS = {"changed_no", "changed_at", "changed_how", "changed_by_id"}


@pytest.fixture
def tenant():
    return make_tenant()


def undo(tenant, entry=None):
    entry = entry or RosterImport.objects.for_tenant(tenant).latest("pk")
    run_job(undo_import(entry=entry, reason="the wrong file", by=actor(), at=NOW).pk)
    entry.refresh_from_db()
    return entry


def rows(tenant, model):
    """Every column but who changed it when."""
    found = model.objects.for_tenant(tenant).order_by("pk").values()
    return [{name: value for name, value in row.items() if name not in STAMPS} for row in found]


def everything(tenant):
    return [rows(tenant, model) for model in (Student, Contact, Association, HouseholdMember)]


def test_it_is_as_it_was_before(tenant):
    home = {"household_id": "H1"}
    take(
        tenant,
        native(
            [home, {"student_id": "S2"}],
            [{**home, "address_1": "1 Hill"}, {"contact_id": "C2"}],
            [{}, {"student_id": "S2", "contact_id": "C2"}],
        ),
    )
    before = everything(tenant)
    other = native(
        [{"given_name": "Zoë", "birth_date": "2013-01-01", "household_id": "H2"}],
        [{"household_id": "H2", "address_1": "2 Lake", "email": "new@home.example", "interpreter": "yes"}],
        [{"relationship": "aunt", "order": "2", "lives_with": "yes", "receives_portal_access": "no"}],
    )
    take(tenant, other)
    assert everything(tenant) != before
    entry = undo(tenant)
    assert entry.state == ImportState.UNDONE
    after = everything(tenant)
    assert after[:3] == before[:3]
    assert [row for row in after[3] if row["ended_at"] is None] == before[3]
    assert not RosterBefore.objects.exists()


def test_who_was_new_is_inactive_and_their_ties_end(tenant):
    take(tenant, many(3))
    take(tenant, many(5))
    undo(tenant)
    assert sorted(Student.objects.for_tenant(tenant).filter(state="active").values_list("source_id", flat=True)) == [
        "S0",
        "S1",
        "S2",
    ]
    assert (student(tenant, "S4").state, contact(tenant, "C4").state) == ("inactive", "inactive")
    assert tie(tenant, "S4", "C4").ended_at
    assert not tie(tenant, "S4", "C4").receives_portal_access
    assert take(tenant, many(5)).students.total == 5
    assert tie(tenant, "S4", "C4").ended_at is None


def test_who_had_left_is_back_with_the_flag(tenant):
    take(tenant, many(6))
    take(tenant, without(many(6), "S1", "C1"))
    assert not tie(tenant, "S1", "C1").receives_portal_access
    undo(tenant)
    assert (student(tenant, "S1").state, tie(tenant, "S1", "C1").ended_at) == ("active", None)
    assert tie(tenant, "S1", "C1").receives_portal_access


def test_what_somebody_saved_since_stays(tenant):
    take(tenant, many(3))
    take(tenant, {**many(3), "students.csv": many(3)["students.csv"].replace("Ada", "Ben")})
    edited = student(tenant, "S1")
    edit_student(
        student=edited,
        fields=fields_of(edited, "Cy"),
        base_no=edited.changed_no,
        by=actor(),
        at=NOW,
    )
    set_access(tenant=tenant, wanted={tie(tenant, "S2", "C2").pk: False}, by=actor(), at=NOW)
    undo(tenant)
    assert [student(tenant, f"S{n}").given_name for n in range(3)] == ["Ada", "Cy", "Ada"]
    assert not tie(tenant, "S2", "C2").receives_portal_access
    assert AuditEntry.objects.get(act="roster.undone").detail["kept"] == 1


def fields_of(row, given_name):
    names = StudentFields.__dataclass_fields__
    values = {name: getattr(row, name) for name in names if hasattr(row, name)}
    return StudentFields(**{**values, "given_name": given_name})


def test_nothing_opens_beside_a_restriction_and_none_is_taken_away(tenant):
    """R-RX-01, R-RX-08: one that the import brought stays, and one recorded since keeps its pair closed."""
    take(tenant, one_family(tie={"receives_portal_access": "yes", "restriction": ""}))
    take(tenant, one_family(tie={"receives_portal_access": "yes", "restriction": "no_contact"}))
    assert not tie(tenant).receives_portal_access
    undo(tenant)
    assert Restriction.objects.for_tenant(tenant).get().lifted_at is None
    assert not tie(tenant).receives_portal_access


def test_an_id_that_had_been_used_again_is_again_that_of_the_first_child(tenant):
    """Guard 3: the newcomer stays readable, and nothing of either is carried over."""
    take(tenant, many(8))
    first = student(tenant, "S3").pk
    files = many(8)
    files["students.csv"] = files["students.csv"].replace(
        "S3,101,Family3,Ada,2013-04-13", "S3,101,Nowak,Ben,2012-01-01"
    )
    take(tenant, files)
    newcomer = student(tenant, "S3").pk
    assert newcomer != first
    undo(tenant)
    assert student(tenant, "S3").pk == first
    assert Student.objects.get(pk=newcomer).state == "inactive"
    assert Association.objects.get(student_id=first).receives_portal_access
    assert not Association.objects.filter(student_id=newcomer, ended_at=None).exists()


def test_only_the_last_applied_one_and_only_once(tenant):
    take(tenant, many(3))
    old = RosterImport.objects.for_tenant(tenant).get()
    take(tenant, many(4), at=NOW + timedelta(hours=1))
    with pytest.raises(ImportRefused, match="last applied"):
        undo_import(entry=old, reason="no", by=actor(), at=NOW)
    newest = undo(tenant)
    with pytest.raises(ImportRefused):
        undo_import(entry=newest, reason="again", by=actor(), at=NOW)
    with pytest.raises(ImportRefused):
        undo_import(entry=old, reason="older", by=actor(), at=NOW)


def test_an_import_that_comes_first_keeps_it_from_being_undone(tenant):
    take(tenant, many(3))
    entry = RosterImport.objects.for_tenant(tenant).get()
    job = undo_import(entry=entry, reason="no", by=actor(), at=NOW)
    take(tenant, many(4))
    run_job(job.pk)
    entry.refresh_from_db()
    assert entry.state == ImportState.APPLIED
    assert Student.objects.for_tenant(tenant).filter(state="active").count() == 4


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rosters(), rosters())
def test_whatever_two_files_say_undoing_the_second_gives_the_first(first, second):
    tenant = make_tenant()
    take(tenant, first)
    before = world(tenant)
    take(tenant, second)
    undo(tenant)
    assert world(tenant) == before
    take(tenant, second)
    fresh = make_tenant()
    take(fresh, second)
    assert world(tenant) == world(fresh)
