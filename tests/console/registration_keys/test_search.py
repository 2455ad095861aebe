"""The search and its result (registration-keys §4, R-RK-01 to R-RK-13, §12)."""

from datetime import date

import pytest
from django.utils import timezone

from schoolgate.audit.models import SearchNote
from schoolgate.console.parent_access_administration.registration_keys.people import keys_of_students
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.directory import search as directory_search
from schoolgate.directory.models import DirectoryHousehold
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import AccessKey
from schoolgate.keys.subjects import of_students
from schoolgate.tenancy.models import Membership, Role, TenantSettings
from tests.console.contact_keys.office import sign_in, statements
from tests.console.registration_keys.office import address, found, post, said, search
from tests.factories.directory import make_contact, make_former_name, make_link, make_student
from tests.factories.keys import make_key, make_key_for, make_redeemed_key, make_tie_for
from tests.factories.tenancy import NOW, make_exceptions, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def school(tenant):
    return make_school(tenant, name="Wattle Creek High")


@pytest.fixture
def old_school(tenant):
    return make_school(tenant, name="Old Mill School", is_active=False)


@pytest.fixture
def office(client, tenant):
    return sign_in(client, tenant)


def test_before_the_first_go_nobody_is_shown(client, tenant, office):
    make_student(tenant)
    answer = client.get(address(tenant))
    assert "Nobody is shown before the first search" in answer.text
    assert "result" not in answer.context


def test_schools_are_the_members_own_by_name_and_inactive_ones_when_asked_for(client, tenant, school, old_school):
    """R-RK-01."""
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    labels = [label for _, label in client.get(address(tenant)).context["form"].fields["school"].choices]
    assert labels == ["All my schools", "Wattle Creek High"]
    part = client.get(address(tenant, "schools"), {"inactive": "1", "school": school.pk}).text
    assert "Old Mill School (inactive)" in part
    assert f'value="{school.pk}" selected' in part
    back = client.get(address(tenant, "schools"), {"school": old_school.pk}).text
    assert "all your schools are searched" in back
    assert "Old Mill" not in back


def test_a_member_of_one_school_is_offered_that_school(client, tenant, school):
    make_school(tenant, name="Elsewhere")
    sign_in(client, tenant, school=school)
    labels = [label for _, label in client.get(address(tenant)).context["form"].fields["school"].choices]
    assert labels == ["All my schools", "Wattle Creek High"]


@pytest.mark.parametrize(
    "fields", [{}, {"surname": "b"}, {"surname": " b' "}, {"surname": "%"}, {"surname": "--"}, {"student_no": " "}]
)
def test_too_little_is_refused_and_nothing_searched(client, tenant, office, fields):
    """R-RK-02."""
    make_student(tenant, family_name="Berg")
    answer = search(client, tenant, **fields)
    assert answer.status_code == 422
    assert "result" not in answer.context


@pytest.mark.parametrize("fields", [{"student_no": "4"}, {"surname": "be"}, {"surname": "王"}])
def test_enough_is_searched(client, tenant, office, fields):
    """R-RK-02: one sign of an id, two letters, one sign of a script without case."""
    assert search(client, tenant, **fields).status_code == 200


@pytest.mark.parametrize("words", ["'; --", "x" * 5_000, "a\0b", "\\", '"<script>', "%_*", "١٢"])
@pytest.mark.parametrize("name", ["surname", "student_no"])
def test_whatever_is_typed_is_text_or_refused_at_the_field(client, tenant, office, words, name):
    """§12."""
    make_student(tenant, family_name="Berg")
    answer = search(client, tenant, **{name: words})
    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or found(answer) == []
    assert "<script>" not in answer.text.replace("<script src", "")


def test_an_id_as_a_spreadsheet_writes_it_is_named_as_such(client, tenant, office):
    """§12."""
    answer = search(client, tenant, student_no="1.2E+05")
    assert answer.status_code == 422
    assert "as a spreadsheet writes it" in answer.text


