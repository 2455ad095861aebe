"""The student's pages as requests: R-SU-01, R-SU-03, R-SU-06, R-SU-08, R-RD-01, R-RD-05, R-RD-06, R-RD-09, R-RD-15; registration-keys §9, §10."""

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from schoolgate.accounts.models import EmailProof
from schoolgate.accounts.sign_up import NAMES_FOR_A_KEY
from schoolgate.keys.models import AccessKey, KeyAttempt, KeyState, Tie
from schoolgate.letters.models import Message
from schoolgate.lib.keycode import draw_key
from schoolgate.tenancy.models import Tenant, TenantSettings, User, UserKind
from schoolgate.tenancy.one_time import one_time_code, one_time_token
from tests.factories.directory import make_bar
from tests.factories.students import PASSWORD, USERNAME, Slip
from tests.factories.tenancy import make_account, make_exceptions, make_member
from tests.portal.test_key import BORN, number_in, words
from tests.portal.world import Family

SignIn = Callable[[User], Client]
ACCOUNT = {"username": USERNAME, "email": "", "password": PASSWORD}


class Walker:
    """Somebody with a slip, not signed in."""

    def __init__(self, slip: Slip, client: Client) -> None:
        self.slip, self.client, self.here = slip, client, f"/s-{slip.tenant.code}"

    def type_key(self, key: str = "", **more: str) -> HttpResponse:
        form = {"key": key or self.slip.code.grouped, "as": "student", **more}
        return self.client.post(f"{self.here}/key/", form)

    def say_born(self, **more: str) -> HttpResponse:
        return self.client.post(f"{self.here}/key/student/", {**BORN, **more})

    def number(self) -> str:
        return number_in(self.client.get(f"{self.here}/key/student/account/"))

    def make_account(self, **more: str) -> HttpResponse:
        form = {**ACCOUNT, "number": self.number(), **more}
        return self.client.post(f"{self.here}/key/student/account/", form)

    def sign_up(self) -> HttpResponse:
        self.type_key()
        self.say_born()
        return self.make_account()


@pytest.fixture
def slip(tenant: Tenant) -> Slip:
    return Slip(tenant, at=timezone.now(), email="ada@school.example")


@pytest.fixture
def walker(slip: Slip, client: Client) -> Walker:
    return Walker(slip, client)


def test_from_slip_to_home(walker: Walker) -> None:
    assert walker.type_key().headers["Location"] == f"{walker.here}/key/student/"
    assert walker.say_born().headers["Location"] == f"{walker.here}/key/student/account/"
    assert walker.make_account().headers["Location"] == f"{walker.here}/home/"
    home = words(walker.client.get(f"{walker.here}/home/"))
    for fact in ("Ada Okafor", "Senior Campus", "00123456", "ada@school.example"):
        assert fact in home


def test_the_home_shows_no_contact_and_no_restriction(walker: Walker, family: Family) -> None:
    walker.slip.tenant = family.tenant
    make_bar(walker.slip.student, family.contact)
    walker.sign_up()
    for page in ("home/", "my-access/", "account/"):
        shown = words(walker.client.get(f"{walker.here}/{page}"))
        assert "Amara" not in shown
        assert "restrict" not in shown.casefold()


def test_both_choices_lead_to_one_field(walker: Walker) -> None:
    page = words(walker.client.get(f"{walker.here}/sign-up/"))
    assert f'href="{walker.here}/key/"' in page
    assert f'href="{walker.here}/key/?as=student"' in page
    for address in ("key/", "key/?as=student"):
        page = words(walker.client.get(f"{walker.here}/{address}"))
        assert 'name="key"' in page
        assert ("letter" in page.replace("letters and numbers", "").replace("the letter O", "")) == (address == "key/")


def test_whoever_follows_the_link_of_a_slip_is_asked_who_they_are_after_the_key(walker: Walker) -> None:
    answer = walker.client.post(f"{walker.here}/key/", {"key": walker.slip.code.grouped}, follow=True)
    assert f'href="{walker.here}/key/student/"' in words(answer)


