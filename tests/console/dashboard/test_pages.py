"""The dashboard in a browser's terms: each number opens its list, exports are disarmed and audited, a school's member sees its own."""

import csv
import io
import re
from urllib.parse import urljoin

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryStudent
from schoolgate.jobs.models import SelectedRow
from schoolgate.tenancy.models import KeySystem, Role
from tests.console.contact_keys.office import cells, said, statements
from tests.console.contact_keys.office import look as look_at_keys
from tests.console.dashboard.district import STAGES, address, bring_student_to, look, make_family, sign_in
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def district(tenant):
    """Two schools; at the first a family in every stage, at the second two that wait and one child whom nobody may see."""
    first, second = make_school(tenant, name="Banksia Flat College"), make_school(tenant, name="Kestrel Bay High")
    for stage in STAGES:
        make_family(tenant, first, stage, year="7", language="en")
    make_family(tenant, second, "expired", year="10", language="ar")
    make_family(tenant, second, "never", year="10")
    make_student(tenant, school=second, year_level="K")
    pupils = DirectoryStudent.objects.for_tenant(tenant).filter(school=first).order_by("pk")
    for pupil, stage in zip(pupils, STAGES, strict=True):
        bring_student_to(pupil, stage)
    return first, second


def links_in(html):
    """Each number with its list: (how many, the list's address)."""
    found = re.findall(r'<a href="((?:students|parents)/[^"]*)">([\d,]+)', html)
    return [(int(number.replace(",", "")), query.replace("&amp;", "&")) for query, number in found]


def listed(client, tenant, query):
    response = client.get(urljoin(address(tenant), query))
    assert response.status_code == 200
    return response.context["page"].paginator.count


def test_each_number_has_so_many_people_behind_it(client, tenant, district):
    sign_in(client, tenant)
    links = links_in(look(client, tenant).text)
    assert len(links) > 60
    for number, query in links:
        assert listed(client, tenant, query) == number, query


@pytest.mark.parametrize("system", [KeySystem.FAMILY, KeySystem.STUDENT])
def test_it_stands_under_every_key_system(client, system):
    tenant = make_tenant(key_system=system)
    school = make_school(tenant)
    contact = make_contact(tenant)
    for household in (1, 2):
        make_link(make_student(tenant, school=school), contact, household_id=household)
    sign_in(client, tenant)
    page = look(client, tenant).text
    assert "2 of 2 parents are not registered" in said(page)
    for number, query in links_in(page):
        assert listed(client, tenant, query) == number
    assert "in Contact Keys" not in said(look(client, tenant, "parents").text)
    assert client.post(address(tenant, "select")).status_code == 404


def test_the_page_says_how_far_it_has_come(client, tenant, district):
    sign_in(client, tenant)
    words = said(look(client, tenant).text)
    assert "1 of 11 active students have a registered parent 9%" in words
    assert "9 of 10 parents are not registered" in words


def test_students_own_keys_stand_by_school_and_year_from_the_first_one_on(client, tenant, district):
    """registration-keys §13 (C-04): also those who never used theirs."""
    first, second = district
    sign_in(client, tenant)
    [row] = [row for row in download(client, tenant, what="own_schools") if row["School"] == first.name]
    assert [row[head] for head in ("Registered", "Key given out", "Key ready", "Needs attention", "No key")] == [
        "1",
        "1",
        "1",
        "3",
        "2",
    ]
    [row] = [row for row in download(client, tenant, what="own_schools") if row["School"] == second.name]
    assert (row["Active students"], row["No key"]) == ("3", "3")
    never = look(client, tenant, "students", f"?own=given_out&school={first.number}")
    assert "Key for student use: Key given out" in said(never.text)
    assert [row[-1] for row in cells(never)] == ["Given out, never redeemed"]


def test_a_district_without_students_own_keys_isnt_shown_their_tables(client, tenant):
    make_family(tenant, make_school(tenant), "ready")
    sign_in(client, tenant)
    assert "Keys for student use, by" not in look(client, tenant).text


def test_an_inactive_school_stands_only_while_somebody_is_active_there(client, tenant):
    closed = make_school(tenant, name="Heron Lakes High", is_active=False)
    make_school(tenant, name="Tern Island High", is_active=False)
    make_student(tenant, school=closed)
    make_student(tenant, school=make_school(tenant, name="Banksia Flat College"))
    sign_in(client, tenant)
    words = said(look(client, tenant).text)
    assert "Heron Lakes High (inactive)" in words
    assert "Tern Island" not in words


def test_a_member_of_one_school_sees_its_people_only(client, tenant, district):
    """R-RK-11: others are not found, not counted and not named, whatever the address says."""
    first, second = district
    shared = make_contact(tenant, given_name="Zoe")
    make_link(make_student(tenant, school=first, given_name="Own"), shared)
    make_link(make_student(tenant, school=second, given_name="Elsewhere"), shared)
    sign_in(client, tenant, school=first)
    page = look(client, tenant).text
    assert "Kestrel Bay" not in page
    assert "of 9 active students" in said(page)
    for number, query in links_in(page):
        assert listed(client, tenant, query) == number
    assert listed(client, tenant, f"students/?school={second.number}") == 9
    everybody = look(client, tenant, "parents", f"?school={second.number}&rows=250").text
    assert "Elsewhere" not in everybody
    assert "and 1 at another school" in said(everybody)
    assert listed(client, tenant, "parents/?language=ar") == 0


