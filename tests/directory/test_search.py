"""Students by surname, Student Id and school (R-RK-02 to R-RK-04, R-RK-12)."""

import pytest

from schoolgate.directory import search
from schoolgate.directory.models import DirectoryStudent, StudentName
from schoolgate.directory.search import Sought, find_students
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.models import Student
from schoolgate.enrolments.names import sort_name
from tests.factories import enrolments as working
from tests.factories.directory import make_student
from tests.factories.sync import sync
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant()


def named(tenant, *family_names, **columns):
    return [make_student(tenant, family_name=name, **columns) for name in family_names]


def found(tenant, surname="", *, is_active=None, **sought):
    hits = find_students(Sought(tenant=tenant, surname=surname, **sought), is_active=is_active)
    by_id = DirectoryStudent.objects.in_bulk(hits.ids)
    return [by_id[pk].family_name for pk in hits.ids]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("ber", "van der Berg"),
        ("van der b", "van der Berg"),
        ("vanderb", "Van der Berg"),
        ("OHA", "O’Hara"),
        ("o'ha", "O’Hara"),
        ("hara", "O'Hara"),
        ("smith-j", "Smith Jones"),
        ("smithj", "Smith-Jones"),
        ("jones", "Smith–Jones"),
        ("muller", "Müller"),
        ("MÜLLER", "Muller"),
        ("strass", "Straße"),
        ("lukasz", "Łukasz"),
        ("sorens", "Sørensen"),
        ("st john", "St. John"),
        ("王", "王"),
        ("김", "김"),
        ("иван", "ИВАНОВ"),
        ("παπα", "Παπαδόπουλος"),
        ("علی", "علی\u200cزاده"),
        ("زاده", "علی\u200cزاده"),
        ("शर्", "शर्मा"),
        ("100%", "100%"),
        ("a_b", "A_B"),
    ],
)
def test_a_surname_is_found_by_the_beginning_of_any_of_its_parts(tenant, typed, name):
    """R-RK-03."""
    named(tenant, name, "Zzz")
    assert found(tenant, typed) == [name]


@pytest.mark.parametrize(
    "typed", ["%", "_", "*", "be%", "b_rg", "be*", "%rg", "erg", "bergg", "'; --", "''", "-", "\\"]
)
def test_signs_of_patterns_are_plain_and_a_middle_is_no_beginning(tenant, typed):
    """R-RK-03."""
    named(tenant, "Berg")
    assert found(tenant, typed) == []


def test_somebody_who_matches_twice_is_named_once(tenant):
    named(tenant, "Berg-Bergman", "Bergson")
    assert found(tenant, "berg") == ["Berg-Bergman", "Bergson"]


def test_the_order_is_that_of_the_part_that_matches_and_then_of_the_given_name(tenant):
    make_student(tenant, family_name="de Smith", given_name="Bo")
    make_student(tenant, family_name="Smithson", given_name="Al")
    make_student(tenant, family_name="Smith", given_name="Cy")
    make_student(tenant, family_name="Smith", given_name="Al")
    names = find_students(Sought(tenant=tenant, surname="smi"), is_active=None).ids
    given = [DirectoryStudent.objects.get(pk=pk).given_name for pk in names]
    assert given == ["Al", "Bo", "Cy", "Al"]


def test_state_schools_and_id_are_joined_by_and(tenant):
    """R-RK-02, R-RK-06."""
    here, there = make_school(tenant), make_school(tenant)
    named(tenant, "Cole", school=here, student_no="00123")
    named(tenant, "Colin", school=there, student_no="A123b")
    named(tenant, "Cold", school=there, is_active=False)
    assert found(tenant, "col", is_active=True) == ["Cole", "Colin"]
    assert found(tenant, "col", is_active=False) == ["Cold"]
    assert found(tenant, "col", school_ids=[there.pk]) == ["Cold", "Colin"]
    assert found(tenant, "col", without_school_ids=[there.pk]) == ["Cole"]
    assert found(tenant, student_no="123") == ["Cole", "Colin"]
    assert found(tenant, student_no="0012") == ["Cole"]
    assert found(tenant, student_no="a123B") == ["Colin"]
    assert found(tenant, "cole", student_no="a1") == []
    assert found(tenant, student_no="1%3") == found(tenant, student_no="_") == []
    assert found(tenant, school_ids=[here.pk]) == ["Cole"]


def test_another_tenants_students_are_not_found(tenant):
    named(make_tenant(), "Cole")
    assert found(tenant, "cole") == found(tenant, student_no="S") == []


def test_no_more_than_the_most_are_named(tenant, monkeypatch):
    """R-RK-12."""
    named(tenant, *["Berg-Berg"] * 5)
    monkeypatch.setattr(search, "MOST", 4)
    hits = find_students(Sought(tenant=tenant, surname="berg"), is_active=True)
    assert (hits.count, hits.is_all) == (4, False)
    monkeypatch.setattr(search, "MOST", 5)
    hits = find_students(Sought(tenant=tenant, surname="berg"), is_active=True)
    assert (hits.count, hits.is_all) == (5, True)


def test_a_sync_keeps_the_names_as_the_students_are(tenant):
    student = working.make_student(tenant, family_name="van der Berg")
    sync(tenant)
    assert found(tenant, "berg") == ["van der Berg"]
    assert StudentName.objects.filter(student_id=student.pk).count() == 3
    renamed = {"family_name": "Okafor", "sort_name": sort_name(family_name="Okafor", given_name=student.given_name)}
    Student.objects.filter(pk=student.pk).update(state="inactive", changed_no=tick(tenant=tenant), **renamed)
    sync(tenant)
    assert found(tenant, "berg") == []
    assert found(tenant, "oka", is_active=False) == ["Okafor"]
    assert found(tenant, "oka", is_active=True) == []