def test_before_the_secret_is_proved_nothing_tells_whose_key_it_is(walker: Walker, family: Family) -> None:
    """A wrong secret under the selector of a student's, of a parent's and of nobody's key: one page."""
    said = set()
    guess = draw_key(taken=[])
    for selector in (walker.slip.code.selector, family.key[:4], guess.selector):
        key = type(guess)(selector, guess.secret).grouped
        assert walker.type_key(key).headers["Location"] == f"{walker.here}/key/student/"
        answer = walker.say_born()
        said.add((answer.status_code, words(answer).replace(key, "")))
    [(status, page)] = said
    assert status == 422
    assert "We could not use this key. Check it against the paper that you were given" in page


def test_the_wrong_choice_is_told_to_a_holder_of_the_secret(walker: Walker, family: Family) -> None:
    walker.type_key(family.key)
    answer = walker.say_born()
    assert answer.status_code == 409
    assert "This key is for a parent or carer" in words(answer)
    assert AccessKey.objects.get(pk=family.key_row.pk).state == KeyState.LIVE


def test_the_key_is_not_looked_up_before_the_date_is_given(walker: Walker) -> None:
    for key in (walker.slip.code.grouped, draw_key(taken=[]).grouped):
        assert walker.type_key(key).headers["Location"] == f"{walker.here}/key/student/"
    assert not KeyAttempt.objects.exists()


@pytest.mark.parametrize("page", ["sign-up/", "key/", "key/student/", "key/student/account/"])
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_changes_nothing(walker: Walker, page: str, method: str) -> None:
    walker.type_key()
    walker.say_born()
    before = AccessKey.objects.values().get(), KeyAttempt.objects.count(), User.objects.count()
    getattr(walker.client, method)(f"{walker.here}/{page}?key={walker.slip.code.grouped}")
    assert (AccessKey.objects.values().get(), KeyAttempt.objects.count(), User.objects.count()) == before


@pytest.mark.parametrize("page", ["key/student/", "key/student/account/"])
def test_claim_pages_send_no_referrer_and_are_not_stored(walker: Walker, page: str) -> None:
    walker.type_key()
    walker.say_born()
    answer = walker.client.get(f"{walker.here}/{page}")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_refused_form_comes_back_filled_and_the_key_stays(walker: Walker) -> None:
    walker.type_key()
    walker.say_born()
    answer = walker.make_account(username="00123456", password="short")
    assert answer.status_code == 422
    assert 'value="00123456"' in words(answer)
    for said in ("Your student number can&#x27;t be your username", "Use at least 12 characters."):
        assert said in words(answer)
    assert AccessKey.objects.get().failures == 0
    assert walker.make_account().headers["Location"] == f"{walker.here}/home/"


def test_a_name_that_is_taken_is_told_to_a_holder_of_the_key_alone(walker: Walker) -> None:
    make_account(walker.slip.tenant, email="taken@home.example")
    walker.type_key()
    answer = walker.client.post(f"{walker.here}/key/student/account/", {**ACCOUNT, "username": "taken@home.example"})
    assert answer.headers["Location"] == f"{walker.here}/key/student/"
    walker.say_born()
    assert "This username can&#x27;t be used here." in words(walker.make_account(username="taken@home.example"))


def test_the_last_post_proves_everything_again(walker: Walker) -> None:
    walker.type_key()
    walker.say_born()
    number = walker.number()
    AccessKey.objects.update(state=KeyState.REVOKED, ended_at=timezone.now())
    answer = walker.client.post(f"{walker.here}/key/student/account/", {**ACCOUNT, "number": number}, follow=True)
    assert not User.objects.filter(kind=UserKind.STUDENT).exists()
    assert "We could not" in words(answer) or "born" in words(answer)


