"""The family's way in a real browser: keyboard only, in Arabic, without script, back and forth, twice (design.md §13 (7) to (9))."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.tenancy.models import User
from tests.factories.keys import code_of, make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import PASSWORD, make_account
from tests.portal.world import NEW_PASSWORD, Family, code_mailed, make_family, mistyped

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def family(transactional_db: None) -> Family:
    return make_family()


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """A phone's page in a context of its own."""
    contexts = []

    def opened(*, language: str = "en", script: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": 390, "height": 844},
            java_script_enabled=script,
            locale=language,
        )
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


class Keyboard:
    """Whoever has no pointer: tabs to things, types, presses Enter."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def tab_to(self, selector: str) -> None:
        """Tab until the thing has the focus; it is then in sight, with a ring, and not under the bar at the foot."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                break
        else:
            raise AssertionError(f"{selector} is not reached by Tab on {self.page.url}")
        seen = self.page.evaluate(
            """() => { const box = document.activeElement.getBoundingClientRect();
                const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 20) / 2);
                return { on_top: !!top && (document.activeElement.contains(top) || top.contains(document.activeElement)),
                         ring: getComputedStyle(document.activeElement).outlineStyle } }"""
        )
        assert seen == {"on_top": True, "ring": "solid"}, (selector, self.page.url, seen)

    def type_into(self, selector: str, text: str) -> None:
        self.tab_to(selector)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def press(self, selector: str) -> None:
        self.tab_to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


