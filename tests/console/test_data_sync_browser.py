"""Data Sync in a real browser, with real workers: publish, hold, approve, read what was done; and without script."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from schoolgate.enrolments.set_access import set_access
from tests.factories.sync import crowd, sees, sync
from tests.factories.tenancy import PASSWORD, actor, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(live_stack):
    return make_tenant()


@pytest.fixture
def pairs(tenant):
    pairs = crowd(tenant, make_school(tenant), pairs=30)
    sync(tenant, at=timezone.now())
    return pairs


def turn_off(tenant, pairs, by):
    set_access(tenant=tenant, wanted=dict.fromkeys([pair.pk for pair in pairs], False), by=actor(by), at=timezone.now())


def sign_in(page, address, member):
    page.goto(f"{address}console/sign-in/")
    page.fill("input[type=email], input[name=username]", member.email)
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}console/")


def check(page):
    """What every page must pass: axe finds nothing, and nothing scrolls sideways on a phone."""
    for width, scheme in ((1440, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page).response["violations"]
        assert not found, [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1440, "height": 900})


def test_publish_held_approved_done(live_stack, tenant, pairs, page):
    member = make_member(tenant)
    address = f"{live_stack.url}/s-{tenant.code}/"
    turn_off(tenant, pairs[:7], member)
    sign_in(page, address, member)
    page.goto(f"{address}enrolments/data-sync/?show=table")
    check(page)
    page.click("text=Publish 7 changes")
    page.wait_for_selector("#held", timeout=20_000)
    check(page)
    page.fill("textarea[name=reason]", "The families moved away")
    page.click("text=Approve and publish 7 changes")
    page.wait_for_url("**/data-sync/2/", timeout=20_000)
    assert "Published 7 changes" in page.inner_text("main")
    check(page)
    assert not sees(pairs[0], at=timezone.now())
    page.click("text=Undo this run")
    check(page)
    page.fill("textarea[name=reason]", "Wrong families")
    page.click("button:has-text('Undo run 2')")
    page.wait_for_url("**/data-sync/3/", timeout=20_000)
    assert sees(pairs[0], at=timezone.now())
    page.goto(f"{address}enrolments/data-sync/history/")
    check(page)
    page.goto(f"{address}enrolments/explain/?student={pairs[0].student_id}&contact={pairs[0].contact_id}")
    assert "sees" in page.inner_text("#answer")
    check(page)


def test_without_script_the_same_pages_do_the_same(live_stack, tenant, pairs, browser):
    member = make_member(tenant)
    address = f"{live_stack.url}/s-{tenant.code}/"
    turn_off(tenant, pairs[:1], member)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, address, member)
    page.goto(f"{address}enrolments/data-sync/")
    page.click("text=Publish 1 change")
    for _ in range(40):
        if "/data-sync/2/" in page.url:
            break
        page.wait_for_timeout(250)
        refresh = page.locator("text=Refresh")
        if refresh.count():
            refresh.first.click()
        else:
            page.goto(f"{address}enrolments/data-sync/2/")
    assert "Published 1 change" in page.inner_text("main")
    assert not sees(pairs[0], at=timezone.now())
    context.close()
