"""The walk: from a roster to a grandmother who sees the child on her phone, by real processes in a real browser.

What an office and a family do in the first hour, in the order of the tutorial (docs/tutorial/the-walk.md).
"""

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from schoolgate.accounts.models import Registration
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.one_time import one_time_code
from tests.factories.tenancy import PASSWORD, make_member
from tests.processes import Stack

pytestmark = pytest.mark.django_db(transaction=True)

STUDENTS = """student_id,school_code,family_name,given_name,birth_date,year_level,roll_class,household_id
S1,1,Cole,Finn,2014-03-27,7,7B,H1
S2,1,Cole,Dana,2016-11-02,4,4A,H1
"""
CONTACTS = """contact_id,family_name,given_name,email,household_id,address_1,town,postcode
C1,Cole,Amara,amara@home.example,H1,1 Wattle Street,Wattle Creek,2999
"""
RELATIONSHIPS = """student_id,contact_id,relationship,legal_guardian
S1,C1,mother,yes
S2,C1,mother,yes
"""
EMAIL = "edith@home.example"


class Office:
    """An administrator at a desk."""

    def __init__(self, page: Page, here: str) -> None:
        self.page, self.here = page, here

    def sign_in(self, username: str) -> None:
        self.page.goto(f"{self.here}/console/")
        self.page.get_by_label("Email").or_(self.page.locator("[name=username]")).first.fill(username)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", level=1, name="Home")).to_be_visible()

    def open_contacts_of(self, student: str) -> None:
        self.page.goto(f"{self.here}/enrolments/students/")
        self.page.get_by_role("link", name=student).click()
        self.page.get_by_role("link", name="Associated Contacts").click()

    def set_access(self, student: str, contact: str, *, on: bool) -> None:
        self.open_contacts_of(student)
        row = self.page.get_by_role("row", name=contact)
        row.get_by_role("switch").set_checked(on)
        self.page.get_by_role("button", name="Save").click()
        if not on:  # It is a loss for somebody, and the page says for whom.
            self.page.get_by_role("button", name="Turn off 1 access").click()
        word = "On, after the next Data Sync" if on else "Off, after the next Data Sync"
        expect(self.page.get_by_role("row", name=contact)).to_contain_text(word)

    def publish(self, sentence: str) -> None:
        self.page.goto(f"{self.here}/enrolments/data-sync/")
        expect(self.page.locator("main")).to_contain_text(sentence)
        self.page.get_by_role("button", name=re.compile("^Publish")).click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Run", timeout=20_000)

    def keys_of(self, contact: str) -> None:
        self.page.goto(f"{self.here}/portal-console/setup/parent-access/contact-keys/?q={contact}")

    def act(self, verb: str, contact: str) -> None:
        """Tick a contact's row and take one of the Actions, through its preview."""
        self.keys_of(contact)
        selection = self.page.get_by_role("form", name="Selection")
        if selection.get_by_role("button", name="Unselect All").is_visible():
            selection.get_by_role("button", name="Unselect All").click()
            expect(selection).to_contain_text("Nothing selected")
        self.page.get_by_role("row", name=contact).get_by_role("checkbox").check()
        expect(selection).to_contain_text("1 selected")
        self.page.get_by_text("Actions", exact=True).click()
        self.page.get_by_role("button", name=verb).or_(self.page.get_by_role("link", name=verb)).first.click()
        first_word = verb.split(maxsplit=1)[0]
        self.page.locator("main form").get_by_role("button", name=re.compile(f"^{first_word}")).click()
        # A worker does it: the panel of the job says when it has.
        self.page.wait_for_function("() => !document.querySelector('main progress')", timeout=30_000)


@pytest.fixture
def tenant(live_stack: Stack, tmp_path: Path) -> Tenant:
    for name, text in [("students", STUDENTS), ("contacts", CONTACTS), ("relationships", RELATIONSHIPS)]:
        (tmp_path / f"{name}.csv").write_text(text)
    for words in [
        ["tenant", "create", "--name", "Wattle Creek College", "--code", "AlpxF2"],
        ["settings", "set", "--tenant", "AlpxF2", "help_line=02 5550 1234", "portal_open=yes"],
        ["import", str(tmp_path), "--tenant", "AlpxF2", "--accept-warnings"],
        ["sync", "--tenant", "AlpxF2"],
    ]:
        ended = live_stack.run(*words)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    return Tenant.objects.get(code="AlpxF2")