def test_a_second_press_tells_and_changes_nothing(walker: Walker) -> None:
    walker.type_key()
    walker.say_born()
    number = walker.number()
    form = {**ACCOUNT, "number": number}
    walker.client.post(f"{walker.here}/key/student/account/", form)
    again = walker.client.post(f"{walker.here}/key/student/account/", form, follow=True)
    assert "You have answered this already." in words(again)
    assert Tie.objects.count() == 1


def test_the_page_of_another_tab_can_t_answer_for_this_key(walker: Walker) -> None:
    walker.type_key()
    walker.say_born()
    old = walker.number()
    walker.type_key()
    walker.say_born()
    answer = walker.make_account(number=old)
    assert answer.status_code == 409
    assert "Another key was entered in the meantime" in words(answer)
    assert not Tie.objects.exists()


def test_the_key_entered_again_by_its_student_is_added_already(walker: Walker) -> None:
    walker.sign_up()
    answer = walker.client.post(f"{walker.here}/key/", {"key": walker.slip.code.grouped}, follow=True)
    assert "You have added this key already. Nothing has changed." in words(answer)


def test_a_student_s_key_in_a_parent_s_session_is_refused(family: Family, signed_in: SignIn) -> None:
    slip = Slip(family.tenant, at=timezone.now())
    parent = signed_in(make_account(family.tenant))
    answer = parent.post(f"{family.here}/key/", {"key": slip.code.grouped})
    assert answer.status_code == 409
    assert "for the student&#x27;s own account" in words(answer)
    assert slip.nothing_happened()


@pytest.mark.parametrize("page", ["key/", "key/student/", "key/student/account/"])
def test_the_office_redeems_nothing(slip: Slip, signed_in: SignIn, page: str) -> None:
    office = signed_in(make_member(slip.tenant))
    form = {"key": slip.code.grouped, **BORN, **ACCOUNT}
    assert office.post(f"/s-{slip.tenant.code}/{page}", form).status_code == 403
    assert slip.nothing_happened()


def test_a_student_has_no_children_to_disown(walker: Walker) -> None:
    walker.sign_up()
    child = f"{walker.here}/children/{walker.slip.student.pk}/"
    assert walker.client.get(child).headers["Location"] == f"{walker.here}/home/"
    assert walker.client.post(f"{child}disclaim/").status_code == 404


class TestEnded:
    def test_the_home_says_what_to_do_and_a_new_key_connects_again(self, walker: Walker) -> None:
        walker.sign_up()
        Tie.objects.update(ended_at=timezone.now(), ended_why="test")
        assert "Ask the school office for a new key" in words(walker.client.get(f"{walker.here}/home/"))
        walker.slip.new_key(at=timezone.now())
        assert walker.type_key().headers["Location"] == f"{walker.here}/key/student/"
        assert walker.say_born().headers["Location"] == f"{walker.here}/home/"
        assert "00123456" in words(walker.client.get(f"{walker.here}/home/"))

    def test_a_student_who_has_left_sees_nothing(self, walker: Walker) -> None:
        walker.sign_up()
        type(walker.slip.student).objects.filter(pk=walker.slip.student.pk).update(is_active=False)
        for page in ("home/", "my-access/"):
            shown = words(walker.client.get(f"{walker.here}/{page}"))
            assert "00123456" not in shown
            assert "Ada" not in shown


def test_one_key_tells_of_a_few_names_alone_whether_they_are_taken(walker: Walker) -> None:
    """R-SU-03, security.md §2: only a holder of the key hears of it, and not of everybody's address."""
    make_account(walker.slip.tenant, email="parent@home.example")
    walker.type_key()
    walker.say_born()
    for _ in range(NAMES_FOR_A_KEY):
        assert "This username can&#x27;t be used here" in words(walker.make_account(username="parent@home.example"))
    for name in ("parent@home.example", USERNAME):
        answer = walker.make_account(username=name)
        assert answer.status_code == 422
        assert "too many tries" in words(answer)
        assert "This username" not in words(answer)
    assert walker.slip.nothing_happened()
    walker.slip.key.refresh_from_db()
    assert walker.slip.key.failures == 0


