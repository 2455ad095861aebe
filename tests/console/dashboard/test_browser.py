"""The dashboard as axe and a ruler see it, and by hand: a number, its list, and the same people ticked on Contact Keys (C-04)."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from schoolgate.tenancy.models import Tenant
from tests.console.dashboard.district import STAGES, address, make_family
from tests.factories.directory import make_student
from tests.factories.tenancy import PASSWORD, make_member, make_school, make_tenant
from tests.portal.test_pages import faults_of

pytestmark = pytest.mark.django_db(transaction=True)


def make_district() -> Tenant:
    tenant = make_tenant(name="Banksia Coast District")
    for name in ("Banksia Flat College", "Kestrel Bay High"):
        school = make_school(tenant, name=name)
        for stage in STAGES:
            make_family(tenant, school, stage, year="7", language="en")
        make_student(tenant, school=school, year_level="K")
    return tenant


def sign_in(page: Page, tenant: Tenant, url: str) -> None:
    page.goto(f"{url}/s-{tenant.code}/console/sign-in/")
    page.fill("[name=username]", make_member(tenant).username)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ar", "dark")])
def test_every_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, live_server: Any, theme: Any, language: str
) -> None:
    tenant = make_district()
    context = browser.new_context(color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, tenant, live_server.url)
    context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    faults = []
    for query in (
        "",
        "students/",
        "students/?coverage=nobody&school=1",
        "parents/?state=waiting",
        "parents/?state=locked&page=9",
    ):
        page.goto(live_server.url + address(tenant) + query)
        faults += [f"{query}: {fault}" for fault in faults_of(page)]
    context.close()
    assert not faults, "\n".join(faults)


def test_from_a_number_to_its_people_ticked_on_contact_keys(page: Page, live_server: Any) -> None:
    tenant = make_district()
    sign_in(page, tenant, live_server.url)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", name="2 of 18 active students have a registered parent")).to_be_visible()
    expect(page.get_by_role("heading", name="14 of 16 parents are not registered")).to_be_visible()
    page.get_by_role("row", name="Expired 2 Generate a new key").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1, name="Parents by state")).to_be_visible()
    page.get_by_role("button", name="Select 2 in Contact Keys").click()
    expect(page.get_by_role("heading", level=1, name="Contact Keys")).to_be_visible()
    expect(page.locator("main")).to_contain_text("2 selected")


def test_the_bars_hold_without_colour(page: Page, live_server: Any) -> None:
    """Each stretch has a pattern of its own, and words that say the same (design.md §12)."""
    tenant = make_district()
    sign_in(page, tenant, live_server.url)
    page.goto(live_server.url + address(tenant))
    bar = page.locator(".sg-meter").first
    fills = bar.locator("rect").evaluate_all("all => all.map(each => each.getAttribute('fill'))")
    assert len(set(fills)) == len(fills) == 6
    for fill in fills:
        assert page.locator(fill.removeprefix("url(").removesuffix(")")).count() == 1
    assert "Key given out: 2" in (bar.get_attribute("aria-label") or "")
    page.emulate_media(media="print", forced_colors="active")
    expect(bar).to_be_visible()
    expect(page.locator(".sg-key").first.get_by_role("link").first).to_be_visible()