def test_who_is_listed_is_ticked_on_contact_keys_and_nobody_else(client, tenant, district):
    """C-04: a run from a reason touches exactly these."""
    sign_in(client, tenant)
    response = client.post(address(tenant, "select"), {"address": "state=expired"})
    assert response.url.endswith("/contact-keys/")
    ticked = set(SelectedRow.objects.values_list("row_id", flat=True))
    expired = {row.contact.pk for row in look(client, tenant, "parents", "?state=expired").context["page"].object_list}
    assert ticked == expired
    assert len(expired) == 2
    assert "2 selected" in said(look_at_keys(client, tenant).text)
    client.post(address(tenant, "select"), {"address": "state=never&language=-"})
    assert SelectedRow.objects.count() == 1


def test_ticking_needs_the_right_to_act(client, tenant, district):
    sign_in(client, tenant, Role.AUDITOR)
    assert client.post(address(tenant, "select")).status_code == 403
    assert "in Contact Keys" not in look(client, tenant, "parents").text


def download(client, tenant, **form):
    response = client.post(address(tenant, "export"), form)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_a_table_is_exported_as_it_stands(client, tenant, district):
    """R-CK-17."""
    member = sign_in(client, tenant)
    rows = download(client, tenant, what="schools")
    assert [row["School"] for row in rows] == ["Banksia Flat College", "Kestrel Bay High", "All schools"]
    assert [row["Active students"] for row in rows] == ["8", "3", "11"]
    assert [row["Nobody has access"] for row in rows] == ["0", "1", "1"]
    entry = AuditEntry.objects.get(act="keys.exported")
    assert entry.actor_id == member.pk
    assert entry.detail == {"filters": {"list": "schools"}, "rows": 2}


@pytest.mark.parametrize("what", ["reasons", "years", "languages", "own_schools", "own_years"])
def test_every_table_has_a_file(client, tenant, district, what):
    sign_in(client, tenant)
    assert len(download(client, tenant, what=what)) >= 3


def test_lists_are_exported_with_disarmed_cells(client, tenant, district):
    """R-CK-17: no cell runs in a spreadsheet, and the filter is in the audit."""
    first, _ = district
    contact = make_contact(tenant, given_name="=cmd()", family_name="")
    make_link(make_student(tenant, school=first, family_name="@x", year_level="8"), contact)
    sign_in(client, tenant)
    assert "'=cmd()" in [row["Contact Name"] for row in download(client, tenant, what="parents", address="state=never")]
    [student] = download(client, tenant, what="students", address="year=8")
    assert student["Family name"] == "'@x"
    assert student["Coverage"] == "No key"
    detail = AuditEntry.objects.filter(act="keys.exported").latest("seq").detail
    assert detail == {"filters": {"list": "students", "year": "8"}, "rows": 1}


def test_exports_need_the_right_and_a_fresh_sign_in(client, tenant, district):
    sign_in(client, tenant, every_single_right=False)
    assert client.post(address(tenant, "export"), {"what": "schools"}).status_code == 403
    assert "Download" not in look(client, tenant).text
    sign_in(client, tenant, fresh=False)
    assert "/console/fresh/" in client.post(address(tenant, "export"), {"what": "schools"}).url
    sign_in(client, tenant)
    assert client.post(address(tenant, "export"), {"what": "nonsense"}).status_code == 404
    assert not AuditEntry.objects.filter(act="keys.exported")


@pytest.mark.parametrize("name", ["students", "parents"])
@pytest.mark.parametrize(
    "query",
    [
        "?school=x&year=%00&state='%3B--&page=zz",
        "?school=99999999999999999999",
        "?language=%25&coverage=_",
        "?page=9999",
    ],
)
def test_nonsense_in_the_address_is_never_an_error(client, tenant, district, name, query):
    """registration-keys §12."""
    sign_in(client, tenant)
    assert look(client, tenant, name, query).status_code == 200


def test_who_does_not_read_keys_does_not_see_it(client, tenant):
    sign_in(client, tenant, Role.ENROLMENTS_OFFICER)
    assert look(client, tenant).status_code == 403
    assert address(tenant) not in client.get(f"/s-{tenant.code}/console/").text


def test_an_empty_district_says_what_to_do(client, tenant):
    sign_in(client, tenant)
    assert "No students yet" in said(look(client, tenant).text)


def test_lists_cost_the_same_for_many_as_for_few(client, tenant, district):
    """Spine §3.8."""
    first, _ = district
    sign_in(client, tenant)
    few = {name: statements(lambda name=name: look(client, tenant, name)) for name in ("home", "students", "parents")}
    for _ in range(30):
        make_family(tenant, first, "ready")
    many = {name: statements(lambda name=name: look(client, tenant, name)) for name in ("home", "students", "parents")}
    assert many["students"] == few["students"]
    assert many["parents"] == few["parents"]
    assert many["home"] <= few["home"]


def test_the_lists_are_paged_by_name(client, tenant):
    school = make_school(tenant)
    for n in range(55):
        make_link(
            make_student(tenant, school=school, sort_name=f"s{n:02}"),
            make_contact(tenant, sort_name=f"c{n:02}", contact_no=f"{n:02}"),
        )
    sign_in(client, tenant)
    first, second = look(client, tenant, "parents"), look(client, tenant, "parents", "?page=2")
    ids = [row[1] for row in cells(first)] + [row[1] for row in cells(second)]
    assert ids == [f"{n:02}" for n in range(55)]
    assert len(cells(look(client, tenant, "students", "?page=2"))) == 5
