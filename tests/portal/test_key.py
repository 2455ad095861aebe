"""The pages from letter to child, as requests: R-RD-01, R-RD-02, R-RD-03, R-RD-05, R-RD-06, R-RD-09, R-RD-11, R-KY-03, §12.2."""

import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from schoolgate.keys.models import AccessKey, KeyAttempt, KeyState, Tie
from schoolgate.lib.keycode import draw_key
from schoolgate.tenancy.models import OfficeNotice, TenantSettings, User, UserKind
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key
from tests.factories.tenancy import make_account, make_exceptions, make_member, make_tenant
from tests.portal.world import Family, make_family, mistyped

SignIn = Callable[[User], Client]
BORN = {"day": "27", "month": "3", "year": "2014"}


def words(answer: HttpResponse) -> str:
    """The page without its tokens."""
    return re.sub(r'(name="csrfmiddlewaretoken" value|nonce)="[^"]*"', "", answer.content.decode())


def number_in(answer: HttpResponse) -> str:
    found = re.search(r'name="number" value="([^"]+)"', answer.content.decode())
    assert found is not None
    return found[1]


class Walker:
    """A signed-in family that types keys."""

    def __init__(self, family: Family, client: Client) -> None:
        self.family, self.client, self.here = family, client, family.here

    def type_key(self, key: str | None = None) -> HttpResponse:
        return self.client.post(f"{self.here}/key/", {"key": self.family.key if key is None else key})

    def to_children(self, key: str | None = None) -> str:
        """Up to the last page; the number in its form."""
        self.type_key(key)
        self.client.post(f"{self.here}/key/check/", BORN)
        return number_in(self.client.get(f"{self.here}/key/children/"))

    def answer(self, answer: str, number: str) -> HttpResponse:
        return self.client.post(f"{self.here}/key/children/", {"answer": answer, "number": number})


@pytest.fixture
def account(family: Family) -> User:
    return make_account(family.tenant, email="amara@home.example")


@pytest.fixture
def walker(family: Family, account: User, signed_in: SignIn) -> Walker:
    return Walker(family, signed_in(account))


PAGES = [
    "key/",
    "key/account/",
    "key/account/new/",
    "key/account/confirm/",
    "key/account/complete/",
    "key/check/",
    "key/children/",
]


@pytest.mark.parametrize("page", PAGES)
def test_claim_pages_send_no_referrer_are_not_stored_and_stand_in_no_frame(walker: Walker, page: str) -> None:
    answer = walker.client.get(f"{walker.here}/{page}")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "http" not in policy  # No third party.


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_at_the_pages_changes_nothing(walker: Walker, method: str) -> None:
    walker.to_children()
    before = AccessKey.objects.values().get(), KeyAttempt.objects.count(), Tie.objects.count()
    for page in PAGES:
        getattr(walker.client, method)(f"{walker.here}/{page}?key={walker.family.key}&k={walker.family.key}")
    assert (AccessKey.objects.values().get(), KeyAttempt.objects.count(), Tie.objects.count()) == before


def test_a_typing_slip_is_told_and_costs_no_try(walker: Walker) -> None:
    answer = walker.type_key(mistyped(walker.family.key))
    assert answer.status_code == 422
    assert "Something in this key is mistyped" in words(answer)
    assert "Compare it with your letter, one group at a time." in words(answer)
    assert not KeyAttempt.objects.exists()
    assert mistyped(walker.family.key) in words(answer)  # Nothing typed is lost.


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the key from your letter. It has 15 letters and numbers."),
        ("7QK4M-2XW9D-T31", "The key has 15 letters and numbers. You entered 13."),
        ("7QK4M-2XW9D-T31HDX", "The key has 15 letters and numbers. You entered 16."),
        ("7QU4M-2XW9D-T31HD", "Keys never use U. Look again at symbol 3."),
        ("7QK4M-2XW9D-T31HD and H3NPR-8V2TC-K7W64", "Paste only the key."),
        (
            "https://portal.elsewhere.example/s-Other1/key/#k=7QK4M2XW9DT31HD",
            "belongs to another portal (portal.elsewhere.example/s-Other1)",
        ),
    ],
)
def test_what_can_t_be_a_key_is_told_in_words(walker: Walker, typed: str, said: str) -> None:
    answer = walker.type_key(typed)
    assert (answer.status_code, said in words(answer)) == (422, True)
    assert not KeyAttempt.objects.exists()


