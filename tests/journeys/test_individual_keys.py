"""Individual registration keys as a district's office makes them, step by step, in real browsers with real workers (registration-keys §4, §5)."""

import pytest
from django.utils import timezone

from schoolgate.keys.models import AccessKey, KeyState, SubjectKind
from tests.console.test_data_sync_browser import check, sign_in
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import code_of, make_redeemed_key
from tests.factories.tenancy import make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(live_stack):
    return make_tenant(help_line="02 5550 1234", portal_open=True)


@pytest.fixture
def here(live_stack, tenant):
    return f"{live_stack.url}/s-{tenant.code}/"


@pytest.fixture
def school(tenant):
    make_school(tenant, name="Old Mill School", is_active=False)
    return make_school(tenant, name="Wattle Creek High")


@pytest.fixture
def mia(tenant, school):
    """A student with a mother, a father who is registered, a barred uncle."""
    mia = make_student(tenant, school=school, family_name="van der Berg", given_name="Mia", student_no="00417")
    make_link(mia, make_contact(tenant, family_name="Berg", given_name="Amara"), order=1)
    father = make_contact(tenant, family_name="Berg", given_name="Bo")
    make_link(mia, father, relationship="Father", order=2)
    make_redeemed_key(father, at=timezone.now())
    uncle = make_contact(tenant, family_name="Cole", given_name="Theo")
    make_link(mia, uncle, relationship="Uncle", order=3)
    make_bar(mia, uncle)
    make_student(tenant, school=school, family_name="Bergson", given_name="Al")
    make_student(tenant, school=school, family_name="Bergland", given_name="Cy", is_active=False)
    return mia


def search(page, here, **fields):
    page.goto(f"{here}parent-access-administration/registration-keys/")
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)
    page.get_by_role("button", name="Go", exact=True).click()


def open_window(page, student):
    page.click(f"#open-{student.pk}")
    page.wait_for_selector("dialog[open] #window-title")


def focus_comes_back(page, student):
    """The window closes, and the row's own button has the focus again."""
    page.wait_for_selector("dialog:not([open])", state="attached")
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == f"open-{student.pk}":
            return
        page.wait_for_timeout(50)
    raise AssertionError(page.evaluate("document.activeElement.outerHTML"))


def test_the_offices_page_step_by_step(page, context, tenant, here, school, mia):
    """R-RK-01 to R-RK-07, R-RK-09, R-SK-01 to R-SK-14, in the words of the original."""
    sign_in(page, here, make_member(tenant))
    other = context.new_page()
    page.goto(f"{here}parent-access-administration/registration-keys/")
    check(page)
    assert "Old Mill School" not in page.inner_text("#seek_school")
    page.check("text=Show Inactive Schools")
    page.wait_for_selector("#seek_school option:has-text('Old Mill School (inactive)')", state="attached")
    page.get_by_role("link", name="Reset").click()
    page.get_by_role("button", name="Go", exact=True).click()
    assert "Choose a school, or enter a Student Id or a surname." in page.inner_text("main")
    check(page)
    page.get_by_label("School", exact=True).select_option("Wattle Creek High")
    page.get_by_label("Student Last Name").fill("berg")
    page.get_by_role("button", name="Go", exact=True).click()
    assert "Select Students" in page.inner_text("main")
    assert [" ".join(chip.split()) for chip in page.locator(".sg-select .sg-chip").all_inner_texts()] == [
        "Active 2",
        "Inactive 1",
        "All 3",
    ]
    page.click(".sg-select >> text=All")
    assert page.locator(".sg-regkeys tbody tr").count() == 3
    check(page)
    other.goto(page.url)  # A second list, and later a second window, of somebody else.
    assert "1 registered, 1 gap of 3" in other.inner_text(f"#row-{mia.pk}")

    open_window(page, mia)
    assert page.inner_text("#window-title") == "Student Key Information"
    check(page)
    open_window(other, mia)
    page.get_by_role("button", name="Add a Key for Student Use").click()
    page.wait_for_selector("#shown-key")
    own = AccessKey.objects.get(subject_kind=SubjectKind.STUDENT_SELF, subject_id=mia.pk)
    assert page.inner_text("#shown-key") == code_of(own).grouped
    assert page.locator("#add-own").is_disabled()
    assert "Replace it if it is lost" in page.inner_text("#own-why")
    check(page)
    other.wait_for_selector(f"#window-keys >> text={own.selector}", timeout=6_000)  # By itself: R-RK-09.
    assert other.locator("#shown-key").count() == 0

    page.get_by_role("link", name="Add a Key for Parent Use").click()
    page.wait_for_selector("text=Select a Contact")
    page.wait_for_selector("button:disabled:has-text('Generate a Parent Key')")
    generate = page.get_by_role("button", name="Generate a Parent Key")
    assert "Registered as" in page.inner_text("#window-in")
    assert "Restricted from this student." in page.inner_text("#window-in")
    assert page.locator("input[name=contact]:enabled").count() == 1
    assert "Amara Berg will see this student." in page.inner_text("#window-in")
    check(page)
    page.check("input[name=contact]:enabled")
    generate.click()
    page.wait_for_selector("text=The parent key of Amara Berg is made.")
    parents = AccessKey.objects.get(subject_kind=SubjectKind.CONTACT, state=KeyState.LIVE)
    assert parents.selector in page.inner_text("#window-keys")
    other.wait_for_selector(f"#window-keys >> text={parents.selector}", timeout=6_000)

    page.keyboard.press("Escape")
    focus_comes_back(page, mia)
    page.wait_for_selector(f"#row-{mia.pk} >> text=1 registered, 1 live of 3", timeout=6_000)
    assert page.evaluate("document.activeElement.id") == f"open-{mia.pk}"
    other.keyboard.press("Escape")
    other.wait_for_selector(f"#row-{mia.pk} >> text=Ready", timeout=6_000)


