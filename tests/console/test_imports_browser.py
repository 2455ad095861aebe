"""Import roster in a real browser, with real workers: upload, warnings, preview, apply; errors; and without script."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe

from schoolgate.enrolments.models import RosterImport, Student
from tests.factories.rosters import SETS, many, native, without
from tests.factories.tenancy import PASSWORD, make_member, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(live_stack):
    return make_tenant()


def sign_in(page, address, member):
    page.goto(f"{address}console/sign-in/")
    page.fill("input[name=username]", member.email)
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}console/")


def check(page, name):
    """What every page must pass: axe finds nothing, and nothing scrolls sideways on a phone."""
    for width, scheme in ((1440, "light"), (390, "dark"), (1440, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if folder := os.environ.get("SCHOOLGATE_TEST_PICTURES"):
            page.screenshot(path=f"{folder}/imports-{name}-{width}-{scheme}.png", full_page=True)
        if (width, scheme) in {(1440, "light"), (390, "dark")}:
            found = Axe().run(page).response["violations"]
            assert not found, [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found]
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1440, "height": 900})


def choose(page, files):
    page.set_input_files(
        "input[type=file]",
        [{"name": name, "mimeType": "text/csv", "buffer": text.encode()} for name, text in files.items()],
    )


def test_a_published_roster_from_upload_to_people(live_stack, tenant, page):
    address = f"{live_stack.url}/s-{tenant.code}/"
    sign_in(page, address, make_member(tenant))
    page.goto(f"{address}enrolments/imports/")
    check(page, "empty")
    page.click("text=Import a roster >> nth=0")
    page.click("summary:has-text('More about these files')")
    check(page, "upload")
    page.set_input_files("input[type=file]", sorted((SETS / "grandbend-native").glob("*.csv")))
    page.click("text=Upload and check")
    page.wait_for_selector("#preview:has-text('What would change')", timeout=20_000)
    check(page, "warned")
    page.click("text=Apply the import")
    page.wait_for_selector("text=There is a problem")
    page.check("input[name=accepts]")
    page.click("text=Apply the import")
    page.wait_for_selector("text=Families see it after the next Data Sync.", timeout=20_000)
    check(page, "applied")
    assert Student.objects.for_tenant(tenant).count() == 234
    page.goto(f"{address}enrolments/imports/")
    check(page, "history")


def test_errors_and_holds(live_stack, tenant, page):
    address = f"{live_stack.url}/s-{tenant.code}/"
    sign_in(page, address, make_member(tenant))
    page.goto(f"{address}enrolments/imports/new/")
    choose(
        page,
        native(
            [{"birth_date": "31/02/2015"}, {"student_id": "", "start_date": "soon"}],
            [{"email": "a b"}],
            [{"contact_id": "C9"}],
        ),
    )
    page.click("text=Upload and check")
    page.wait_for_selector("text=Nothing was changed. Mend the errors", timeout=20_000)
    check(page, "refused")
    for files in (many(30), without(many(30), *(f"S{n}" for n in range(9)))):
        page.goto(f"{address}enrolments/imports/new/")
        choose(page, files)
        page.click("text=Upload and check")
        page.wait_for_selector("#preview:has-text('What would change')", timeout=20_000)
        if RosterImport.objects.for_tenant(tenant).latest("pk").held:
            check(page, "held")
            page.fill("input[name=reason]", "Year 12 has left")
            page.click("text=Apply although it was held")
        else:
            page.click("text=Apply the import")
        page.wait_for_selector("text=Families see it after the next Data Sync.", timeout=20_000)
    assert Student.objects.for_tenant(tenant).filter(state="active").count() == 21


def test_without_script(live_stack, tenant, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    address = f"{live_stack.url}/s-{tenant.code}/"
    sign_in(page, address, make_member(tenant))
    page.goto(f"{address}enrolments/imports/new/")
    choose(page, many(2))
    page.click("text=Upload and check")
    for _ in range(60):
        if page.locator("#preview").count():
            break
        page.click("text=Refresh")
        page.wait_for_timeout(300)
    page.click("text=Apply the import")
    for _ in range(60):
        if page.get_by_text("Families see it after the next Data Sync.").count():
            break
        page.click("text=Refresh")
        page.wait_for_timeout(300)
    assert Student.objects.for_tenant(tenant).count() == 2