@pytest.mark.parametrize(
    "form", ["{lower}", "Your key: {key}. It works once.", "http://testserver{here}/key/#k={plain}", "{spaced}"]
)
def test_a_key_is_taken_as_it_is_pasted(walker: Walker, form: str) -> None:
    key = walker.family.key
    pasted = form.format(
        lower=key.lower(),
        key=key,
        here=walker.here.swapcase().replace("/S-", "/s-"),
        plain=key.replace("-", ""),
        spaced=key.replace("-", " – "),
    )
    assert walker.type_key(pasted).headers.get("Location") == f"{walker.here}/key/check/"


def unproven(walker: Walker) -> dict[str, str]:
    """A key of each kind whose secret the person can't know, and one that nobody has."""
    other = make_family(walker.family.tenant)
    ended = {}
    for state in (KeyState.LIVE, KeyState.REDEEMED, KeyState.REVOKED, KeyState.EXPIRED, KeyState.REPLACED):
        key = make_key(make_contact(walker.family.tenant), at=timezone.now())
        AccessKey.objects.filter(pk=key.pk).update(state=state, ended_at=timezone.now())
        code = code_of(key)
        guess = next(g for g in iter(lambda: draw_key(taken=[]), None) if g.secret != code.secret)
        ended[state.value] = type(code)(code.selector, guess.secret).grouped
    ended["unknown"] = draw_key(taken=[row.selector for row in AccessKey.objects.all()]).grouped
    locked = other.key_row
    AccessKey.objects.filter(pk=locked.pk).update(locked_at=timezone.now(), failures=10)
    ended["locked"] = other.key
    ended["another tenant's"] = make_family(make_tenant(portal_open=True)).key
    return ended


def test_until_the_secret_is_proved_there_is_one_sentence_and_one_status(walker: Walker) -> None:
    said = set()
    for key in unproven(walker).values():
        answer = walker.type_key(key)
        said.add((answer.status_code, words(answer).replace(key, "")))
    assert len(said) == 1
    [(status, page)] = said
    assert status == 422
    assert "We could not use this key. Check it against your letter, or ask the school office for a new one." in page


def test_the_key_is_not_looked_up_before_an_account_stands_behind_it(family: Family, client: Client) -> None:
    answers = [client.post(f"{family.here}/key/", {"key": key}) for key in (family.key, draw_key(taken=[]).grouped)]
    assert {answer.headers["Location"] for answer in answers} == {f"{family.here}/key/account/"}
    assert not KeyAttempt.objects.exists()


def test_the_session_holds_no_key_and_no_date_in_clear(walker: Walker) -> None:
    walker.to_children()
    for session in Session.objects.all():
        text = f"{session.session_data}{session.get_decoded()}"
        assert walker.family.key not in text
        assert walker.family.key.replace("-", "") not in text
        assert "2014" not in text


def test_children_are_named_after_the_second_proof_only(walker: Walker) -> None:
    walker.type_key()
    assert walker.client.get(f"{walker.here}/key/children/").headers["Location"] == f"{walker.here}/key/check/"
    assert "Ada" not in words(walker.client.get(f"{walker.here}/key/check/"))
    walker.client.post(f"{walker.here}/key/check/", BORN)
    page = words(walker.client.get(f"{walker.here}/key/children/"))
    assert "Ada" in page
    assert "Okafor" not in page  # First name, year and school; no more (R-RD-09).


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"day": "31", "month": "2", "year": "2014"}, "There is no such day. Enter the date like 27 3 2016."),
        ({"day": "", "month": "3", "year": "2014"}, "Enter the date like 27 3 2016."),
        ({"day": "x", "month": "3", "year": "2014"}, "Enter the date like 27 3 2016."),
        ({"day": "27", "month": "3", "year": "2999"}, "This day is still to come."),
        ({"day": "27", "month": "3", "year": "14"}, "Enter the year with four digits."),
        ({"day": "٢٧", "month": "²", "year": "٢٠١٤"}, "Enter the date like 27 3 2016."),
    ],
)
def test_an_impossible_date_is_told_and_costs_no_try(walker: Walker, typed: dict[str, str], said: str) -> None:
    walker.type_key()
    answer = walker.client.post(f"{walker.here}/key/check/", typed)
    assert (answer.status_code, said in words(answer)) == (422, True)
    assert not KeyAttempt.objects.exists()


def test_arabic_digits_are_digits(walker: Walker) -> None:
    walker.type_key()
    answer = walker.client.post(f"{walker.here}/key/check/", {"day": "٢٧", "month": "٣", "year": "٢٠١٤"})
    assert answer.headers["Location"] == f"{walker.here}/key/children/"


