"""Enrolments' pages and the shell in a real browser: axe, narrow screens, dark, right to left, keyboard, without script (design.md §13)."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from schoolgate.enrolments.models import Association
from schoolgate.sync.publish import Approval, publish_changes
from schoolgate.tenancy.models import Role, Tenant
from tests.factories.enrolments import (
    make_association,
    make_contact,
    make_household,
    make_restriction,
    make_student,
)
from tests.factories.tenancy import NOW, PASSWORD, actor, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Office:
    """A small school, somebody of its office, and their browser."""

    def __init__(self, browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.tenant: Tenant = make_tenant(time_zone="Australia/Sydney")
        make_member(self.tenant, Role.OWNER, email="jo@school.example")
        self.schools = [make_school(self.tenant, name="Senior Campus"), make_school(self.tenant, name="Junior Campus")]
        self.student = make_student(self.tenant, school=self.schools[0], given_name="Ada", family_name="Okafor")
        sibling = make_student(self.tenant, school=self.schools[1], given_name="Chidi", family_name="Okafor")
        self.mother = make_contact(self.tenant, given_name="Amara", family_name="Okafor")
        father = make_contact(self.tenant, given_name="Emeka", family_name="Okafor", email="")
        self.household = make_household(self.tenant, self.student, sibling, self.mother, father)
        self.tie = make_association(self.student, self.mother, access=True, basis="household", household=self.household)
        for student, contact in ((self.student, father), (sibling, self.mother), (sibling, father)):
            make_association(student, contact)
        publish_changes(tenant=self.tenant, by=actor(), at=NOW, approval=Approval("first"))
        self.restriction = make_restriction(self.student, father)
        Association.objects.filter(student=sibling, contact=self.mother).update(receives_portal_access=True)

    def address(self, name: str, *ids: int) -> str:
        return self.url + reverse(f"console:{name}", args=[self.tenant.code, *ids])

    def open(self, **options):
        """A page of a signed-in browser."""
        page = self.browser.new_context(**options).new_page()
        page.goto(self.address("sign_in"))
        page.fill("[name=username]", "jo@school.example")
        page.fill("[name=password]", PASSWORD)
        page.click("main button.sg-btn")
        page.wait_for_url("**/console/")
        return page

    def pages(self) -> Iterator[str]:
        """Every page of the shell, of enrolments and of the records."""
        student, mother, household = self.student.pk, self.mother.pk, self.household.pk
        member = household and self.household.members.first().pk
        yield from (
            self.address(name, *ids)
            for name, ids in (
                ("home", ()),
                ("find", ()),
                ("fresh", ()),
                ("enrolments:students", ()),
                ("enrolments:student_add", ()),
                ("enrolments:student", (student,)),
                ("enrolments:student_edit", (student,)),
                ("enrolments:student_history", (student,)),
                ("enrolments:student_contacts", (student,)),
                ("enrolments:association_find", (student,)),
                ("enrolments:association_new", (student,)),
                ("enrolments:association_edit", (self.tie.pk,)),
                ("enrolments:association_end", (self.tie.pk,)),
                ("enrolments:remove_now", (self.tie.pk,)),
                ("enrolments:restrict", (student, mother)),
                ("enrolments:contacts", ()),
                ("enrolments:contact", (mother,)),
                ("enrolments:contact_edit", (mother,)),
                ("enrolments:contact_add", ()),
                ("enrolments:households", ()),
                ("enrolments:household", (household,)),
                ("enrolments:household_edit", (household,)),
                ("enrolments:household_join", (household,)),
                ("enrolments:household_leave", (member,)),
                ("enrolments:restrictions", ()),
                ("enrolments:restriction", (self.restriction.pk,)),
                ("enrolments:restriction_change", (self.restriction.pk,)),
                ("enrolments:restriction_lift", (self.restriction.pk,)),
                ("records:jobs", ()),
                ("records:audit", ()),
                ("records:members", ()),
                ("records:member_add", ()),
                ("school_information:campuses", ()),
                ("school_information:campus_add", ()),
            )
        )


@pytest.fixture
def office(browser, live_server):
    return Office(browser, live_server.url)


def faults_of(page) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    found = [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in Axe().run(page, options=AXE).response["violations"]
    ]
    return [*found, *(["sideways scroll"] if is_too_wide(page) else [])]


def is_too_wide(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.mark.parametrize(("width", "scheme", "language"), [(1440, "light", "en"), (390, "dark", "ar")])
def test_axe_finds_nothing_on_any_page(office, width, scheme, language):
    page = office.open(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": office.url}])
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    found = {}
    for address in office.pages():
        assert page.goto(address).status == 200, address
        if faults := faults_of(page):
            found[address] = faults
    assert not found
    assert not said, "The browser complains (a style or script that the CSP bars?)"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_is_wider_than_a_small_phone(office, language):
    """WCAG 1.4.10, at 320 px."""
    page = office.open(viewport={"width": 320, "height": 640})
    page.context.add_cookies([{"name": "django_language", "value": language, "url": office.url}])
    wide = [address for address in office.pages() if page.goto(address) and is_too_wide(page)]
    assert not wide


def test_the_switch_is_turned_and_saved_by_keyboard(office):
    """design.md §13, keyboard path 4."""
    page = office.open()
    page.goto(office.address("enrolments:student_contacts", office.student.pk))
    switch = page.get_by_role("switch", name="Has Portal Access: Amara Okafor")
    switch.focus()
    page.keyboard.press("Space")
    assert page.get_by_text("1 change not saved").is_visible()
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Turn portal access off?").wait_for()
    page.get_by_role("button", name="Turn off 1 access").press("Enter")
    page.get_by_text("Off, after the next Data Sync").wait_for()


def test_the_head_of_the_list_search_narrows_as_one_types(office):
    page = office.open()
    page.goto(office.address("enrolments:students"))
    page.get_by_label("Search this list").press_sequentially("ada", delay=20)
    expect(page.locator("tbody tr")).to_have_count(1)
    assert page.get_by_label("Search this list").evaluate("field => document.activeElement === field")
    assert "q=ada" in page.url


def test_all_of_a_household_row_is_turned_at_once(office):
    page = office.open()
    page.goto(office.address("enrolments:household", office.household.pk))
    box = page.get_by_label("All students for Amara Okafor")
    switches = [page.get_by_role("switch", name=f"Amara Okafor for {name} Okafor") for name in ("Ada", "Chidi")]
    for is_on in (False, True):
        box.click()
        assert [each.is_checked() for each in switches] == [is_on, is_on]
    switches[0].click()
    assert box.evaluate("box => box.indeterminate")
    assert page.get_by_role("switch", name="Emeka Okafor for Ada Okafor").is_disabled()


def test_without_script_everything_works_by_plain_forms(office):
    page = office.open(java_script_enabled=False)
    page.goto(office.address("enrolments:students") + "?q=ada")
    page.get_by_role("link", name="Ada Okafor").click()
    page.get_by_role("switch", name="Has Portal Access: Amara Okafor").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Turn off 1 access").click()
    assert page.get_by_text("Off, after the next Data Sync").is_visible()
    page.goto(office.address("enrolments:association_find", office.student.pk))
    page.get_by_label("Name, Contact ID or e-mail").fill("emeka")
    page.get_by_role("button", name="Search").click()
    assert page.get_by_text("Belongs already").is_visible()


def test_the_menu_is_a_drawer_on_a_phone(office):
    page = office.open(viewport={"width": 390, "height": 800})
    page.goto(office.address("enrolments:students"))
    menu = page.get_by_role("navigation", name="Console")
    assert not menu.is_visible()
    page.get_by_role("button", name="Menu").click()
    assert menu.is_visible()
    assert not faults_of(page)
    page.keyboard.press("Escape")
    assert not menu.is_visible()


def test_a_refused_form_takes_the_focus_to_its_summary(office):
    page = office.open()
    page.goto(office.address("enrolments:student_add"))
    page.get_by_role("button", name="Add the student").click()
    assert page.title().startswith("Problem:")
    assert page.get_by_role("alert").evaluate("box => document.activeElement === box")
    assert not faults_of(page)
    page.get_by_role("link", name="Enter a family name.").click()
    assert page.get_by_label("Family name").evaluate("field => document.activeElement === field")


def test_a_sign_in_link_fills_its_field_and_leaves_the_address(browser, live_server):
    tenant = make_tenant()
    page = browser.new_context().new_page()
    page.goto(f"{live_server.url}/s-{tenant.code}/console/welcome/#t=7-secret")
    assert page.locator("[name=link]").input_value() == "7-secret"
    assert "#" not in page.url


def test_the_printed_list_has_no_chrome(office):
    page = office.open()
    page.goto(office.address("enrolments:student_contacts", office.student.pk))
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="Console").is_visible()
    assert not page.get_by_role("button", name="Save").is_visible()
    assert page.get_by_role("columnheader", name="Has Portal Access").is_visible()


@pytest.mark.parametrize("path", ["home", "enrolments:students"])
def test_a_page_stays_within_its_weight(client, path):
    """design.md §14: a console page of 50 rows and all its files, compressed, ≤ 100 kB."""
    import gzip

    from tests.architecture.tree import PACKAGE

    tenant = make_tenant()
    school = make_school(tenant)
    for _ in range(50):
        make_student(tenant, school=school)
    client.force_login(make_member(tenant, Role.OWNER))
    body = client.get(reverse(f"console:{path}", args=[tenant.code])).content
    names = ["vendor/bootstrap-5.3.9/bootstrap.min.css", "site.css", "vendor/htmx-2.0.11/htmx.min.js", "page.js"]
    files = [(PACKAGE / "static" / name).read_bytes() for name in names]
    weight = sum(len(gzip.compress(each)) for each in [body, *files])
    assert weight <= 100_000