def test_fields_are_joined_by_and_and_inactive_schools_left_out(client, tenant, school, old_school, office):
    """R-RK-02, G-13."""
    make_student(tenant, school=school, family_name="Berg", student_no="0417")
    make_student(tenant, school=old_school, family_name="Bergson", student_no="0418")
    make_student(tenant, school=make_school(tenant), family_name="Bergland")
    assert found(search(client, tenant, surname="berg")) == ["Berg", "Bergland"]
    assert found(search(client, tenant, surname="berg", school=school.pk)) == ["Berg"]
    assert found(search(client, tenant, surname="berg", student_no="41", inactive="1", show="all")) == [
        "Berg",
        "Bergson",
    ]
    assert found(search(client, tenant, school=school.pk)) == ["Berg"]


def test_students_of_an_inactive_school_are_inactive(client, tenant, school, old_school, office):
    """G-13: found only with Show Inactive Schools, and then among the inactive; no key for student use is offered."""
    for where, name in ((school, "Berg"), (old_school, "Bergson")):
        make_student(tenant, school=where, family_name=name)
    for sought in ({"surname": "berg"}, {"student_no": "S"}):
        assert found(search(client, tenant, **sought)) == ["Berg"]
        answer = search(client, tenant, **sought, inactive="1")
        assert found(answer) == ["Berg"]
        assert [each.count for each in answer.context["result"].tallies] == [1, 1, 2]
    [row] = search(client, tenant, surname="berg", inactive="1", show="inactive").context["page"]
    assert (row.is_active, row.own_words, row.own_is_gap) == (False, "Not offered", False)
    assert "1 key made" not in post(client, tenant, "gaps", row.student.pk, only="own").text
    assert found(search(client, tenant, surname="berg", inactive="1", show="all", keys="own_gap")) == ["Berg"]
    make_student(tenant, school=old_school, second_school=school, family_name="Bergland")
    for shown in ({}, {"inactive": "1"}):
        answer = search(client, tenant, surname="berg", **shown, keys="own_gap")
        assert found(answer) == ["Berg", "Bergland"]
        assert all(row.is_active and row.own_is_gap for row in answer.context["page"])


def test_leading_zeros_count_and_without_them_is_said(client, tenant, office):
    """R-RK-04."""
    make_student(tenant, family_name="Berg", student_no="417")
    assert "without the leading zeros" in said(search(client, tenant, student_no="000417").text)
    make_student(tenant, family_name="Cole", student_no="000417")
    answer = search(client, tenant, student_no="000417")
    assert found(answer) == ["Cole"]
    assert "leading zeros" not in answer.text
    assert search(client, tenant, student_no="000").status_code == 200


def test_one_hit_is_a_list_of_one_and_each_status_has_its_count(client, tenant, school, office):
    """R-RK-05, R-RK-06."""
    make_student(tenant, school=school, family_name="Berg")
    make_student(tenant, school=school, family_name="Bergson", is_active=False)
    answer = search(client, tenant, surname="berg")
    assert found(answer) == ["Berg"]
    assert [(each.label, each.count) for each in answer.context["result"].tallies] == [
        ("Active", 1),
        ("Inactive", 1),
        ("All", 2),
    ]
    assert found(search(client, tenant, surname="berg", show="inactive")) == ["Bergson"]
    assert found(search(client, tenant, surname="berg", show="all")) == ["Berg", "Bergson"]
    assert found(search(client, tenant, surname="berg", show="nonsense", page="9" * 30, sort="x", rows="3")) == ["Berg"]


def test_nobody_found_says_by_what_and_where_somebody_is(client, tenant, office):
    make_student(tenant, family_name="Berg", is_active=False)
    told = said(search(client, tenant, surname="berg").text)
    assert "Searched by: Student Last Name" in told
    assert "Inactive has 1." in told
    assert "Try All" in told


def test_the_row_tells_every_key_in_a_few_words(client, tenant, school, office):
    """R-RK-07, G-01."""
    student = make_student(tenant, school=school, family_name="Berg")
    contacts = [
        make_contact(tenant, email=email) for email in ("a@x.example", "A@x.example", "c@x.example", "d@x.example")
    ]
    for contact in contacts[:3]:
        make_link(student, contact)
    make_link(student, contacts[3], portal_access=False)
    make_redeemed_key(contacts[0])
    make_key(contacts[1])
    make_key_for(of_students([student.pk])[0], tenant_id=tenant.pk)
    [row] = search(client, tenant, surname="berg").context["page"]
    assert row.parents_words == "1 registered, 1 live, 1 gap of 4"
    assert row.own_words == "Ready"
    assert "shared e-mail" in row.problems
    assert row.gaps == 1