class TestEmail:
    def proof(self) -> EmailProof:
        return EmailProof.objects.get()

    def start(self, walker: Walker) -> None:
        walker.type_key()
        walker.say_born()
        walker.make_account(email="ada@home.example")

    @pytest.mark.parametrize("how", ["code", "link"])
    def test_it_is_proved_by_the_signed_in_student(self, walker: Walker, how: str) -> None:
        self.start(walker)
        proof = self.proof()
        typed = one_time_code(proof.nonce) if how == "code" else f"{proof.pk}.{one_time_token(proof.nonce)}"
        answer = walker.client.post(f"{walker.here}/account/email/", {"act": "confirm", "code": typed})
        assert answer.headers["Location"] == f"{walker.here}/account/"
        account = User.objects.get(kind=UserKind.STUDENT)
        assert account.email == "ada@home.example"
        assert account.email_confirmed_at is not None
        assert not EmailProof.objects.exists()

    def test_whoever_else_reads_the_mail_can_do_nothing_with_it(self, walker: Walker, signed_in: SignIn) -> None:
        self.start(walker)
        proof = self.proof()
        token = f"{proof.pk}.{one_time_token(proof.nonce)}"
        stranger = Client()
        for page in ("account/email/", "key/account/confirm/"):
            stranger.post(f"{walker.here}/{page}", {"act": "confirm", "code": token})
        other = signed_in(
            Slip(walker.slip.tenant, at=timezone.now(), student_no="9").sign_up(username="another1", at=timezone.now())
        )
        assert other.post(f"{walker.here}/account/email/", {"act": "confirm", "code": token}).status_code == 422
        assert User.objects.get(username=USERNAME).email == ""

    def test_five_wrong_codes_are_the_end_of_a_code(self, walker: Walker) -> None:
        self.start(walker)
        for _ in range(5):
            walker.client.post(f"{walker.here}/account/email/", {"act": "confirm", "code": "00000000"})
        right = one_time_code(self.proof().nonce)
        answer = walker.client.post(f"{walker.here}/account/email/", {"act": "confirm", "code": right})
        assert answer.status_code == 422

    def test_another_address_can_be_given_until_one_is_proved(self, walker: Walker) -> None:
        self.start(walker)
        make_account(walker.slip.tenant, email="parent@home.example")
        page = f"{walker.here}/account/email/"
        mine = {"act": "send", "current": PASSWORD}
        assert walker.client.post(page, mine | {"email": "parent@home.example"}).status_code == 422
        assert walker.client.post(page, mine | {"email": "new@home.example"}).status_code == 302
        assert self.proof().address == "new@home.example"

    @pytest.mark.parametrize("current", ["", "a classmate's guess"])
    def test_whoever_finds_a_student_signed_in_gives_no_address_of_their_own(
        self, walker: Walker, current: str
    ) -> None:
        """By a proved address a new password is set, and the account would be theirs for good."""
        self.start(walker)
        fields = {"act": "send", "email": "classmate@home.example", "current": current}
        assert walker.client.post(f"{walker.here}/account/email/", fields).status_code == 422
        assert self.proof().address == "ada@home.example"

    def test_a_forgotten_password_is_mended_by_a_proved_address_alone(self, walker: Walker) -> None:
        self.start(walker)
        ask = lambda: walker.client.post(f"{walker.here}/recover/", {"email": "ADA@home.example"})  # noqa: E731
        ask()
        assert not Message.objects.filter(kind="reset_password").exists()
        walker.client.post(
            f"{walker.here}/account/email/", {"act": "confirm", "code": one_time_code(self.proof().nonce)}
        )
        ask()
        assert Message.objects.get(kind="reset_password").address == "ada@home.example"