def test_a_wrong_date_is_told_counts_and_the_form_stays_filled(walker: Walker) -> None:
    walker.type_key()
    answer = walker.client.post(f"{walker.here}/key/check/", {**BORN, "day": "28"})
    assert answer.status_code == 422
    assert 'value="28"' in words(answer)
    assert KeyAttempt.objects.get().kind == "wrong_proof"


@pytest.mark.parametrize("answer", ["yes", "missing"])
def test_yes_connects(walker: Walker, answer: str) -> None:
    assert walker.answer(answer, walker.to_children()).headers["Location"] == f"{walker.here}/home/"
    assert Tie.objects.standing().count() == 1
    assert OfficeNotice.objects.filter(kind="child.missing").exists() == (answer == "missing")


def test_these_are_not_my_children_connects_nothing_and_locks(walker: Walker) -> None:
    walker.answer("disclaim", walker.to_children())
    assert not Tie.objects.exists()
    assert AccessKey.objects.get().locked_at is not None
    assert OfficeNotice.objects.get().kind == "key.disclaimed"


@pytest.mark.parametrize("first", ["yes", "disclaim"])
def test_a_second_press_of_the_same_page_tells_and_changes_nothing(walker: Walker, first: str) -> None:
    number = walker.to_children()
    walker.answer(first, number)
    state = AccessKey.objects.values().get()

    again = walker.client.post(f"{walker.here}/key/children/", {"answer": "yes", "number": number}, follow=True)

    assert "You have answered this already." in words(again)
    assert AccessKey.objects.values().get() == state


def test_the_page_of_another_tab_can_t_answer_for_this_key(walker: Walker) -> None:
    contact = make_contact(walker.family.tenant)
    make_link(make_student(walker.family.tenant, given_name="Zoe"), contact)
    old = walker.to_children()
    walker.to_children(code_of(make_key(contact, at=timezone.now())).grouped)

    answer = walker.answer("yes", old)

    assert answer.status_code == 409
    assert "Zoe" in words(answer)
    assert "Another key was entered in the meantime" in words(answer)
    assert not Tie.objects.exists()


def test_the_last_post_proves_everything_again(walker: Walker) -> None:
    number = walker.to_children()
    TenantSettings.objects.update(portal_open=False)
    assert walker.answer("yes", number).status_code == 403
    TenantSettings.objects.update(portal_open=True)
    assert not Tie.objects.exists()


def test_a_key_revoked_on_the_way_is_refused_at_the_last_post(walker: Walker) -> None:
    number = walker.to_children()
    AccessKey.objects.update(state=KeyState.REVOKED, ended_at=timezone.now())
    answer = walker.answer("yes", number)
    assert answer.status_code == 409
    assert "withdrawn" in words(answer)
    assert not Tie.objects.exists()


def test_a_school_that_asks_more_meanwhile_is_obeyed(walker: Walker) -> None:
    TenantSettings.objects.update(second_proof="none")
    walker.type_key()
    number = number_in(walker.client.get(f"{walker.here}/key/children/"))
    TenantSettings.objects.update(second_proof="date_of_birth")
    assert walker.answer("yes", number).headers["Location"] == f"{walker.here}/key/check/"
    assert not Tie.objects.exists()


def test_without_a_second_proof_one_press_checks_the_key(family: Family, account: User, client: Client) -> None:
    TenantSettings.objects.update(second_proof="none")
    client.post(f"{family.here}/key/", {"key": family.key})
    client.force_login(account, backend="schoolgate.tenancy.sign_in.TenantBackend")
    assert "Press Continue to have your key checked." in words(client.get(f"{family.here}/key/check/"))
    assert client.post(f"{family.here}/key/check/").headers["Location"] == f"{family.here}/key/children/"


def test_the_key_added_already_says_so(walker: Walker) -> None:
    walker.answer("yes", walker.to_children())
    answer = walker.client.post(f"{walker.here}/key/", {"key": walker.family.key}, follow=True)
    assert "You have added this key already. Nothing has changed." in words(answer)


def test_a_used_key_points_to_the_forgotten_password(walker: Walker, signed_in: SignIn) -> None:
    walker.answer("yes", walker.to_children())
    other = signed_in(make_account(walker.family.tenant))
    answer = other.post(f"{walker.here}/key/", {"key": walker.family.key})
    assert answer.status_code == 409
    assert "This key was used on" in words(answer)
    assert f"{walker.here}/recover/" in words(answer)


