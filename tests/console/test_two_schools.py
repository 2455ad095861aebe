"""A student at two schools, from both offices and from a third: every room that shows students, and what may be done there (R-RK-10, R-RK-11)."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from schoolgate.console.parent_access.key_pages.filters import Filters
from schoolgate.console.parent_access.key_pages.grid import matching
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access_administration.dashboard.figures import count_figures
from schoolgate.console.parent_access_administration.dashboard.reach import Reach
from schoolgate.console.parent_access_administration.dashboard.stages import Stage
from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.enrolments.models import Association, Restriction, Student
from schoolgate.keys.models import AccessKey
from schoolgate.sync.history import without_other_schools
from schoolgate.sync.preview import Tab, Wanted, preview_sync
from schoolgate.tenancy.models import Role, School, Tenant, User
from tests.console.contact_keys.office import sign_in
from tests.factories.enrolments import make_association, make_contact, make_household, make_student
from tests.factories.keys import make_redeemed_key
from tests.factories.sync import sync
from tests.factories.tenancy import make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class District:
    tenant: Tenant
    north: School
    south: School
    west: School
    student: Student
    pair: Association
    household: int
    account: User


@pytest.fixture
def district():
    """Zuleika, of North and South, with her mother, who has an account; and somebody else at each school."""
    tenant = make_tenant(second_proof="none", portal_open=True)
    north, south, west = (make_school(tenant, name=f"{word} School") for word in ("North", "South", "West"))
    student = make_student(tenant, school=north, second_school=south, family_name="Quill", given_name="Zuleika")
    mother = make_contact(tenant, family_name="Quill", given_name="Marguerite")
    pair = make_association(student, mother, access=True)
    household = make_household(tenant, student, mother)
    for school in (north, south, west):
        make_association(make_student(tenant, school=school, family_name="Other"), make_contact(tenant), access=True)
    sync(tenant)
    account = make_account(tenant, email="marguerite@home.example")
    make_redeemed_key(DirectoryContact.objects.get(pk=mother.pk), account=account)
    return District(tenant, north, south, west, student, pair, household.pk, account)


def rooms(place):
    """(address, query) of every page on which she, her mother, or their account would stand."""
    student, contact, account = place.student.pk, place.pair.contact_id, place.account.pk
    found = [
        ("console:enrolments:students", [], "q=quill"),
        ("console:enrolments:student", [student], ""),
        ("console:enrolments:student_edit", [student], ""),
        ("console:enrolments:student_history", [student], ""),
        ("console:enrolments:student_contacts", [student], ""),
        ("console:enrolments:restrict", [student, contact], ""),
        ("console:enrolments:association_edit", [place.pair.pk], ""),
        ("console:enrolments:contacts", [], "q=quill"),
        ("console:enrolments:contact", [contact], ""),
        ("console:enrolments:households", [], "q=quill"),
        ("console:enrolments:household", [place.household], ""),
        ("console:find", [], "q=quill"),
        ("console:explain:ask", [], f"student={student}&contact={contact}"),
        ("console:contact_keys:list", [], "q=quill"),
        ("console:registration_keys:search", [], "go=1&surname=quill"),
        ("console:registration_keys:student", [student], ""),
        ("console:account_maintenance:search", [], "student_last_name=quill&go=1"),
        ("console:account_maintenance:account", [account], ""),
        ("console:dashboard:students", [], ""),
        ("console:dashboard:parents", [], ""),
    ]
    return [(reverse(name, args=[place.tenant.code, *ids]), query) for name, ids, query in found]


def seen_in(client, place):
    """The addresses that show a Quill."""
    found = set()
    for address, query in rooms(place):
        answer = client.get(f"{address}?{query}")
        assert answer.status_code in {200, 404}, address
        if answer.status_code == 200 and ("Zuleika" in answer.text or "Marguerite" in answer.text):
            found.add(address)
    return found


@pytest.mark.parametrize("school", ["north", "south", "west"])
def test_both_offices_see_her_in_every_room_and_a_third_in_none(client, district, school):
    sign_in(client, district.tenant, Role.ADMINISTRATOR, school=getattr(district, school))
    every = {address for address, _ in rooms(district)}
    assert seen_in(client, district) == (set() if school == "west" else every)


def test_a_row_has_both_schools_and_a_search_by_either_finds_it(client, district):
    sign_in(client, district.tenant, Role.ADMINISTRATOR)
    address = reverse("console:registration_keys:search", args=[district.tenant.code])
    for school, count in ((district.north, 1), (district.south, 1), (district.west, 0)):
        page = client.get(address, {"go": "1", "school": school.pk, "surname": "quill"})
        rows = list(page.context["page"])
        assert [row.student.pk for row in rows] == [district.student.pk] * count
        assert ("North School" in page.text and "South School" in page.text) or not count
    students = reverse("console:enrolments:students", args=[district.tenant.code])
    assert "North School and South School" in client.get(students, {"school": district.south.pk, "q": "quill"}).text


def test_contact_keys_by_her_second_school(district):
    now = timezone.now()
    scope = Scope(district.tenant, None, now, now.date())
    found = matching(scope, Filters(school=district.south.number)).values_list("pk", flat=True)
    assert district.pair.contact_id in set(found)
    assert district.pair.contact_id not in set(
        matching(scope, Filters(school=district.west.number)).values_list("pk", flat=True)
    )


def test_the_dashboard_counts_her_once_at_the_first_school_that_its_reader_sees(district):
    """R-RK-10: grouped by the main school, for whoever sees it."""
    now = timezone.now()
    for reach, school in [(None, "north"), ({"north"}, "north"), ({"south"}, "south"), ({"north", "south"}, "north")]:
        schools = None if reach is None else frozenset(getattr(district, name).pk for name in reach)
        figures = count_figures(Reach(district.tenant, schools, now, now.date()))
        of_students, of_parents = Counter(), Counter()
        for (school_id, _year, _coverage), count in figures.students.items():
            of_students[school_id] += count
        for (school_id, stage), count in figures.at_schools.items():
            of_parents[school_id] += count * (stage == Stage.REGISTERED)
        # She, and the other one of each school.
        assert of_students.total() == len(reach or "nsw") + 1, reach
        assert of_students[getattr(district, school).pk] == 2, reach
        assert +of_parents == {getattr(district, school).pk: 1}, reach


@pytest.mark.parametrize(("school", "may"), [("south", True), ("west", False)])
def test_what_the_office_of_her_second_school_may_do_and_a_third_may_not(client, district, school, may):
    sign_in(client, district.tenant, Role.ADMINISTRATOR, school=getattr(district, school))

    def post(name, *ids, **fields):
        return client.post(reverse(name, args=[district.tenant.code, *ids]), fields).status_code

    student, contact = district.student.pk, district.pair.contact_id
    assert (post("console:registration_keys:add_own", student) in {200, 302}) is may
    assert AccessKey.objects.filter(subject_kind="student_self", subject_id=student).exists() is may
    order = {"whom": "one", "reason": "Order shown", "kind": "no_access", "starts_on": timezone.localdate().isoformat()}
    restricted = post("console:enrolments:restrict", student, contact, **order)
    assert (restricted == 302) is may
    assert Restriction.objects.filter(student_id=student).exists() is may


def test_her_second_office_may_edit_her_but_not_take_her_out_of_the_first(client, district):
    sign_in(client, district.tenant, Role.ADMINISTRATOR, school=district.south)
    address = reverse("console:enrolments:student_edit", args=[district.tenant.code, district.student.pk])
    form = client.get(address).context["form"]
    assert [pk for pk, _ in form.fields["school_id"].choices] == [district.north.pk]
    given = {name: form.initial[name] or "" for name in form.fields}
    assert client.post(address, {**given, "school_id": district.south.pk}).status_code == 422
    assert client.post(address, {**given, "second_school_id": "", "year_level": "8"}).status_code == 302
    student = Student.objects.get(pk=district.student.pk)
    assert (student.school, student.second_school, student.year_level) == (district.north, None, "8")


def test_her_first_office_does_not_take_her_out_of_the_second_by_leaving_it_out(client, district):
    """R-RK-11: a form that lacks the place, as a browser never sends it."""
    sign_in(client, district.tenant, Role.ADMINISTRATOR, school=district.north)
    address = reverse("console:enrolments:student_edit", args=[district.tenant.code, district.student.pk])
    form = client.get(address).context["form"]
    given = {name: form.initial[name] or "" for name in form.fields if name != "second_school_id"}
    for more in ({}, {"second_school_id": ""}):
        assert client.post(address, {**given, **more}).status_code == 422
    assert Student.objects.get(pk=district.student.pk).second_school == district.south
    assert client.post(address, {**given, "second_school_id": district.south.pk, "year_level": "8"}).status_code == 302


def test_a_second_school_waits_for_a_sync_which_says_so_in_words_and_can_be_found_by_either(client, district):
    """R-DS-01, and publish before effect (spine §3.1)."""
    tenant, west = district.tenant, district.west
    sign_in(client, tenant, Role.ADMINISTRATOR)
    address = reverse("console:enrolments:student_edit", args=[tenant.code, district.student.pk])
    form = client.get(address).context["form"]
    given = {name: form.initial[name] or "" for name in form.fields}
    assert client.post(address, {**given, "second_school_id": district.north.pk}).status_code == 422
    assert client.post(address, {**given, "second_school_id": west.pk}).status_code == 302
    assert not DirectoryStudent.objects.for_tenant(tenant).at_schools([west.pk]).filter(family_name="Quill").exists()
    now = timezone.now()
    preview = preview_sync(tenant=tenant, at=now, wanted=Wanted(tab=Tab.PEOPLE, school_ids={west.pk}))
    [change] = preview.rows
    assert (change.before, change.after) == ("Second school: South School", "Second school: West School")
    assert without_other_schools([change], {west.pk}) == [change]
    assert without_other_schools([change], {district.south.pk}) == []
    sync(tenant, at=now + timedelta(minutes=1))
    assert DirectoryStudent.objects.for_tenant(tenant).at_schools([west.pk]).filter(family_name="Quill").exists()
