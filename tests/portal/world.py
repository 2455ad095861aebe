"""One small school as its families meet it, and the way through every page of the portal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from playwright.sync_api import Page

from schoolgate.accounts.models import PasswordReset, Registration
from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.tenancy.models import Tenant, TenantSettings
from schoolgate.tenancy.one_time import one_time_code, one_time_token
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key
from tests.factories.students import Slip
from tests.factories.tenancy import PASSWORD, make_account, make_member, make_school, make_tenant

NEW_PASSWORD = "four words that differ"


@dataclass(frozen=True)
class Family:
    """A mother, Amara, with two children; her key in groups, as her letter shows it."""

    tenant: Tenant
    contact: DirectoryContact
    children: list[DirectoryStudent]
    key_row: AccessKey

    @property
    def key(self) -> str:
        return code_of(self.key_row).grouped

    @property
    def here(self) -> str:
        return f"/s-{self.tenant.code}"


def make_family(tenant: Tenant | None = None) -> Family:
    tenant = tenant or make_tenant(portal_open=True, help_line="02 5550 1234")
    school = make_school(tenant)
    contact = make_contact(tenant, given_name="Amara", family_name="Okafor", email="amara@home.example")
    children = [
        make_student(tenant, school=school, given_name="Ada", birth_date=date(2014, 3, 27)),
        make_student(
            tenant, school=school, given_name="Obi", birth_date=date(2017, 9, 1), year_level="4", roll_class="4 Blue"
        ),
    ]
    for child in children:
        make_link(child, contact)
    return Family(tenant, contact, children, make_key(contact, at=timezone.now()))


def code_mailed(tenant: Tenant) -> str:
    """What the newest mail with a code says."""
    return one_time_code(Registration.objects.for_tenant(tenant).latest("asked_at").nonce)


def token_mailed(row: Registration | PasswordReset) -> str:
    """What the fragment of the mail's link says."""
    return f"{row.pk}.{one_time_token(row.nonce)}"


def mistyped(key: str) -> str:
    """The key with its last symbol wrong."""
    return key[:-1] + ("1" if key[-1] == "0" else "0")


