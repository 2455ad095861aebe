"""Contact Keys in a real browser with real workers: by keyboard alone (design.md §13 (1), (2)), and without script."""

import re

import pytest
from django.utils import timezone

from schoolgate.keys.models import AccessKey, KeyState
from tests.console.test_data_sync_browser import check, sign_in
from tests.factories.keys import code_of, make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import make_member, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(live_stack):
    return make_tenant(help_line="02 5550 1234", portal_open=True)


@pytest.fixture
def here(live_stack, tenant):
    return f"{live_stack.url}/s-{tenant.code}/"


def keys_page(here):
    return f"{here}portal-console/setup/parent-access/contact-keys/"


def tab_to(page, selector, *, most=80):
    """Walk by Tab until the focus is there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never came to {selector}")


def enter(page, part):
    """Press Enter, and wait until what came back from an address with ``part`` stands in the page."""
    with page.expect_response(lambda response: part in response.url):
        page.keyboard.press("Enter")
    until(page, "!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")


def until(page, true):
    """Wait for something that the page can tell; asked from outside, since the page's own policy bars eval."""
    for _ in range(100):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"It never came true: {true}")


def test_by_keyboard_filter_select_all_generate_read_the_result_undo(page, tenant, here):
    """design.md §13 (1)."""
    for number in range(3):
        make_linked_contact(tenant, given_name=f"New{number}")
    make_redeemed_key(make_linked_contact(tenant), at=timezone.now())
    sign_in(page, here, make_member(tenant))
    page.goto(keys_page(here))
    check(page)
    tab_to(page, "a.sg-chip[href*='state=no_key']")
    page.keyboard.press("Enter")
    page.wait_for_selector("a.sg-chip[href*='state=no_key'][aria-current]")
    tab_to(page, "#batch button[value=page]")
    enter(page, "/select/")
    tab_to(page, "#batch button[value=all]")
    enter(page, "/select/")
    assert page.inner_text("#batch strong") == "3 selected"
    tab_to(page, "[data-disclose]")
    enter(page, "/actions/")
    assert "3 contacts get a key." in page.inner_text("#acts")
    check(page)
    page.focus("[data-disclose]")
    page.keyboard.press("Escape")
    assert page.locator("#acts").count() == 0
    assert page.evaluate("document.activeElement.matches('[data-disclose]')")
    enter(page, "/actions/")
    tab_to(page, "#acts a[href*='/generate/']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#deed button")
    check(page)
    tab_to(page, "#deed button")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=3 keys made.", timeout=20_000)
    check(page)
    tab_to(page, "#run form[action$='/undo/'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=The run is undone: 3 keys revoked.")
    assert set(AccessKey.objects.filter(ended_why="run undone").values_list("state", flat=True)) == {KeyState.REVOKED}


def test_by_keyboard_show_a_key_and_hear_it_hide(page, tenant, here):
    """design.md §13 (2), R-CK-05."""
    contact = make_linked_contact(tenant)
    key = make_key(contact, at=timezone.now())
    sign_in(page, here, make_member(tenant))
    page.goto(keys_page(here))
    tab_to(page, "button[formaction*='/show/']")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#full-{contact.pk}")
    assert page.inner_text(f"#full-{contact.pk}") == code_of(key).grouped
    assert "is shown for 2 minutes" in page.text_content("#said")
    check(page)
    tab_to(page, "button[hx-get*='/hide/']")
    enter(page, "/hide/")
    until(page, "document.querySelector('#said').textContent.includes('is hidden')")
    assert page.locator(f"#full-{contact.pk}").count() == 0


def test_without_script_ticks_actions_and_show_are_forms(browser, tenant, here):
    """Every page works without script."""
    contact = make_linked_contact(tenant)
    shown = make_linked_contact(tenant)
    key = make_key(shown, at=timezone.now())
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, here, make_member(tenant))
    page.goto(keys_page(here))
    page.check(f"input[name=ticked][value='{contact.pk}']")
    page.click("#batch button[data-disclose]")
    assert "1 contact selected" in page.inner_text("h1")
    page.click("text=Generate Keys")
    page.click("text=Generate 1 key")
    for _ in range(40):
        if "1 key made." in page.inner_text("main"):
            break
        page.wait_for_timeout(250)
        page.goto(keys_page(here))
    assert "1 key made." in page.inner_text("main")
    page.click(f"button[formaction$='/show/{shown.pk}/']")
    assert code_of(key).grouped in page.inner_text("main")
    page.goto(keys_page(here))
    page.click("text=Add filter")
    page.select_option("#filter_state", "ready")
    page.click("text=Filter the list")
    assert re.search(r"1–2 of 2", page.inner_text("main"))
    context.close()


def hold(page, part):
    """Keep the next request to an address with ``part`` waiting, until what is given back lets it go."""
    held = []

    def keep(route):
        held.append(route)
        if len(held) > 1:
            route.continue_()

    page.route(f"**{part}**", keep)

    def let_go():
        for _ in range(100):
            if held:
                break
            page.wait_for_timeout(50)
        with page.expect_response(lambda response: part in response.url):
            held[0].continue_()
        page.wait_for_timeout(200)

    return let_go


@pytest.mark.parametrize("first", ["ticks", "menu", "finger"])
def test_actions_opens_however_soon_after_a_tick_it_is_pressed(page, tenant, here, first):
    """Whichever answer comes first, and when the tick's comes while the button is held down."""
    contact = make_linked_contact(tenant)
    sign_in(page, here, make_member(tenant))
    page.goto(keys_page(here))
    ticks_go = hold(page, "/select/")
    page.check(f"input[name=ticked][value='{contact.pk}']")
    button = page.locator("[data-disclose]")
    if first == "finger":
        button.hover()
        page.mouse.down()
        ticks_go()
        page.mouse.up()
    elif first == "ticks":
        menu_goes = hold(page, "/actions/")
        button.click()
        ticks_go()
        menu_goes()
    else:
        with page.expect_response(lambda response: "/actions/" in response.url):
            button.click()
        ticks_go()
    page.wait_for_selector("#acts", timeout=5_000)
    assert "1 contact gets a key." in page.inner_text("#acts")
    assert page.inner_text("#batch strong") == "1 selected"
