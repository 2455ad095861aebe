"""Family Keys, Student Keys, the change of the key system and District Settings, as axe and a ruler see them (design.md §13)."""

import os
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser

from schoolgate.tenancy.models import Role, TenantSettings
from tests.console.contact_keys.test_other_systems import Family
from tests.factories.keys import make_key_for, make_tie_for
from tests.factories.tenancy import PASSWORD, make_exceptions, make_member, make_school
from tests.portal.test_pages import faults_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("system", "theme"), [("family", "light"), ("student", "dark")])
def test_every_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, live_server: Any, theme: Any, system: str
) -> None:
    home = Family(system)
    make_tie_for(home.subject(home.mother), tenant_id=home.tenant.pk, at=timezone.now())
    make_key_for(home.subject(home.father), tenant_id=home.tenant.pk, at=timezone.now())
    Family(system, home.tenant, number=8)  # At the foot of the page the list's tools lie under no bar.
    member = make_member(home.tenant, Role.OWNER)
    school = make_school(home.tenant)
    make_exceptions(school, letter_life_days=14, failed_tries=10, parent_sign_up=False)
    make_school(home.tenant)
    context = browser.new_context(color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()

    def address(name: str, *parts: object) -> str:
        return live_server.url + reverse(f"console:{name}", args=[home.tenant.code, *parts])

    page.goto(address("sign_in"))
    page.get_by_label("E-mail address").fill(member.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    pages = {
        "list": address(f"{system}_keys:list"),
        "table": address(f"{system}_keys:list") + "?show=table",
        "filter": address(f"{system}_keys:filter"),
        "generate": address(f"{system}_keys:generate"),
        "absent": address("contact_keys:list"),
        "settings": address("settings:edit"),
        "switch": address("settings:switch", "contact"),
        "district": address("district_settings:edit"),
        "school": address("district_settings:school", school.pk),
    }
    TenantSettings.objects.filter(tenant=home.tenant).update(changed={})
    faults = []
    for name, where in pages.items():
        page.goto(where)
        faults += [f"{name}: {fault}" for fault in faults_of(page)]
        if os.environ.get("SHOTS"):
            for width in (1440, 390):
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=f"{os.environ['SHOTS']}/{system}-{theme}-{name}-{width}.png", full_page=True)
    context.close()
    assert not faults, "\n".join(faults)
