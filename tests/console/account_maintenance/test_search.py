"""The search of Account Maintenance: registration-keys §8, R-AM-01, R-AM-02, R-RK-01 to R-RK-06."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from schoolgate.accounts.disable import disable_accounts
from schoolgate.accounts.disclaim import disclaim_child
from schoolgate.audit.models import SearchNote
from schoolgate.audit.searches import KEPT_FOR, forget_searches
from schoolgate.audit.verify import verify_audit
from schoolgate.tenancy.models import Membership, Role, User, UserKind
from tests.console.account_maintenance.office import address, look, shown, sign_in, text_of
from tests.factories.accounts import family
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_redeemed_key
from tests.factories.tenancy import actor, make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(time_zone="Australia/Sydney")


def make_family(tenant, email, *, name="Amara Okafor", school=None, **student):
    """An account that sees one child of this school."""
    account = make_account(tenant, email=email)
    User.objects.filter(pk=account.pk).update(name=name)
    child = make_student(tenant, school=school, **student)
    given_name, _, family_name = name.partition(" ")
    contact = make_contact(tenant, given_name=given_name, family_name=family_name)
    make_link(child, contact)
    make_redeemed_key(contact, account=account)
    return account, child, contact


def test_nothing_is_listed_before_the_first_go(client, tenant):
    make_family(tenant, "amara@home.example")
    sign_in(client, tenant)
    page = client.get(address(tenant, "search"))
    assert page.status_code == 200
    assert "amara@home.example" not in page.text
    assert "Look for an account" in page.text


def test_go_without_anything_is_marked_and_searches_nothing(client, tenant):
    make_family(tenant, "amara@home.example")
    sign_in(client, tenant)
    page = look(client, tenant, "go=1&last_name=&school=")
    assert page.status_code == 422
    assert "Choose a school, or fill in at least one field." in page.text
    assert "amara@home.example" not in page.text


@pytest.mark.parametrize("field", ["last_name", "email", "username", "student_last_name"])
def test_one_letter_is_too_little_but_one_sign_of_a_script_without_case_is_a_surname(client, tenant, field):
    sign_in(client, tenant)
    assert look(client, tenant, f"go=1&{field}=o").status_code == 422
    assert look(client, tenant, f"go=1&{field}=李").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "last_name=okaf",
        "last_name=OKAF",
        "email=amara@",
        "email=home.exam",
        "username=mara",
        "student_last_name=berg",
        "student_last_name=van der",
        "student_last_name=VÁN",
        "student_no=0042",
        "student_no=42",
    ],
)
def test_found_by_name_address_username_and_student(client, tenant, query):
    make_family(tenant, "amara@home.example", family_name="van der Berg", given_name="Ada", student_no="0042")
    make_family(tenant, "zed@else.example", name="Zed Quill", family_name="Quill", student_no="9999")
    sign_in(client, tenant)
    assert shown(look(client, tenant, f"go=1&{query}")) == ["amara@home.example"]


def test_an_account_is_found_by_the_published_name_of_whom_it_acts_for(client, tenant):
    account = make_account(tenant, email="z@home.example")
    make_redeemed_key(make_contact(tenant, family_name="Müller", sort_name="muller zoe"), account=account)
    sign_in(client, tenant)
    assert shown(look(client, tenant, "go=1&last_name=Muller")) == ["z@home.example"]


def test_leading_zeros_count_as_typed_and_a_second_search_without_them_is_named(client, tenant):
    make_family(tenant, "amara@home.example", student_no="42")
    sign_in(client, tenant)
    page = look(client, tenant, "go=1&student_no=0042")
    assert shown(page) == ["amara@home.example"]
    assert "No account for this Student ID as typed. These are for 42." in text_of(page)


@pytest.mark.parametrize(
    "words",
    ["%", "_", "%25", "'; --", "a%b", "*" * 90, "\ud83d\ude00x".encode("utf-16", "surrogatepass").decode("utf-16")],
)
@pytest.mark.parametrize("field", ["last_name", "email", "username", "student_last_name", "student_no"])
def test_signs_of_patterns_are_plain_and_naughty_strings_no_fault(client, tenant, words, field):
    make_family(tenant, "amara@home.example", student_no="42")
    sign_in(client, tenant)
    page = client.get(address(tenant, "search"), {"go": "1", field: words})
    assert page.status_code in {200, 422}
    assert "amara@home.example" not in page.text


def test_nonsense_in_the_address_gives_the_default_list(client, tenant):
    make_family(tenant, "amara@home.example")
    sign_in(client, tenant)
    page = look(client, tenant, "accounts=all&kind=robot&state=x&locked=?&seen=1&sort=zz&page=1000000000&rows=7")
    assert shown(page) == ["amara@home.example"]
    assert client.get(address(tenant, "search"), {"go": "1", "last_name": "a\0b"}).status_code == 200


def test_more_than_a_hundred_signs_are_refused_at_the_field(client, tenant):
    sign_in(client, tenant)
    assert look(client, tenant, "go=1&last_name=" + "x" * 101).status_code == 422


def test_the_school_list_has_active_schools_and_the_inactive_on_demand(client, tenant):
    make_school(tenant, name="Old Hill", is_active=False)
    make_school(tenant, name="New Hill")
    sign_in(client, tenant)
    assert "Old Hill" not in client.get(address(tenant, "search")).text
    assert "Old Hill (inactive)" in look(client, tenant, "inactive=on").text


def test_hiding_the_inactive_falls_back_to_all_schools_and_says_so(client, tenant):
    old = make_school(tenant, name="Old Hill", is_active=False)
    sign_in(client, tenant)
    page = look(client, tenant, f"school={old.pk}")
    assert "Inactive schools are hidden again" in page.text


def test_a_school_finds_the_accounts_of_its_students(client, tenant):
    here, there = make_school(tenant), make_school(tenant)
    make_family(tenant, "here@home.example", school=here)
    make_family(tenant, "there@home.example", school=there)
    sign_in(client, tenant)
    assert shown(look(client, tenant, f"go=1&school={here.pk}")) == ["here@home.example"]


def test_with_and_without_students_is_about_now(client, tenant):
    today = timezone.now().date()
    make_family(tenant, "sees@home.example")
    _, child, contact = make_family(tenant, "barred@home.example")
    make_bar(child, contact, starts_on=today - timedelta(days=3))
    make_account(tenant, email="nokey@home.example")
    sign_in(client, tenant)
    assert shown(look(client, tenant, "accounts=with")) == ["sees@home.example"]
    assert sorted(shown(look(client, tenant, "accounts=without"))) == ["barred@home.example", "nokey@home.example"]


def test_each_of_the_three_says_how_many_of_the_search_it_has(client, tenant):
    """R-RK-06, R-AM-01."""
    make_family(tenant, "amara@home.example")
    for number in range(2):
        make_account(tenant, email=f"nokey{number}@home.example")
    make_account(tenant, email="other@home.example", kind=UserKind.STUDENT)
    sign_in(client, tenant)
    for accounts in ("all", "with", "without"):
        page = text_of(look(client, tenant, f"accounts={accounts}&kind=family"))
        assert "All 3 With Students 1 Without Students 2" in page


def test_an_account_without_students_says_why(client, tenant):
    account, child, _contact = make_family(tenant, "said@home.example")
    disclaim_child(tenant=tenant, account=account, student_id=child.pk, by=family(account), at=timezone.now())
    make_account(tenant, email="nokey@home.example")
    _, gone, _ = make_family(tenant, "left@home.example")
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    sign_in(client, tenant)
    page = look(client, tenant, "accounts=without")
    whys = {row.account.username: row.why_codes for row in page.context["rows"]}
    assert whys == {
        "said@home.example": ("disclaimed",),
        "nokey@home.example": ("no_key",),
        "left@home.example": ("student_left",),
    }
    for words in ("The family said: not my child", "No key used yet", "The student has left"):
        assert words in page.text


def test_kind_state_and_sign_in_narrow_the_list(client, tenant):
    now = timezone.now()
    old = make_account(tenant, email="old@home.example")
    new = make_account(tenant, email="new@home.example")
    make_account(tenant, email="never@home.example")
    make_account(tenant, email="pupil1", kind=UserKind.STUDENT)
    make_account(tenant, email="waits@home.example", confirmed=False)
    User.objects.filter(pk=old.pk).update(last_login=now - timedelta(days=100))
    User.objects.filter(pk=new.pk).update(last_login=now)
    disable_accounts(school_ids=None, tenant=tenant, account_ids=[old.pk], reason="moved", by=actor(), at=now)
    sign_in(client, tenant)
    assert shown(look(client, tenant, "accounts=all&kind=student")) == ["pupil1"]
    assert shown(look(client, tenant, "accounts=all&state=disabled")) == ["old@home.example"]
    assert shown(look(client, tenant, "accounts=all&state=unconfirmed")) == ["waits@home.example"]
    assert "old@home.example" not in shown(look(client, tenant, "accounts=all&state=active"))
    assert "new@home.example" not in shown(look(client, tenant, "accounts=all&seen=never"))
    day = (now - timedelta(days=30)).date()
    assert "old@home.example" in shown(look(client, tenant, f"accounts=all&not_since={day}"))
    assert "new@home.example" not in shown(look(client, tenant, f"accounts=all&not_since={day}"))


def test_locked_has_two_causes_each_with_icon_and_words(client, tenant):
    now = timezone.now()
    tries, staff = make_account(tenant, email="tries@home.example"), make_account(tenant, email="staff@home.example")
    make_account(tenant, email="free@home.example")
    User.objects.filter(pk=tries.pk).update(locked_until=now + timedelta(minutes=10))
    disable_accounts(school_ids=None, tenant=tenant, account_ids=[staff.pk], reason="moved", by=actor(), at=now)
    sign_in(client, tenant)
    assert shown(look(client, tenant, "accounts=all&locked=tries")) == ["tries@home.example"]
    assert shown(look(client, tenant, "accounts=all&locked=staff")) == ["staff@home.example"]
    page = look(client, tenant, "accounts=all&locked=any&sort=username")
    assert shown(page) == ["staff@home.example", "tries@home.example"]
    assert "Too many tries until" in text_of(page)
    assert "Stopped by staff" in text_of(page)


def test_a_lock_that_has_ended_is_none(client, tenant):
    account = make_account(tenant)
    User.objects.filter(pk=account.pk).update(locked_until=timezone.now() - timedelta(seconds=1))
    sign_in(client, tenant)
    assert shown(look(client, tenant, "accounts=all&locked=any")) == []


def test_nothing_found_names_the_filter_that_hides_it(client, tenant):
    make_family(tenant, "amara@home.example")
    sign_in(client, tenant)
    page = look(client, tenant, "accounts=without&last_name=okafor")
    assert "Without the filters below the search there is 1." in text_of(page)


def test_a_member_of_one_school_finds_its_people_and_their_children_there_alone(client, tenant):
    """R-AM-01: an account of two schools is found by both, and each sees its own children."""
    here, there = make_school(tenant, name="Here"), make_school(tenant, name="There")
    both, _child, contact = make_family(tenant, "both@home.example", school=here, given_name="Nell")
    make_link(make_student(tenant, school=there, given_name="Otto"), contact)
    other, _, _ = make_family(tenant, "there@home.example", school=there)
    make_account(tenant, email="nobody@home.example")
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=here)
    page = look(client, tenant)
    assert shown(page) == ["both@home.example"]
    assert "Nell" in page.text
    assert "Otto" not in page.text
    assert "and 1 at another school" in page.text
    assert "Otto" not in client.get(address(tenant, "account", both.pk)).text
    assert client.get(address(tenant, "account", other.pk)).status_code == 404
    assert shown(look(client, tenant, "go=1&student_last_name=okafor")) == ["both@home.example"]
    assert shown(look(client, tenant, "accounts=all&email=there@")) == []


def test_an_account_acting_for_people_of_another_school_shows_no_tie_of_theirs(client, tenant):
    here, there = make_school(tenant), make_school(tenant)
    account, _, _ = make_family(tenant, "both@home.example", school=here)
    stranger = make_contact(tenant, given_name="Strangerly")
    make_link(make_student(tenant, school=there), stranger)
    tie = make_redeemed_key(stranger, account=account)
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=here)
    assert "Strangerly" not in client.get(address(tenant, "account", account.pk)).text
    assert client.get(address(tenant, "unlink", account.pk, tie.pk)).status_code == 404


def test_the_number_of_queries_doesnt_grow_with_the_rows(client, tenant):
    """R-CK-18."""
    sign_in(client, tenant)
    make_family(tenant, "a0@home.example")
    counts = []
    for start, n in ((1, 1), (10, 40)):
        for number in range(start, start + n):
            make_family(tenant, f"a{number}@home.example")
        with CaptureQueriesContext(connection) as queries:
            look(client, tenant)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 25


def test_a_search_by_name_or_id_is_in_the_audit_once_and_without_its_words(client, tenant):
    """registration-keys §11."""
    make_family(tenant, "amara@home.example")
    sign_in(client, tenant)
    look(client, tenant, "go=1&last_name=okafor")
    look(client, tenant, "go=1&last_name=okafor&accounts=with&page=2")
    look(client, tenant, "go=1&last_name=okafor&student_no=zz")
    look(client, tenant, "accounts=all")
    notes = SearchNote.objects.filter(what="accounts").order_by("pk")
    assert [(note.fields, note.hits) for note in notes] == [(["last_name"], 1), (["last_name", "student_no"], 0)]
    assert "okafor" not in repr(list(notes.values())).casefold()
    page = client.get(reverse("console:records:searches", args=[tenant.code]))
    assert "searched for accounts by family name, Student Id: 0 found." in text_of(page)


def test_searches_are_kept_for_ninety_days_and_the_chain_verifies_without_them(client, tenant):
    """registration-keys §11."""
    sign_in(client, tenant)
    look(client, tenant, "go=1&last_name=okafor")
    forget_searches(at=timezone.now() + KEPT_FOR - timedelta(hours=1))
    assert SearchNote.objects.count() == 1
    forget_searches(at=timezone.now() + KEPT_FOR)
    assert not SearchNote.objects.exists()
    assert verify_audit(tenant_id=tenant.pk).ok


def test_a_member_for_one_school_reads_their_own_searches_and_an_auditor_all(client, tenant):
    sign_in(client, tenant)
    look(client, tenant, "go=1&last_name=okafor")
    here = reverse("console:records:searches", args=[tenant.code])
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=make_school(tenant))
    assert "searched for" not in text_of(client.get(here))
    sign_in(client, tenant, Role.ENROLMENTS_OFFICER)
    assert "searched for" not in text_of(client.get(here))
    member = sign_in(client, tenant, Role.ENROLMENTS_OFFICER)
    Membership.objects.create(tenant=tenant, user=member, role=Role.PORTAL_OFFICER, school=make_school(tenant))
    assert "searched for" not in text_of(client.get(here)), "keys of one school alone"
    sign_in(client, tenant, Role.AUDITOR)
    assert "searched for" in text_of(client.get(here))


def test_the_menu_leads_here_once(client, tenant):
    """Portal Console › Manage Users is this same page (portal-console §11): one entry, not two."""
    sign_in(client, tenant)
    page = client.get(reverse("console:home", args=[tenant.code]))
    assert page.text.count(address(tenant, "search")) == 1


def test_an_auditor_reads_and_has_no_button(client, tenant):
    account, _, _ = make_family(tenant, "amara@home.example")
    sign_in(client, tenant, Role.AUDITOR, every_single_right=False)
    page = client.get(address(tenant, "account", account.pk))
    for words in ("Disable", "Delete", "Unlink", "Reset password", "Remove student"):
        assert words not in text_of(page)
