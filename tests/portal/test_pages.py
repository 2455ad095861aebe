"""Every page of the portal, as axe and a ruler see it: light and dark, both directions, three widths (design.md §13, §14)."""

import gzip
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.portal.world import make_family, visit_every_page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = [1440, 390, 320]
SMALLEST_TARGET = 48

pytestmark = pytest.mark.django_db(transaction=True)


# Each theme and each language once: colours don't depend on the language, nor lengths and sides on the theme.
@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ar", "dark")])
def test_every_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, live_server: Any, theme: Any, language: str
) -> None:
    context = browser.new_context(color_scheme=theme, reduced_motion="reduce")
    context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    page = context.new_page()
    faults, seen = [], 0
    for name in visit_every_page(page, make_family(), live_server.url):
        seen += 1
        faults += [f"{name}: {fault}" for fault in faults_of(page)]
    context.close()
    assert not faults, "\n".join(faults)
    assert seen > 30


def faults_of(page: Page) -> list[str]:
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("scrollTo(0, document.body.scrollHeight)")  # There the bar at the foot lies over nothing.
        result = Axe().run(page, options={"runOnly": TAGS}).response
        for violation in result["violations"]:
            places = [node["target"] for node in violation["nodes"]]
            found.append(f"{width}: {violation['id']} {violation['help']} {places}")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{width}: scrolls sideways by {wide}"] if wide > 0 else []
    found += [f"390: {small}" for small in small_targets(page)]
    found += [] if page.locator("h1").count() == 1 else ["not one h1"]
    return found


def small_targets(page: Page) -> list[str]:
    """What is pressed alone, not within a sentence, is 48 px high (design.md §3)."""
    page.set_viewport_size({"width": 390, "height": 844})
    if "sg-fam" not in (page.locator("body").get_attribute("class") or ""):
        return []
    return page.evaluate(
        """least => [...document.querySelectorAll("main button, main summary, main .sg-link, main .btn, main input:not([type=hidden]), .sg-bottom a, .sg-lang")]
            .filter(each => each.offsetParent && each.getBoundingClientRect().height < least)
            .map(each => `${each.outerHTML.slice(0, 80)} is ${Math.round(each.getBoundingClientRect().height)} px high`)""",
        SMALLEST_TARGET,
    )


def test_a_first_visit_is_light(page: Page, live_server: Any) -> None:
    """All files of the key page, packed: 60 kB and 5 requests at most (design.md §14)."""
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(gzip.compress(answer.body()))}))
    page.goto(live_server.url + make_family().here + "/key/", wait_until="networkidle")
    ours = {re.sub(r"^.*/", "", url) or "page": size for url, size in sizes.items()}
    assert sum(ours.values()) <= 60_000, ours
    assert len([name for name in ours if not name.endswith(".svg")]) <= 5, ours