def test_a_school_without_students_and_a_member_without_an_active_school_are_told_so(
    client, tenant, school, old_school
):
    """§4, empty states."""
    sign_in(client, tenant, school=old_school)
    assert "None of your schools is active" in client.get(address(tenant)).text
    client.logout()
    sign_in(client, tenant)
    assert "This school has no students" in search(client, tenant, school=school.pk).text
    assert "No student matches" in search(client, tenant, school=school.pk, surname="berg").text
    make_student(tenant, school=school, is_active=False)
    assert "Inactive has 1." in said(search(client, tenant, school=school.pk).text)


@pytest.mark.parametrize(
    ("columns", "told"),
    [({"is_active": False}, "not active"), ({"birth_date": None}, "no birth date")],
)
def test_the_row_says_why_no_key_for_student_use_is_offered(client, tenant, school, office, columns, told):
    """R-RK-07, R-SK-04, G-17."""
    make_student(tenant, school=school, family_name="Berg", **columns)
    [row] = search(client, tenant, surname="berg", show="all").context["page"]
    assert row.own_words == "Not offered"
    assert told in row.own_fact


def test_filters_narrow_by_year_class_gap_expired_registered_and_language(client, tenant, school, office):
    """R-RK-08."""
    gap = make_student(tenant, school=school, family_name="Gap", year_level="8", roll_class="8A")
    make_link(gap, make_contact(tenant, language="ar"))
    registered = make_student(tenant, school=school, family_name="Registered")
    contact = make_contact(tenant)
    make_link(registered, contact)
    make_redeemed_key(contact)
    expired = make_student(tenant, school=school, family_name="Expired")
    key = make_key_for(of_students([expired.pk])[0], tenant_id=tenant.pk)
    AccessKey.objects.filter(pk=key.pk).update(state="expired", sealed=None)
    locked = make_student(tenant, school=school, family_name="Locked")
    key = make_key_for(of_students([locked.pk])[0], tenant_id=tenant.pk)
    AccessKey.objects.filter(pk=key.pk).update(locked_at=key.created_at)

    def filtered(**fields):
        return found(search(client, tenant, school=school.pk, **fields))

    assert (
        filtered(year="8") == filtered(**{"class": "8A"}) == filtered(language="ar") == filtered(keys="gap") == ["Gap"]
    )
    assert filtered(registered="1") == ["Registered"]
    assert filtered(registered="0") == ["Expired", "Gap", "Locked"]
    assert filtered(registered="2") == []
    assert filtered(keys="expired") == ["Expired"]
    assert filtered(keys="problem") == ["Expired", "Locked"]
    assert filtered(year="8", surname="ga") == ["Gap"]
    assert len(filtered(keys="nonsense", registered="x")) == 4