@pytest.mark.parametrize("page", [*PAGES, "sign-in/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_office_redeems_nothing_in_its_session(family: Family, signed_in: SignIn, page: str, method: str) -> None:
    office = signed_in(make_member(family.tenant))
    answer = getattr(office, method)(f"{family.here}/{page}", {"key": family.key})
    assert answer.status_code == 403
    assert "You are signed in to the office" in words(answer)
    assert AccessKey.objects.get().state == KeyState.LIVE


def test_a_student_s_account_redeems_nothing(family: Family, signed_in: SignIn) -> None:
    student = Walker(family, signed_in(make_account(family.tenant, kind=UserKind.STUDENT)))
    answer = student.type_key()
    assert answer.status_code == 409
    assert "This key is for a parent or carer, not for a student&#x27;s own account." in words(answer)
    assert AccessKey.objects.get().state == KeyState.LIVE


def test_a_key_kept_too_long_is_asked_for_again(walker: Walker) -> None:
    answer = walker.client.post(f"{walker.here}/key/check/", BORN, follow=True)
    assert "Enter your key once more. It is kept for half an hour only." in words(answer)


@pytest.mark.parametrize("page", ["key/", "key/check/", "key/children/"])
def test_a_post_without_its_token_changes_nothing(walker: Walker, page: str) -> None:
    number = walker.to_children()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = walker.client.cookies
    form = {"key": walker.family.key, **BORN, "answer": "yes", "number": number}
    assert strict.post(f"{walker.here}/{page}", form).status_code == 403
    assert not Tie.objects.exists()


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 302), ("cross-site", 403), ("same-site", 403), ("none", 403), (None, 302)]
)
def test_a_form_without_a_referrer_is_ours_unless_the_browser_says_otherwise(
    family: Family, site: str | None, status: int
) -> None:
    """Pages with no referrer send their forms with "Origin: null" (R-RD-02)."""
    strict = Client(enforce_csrf_checks=True)
    page = strict.get(f"{family.here}/key/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    headers = {"Origin": "null"} | ({"Sec-Fetch-Site": site} if site else {})
    form = {"key": family.key, "csrfmiddlewaretoken": token[1]}
    assert strict.post(f"{family.here}/key/", form, headers=headers).status_code == status
    assert strict.post(f"{family.here}/key/", form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert strict.post(f"{family.here}/key/", {"key": family.key}, headers=headers).status_code == 403


def test_a_school_that_asks_where_the_district_does_not_is_asked_for_once_the_key_is_proved(walker: Walker) -> None:
    """R-DI-02."""
    TenantSettings.objects.update(second_proof="none")
    make_exceptions(walker.family.children[0].school, second_proof="date_of_birth")
    assert walker.type_key().headers["Location"] == f"{walker.here}/key/check/"
    assert 'name="year"' in words(walker.client.get(f"{walker.here}/key/check/"))
    assert walker.client.get(f"{walker.here}/key/children/").headers["Location"] == f"{walker.here}/key/check/"
    walker.client.post(f"{walker.here}/key/check/", BORN)
    walker.answer("yes", number_in(walker.client.get(f"{walker.here}/key/children/")))
    assert Tie.objects.exists()


def test_a_key_typed_before_there_was_an_account_is_asked_for_by_its_school_after_one_press(
    family: Family, account: User, client: Client
) -> None:
    """R-DI-02: no page tells a key's school before its secret is proved; the press costs no try."""
    TenantSettings.objects.update(second_proof="none")
    make_exceptions(family.children[0].school, second_proof="date_of_birth")
    client.post(f"{family.here}/key/", {"key": family.key})
    client.force_login(account, backend="schoolgate.tenancy.sign_in.TenantBackend")
    here = f"{family.here}/key/check/"
    assert 'name="year"' not in words(client.get(here))
    assert client.post(here).headers["Location"] == here
    assert 'name="year"' in words(client.get(here))
    assert client.post(here, {**BORN, "year": "2001"}).status_code == 422
    assert client.post(here, BORN).headers["Location"] == f"{family.here}/key/children/"
    assert AccessKey.objects.get().failures == 1


def test_a_school_that_asks_meanwhile_is_obeyed(walker: Walker) -> None:
    TenantSettings.objects.update(second_proof="none")
    walker.type_key()
    number = number_in(walker.client.get(f"{walker.here}/key/children/"))
    make_exceptions(walker.family.children[0].school, second_proof="date_of_birth")
    assert walker.answer("yes", number).headers["Location"] == f"{walker.here}/key/check/"
    assert not Tie.objects.exists()


def test_a_school_where_sign_up_is_off_refuses_the_key_and_leaves_it_as_it_is(walker: Walker) -> None:
    """R-DI-02."""
    make_exceptions(walker.family.children[0].school, parent_sign_up=False)
    answer = walker.type_key()
    assert answer.status_code == 403
    assert "Parents and carers of this school can&#x27;t use keys at the moment." in words(answer)
    assert AccessKey.objects.get().failures == 0