def test_the_walk(live_stack: Stack, page: Page, browser: Browser, tenant: Tenant, tmp_path: Path) -> None:
    here = f"{live_stack.url}/s-{tenant.code}"
    page.set_default_timeout(15_000)
    office = Office(page, here)
    office.sign_in(make_member(tenant).username)

    # A grandmother, as an associated contact, with Has Portal Access.
    office.open_contacts_of("Finn Cole")
    page.get_by_role("link", name="Add a contact").click()
    page.get_by_role("link", name="Add a new contact").click()
    grandmother = {
        "given_name": "Edith", "family_name": "Perry", "relationship": "grandmother", "email": EMAIL,
        "address_1": "4 Gum Lane", "town": "Wattle Creek", "postcode": "2999",
    }  # fmt: skip
    for name, value in grandmother.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Add the contact").click()
    office.set_access("Finn Cole", "Edith Perry", on=True)
    office.publish("Edith Perry")

    # Her key, and a letter of her own.
    office.act("Generate Keys", "Edith Perry")
    office.keys_of("Edith Perry")
    expect(page.get_by_role("row", name="Edith Perry")).to_contain_text("Ready", timeout=20_000)
    office.act("Print Letters", "Edith Perry")
    with page.expect_download(timeout=30_000) as download:
        page.get_by_role("button", name=re.compile("^File 1")).click(timeout=20_000)
    letter = tmp_path / "letter.pdf"
    download.value.save_as(letter)
    text = subprocess.run(["pdftotext", "-layout", letter, "-"], capture_output=True, text=True, check=True).stdout
    key = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}", text)
    assert key is not None
    assert "Finn Cole" in text
    assert "Dana Cole" not in text
    assert "Amara" not in text

    # Another contact gets a mail, which waits in the outbox.
    office.act("Generate Keys", "Amara Cole")
    office.keys_of("Amara Cole")
    expect(page.get_by_role("row", name="Amara Cole")).to_contain_text("Ready", timeout=20_000)
    office.act("Send Emails", "Amara Cole")
    office.keys_of("Amara Cole")
    expect(page.get_by_role("row", name="Amara Cole")).to_contain_text("Sending", timeout=20_000)
    page.goto(f"{here}/portal-console/outbox/")
    expect(page.locator("main")).to_contain_text("amara@home.example")

    # On a phone: the key, an account, the second proof, yes to the children.
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.set_default_timeout(15_000)
    phone.goto(f"{here}/key/#k={key.group()}")
    expect(phone.locator("[name=key]")).to_have_value(key.group())
    assert "#" not in phone.url
    phone.get_by_role("button", name="Continue").click()
    phone.get_by_role("link", name=re.compile("^Create an account")).click()
    phone.locator("[name=email]").fill(EMAIL)
    phone.get_by_role("button", name="Send the code").click()
    expect(phone.locator("[name=code]")).to_be_visible()
    phone.locator("[name=code]").fill(one_time_code(Registration.objects.get(tenant=tenant).nonce))
    phone.get_by_role("button", name="Confirm").click()
    phone.locator("[name=name]").fill("Edith Perry")
    phone.locator("[name=password]").fill("a long walk along the creek")
    phone.locator("main form").get_by_role("button").last.click()
    for part, value in {"day": "27", "month": "3", "year": "2014"}.items():
        phone.locator(f"[name={part}]").fill(value)
    phone.locator("main form").get_by_role("button").last.click()
    expect(phone.locator("main")).to_contain_text("Finn")
    expect(phone.locator("main")).not_to_contain_text("Dana")
    phone.get_by_role("button", name=re.compile("^Yes")).click()
    phone.goto(f"{here}/home/")
    phone.get_by_role("link", name=re.compile("Finn")).first.click()
    for fact in ["Finn", "7", "7B"]:
        expect(phone.locator("main")).to_contain_text(fact)

    # The office sees her username, and no live key.
    office.keys_of("Edith Perry")
    row = page.get_by_role("row", name="Edith Perry")
    expect(row).to_contain_text(EMAIL)
    expect(row).to_contain_text("Connected")

    # Another child, and no new key.
    office.open_contacts_of("Dana Cole")
    page.get_by_role("link", name="Add a contact").click()
    page.locator("main #q").fill("Edith")
    page.locator("#found").get_by_role("link", name="Choose Edith Perry").click()
    page.locator("[name=relationship]").fill("grandmother")
    page.get_by_role("button", name="Add the contact").click()
    office.set_access("Dana Cole", "Edith Perry", on=True)
    office.publish("Dana Cole")
    phone.goto(f"{here}/home/")
    expect(phone.locator("main")).to_contain_text("Finn")
    expect(phone.locator("main")).to_contain_text("Dana")

    # The toggle goes off, synced: that child is gone, the other stays.
    office.set_access("Finn Cole", "Edith Perry", on=False)
    phone.reload()
    expect(phone.locator("main")).to_contain_text("Finn")
    office.publish("no longer see")
    phone.reload()
    expect(phone.locator("main")).not_to_contain_text("Finn")
    expect(phone.locator("main")).to_contain_text("Dana")

    # A restriction is saved: gone at once.
    office.open_contacts_of("Dana Cole")
    page.get_by_role("row", name="Edith Perry").get_by_role("link", name=re.compile("^Restrict")).click()
    page.locator("main form [name=reason]").fill("Court order")
    page.get_by_role("button", name="Save the restriction").click()
    expect(page.locator("main")).to_contain_text("Restricted")
    phone.reload()
    expect(phone.locator("main")).not_to_contain_text("Dana")
    assert live_stack.run("audit", "verify", "--tenant", tenant.code).returncode == 0