@pytest.mark.parametrize("system", ["contact", "family", "student"])
def test_each_filter_of_keys_finds_exactly_the_rows_that_tell_it(client, tenant, school, office, system):
    """R-RK-07, R-RK-08: the filter and the row are two statements of one thing."""
    TenantSettings.objects.filter(tenant=tenant).update(key_system=system)
    tenant.refresh_from_db()
    household = DirectoryHousehold.objects.create(id=910_001, tenant=tenant, source="sis", source_id="H1").pk

    def family(name, *, of_household=True, access=True, **columns):
        student, contact = make_student(tenant, school=school, family_name=name), make_contact(tenant, **columns)
        make_link(student, contact, household_id=household if of_household else None, portal_access=access)
        whose = {"contact": contact.pk, "family": household, "student": student.pk}[system]
        return student, Subject(system, whose, None if system == "contact" else contact.pk)

    def key(subject, **columns):
        made = make_key_for(subject, tenant_id=tenant.pk)
        AccessKey.objects.filter(pk=made.pk).update(**columns)
        return made

    over = {"state": "expired", "sealed": None}
    family("Gap")
    family("Unlinked", access=False)
    family("Homeless", of_household=False)
    family("Staff", type="STAFF")
    make_student(tenant, school=school, family_name="Young", birth_date=date(2024, 2, 29))
    make_student(tenant, school=school, family_name="Undated", birth_date=None)
    _, live = family("Live")
    key(live)
    _, locked = family("Locked")
    key(locked, locked_at=NOW)
    _, expired = family("Expired")
    key(expired, **over)
    _, renewed = family("Renewed")
    key(renewed, **over)
    key(renewed)
    _, unseen = family("Unseen", access=False)
    key(unseen, **over)
    student, tied = family("Tied")
    key(tied, **over)
    make_tie_for(tied, tenant_id=tenant.pk)
    own = of_students([student.pk])[0]
    key(own, **over)
    family("Shared", email="one@home.example")
    family("Sharing", email="One@home.example")
    family("Teacher", email="one@home.example", type="STAFF")

    def filtered(keys):
        return set(found(search(client, tenant, school=school.pk, keys=keys)))

    everybody = {row.student.family_name: row for row in search(client, tenant, school=school.pk).context["page"]}
    lines = {each.student.family_name: each for each in keys_of_students(
        Scope(tenant, None, timezone.now(), timezone.now().date()), [row.student for row in everybody.values()]
    )}  # fmt: skip
    assert filtered("gap") == {name for name, each in lines.items() if any(one.is_gap for one in each.parents)}
    assert filtered("own_gap") == {name for name, row in everybody.items() if row.own_is_gap}
    assert filtered("expired") == {name for name, row in everybody.items() if "expired" in row.problems}
    assert filtered("problem") == {name for name, row in everybody.items() if row.problems}
    assert {"Gap", "Expired"} <= filtered("gap")
    assert "Live" not in filtered("gap")
    assert ("Homeless" in filtered("gap")) is (system != "family")
    assert filtered("expired") == {"Expired", "Tied"}
    assert filtered("problem") == {"Expired", "Locked", "Tied", "Shared", "Sharing"}
    assert {"Young", "Undated"}.isdisjoint(filtered("own_gap"))


def test_a_school_that_is_stricter_has_its_own_gaps(client, tenant, school, office):
    """R-RK-08, R-DI-02."""
    make_exceptions(school, student_minimum_age=16)
    for where in (school, make_school(tenant)):
        make_student(tenant, school=where, family_name="Berg", student_no=where.name, birth_date=date(2015, 1, 1))
    [row] = search(client, tenant, surname="berg", keys="own_gap").context["page"]
    assert row.student.school != school


def test_a_former_surname_is_found_and_marked_for_owners_and_administrators_alone(client, tenant, school):
    """R-RK-03, G-21."""
    student = make_student(tenant, school=school, family_name="Okafor")
    make_former_name(student, "Berg")
    make_student(tenant, school=school, family_name="Bergson")
    for role in (Role.PORTAL_OFFICER, Role.AUDITOR):
        sign_in(client, tenant, role)
        answer = search(client, tenant, surname="berg")
        assert found(answer) == ["Bergson"]
        assert answer.context["result"].hits == 1
        for surname in ("berg", "oka"):
            assert "formerly" not in search(client, tenant, surname=surname).text
        client.logout()
    sign_in(client, tenant, Role.ADMINISTRATOR)
    answer = search(client, tenant, surname="berg")
    assert found(answer) == ["Bergson", "Okafor"]
    assert "formerly Berg" in said(answer.text)
    for surname in ("oka", "bergs"):
        assert "formerly" not in search(client, tenant, surname=surname).text
    renewed = post(client, tenant, "gaps", student.pk, only="own", surname="berg")
    assert "formerly Berg" in said(renewed.text)
    result = answer.context["result"]
    assert "formerly Berg" in said(post(client, tenant, "rows", seq=result.seq, seen=result.seen, surname="berg").text)