def visit_every_page(page: Page, family: Family, url: str) -> Iterator[str]:
    """Walk through the portal by forms and links; stops at each page and each kind of refusal, and says its name."""
    tenant, here = family.tenant, url + family.here

    def press(what: str = "main button.sg-fbtn") -> None:
        with page.expect_navigation():
            page.locator(what).first.click()

    for name, path in {
        "welcome": "/", "sign-up": "/sign-up/", "key": "/key/", "key of a student": "/key/?as=student", "sign-in": "/sign-in/", "lost-letter": "/lost-letter/", "not-you": "/not-you/",
        "recover": "/recover/", "recover-password": "/recover/password/#t=1.abc",
    }.items():  # fmt: skip
        page.goto(here + path)
        yield name
    page.goto(here + "/key/")
    page.locator("details").first.locator("summary").click()
    yield "key, letter shown"
    page.fill("#id_key", mistyped(family.key))
    press()
    yield "key, mistyped"
    page.goto(here + "/sign-in/")
    page.fill("#id_username", "nobody@home.example")
    page.fill("#id_password", "wrong")
    press()
    yield "sign-in, refused"
    page.goto(here + "/recover/")
    page.fill("#id_email", "somebody.with.a.very.long.address@a.very.long.host.example")
    press()
    yield "recover, sent"

    page.goto(here + f"/key/#k={family.key.replace('-', '')}")
    yield "key, filled by the link"
    press()
    yield "account, two cards"
    press(".sg-door")
    yield "new account"
    page.fill("#id_email", "amara")
    press()
    yield "new account, refused"
    page.fill("#id_email", "amara@home.example")
    press()
    yield "confirm"
    page.fill("#id_code", "12345678")
    press()
    yield "confirm, refused"
    page.fill("#id_code", code_mailed(tenant))
    press()
    yield "complete"
    page.fill("#id_name", "Amara Okafor")
    page.fill("#id_password", "short")
    press()
    yield "complete, refused"
    page.fill("#id_password", NEW_PASSWORD)
    press()
    yield "check"
    for part, number in {"day": "1", "month": "2", "year": "2015"}.items():
        page.fill(f"#id_{part}", number)
    press()
    yield "check, refused"
    for part, number in {"day": "27", "month": "3", "year": "2014"}.items():
        page.fill(f"#id_{part}", number)
    press()
    yield "children"
    press("button[value=yes]")
    yield "home, just connected"
    page.reload()
    yield "home"
    press(".sg-kid")
    yield "child"
    page.goto(here + "/my-access/")
    yield "my access"
    page.goto(here + f"/children/{family.children[0].pk}/disclaim/")
    yield "disclaim"
    page.goto(here + "/account/")
    yield "account"
    page.fill("#id_current", "wrong")
    page.fill("#id_password", "short")
    press("form:has(#id_current) .sg-btn")
    yield "account, refused"
    page.goto(here + "/key/")
    page.fill("#id_key", family.key)
    press()
    yield "home, key added already"
    page.goto(here + "/children/999999999/")
    yield "not found"

    make_account(tenant, email="second@home.example")
    page.context.clear_cookies(name="schoolgate_session")
    page.goto(here + "/sign-in/")
    page.fill("#id_username", "second@home.example")
    page.fill("#id_password", PASSWORD)
    press()
    yield "home, empty"
    page.goto(here + "/my-access/")
    yield "my access, empty"
    page.goto(here + "/key/")
    page.fill("#id_key", family.key)
    press()
    yield "key, used by somebody else"
    page.goto(here + "/key/")
    page.fill("#id_key", code_of(make_key(make_contact(tenant), at=timezone.now())).grouped)
    press()
    yield "key, nobody to see"

    yield from _visit_as_student(page, Slip(tenant, at=timezone.now(), email="ada@school.example"), here)

    make_member(tenant, email="office@school.example")
    page.context.clear_cookies(name="schoolgate_session")
    page.goto(here + "/console/sign-in/")
    page.fill("#id_username", "office@school.example")
    page.fill("#id_password", PASSWORD)
    press("main button")
    page.goto(here + "/key/")
    yield "the office is signed in here"
    page.context.clear_cookies(name="schoolgate_session")
    TenantSettings.objects.filter(tenant=tenant).update(student_sign_up=False, forgot_password=False)
    page.goto(here + "/key/?as=student")
    yield "sign-up turned off"
    page.goto(here + "/recover/")
    yield "recover turned off"
    page.goto(here + "/sign-in/")
    yield "sign-in without recover"
    TenantSettings.objects.filter(tenant=tenant).update(portal_open=False, portal_opens_on=date(2027, 2, 1))
    page.goto(here + "/")
    yield "closed"


def _visit_as_student(page: Page, slip: Slip, here: str) -> Iterator[str]:
    """The student's own way: sign-up, home, My Access, account, address; then after the tie has ended."""

    def press(what: str = "main button.sg-fbtn") -> None:
        with page.expect_navigation():
            page.locator(what).first.click()

    page.context.clear_cookies(name="schoolgate_session")
    page.goto(here + "/key/?as=student")
    page.fill("#id_key", slip.code.grouped)
    press()
    yield "student, born"
    for part, number in {"day": "1", "month": "2", "year": "2015"}.items():
        page.fill(f"#id_{part}", number)
    press()
    yield "student, born, refused"
    for part, number in {"day": "27", "month": "3", "year": "2014"}.items():
        page.fill(f"#id_{part}", number)
    press()
    yield "student, account"
    page.fill("#id_username", slip.student.student_no)
    page.fill("#id_password", "short")
    press()
    yield "student, account, refused"
    page.fill("#id_username", "ada2014")
    page.fill("#id_email", "ada@home.example")
    page.fill("#id_password", NEW_PASSWORD)
    press()
    yield "student home, just made"
    for name in ("home", "my-access", "account", "account/email"):
        page.goto(f"{here}/{name}/")
        yield f"student {name}"
    page.fill("#id_code", "12345678")
    press()
    yield "student's address, code refused"
    page.goto(here + "/key/")
    page.fill("#id_key", slip.code.grouped)
    press()
    yield "student, key added already"
    Tie.objects.filter(subject_kind="student_self").update(ended_at=timezone.now(), ended_why="test")
    page.goto(here + "/home/")
    yield "student home, ended"
    page.goto(here + "/my-access/")
    yield "student access, ended"
    DirectoryStudent.objects.filter(pk=slip.student.pk).update(birth_date=None)
    slip.new_key(at=timezone.now())
    page.goto(here + "/key/")
    page.fill("#id_key", slip.code.grouped)
    press()
    yield "student, not ready"
