"""From two sheets of one run to two homes, on a phone: a mother of two children, and a student (registration-keys §10, R-SU-01 to R-SU-06).

In English, and in Arabic from right to left; each page passes axe.
"""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from schoolgate.jobs.run import run_job
from schoolgate.keys.generate import start_generate
from schoolgate.keys.models import Tie
from schoolgate.keys.subjects import of_contacts, of_students
from schoolgate.letters.letter_file import fetch_letter_file
from schoolgate.letters.print_letters import start_print_letters
from schoolgate.tenancy.models import Tenant, User, UserKind
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.tenancy import actor, make_school, make_tenant
from tests.letters.pages import text_of_pages
from tests.portal.test_pages import faults_of
from tests.portal.world import NEW_PASSWORD, code_mailed

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = {"width": 390, "height": 844}
BUTTON = "main form .sg-btn"
KEY = re.compile(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}\b")


class Sheets:
    """A run that made and printed a key for a mother and one for her elder child."""

    def __init__(self) -> None:
        self.tenant: Tenant = make_tenant(portal_open=True, help_line="02 5550 1234")
        school = make_school(self.tenant, name="Acacia High")
        mother = make_contact(self.tenant, given_name="Amara", family_name="Okafor")
        self.ada = make_student(self.tenant, school=school, given_name="Ada", student_no="00123")
        obi = make_student(self.tenant, school=school, given_name="Obi", year_level="4")
        for child in (self.ada, obi):
            make_link(child, mother)
        subjects = [*of_contacts([mother.pk]), *of_students([self.ada.pk])]
        at = timezone.now()
        run_job(start_generate(tenant=self.tenant, subjects=subjects, by=actor(), at=at, queued=False).pk)
        job = start_print_letters(tenant=self.tenant, subjects=subjects, by=actor(), at=at, queued=False)
        run_job(job.pk)
        job.refresh_from_db()
        pages = text_of_pages(fetch_letter_file(tenant=self.tenant, job=job, file_no=1, by=actor(), at=at).pdf)
        [self.for_parent] = [KEY.findall(page)[0] for page in pages[:2] if "Dear Amara" in page]
        [self.for_student] = [KEY.findall(page)[0] for page in pages[:2] if "makes your own account" in page]


class Phone:
    def __init__(self, browser: Browser, url: str, language: str) -> None:
        self.context = browser.new_context(base_url=url, viewport=PHONE, locale=language, reduced_motion="reduce")
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []

    def look(self) -> None:
        self.faults += [f"{self.page.url}: {fault}" for fault in faults_of(self.page)]
        self.page.set_viewport_size(PHONE)

    def press(self, what: str = BUTTON) -> None:
        with self.page.expect_navigation():
            self.page.locator(what).first.click()
        self.look()

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"#id_{name}", value)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_mother_of_two_and_a_student_sign_up_each_by_their_own_sheet(
    browser: Browser, live_server: Any, language: str
) -> None:
    sheets = Sheets()
    here = f"/s-{sheets.tenant.code}/"

    mother = Phone(browser, live_server.url, language)
    page = mother.page
    page.goto(here)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    mother.press(".sg-door[href$='/sign-up/']")
    mother.press(".sg-door[href$='/key/']")
    mother.fill(key=sheets.for_parent.lower())
    mother.press()
    mother.press(".sg-door[href$='/new/']")
    mother.fill(email="amara@home.example")
    mother.press()
    mother.fill(code=code_mailed(sheets.tenant))
    mother.press()
    mother.fill(name="Amara Okafor", password=NEW_PASSWORD)
    mother.press()
    mother.fill(day="27", month="3", year="2014")
    mother.press()
    expect(page.locator(".sg-kid h2")).to_have_text(["Ada", "Obi"])
    mother.press("button[value=yes]")
    expect(page.locator(".sg-kid b")).to_have_text(["Ada Okafor", "Obi Okafor"])

    student = Phone(browser, live_server.url, language)
    page = student.page
    page.goto(here)
    student.press(".sg-door[href$='/sign-up/']")
    student.press(".sg-door[href$='as=student']")
    student.fill(key=sheets.for_parent)
    student.press()
    student.fill(day="27", month="3", year="2014")
    student.press()
    expect(page.locator(".sg-note-warn")).to_be_visible()  # The mother's sheet was used, and says so to its holder.
    page.goto(f"{here}key/#k={sheets.for_student}")  # The square of her own sheet says nothing of whose it is.
    student.press()
    student.press(".sg-door[href$='/key/student/']")
    student.fill(day="28", month="3", year="2014")
    student.press()
    expect(page).to_have_title(re.compile("^(Problem|مشكلة):"))
    student.fill(day="27")
    student.press()
    expect(page.locator("main")).to_contain_text("Ada")
    student.fill(username="00123", password=NEW_PASSWORD)
    student.press()
    expect(page.locator(".sg-sum li")).to_have_count(1)
    student.fill(username="ada2014", password=NEW_PASSWORD)
    student.press()
    expect(page.locator("h1")).to_have_text("Ada Okafor")
    for fact in ("Acacia High", "7B", "00123"):
        expect(page.locator(".sg-facts")).to_contain_text(fact)
    expect(page.locator("body")).not_to_contain_text("Amara")
    for name in ("my-access", "account"):
        student.press(f".sg-bottom a[href$='/{name}/']")

    page.goto(f"{here}account/")
    page.locator("form[action$='/sign-out/'] button").first.click()
    page.goto(f"{here}sign-in/")
    student.fill(username="ADA2014", password=NEW_PASSWORD)
    student.press()
    expect(page.locator("h1")).to_have_text("Ada Okafor")

    for phone in (mother, student):
        assert not phone.faults, "\n".join(phone.faults)
        phone.context.close()
    kinds = User.objects.for_tenant(sheets.tenant).accounts().values_list("kind", flat=True)
    assert sorted(kinds) == sorted([UserKind.FAMILY, UserKind.STUDENT])
    assert sorted(Tie.objects.values_list("subject_kind", flat=True)) == ["contact", "student_self"]


def test_two_quick_presses_make_one_account(browser: Browser, live_server: Any) -> None:
    """§12.2, double click: one effect, whatever the second press is told."""
    sheets = Sheets()
    student = Phone(browser, live_server.url, "en")
    page = student.page
    page.goto(f"/s-{sheets.tenant.code}/key/?as=student")
    student.fill(key=sheets.for_student)
    student.press()
    student.fill(day="27", month="3", year="2014")
    student.press()
    student.fill(username="ada2014", password=NEW_PASSWORD)
    page.evaluate("() => { const form = document.querySelector('#id_username').form; form.submit(); form.submit(); }")
    page.wait_for_load_state("networkidle")
    expect(page.locator("h1")).not_to_be_empty()
    assert User.objects.filter(kind=UserKind.STUDENT).count() == 1
    assert Tie.objects.count() == 1
    student.context.close()