def test_a_role_at_one_school_finds_former_surnames_there_alone(client, tenant, school):
    """R-RK-11, G-21: an administrator here who is a portal officer there."""
    other = make_school(tenant)
    for where in (school, other):
        make_former_name(make_student(tenant, school=where, family_name="Okafor"), "Berg")
    member = sign_in(client, tenant, Role.ADMINISTRATOR, school=school)
    Membership.objects.create(tenant=tenant, user=member, school=other, role=Role.PORTAL_OFFICER)
    answer = search(client, tenant, surname="berg")
    assert [row.student.school for row in answer.context["page"]] == [school]
    assert len(found(search(client, tenant, surname="oka"))) == 2


def test_columns_sort(client, tenant, office):
    for number, name in [("20", "Aa"), ("3", "Bb"), ("100", "Cc")]:
        make_student(tenant, family_name=name, student_no=number, year_level=number)
    assert found(search(client, tenant, student_no="0", sort="id")) == ["Aa", "Cc"]
    school_wide = {"surname": ""} | {"student_no": "0"}
    assert found(search(client, tenant, **school_wide, sort="-name")) == ["Cc", "Aa"]
    assert found(search(client, tenant, **school_wide, sort="-year")) == ["Cc", "Aa"]


def test_beyond_a_thousand_the_count_says_so_and_sorting_waits(client, tenant, office, monkeypatch):
    """R-RK-12."""
    monkeypatch.setattr(directory_search, "MOST", 3)
    for number in range(5):
        make_student(tenant, family_name="Berg", given_name=f"A{number}")
    answer = search(client, tenant, surname="berg", sort="-name")
    assert len(found(answer)) == 3
    assert "3+" in said(answer.text)
    assert "refine your search" in answer.text
    assert "sort=" not in answer.text.split("<thead")[1].split("</thead")[0]


def test_a_student_of_another_school_is_not_found_not_counted_and_a_404(client, tenant, school):
    """R-RK-11."""
    other = make_student(tenant, school=make_school(tenant), family_name="Berg")
    mine = make_student(tenant, school=school, family_name="Berg")
    sign_in(client, tenant, school=school)
    answer = search(client, tenant, surname="berg")
    assert [row.student.pk for row in answer.context["page"]] == [mine.pk]
    assert answer.context["result"].tallies[2].count == 1
    assert search(client, tenant, surname="berg", school=other.school_id).status_code == 422
    assert client.get(address(tenant, "student", other.pk)).status_code == 404
    for name in ("add_own", "gaps", "generate", "own_revoke", "own_show"):
        assert post(client, tenant, name, other.pk, reason="x", contact="1").status_code == 404
    assert not AccessKey.objects.exists()


def test_a_search_by_name_or_id_is_in_the_audit_once_and_without_its_words(client, tenant, school, office):
    """§11."""
    make_student(tenant, school=school, family_name="Berg")
    search(client, tenant, surname="berg")
    search(client, tenant, surname="berg", page="2", show="all")
    search(client, tenant, surname="bergx", school=school.pk)
    search(client, tenant, school=school.pk)
    told = [(note.fields, note.hits) for note in SearchNote.objects.filter(what="keys").order_by("pk")]
    assert told == [(["surname"], 1), (["school", "surname"], 0)]
    assert "berg" not in repr(list(SearchNote.objects.values())).casefold()


def test_a_page_of_many_costs_as_many_statements_as_one_of_few(client, tenant, school, office):
    def look():
        return statements(lambda: search(client, tenant, surname="berg"))

    for _ in range(2):
        make_link(make_student(tenant, school=school, family_name="Berg"), make_contact(tenant))
    search(client, tenant, surname="berg")
    few = look()
    for _ in range(20):
        make_link(make_student(tenant, school=school, family_name="Berg"), make_contact(tenant))
    assert look() == few


def test_keys_are_added_from_the_row(client, tenant, school, office):
    """R-RK-13."""
    student = make_student(tenant, school=school, family_name="Berg")
    make_link(student, make_contact(tenant))
    make_link(student, make_contact(tenant))
    answer = post(client, tenant, "gaps", student.pk, only="own")
    assert "1 key made" in answer.text
    assert f'id="row-{student.pk}"' in answer.text
    assert "2 keys made" in post(client, tenant, "gaps", student.pk).text
    assert "0 keys made" in post(client, tenant, "gaps", student.pk).text
    assert AccessKey.objects.count() == 3