BUTTON = "main form .sg-btn"


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_from_letter_to_children_by_keyboard_alone(
    family: Family, open_page: Callable[..., Page], language: str, script: bool
) -> None:
    """A typing fault, mended; an account; the date of birth; the children."""
    page = open_page(language=language)
    if not script:
        page.route("**/*.js", lambda route: route.abort())
    keyboard = Keyboard(page)
    page.goto(f"{family.here}/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")

    keyboard.press(".sg-door[href$='/sign-up/']")
    keyboard.press(".sg-door[href$='/key/']")
    keyboard.type_into("#id_key", mistyped(family.key))
    keyboard.press(BUTTON)
    expect(page).to_have_title(re.compile("^(Problem|مشكلة):"))
    expect(page.locator(".sg-sum")).to_be_focused()
    keyboard.tab_to(".sg-sum a")
    page.keyboard.press("Enter")
    expect(page.locator("#id_key")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(family.key.lower())
    keyboard.press(BUTTON)

    keyboard.press(".sg-door[href$='/new/']")
    keyboard.type_into("#id_email", "amara@home.example")
    keyboard.press(BUTTON)
    keyboard.type_into("#id_code", code_mailed(family.tenant))
    keyboard.press(BUTTON)
    keyboard.type_into("#id_name", "Amara Okafor")
    keyboard.type_into("#id_password", NEW_PASSWORD)
    keyboard.press(BUTTON)
    for part, number in {"day": "27", "month": "3", "year": "2014"}.items():
        keyboard.type_into(f"#id_{part}", number)
    keyboard.press(BUTTON)
    expect(page.locator(".sg-kid h2")).to_have_text(["Ada", "Obi"])
    keyboard.press("button[value=yes]")

    expect(page.locator(".sg-kid b")).to_have_text(["Ada Okafor", "Obi Okafor"])
    expect(page.locator(".sg-flash")).to_be_visible()
    keyboard.press("a.sg-kid")
    expect(page.locator("h1")).to_have_text("Ada Okafor")
    keyboard.press(".sg-bottom a[href$='/account/']")
    keyboard.press("form[action$='/everywhere/'] button")
    assert page.url.endswith(f"{family.here}/")


def test_the_pages_need_no_script_engine_at_all(family: Family, open_page: Callable[..., Page]) -> None:
    page = open_page(script=False)
    page.goto(f"{family.here}/key/#k={family.key}")
    expect(page.locator("#id_key")).to_have_value("")  # Without script the person types the key.
    page.fill("#id_key", family.key)
    page.click(BUTTON)
    page.click(".sg-door[href$='/new/']")
    page.fill("#id_email", "amara@home.example")
    page.click(BUTTON)
    page.fill("#id_code", code_mailed(family.tenant))
    page.click(BUTTON)
    page.fill("#id_name", "Amara Okafor")
    page.fill("#id_password", NEW_PASSWORD)
    page.click(BUTTON)
    for part, number in {"day": "27", "month": "3", "year": "2014"}.items():
        page.fill(f"#id_{part}", number)
    page.click(BUTTON)
    page.click("button[value=yes]")
    expect(page.locator(".sg-kid b")).to_have_text(["Ada Okafor", "Obi Okafor"])


def sign_in(page: Page, family: Family) -> User:
    account = make_account(family.tenant, email="amara@home.example")
    page.goto(f"{family.here}/sign-in/")
    page.fill("#id_username", "amara@home.example")
    page.fill("#id_password", PASSWORD)
    page.click(BUTTON)
    return account


def to_children(page: Page, family: Family, key: str = "") -> None:
    page.goto(f"{family.here}/key/")
    page.fill("#id_key", key or family.key)
    page.click(BUTTON)
    for part, number in {"day": "27", "month": "3", "year": "2014"}.items():
        page.fill(f"#id_{part}", number)
    page.click(BUTTON)
    expect(page.locator("button[value=yes]")).to_be_visible()


class TestLink:
    """R-RD-01: the fragment fills the field, leaves the address, and waits for the person."""

    def test_the_link_fills_the_field_and_the_address_forgets_it(
        self, family: Family, open_page: Callable[..., Page]
    ) -> None:
        page = open_page()
        requests: list[str] = []
        page.on("request", lambda request: requests.append(f"{request.method} {request.url} {request.headers}"))
        page.goto(f"{family.here}/key/#k={family.key.replace('-', '')}")
        expect(page.locator("#id_key")).to_have_value(family.key)
        assert page.url.endswith("/key/")
        assert page.evaluate("history.length") <= 2
        page.wait_for_timeout(300)
        assert not [each for each in requests if each.startswith("POST")]
        plain = family.key.replace("-", "")
        assert not [each for each in requests if plain in each or family.key in each]

    def test_a_link_whose_fragment_was_cut_off_asks_to_type(
        self, family: Family, open_page: Callable[..., Page]
    ) -> None:
        page = open_page()
        page.goto(f"{family.here}/key/")
        expect(page.locator("#id_key")).to_have_value("")
        page.click(BUTTON)
        expect(page.locator(".sg-msg")).to_contain_text("Enter the key from your letter.")

    def test_the_code_of_another_portal_is_named_and_not_sent(
        self, family: Family, open_page: Callable[..., Page]
    ) -> None:
        page = open_page()
        page.goto(f"{family.here}/key/")
        page.fill("#id_key", "https://portal.elsewhere.example/s-Other1/key/#k=7QK4M2XW9DT31HD")
        expect(page.locator("#key-elsewhere")).to_contain_text("another portal (portal.elsewhere.example/s-Other1)")
        expect(page.locator("#id_key")).to_have_value("")

    def test_the_mail_s_link_waits_for_the_press(self, family: Family, open_page: Callable[..., Page]) -> None:
        page = open_page()
        page.goto(f"{family.here}/key/account/confirm/#t=12.abcdefghijklmnopqrstuvwxyz012345")
        expect(page.locator("#id_code")).to_be_hidden()
        assert page.url.endswith("/confirm/")
        page.click(BUTTON)
        expect(page.locator(".sg-sum")).to_contain_text("This link was used already")


class TestKeyField:
    def test_it_groups_tidies_and_says_what_it_read(self, family: Family, open_page: Callable[..., Page]) -> None:
        page = open_page()
        page.goto(f"{family.here}/key/")
        page.locator("#id_key").press_sequentially("7qk4m 2xwo")
        expect(page.locator("#id_key")).to_have_value("7QK4M-2XW0")
        expect(page.locator("#key-mapped")).to_be_visible()
        page.fill("#id_key", "7QK4M-2XW9D-T31HR")
        expect(page.locator("#key-say")).to_have_text("All 15 symbols entered, but something is mistyped")
        page.fill("#id_key", "7QK4M-2XW9D-T31HD")
        expect(page.locator("#key-say")).to_have_text("All 15 symbols entered")
        page.fill("#id_key", "7QU")
        expect(page.locator("#key-say")).to_have_text("Keys never use U. Look again at symbol 3.")


class TestTwice:
    """§12.2: double click, back button, two tabs: one effect, and the second tells what happened."""

    def test_the_back_button_after_connecting_leads_home(self, family: Family, open_page: Callable[..., Page]) -> None:
        page = open_page()
        sign_in(page, family)
        to_children(page, family)
        page.click("button[value=yes]")
        expect(page.locator(".sg-kid b")).to_have_count(2)
        page.go_back()
        expect(page.locator("#id_key")).to_be_visible()  # Nothing of the children is kept to be shown again.
        expect(page.locator("body")).not_to_contain_text("Ada")
        assert Tie.objects.count() == 1

    def test_two_presses_connect_once(self, family: Family, open_page: Callable[..., Page]) -> None:
        page = open_page()
        sign_in(page, family)
        to_children(page, family)
        page.evaluate(
            """() => { const form = document.querySelector("button[value=yes]").form;
                const more = document.createElement("input"); more.type = "hidden"; more.name = "answer"; more.value = "yes"; form.append(more);
                form.submit(); form.submit(); }"""
        )
        expect(page.locator(".sg-kid b")).to_have_text(["Ada Okafor", "Obi Okafor"])
        assert Tie.objects.count() == 1

    def test_a_page_left_open_in_another_tab_can_t_answer_for_a_newer_key(
        self, family: Family, open_page: Callable[..., Page]
    ) -> None:
        first = open_page()
        sign_in(first, family)
        to_children(first, family)
        second = first.context.new_page()
        other = make_key(make_linked_contact(family.tenant), at=timezone.now())
        to_children(second, family, code_of(other).grouped)

        first.click("button[value=yes]")

        expect(first.locator(".sg-note-warn")).to_contain_text("Another key was entered in the meantime.")
        assert not Tie.objects.exists()
        first.click("button[value=yes]")
        expect(first.locator(".sg-kid b")).to_have_count(1)
        second.click("button[value=yes]")
        expect(second.locator(".sg-flash")).to_contain_text("You have answered this already.")
        assert list(Tie.objects.values_list("key_id", flat=True)) == [other.pk]
        assert AccessKey.objects.get(pk=family.key_row.pk).state == KeyState.LIVE


def test_a_password_can_be_looked_at_while_it_is_typed(family: Family, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(f"{family.here}/sign-in/")
    page.fill("#id_password", "secret")
    page.get_by_role("button", name="Show password").click()
    expect(page.locator("#id_password")).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password").click()
    expect(page.locator("#id_password")).to_have_attribute("type", "password")


def test_an_ended_session_asks_to_sign_in_and_goes_on(family: Family, open_page: Callable[..., Page]) -> None:
    page = open_page()
    account = sign_in(page, family)
    make_redeemed_key(make_linked_contact(family.tenant), account=account)
    page.context.clear_cookies(name="schoolgate_session")
    page.goto(f"{family.here}/my-access/")
    page.fill("#id_username", "amara@home.example")
    page.fill("#id_password", PASSWORD)
    page.click(BUTTON)
    assert page.url.endswith("/my-access/")


def test_the_language_is_chosen_at_the_head_of_every_page(family: Family, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(f"{family.here}/lost-letter/")
    page.click(".sg-lang")
    page.click("#languages button[value=ar]")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    assert page.url.endswith("/lost-letter/")
    page.click(".sg-lang")
    page.click("#languages button[value=en]")
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