class TestTurnedOff:
    """registration-keys §9: hidden, and refused at the server with a plain page; sign-in stays."""

    PARENT = ("key/account/", "key/account/new/", "key/account/confirm/", "key/account/complete/")

    def pages(self, walker: Walker, page: str) -> tuple[HttpResponse, HttpResponse]:
        address = f"{walker.here}/{page}"
        return walker.client.get(address), walker.client.post(address, {"key": walker.slip.code.grouped, **BORN})

    def test_parents(self, walker: Walker, family: Family, signed_in: SignIn) -> None:
        walker.type_key(**{"as": ""})
        TenantSettings.objects.update(parent_sign_up=False)
        for page in self.PARENT:
            for answer in self.pages(walker, page)[: 1 if page == "key/account/" else 2]:
                assert answer.status_code == 403
                assert "Parents and carers can&#x27;t make accounts or use keys here" in words(answer)
        parent = signed_in(make_account(family.tenant))
        assert parent.get(f"{family.here}/home/").status_code == 200
        assert "/key/" not in words(parent.get(f"{family.here}/home/"))
        for answer in (parent.get(f"{family.here}/key/"), parent.post(f"{family.here}/key/", {"key": family.key})):
            assert answer.status_code == 403
        assert AccessKey.objects.get(pk=family.key_row.pk).state == KeyState.LIVE
        assert "I am a parent or carer" not in words(walker.client.get(f"{walker.here}/sign-up/"))
        assert walker.sign_up().headers["Location"] == f"{walker.here}/home/"

    def test_students(self, walker: Walker) -> None:
        walker.type_key()
        TenantSettings.objects.update(student_sign_up=False)
        for page in ("key/?as=student", "key/student/", "key/student/account/"):
            for answer in self.pages(walker, page):
                assert answer.status_code == 403
                assert "Students can&#x27;t make accounts or use keys here" in words(answer)
        assert walker.slip.nothing_happened()
        assert "I am a student" not in words(walker.client.get(f"{walker.here}/sign-up/"))
        answer = walker.client.post(f"{walker.here}/key/", {"key": walker.slip.code.grouped}, follow=True)
        assert "I am a student" not in words(answer)

    def test_both(self, walker: Walker) -> None:
        TenantSettings.objects.update(student_sign_up=False, parent_sign_up=False)
        welcome = words(walker.client.get(f"{walker.here}/"))
        assert "Sign Up" not in welcome
        assert "Sign in" in welcome
        for page in ("sign-up/", "key/"):
            assert walker.client.get(f"{walker.here}/{page}").status_code == 403

    def test_forgot_password(self, walker: Walker) -> None:
        make_account(walker.slip.tenant, email="amara@home.example")
        TenantSettings.objects.update(forgot_password=False)
        for method in (walker.client.get, walker.client.post):
            answer = method(f"{walker.here}/recover/", {"email": "amara@home.example"})
            assert answer.status_code == 403
            assert "Ask the school office" in words(answer)
        assert not Message.objects.exists()
        for page in ("sign-in/", "lost-letter/", "not-you/"):
            shown = walker.client.get(f"{walker.here}/{page}")
            assert shown.status_code == 200
            assert re.search(r'href="[^"]*/recover/"', words(shown)) is None


def test_a_school_that_asks_where_the_district_does_not_is_asked_for_after_one_press(walker: Walker) -> None:
    """R-DI-02."""
    TenantSettings.objects.update(second_proof="none")
    make_exceptions(walker.slip.student.school, second_proof="date_of_birth")
    walker.type_key()
    here = f"{walker.here}/key/student/"
    assert 'name="year"' not in words(walker.client.get(here))
    assert walker.client.post(here).headers["Location"] == here
    assert 'name="year"' in words(walker.client.get(here))
    walker.say_born()
    walker.make_account()
    assert Tie.objects.exists()


def test_a_school_where_sign_up_is_off_refuses_its_students_keys(walker: Walker) -> None:
    """R-DI-02."""
    make_exceptions(walker.slip.student.school, student_sign_up=False)
    walker.type_key()
    assert walker.say_born().status_code == 403
    assert walker.slip.nothing_happened()
