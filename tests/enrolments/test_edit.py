"""Editing by hand: what differs, from the version one saw; never values in the audit (R-AU-03, R-PA-08)."""

from datetime import date

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.enrolments.add_household import add_household
from schoolgate.enrolments.add_student import add_student
from schoolgate.enrolments.edit import ChangedMeanwhile
from schoolgate.enrolments.edit_contact import edit_contact
from schoolgate.enrolments.edit_household import edit_household
from schoolgate.enrolments.edit_student import edit_student
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Student
from schoolgate.enrolments.names import fold_name, sort_name
from schoolgate.enrolments.people import ContactFields, HouseholdFields, StudentFields, columns_of
from tests.factories.enrolments import make_contact, make_household, make_student
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db


def fields_of(student, **changes):
    names = StudentFields.__dataclass_fields__
    return StudentFields(**{name: getattr(student, name) for name in names} | changes)


def edit(student, base_no=None, **changes):
    return edit_student(
        student=student,
        fields=fields_of(student, **changes),
        base_no=student.changed_no if base_no is None else base_no,
        by=actor(),
        at=NOW,
    )


def test_only_what_differs_is_written_and_is_the_offices_from_then_on():
    student = make_student(make_tenant())
    assert edit(student, family_name="Brooks", birth_date=date(2013, 1, 2)) == ["family_name", "birth_date"]
    student.refresh_from_db()
    assert student.sort_name == sort_name(family_name="Brooks", given_name=student.given_name)
    assert student.hand_fields == ["birth_date", "family_name"]


def test_a_student_of_the_office_needs_no_mark_against_imports():
    tenant = make_tenant()
    fields = StudentFields(school_id=make_school(tenant).pk, student_no="77", family_name="Vale", given_name="Robin")
    student = add_student(tenant=tenant, fields=fields, by=actor(), at=NOW)
    edit(student, given_name="Bobby")
    student.refresh_from_db()
    assert (student.given_name, student.hand_fields) == ("Bobby", [])


def test_nothing_different_writes_nothing():
    student = make_student(make_tenant())
    assert edit(student) == []
    before = student.changed_no
    student.refresh_from_db()
    assert student.changed_no == before


def test_a_save_from_an_older_version_is_refused_and_shows_the_newer_one():
    student = make_student(make_tenant())
    seen = student.changed_no
    edit(student, roll_class="8C")
    student.refresh_from_db()
    with pytest.raises(ChangedMeanwhile) as refusal:
        edit(student, base_no=seen, roll_class="8D")
    assert refusal.value.row.roll_class == "8C"
    assert Student.objects.get(pk=student.pk).roll_class == "8C"


def test_the_audit_names_fields_and_never_a_birth_date():
    """R-AU-03."""
    student = make_student(make_tenant())
    edit(student, birth_date=date(2013, 1, 2), state="inactive")
    entry = AuditEntry.objects.get(act="student.edited")
    assert entry.detail["fields"] == ["birth_date", "state"]
    assert entry.detail["after"] == {"state": "inactive"}
    assert "2013" not in str(entry.detail)


def test_an_id_that_is_taken_is_refused():
    tenant = make_tenant()
    one, other = make_student(tenant), make_student(tenant)
    with pytest.raises(EnrolmentRefused) as refusal:
        edit(one, student_no=other.student_no)
    assert refusal.value.field == "student_no"


def test_an_e_mail_that_stays_keeps_what_an_import_found_out_about_it():
    contact = make_contact(make_tenant(), email="a@b", email_usable=False)
    names = ContactFields.__dataclass_fields__
    same = {name: getattr(contact, name) for name in names}
    edit_contact(
        contact=contact,
        fields=ContactFields(**same | {"title": "Dr"}),
        base_no=contact.changed_no,
        by=actor(),
        at=NOW,
    )
    contact.refresh_from_db()
    assert (contact.title, contact.email_usable) == ("Dr", False)
    edit_contact(
        contact=contact,
        fields=ContactFields(**same | {"email": "amara@home.example"}),
        base_no=contact.changed_no,
        by=actor(),
        at=NOW,
    )
    contact.refresh_from_db()
    assert contact.email_usable


def test_households_are_added_and_edited():
    tenant = make_tenant()
    household = add_household(tenant=tenant, fields=HouseholdFields(name="Vale"), by=actor(), at=NOW)
    changed = edit_household(
        household=household,
        fields=HouseholdFields(name="Vale", town="Dubbo"),
        base_no=household.changed_no,
        by=actor(),
        at=NOW,
    )
    assert (household.source_id, changed) == ("H1", ["town"])
    assert make_household(tenant).pk != household.pk


@pytest.mark.parametrize(
    ("given", "folded"),
    [
        ("Zoë  O’Hara", "zoe o'hara"),
        ("YILDIZ", "yildiz"),
        ("Müller", "muller"),
        ("ﾊﾅｺ", "ハナコ"),
        ("حداد", "حداد"),
        ("Nguyễn", "nguyen"),
        ("  ", ""),
    ],
)
def test_names_fold_without_case_accents_and_blanks(given, folded):
    assert fold_name(given) == folded


def test_vowel_signs_of_other_scripts_stay():
    assert fold_name("कि") != fold_name("क")


def test_control_signs_and_outer_blanks_go():
    columns = columns_of(HouseholdFields(name=" Va\x00le \n Street ", town="a\u0301"))
    assert (columns["name"], columns["town"]) == ("Vale Street", "\u00e1")
