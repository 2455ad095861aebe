"""Ticked rows of a result, and the run for their parents (R-RK-13, R-GP-01, R-CK-06)."""

import pytest
from django.urls import reverse

from schoolgate.directory import search as directory_search
from schoolgate.jobs.models import SelectedRow
from schoolgate.keys.add_key import add_key
from schoolgate.keys.models import StudentGroup
from schoolgate.keys.subjects import of_students
from schoolgate.tenancy.models import Role
from tests.console.contact_keys.office import sign_in
from tests.console.registration_keys.office import HTMX, address, post, said, search
from tests.factories.directory import make_student
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def school(tenant):
    return make_school(tenant)


@pytest.fixture
def students(tenant, school):
    return [make_student(tenant, school=school, family_name=f"Berg{n}", student_no=f"04{n}") for n in range(3)]


def ticked():
    return set(SelectedRow.objects.values_list("row_id", flat=True))


def select(client, tenant, *students, shown, do="ticks", query="go=1&surname=berg", headers=None):
    form = {
        "do": do,
        "shown": ",".join(str(each.pk) for each in shown),
        "ticked": [each.pk for each in students],
        "address": query,
    }
    return client.post(address(tenant, "select"), form, headers=headers or {})


def test_ticks_of_a_page_outlive_it_and_the_list_shows_them(client, tenant, students):
    sign_in(client, tenant)
    select(client, tenant, students[0], shown=students[:1])
    answer = select(client, tenant, students[2], shown=students[1:])
    assert answer["Location"] == f"{address(tenant)}?go=1&surname=berg"
    assert ticked() == {students[0].pk, students[2].pk}
    page = search(client, tenant, surname="berg0").text
    assert "2 selected 1 not on this page" in said(page)
    assert f'value="{students[0].pk}" checked' in page


def test_a_tick_by_htmx_answers_with_the_count_alone(client, tenant, students):
    sign_in(client, tenant)
    answer = select(client, tenant, students[0], shown=students, headers=HTMX)
    assert said(answer.text) == "1 selected"


def test_select_all_ticks_the_page_and_unselect_all_clears_every_page(client, tenant, students):
    sign_in(client, tenant)
    select(client, tenant, shown=students[:2], do="page")
    assert ticked() == {each.pk for each in students[:2]}
    select(client, tenant, shown=students[2:], do="none")
    assert ticked() == set()
    assert "Nothing selected" in said(search(client, tenant, surname="berg").text)


def test_all_that_the_search_finds_are_ticked_beyond_those_that_are_listed(
    client, tenant, school, students, monkeypatch
):
    """R-GP-01: the whole result, with its filters."""
    monkeypatch.setattr(directory_search, "MOST", 1)
    gone = make_student(tenant, school=school, family_name="Bergson", is_active=False)
    make_student(tenant, school=school, family_name="Other")
    sign_in(client, tenant)
    assert "Select All that the search finds" in search(client, tenant, surname="berg").text
    select(client, tenant, shown=(), do="all")
    assert ticked() == {each.pk for each in students}
    select(client, tenant, shown=(), do="all", query="go=1&surname=berg&show=inactive")
    assert ticked() == {*(each.pk for each in students), gone.pk}


def test_all_that_are_found_without_the_leading_zeros(client, tenant, students):
    """R-RK-04."""
    sign_in(client, tenant)
    select(client, tenant, shown=(), do="all", query="go=1&student_no=000777")
    assert ticked() == set()
    short = make_student(tenant, student_no="777")
    select(client, tenant, shown=(), do="all", query="go=1&student_no=000777")
    assert ticked() == {short.pk}


@pytest.mark.parametrize("query", ["", "go=1", "go=1&surname=-", "go=1&surname=nobody", "surname=%00%00", "school=x"])
def test_an_address_that_finds_nobody_ticks_nobody(client, tenant, students, query):
    sign_in(client, tenant)
    assert select(client, tenant, shown=(), do="all", query=query).status_code == 302
    assert ticked() == set()


def test_students_of_another_school_or_tenant_refuse_the_whole_act(client, tenant, school, students):
    """R-RK-11, portal-console §12.2."""
    other, foreign = make_student(tenant, school=make_school(tenant), family_name="Berg"), make_student(make_tenant())
    sign_in(client, tenant, school=school)
    for each in (other, foreign):
        assert select(client, tenant, students[0], each, shown=students).status_code == 404
    select(client, tenant, shown=(), do="all")
    assert ticked() == {each.pk for each in students}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ENROLMENTS_OFFICER])
def test_who_may_not_act_may_not_tick(client, tenant, students, role):
    sign_in(client, tenant, role)
    assert select(client, tenant, students[0], shown=students).status_code == 403


def test_who_only_reads_sees_no_boxes(client, tenant, students):
    sign_in(client, tenant, Role.AUDITOR)
    page = search(client, tenant, surname="berg").text
    assert 'name="ticked"' not in page
    assert "Generate Parent Registration Keys…" not in page


def test_the_button_takes_the_ticks_of_its_page_along_to_the_group(client, tenant, students):
    """R-RK-13: without script too, where no tick was stored before."""
    sign_in(client, tenant)
    assert "Generate Parent Registration Keys…" in search(client, tenant, surname="berg").text
    form = {"shown": ",".join(str(each.pk) for each in students), "ticked": [students[1].pk]}
    client.post(reverse("console:parent_groups:add_ticked", args=[tenant.code]), form)
    assert StudentGroup.objects.get().rule == {"student_ids": [students[1].pk]}


def test_a_row_that_is_renewed_keeps_its_tick(client, tenant, students):
    """R-RK-09."""
    sign_in(client, tenant)
    select(client, tenant, students[0], shown=students)
    result = search(client, tenant, surname="berg").context["result"]
    add_key(tenant=tenant, subject=of_students([students[0].pk])[0], by=actor(), at=NOW)
    answer = post(client, tenant, "rows", seq=result.seq, seen=result.seen)
    assert f'value="{students[0].pk}" checked' in answer.text
    assert f'value="{students[0].pk}" checked' in post(client, tenant, "gaps", students[0].pk).text
