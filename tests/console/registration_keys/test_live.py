"""Lists and windows that renew themselves (R-RK-09, R-SK-14): cheap while nothing happens, and only what is different."""

import pytest
from django.utils import timezone

from schoolgate.audit.queries import audit_length
from schoolgate.keys.add_key import add_key
from schoolgate.keys.subjects import of_students
from schoolgate.keys.switch_system import switch_system
from schoolgate.tenancy.models import KeySystem
from schoolgate.tenancy.note_export import note_export
from schoolgate.tenancy.save_school import edit_school
from tests.console.contact_keys.office import sign_in, statements
from tests.console.registration_keys.office import HTMX, address, post, search, window
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_key
from tests.factories.tenancy import actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def students(tenant):
    school = make_school(tenant)
    return [make_student(tenant, school=school, family_name=f"Berg{n}") for n in range(2)]


def add_own(tenant, student):
    add_key(tenant=tenant, subject=of_students([student.pk])[0], by=actor(), at=timezone.now())


def make_linked(student):
    contact = make_contact(student.tenant)
    make_link(student, contact)
    return contact


def test_rows_that_read_differently_come_and_no_others(client, tenant, students):
    sign_in(client, tenant)
    result = search(client, tenant, surname="berg").context["result"]
    ask = {"seq": result.seq, "seen": result.seen}
    # The search itself is in the audit since.
    assert 'id="row-' not in post(client, tenant, "rows", **ask).text
    add_own(tenant, students[1])
    answer = post(client, tenant, "rows", **ask)
    assert f'id="row-{students[1].pk}" hx-swap-oob="true"' in answer.text
    assert f'id="row-{students[0].pk}"' not in answer.text
    ask = {"seq": answer.context["seq"], "seen": answer.context["seen"]}
    assert post(client, tenant, "rows", **ask).status_code == 204


@pytest.mark.parametrize("what", ["the key system", "the school"])
def test_a_change_of_what_stands_behind_the_rows_renews_them(client, tenant, students, what):
    """R-RK-09: the office's other pages count as another member's act."""
    make_key(make_linked(students[0]), at=timezone.now())
    sign_in(client, tenant)
    result = search(client, tenant, surname="berg").context["result"]
    if what == "the key system":
        switch_system(tenant=tenant, to=KeySystem.STUDENT, end_ties_too=False, by=actor(), at=timezone.now())
    else:
        school = students[0].school
        edit_school(
            school=school, number=school.number, name=school.name, is_active=False, by=actor(), at=timezone.now()
        )
    answer = post(client, tenant, "rows", seq=result.seq, seen=result.seen)
    assert f'id="row-{students[0].pk}" hx-swap-oob="true"' in answer.text


def test_while_nothing_happens_an_answer_is_empty_and_costs_next_to_nothing(client, tenant, students):
    sign_in(client, tenant)
    ask = {"seq": audit_length(tenant_id=tenant.pk), "seen": f"{students[0].pk}:00000000"}
    post(client, tenant, "rows", **ask)
    nothing = statements(lambda: post(client, tenant, "rows", **ask))
    note_export(tenant=tenant, what="keys", filters={}, rows=1, by=actor(), at=timezone.now())
    assert statements(lambda: post(client, tenant, "rows", **ask)) == nothing + 1  # Something, but not of keys.


def test_the_window_renews_its_keys_and_nothing_else(client, tenant, students):
    sign_in(client, tenant)
    seen = window(client, tenant, students[0]).context["window"]
    here = address(tenant, "student", students[0].pk)
    ask = {"seq": seen.seq, "version": seen.version}
    assert client.get(here, ask, headers=HTMX).status_code == 204
    add_own(tenant, students[1])
    assert client.get(here, ask, headers=HTMX).status_code == 204  # Somebody else's key.
    add_own(tenant, students[0])
    answer = client.get(here, ask, headers=HTMX)
    assert "Keys for Student Use" in answer.text
    assert "Student Key Information" not in answer.text


@pytest.mark.parametrize("seen", ["", "x", "1", "9" * 40 + ":0", ":", "-1:0", "\0:,,,"])
def test_nonsense_renews_nothing(client, tenant, students, seen):
    sign_in(client, tenant)
    add_own(tenant, students[0])
    assert post(client, tenant, "rows", seq="x", seen=seen).status_code == 200


def test_rows_of_another_school_do_not_come(client, tenant, students):
    """R-RK-11."""
    sign_in(client, tenant, school=make_school(tenant))
    add_own(tenant, students[0])
    answer = post(client, tenant, "rows", seq="0", seen=f"{students[0].pk}:00000000")
    assert "Berg" not in answer.text
