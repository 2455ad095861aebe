"""Students by a surname that they had before (R-RK-03, G-21)."""

from collections.abc import Sequence

import pytest

from schoolgate.directory.models import FormerName
from schoolgate.directory.search import Sought, all_students, find_students, former_names
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.models import Student
from schoolgate.enrolments.names import sort_name
from schoolgate.sync.undo import undo_run
from tests.architecture.tree import sources
from tests.factories import enrolments as working
from tests.factories.sync import sync
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def published(tenant, *names: str, **columns: object) -> Student:
    """A student published under these surnames, one after the other."""
    student = working.make_student(tenant, family_name=names[0], **columns)
    sync(tenant)
    for name in names[1:]:
        rename(student, name)
        sync(tenant)
    return student


def rename(student, name):
    renamed = {"family_name": name, "sort_name": sort_name(family_name=name, given_name=student.given_name)}
    Student.objects.filter(pk=student.pk).update(changed_no=tick(tenant=student.tenant), **renamed)


def found(tenant, surname: str, *, former_in: Sequence[int] | None = None, **sought: object) -> list[int]:
    asked = Sought(tenant=tenant, surname=surname, former_in=former_in, **sought)
    hits = find_students(asked, is_active=True)
    assert set(all_students(asked, is_active=True).values_list("pk", flat=True)) == set(hits.ids)
    return list(hits.ids)


def marks(tenant, surname: str, *students: Student, school_ids: Sequence[int] | None = None) -> dict[int, list[str]]:
    ids = [student.pk for student in students]
    return former_names(tenant=tenant, student_ids=ids, surname=surname, school_ids=school_ids)


def test_a_student_is_found_by_any_part_of_a_former_surname_behind_those_who_bear_it(tenant):
    renamed, bearer = published(tenant, "van der Berg", "Okafor"), published(tenant, "Bergson")
    assert found(tenant, "berg") == [bearer.pk, renamed.pk]
    assert found(tenant, "vanderb") == found(tenant, "oka") == [renamed.pk]
    assert marks(tenant, "berg", renamed, bearer) == {renamed.pk: ["van der Berg"]}
    assert marks(tenant, "oka", renamed) == {}


def test_whoever_may_not_see_it_finds_by_the_name_of_today_alone(tenant):
    here, there = make_school(tenant), make_school(tenant)
    student = published(tenant, "Berg", "Okafor", school=here)
    assert found(tenant, "berg", former_in=()) == found(tenant, "berg", former_in=[there.pk]) == []
    assert found(tenant, "berg", former_in=[here.pk]) == [student.pk]
    assert found(tenant, "berg", former_in=[here.pk], school_ids=[there.pk]) == []
    assert found(tenant, "berg", school_ids=[here.pk], student_no=student.student_no) == [student.pk]
    assert found(tenant, "berg", student_no="elsewhere") == found(make_tenant(), "berg") == []
    assert marks(tenant, "berg", student, school_ids=[there.pk]) == {}


def test_every_former_name_is_kept_once_the_newest_first_and_one_that_is_borne_again_has_no_mark(tenant):
    student = published(tenant, "Berg", "Bergman", "Okafor")
    assert marks(tenant, "berg", student) == {student.pk: ["Bergman", "Berg"]}
    rename(student, "Berg")
    sync(tenant)
    assert found(tenant, "berg") == [student.pk]
    assert marks(tenant, "berg", student) == {}
    assert marks(tenant, "oka", student) == {student.pk: ["Okafor"]}
    rename(student, "Cole")
    sync(tenant)
    assert marks(tenant, "berg", student) == {student.pk: ["Bergman", "Berg"]}


@pytest.mark.parametrize("spelt", ["BERG-MÜLLER", "Berg Muller", "Berg–Müller"])
def test_another_spelling_is_no_other_name(tenant, spelt):
    published(tenant, "Berg-Müller", spelt)
    assert not FormerName.objects.exists()


def test_a_name_that_waits_for_a_sync_is_no_former_one_yet(tenant):
    student = published(tenant, "Berg")
    rename(student, "Okafor")
    assert not FormerName.objects.exists()
    assert found(tenant, "berg") == [student.pk]


def test_an_undone_sync_takes_back_what_it_made_a_former_name_and_nothing_else(tenant):
    student = published(tenant, "Aalto", "Berg", "Okafor")
    undo_run(tenant=tenant, number=3, reason="a slip", by=actor(), at=NOW)
    assert found(tenant, "oka") == []
    assert found(tenant, "berg") == found(tenant, "aalto") == [student.pk]
    assert marks(tenant, "aalto", student) == {student.pk: ["Aalto"]}
    assert marks(tenant, "berg", student) == {}


def test_nobody_but_the_search_and_data_sync_reads_former_names():
    """G-21: never in letters or exports."""
    readers = {source.name for source in sources() if any("FormerName" in line for line in source.lines)}
    assert readers == {f"schoolgate/{file}" for file in ("directory/models.py", "directory/search.py", "sync/names.py")}
    askers = {source.name for source in sources() if any("former_names(" in line for line in source.lines)}
    room = "schoolgate/console/parent_access_administration/registration_keys"
    assert askers - readers == {f"{room}/rows.py", "schoolgate/sync/write.py", "schoolgate/sync/undo.py"}