def test_every_way_out_closes_the_window_and_gives_the_focus_back(page, tenant, here, mia):
    """R-SK-06: Esc, Close and Back; and by keyboard alone (design.md §13 (3))."""
    sign_in(page, here, make_member(tenant))
    search(page, here, Student_Last_Name="van der")
    address = page.url

    def is_closed():
        focus_comes_back(page, mia)
        assert page.url == address

    page.focus(f"#open-{mia.pk}")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] #window-title")
    page.keyboard.press("Escape")
    is_closed()
    open_window(page, mia)
    page.click("[data-close-dialog]")
    is_closed()
    open_window(page, mia)
    page.go_back()
    is_closed()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] #add-parent")
    page.focus("#add-parent")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] >> text=Select a Contact")
    page.focus("input[name=contact]:enabled")
    page.keyboard.press("Space")
    page.wait_for_selector("button:enabled:has-text('Generate a Parent Key')")
    assert page.get_by_role("button", name="Generate a Parent Key").is_enabled()
    page.keyboard.press("Escape")
    is_closed()
    assert not AccessKey.objects.filter(state=KeyState.LIVE).exists()


def test_without_script_the_window_is_a_page(browser, tenant, here, mia):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, here, make_member(tenant))
    search(page, here, Student_Id="417")
    page.click(f"#open-{mia.pk}")
    page.get_by_role("button", name="Add a Key for Student Use").click()
    own = AccessKey.objects.get(subject_kind=SubjectKind.STUDENT_SELF)
    assert code_of(own).grouped in page.inner_text("main")
    page.get_by_role("link", name="Add a Key for Parent Use").click()
    page.check("input[name=contact]:enabled")
    page.get_by_role("button", name="Generate a Parent Key").click()
    parents = AccessKey.objects.get(subject_kind=SubjectKind.CONTACT, state=KeyState.LIVE)
    assert code_of(parents).grouped in page.inner_text("main")
    page.click("[data-close-dialog]")
    assert "1 registered, 1 live of 3" in page.inner_text(f"#row-{mia.pk}")
    context.close()


def test_students_are_ticked_and_their_parents_get_keys(page, tenant, here, mia):
    """R-RK-13, R-GP-01: ticks are kept as they are made, outlive the page, and lead to the group's run."""
    sign_in(page, here, make_member(tenant))
    search(page, here, Student_Last_Name="van der")
    page.check(f"input[name=ticked][value='{mia.pk}']")
    page.wait_for_selector("#selected >> text=1 selected")
    check(page)
    page.reload()
    assert page.locator(f"input[name=ticked][value='{mia.pk}']").is_checked()
    search(page, here, Student_Last_Name="bergson")
    assert "1 not on this page" in page.inner_text("#batch")
    page.get_by_role("button", name="Select All", exact=True).click()
    page.wait_for_selector("#selected >> text=2 selected")
    page.get_by_role("button", name="Generate Parent Registration Keys…").click()
    page.wait_for_url("**/groups/**")
    assert "Makes 1 key for parent use." in " ".join(page.inner_text("main").split())
    page.go_back()
    page.get_by_role("button", name="Unselect All").click()
    page.wait_for_selector("#selected >> text=Nothing selected")
