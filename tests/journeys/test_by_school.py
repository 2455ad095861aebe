"""Generate Registration Keys by School, twice, by real processes in a real browser: the second time makes nothing (R-GS-01).

And for a group: a pasted list of which some lines are wrong.
"""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.letters.models import Message
from schoolgate.tenancy.models import Tenant
from tests.console.test_data_sync_browser import check, sign_in
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.tenancy import make_member, make_school, make_tenant
from tests.processes import Stack

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(live_stack: Stack) -> Tenant:
    """A district of three schools, one of them closed; a mother with a child at each open one."""
    tenant = make_tenant(name="Wattle District", help_line="02 5550 1234", portal_open=True)
    banksia = make_school(tenant, number=1, name="Banksia Primary")
    acacia = make_school(tenant, number=2, name="Acacia High")
    make_school(tenant, number=3, name="Old Road School", is_active=False)
    mother = make_contact(tenant, given_name="Amara")
    for school, year in ((banksia, "3"), (banksia, "4"), (acacia, "7"), (acacia, "8"), (acacia, "10")):
        student = make_student(tenant, school=school, year_level=year, student_no=f"N{year}")
        make_link(student, make_contact(tenant))
        if year in {"3", "8"}:
            make_link(student, mother)
    make_link(student, make_contact(tenant), portal_access=False)
    make_student(tenant, school=banksia, year_level="3", is_active=False)
    return tenant


@pytest.fixture
def here(live_stack: Stack, tenant: Tenant) -> str:
    return f"{live_stack.url}/s-{tenant.code}/"


def live_keys() -> int:
    return AccessKey.objects.filter(state=KeyState.LIVE).count()


def open_menu_entry(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Console").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def preview_all_schools(page: Page) -> None:
    open_menu_entry(page, "Generate Registration Keys by School")
    assert page.get_by_text("Old Road School").count() == 0
    page.get_by_label("All my schools (2)").check()
    page.get_by_label("Keys for student use").check()
    page.get_by_label("Keys for parent use").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=2, name=re.compile("^Makes"))).to_be_visible()


def test_by_school_twice_the_second_time_makes_nothing(page: Page, tenant: Tenant, here: str) -> None:
    page.set_default_timeout(15_000)
    page.set_viewport_size({"width": 1440, "height": 900})
    sign_in(page, here, make_member(tenant))
    open_menu_entry(page, "Generate Registration Keys by School")
    check(page)
    preview_all_schools(page)
    main = page.locator("main")
    expect(main).to_contain_text("Makes 6 keys for parent use and 5 keys for student use.")
    expect(main).to_contain_text("1 shared")
    expect(main).to_contain_text("1 with no students")
    check(page)

    # The whole district: the number is typed, and a wrong one starts nothing.
    page.get_by_label("Type 11, the number of keys").fill("12")
    page.get_by_role("button", name="Generate 11 keys").click()
    expect(main).to_contain_text("This is not the number")
    check(page)
    page.get_by_label("Type 11, the number of keys").fill("11")
    page.get_by_role("button", name="Generate 11 keys").click()
    expect(main).to_contain_text("Made 6 keys for parent use and 5 keys for student use.", timeout=30_000)
    assert live_keys() == 11
    check(page)

    preview_all_schools(page)
    expect(main).to_contain_text("Makes 0 keys for parent use and 0 keys for student use.")
    expect(main).to_contain_text("There is nothing to do")
    assert page.get_by_role("button", name=re.compile("^Generate")).count() == 0
    assert live_keys() == 11


def test_a_run_for_a_pasted_list_that_mails_its_keys_by_itself(page: Page, tenant: Tenant, here: str) -> None:
    """R-GP-01, R-GP-02: by a member for one school, whose list names a student of another."""
    page.set_default_timeout(15_000)
    page.set_viewport_size({"width": 1440, "height": 900})
    sign_in(page, here, make_member(tenant, school=tenant.school_set.get(number=1)))
    open_menu_entry(page, "Generate Parent Registration Keys")
    check(page)
    page.get_by_role("textbox", name="Student Ids").fill("N3\n\nN4\nN7\nN3")
    page.get_by_role("button", name="Check the list").click()
    main: Any = page.locator("main")
    expect(main).to_contain_text("2 students found in 5 lines.")
    for told in ("1 line not found", "1 repeated line", "1 blank line"):
        expect(main).to_contain_text(told)
    check(page)
    page.get_by_label("E-mails", exact=True).check()
    page.get_by_role("button", name="Preview again").click()
    page.get_by_role("button", name="Generate 3 keys").click()
    expect(main).to_contain_text("Made 3 keys for parent use.", timeout=30_000)
    expect(main).to_contain_text("3 emails in the outbox.", timeout=30_000)
    check(page)
    assert Message.objects.count() == 3
    page.get_by_role("button", name="Cancel the emails").click()
    expect(main).to_contain_text("3 emails will not be sent.")
    page.get_by_role("button", name="Undo run").click()
    expect(main).to_contain_text("The run is undone: 3 keys revoked.")
    assert live_keys() == 0
