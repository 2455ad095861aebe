"""The doors: sign-in, registration and recovery that tell nobody who has an account; the closed portal; the language."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.http import HttpResponse
from django.test import Client

from schoolgate.accounts.models import PasswordReset
from schoolgate.letters.models import Message
from schoolgate.tenancy.models import TenantSettings, User, UserKind
from schoolgate.tenancy.settings import change_settings
from tests.factories.accounts import register, token_of
from tests.factories.tenancy import NOW, PASSWORD, actor, make_account, make_member, make_tenant
from tests.portal.world import NEW_PASSWORD, Family, code_mailed

SignIn = Callable[[User], Client]


def words(answer: HttpResponse) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())


class TestSignIn:
    def post(self, family: Family, username: str, password: str, **more: str) -> HttpResponse:
        return Client().post(f"{family.here}/sign-in/", {"username": username, "password": password, **more})

    def test_a_family_signs_in_whatever_the_case_of_its_address(self, family: Family) -> None:
        make_account(family.tenant, email="amara@home.example")
        answer = self.post(family, " AMARA@Home.example", PASSWORD)
        assert answer.headers["Location"] == f"{family.here}/home/"

    def test_a_student_signs_in_by_the_name_the_school_gave(self, family: Family) -> None:
        make_account(family.tenant, email="s1234", kind=UserKind.STUDENT)
        assert self.post(family, "s1234", PASSWORD).status_code == 302

    def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(self, family: Family) -> None:
        make_account(family.tenant, email="amara@home.example")
        register(family.tenant, "waiting@home.example")
        make_member(family.tenant, email="office@school.example")
        names = ["amara@home.example", "nobody@home.example", "waiting@home.example", "office@school.example"]
        answers = [self.post(family, name, "wrong") for name in names]
        said = {(each.status_code, words(each).replace(name, "")) for each, name in zip(answers, names, strict=True)}
        assert len(said) == 1

    def test_too_many_tries_get_the_same_answer_though_the_password_is_right(self, family: Family) -> None:
        make_account(family.tenant, email="amara@home.example")
        wrong = [self.post(family, "amara@home.example", "wrong") for _ in range(10)]
        right = self.post(family, "amara@home.example", PASSWORD)
        assert (right.status_code, words(right)) == (wrong[0].status_code, words(wrong[0]))

    def test_an_account_of_another_tenant_is_a_stranger(self, family: Family) -> None:
        make_account(make_tenant(portal_open=True), email="amara@home.example")
        assert self.post(family, "amara@home.example", PASSWORD).status_code == 422

    @pytest.mark.parametrize(
        "wanted",
        ["https://evil.example/", "//evil.example", "/s-Other1/home/", "javascript:alert(1)", "", "\\\\evil.example"],
    )
    def test_after_signing_in_nobody_is_sent_elsewhere(self, family: Family, wanted: str) -> None:
        make_account(family.tenant, email="amara@home.example")
        answer = self.post(family, "amara@home.example", PASSWORD, next=wanted)
        assert answer.headers["Location"] == f"{family.here}/home/"

    def test_a_private_page_asks_to_sign_in_and_is_shown_then(self, family: Family, client: Client) -> None:
        make_account(family.tenant, email="amara@home.example")
        asked = client.get(f"{family.here}/my-access/")
        door, _, wanted = asked.headers["Location"].partition("?next=")
        assert door == f"{family.here}/sign-in/"
        answer = self.post(family, "amara@home.example", PASSWORD, next=wanted)
        assert answer.headers["Location"] == f"{family.here}/my-access/"

    def test_a_typed_key_comes_first(self, family: Family, client: Client) -> None:
        make_account(family.tenant, email="amara@home.example")
        client.post(f"{family.here}/key/", {"key": family.key})
        answer = client.post(f"{family.here}/sign-in/", {"username": "amara@home.example", "password": PASSWORD})
        assert answer.headers["Location"] == f"{family.here}/key/check/"

    def test_a_new_device_speaks_the_account_s_language(self, family: Family) -> None:
        account = make_account(family.tenant, email="amara@home.example")
        User.objects.filter(pk=account.pk).update(language="ar")
        assert self.post(family, "amara@home.example", PASSWORD).cookies["django_language"].value == "ar"

    def test_signing_out_forgets_the_session(self, family: Family, signed_in: SignIn) -> None:
        client = signed_in(make_account(family.tenant))
        assert client.get(f"{family.here}/sign-out/").status_code == 405
        client.post(f"{family.here}/sign-out/")
        assert client.get(f"{family.here}/home/").status_code == 302


class TestRegistering:
    def register(self, family: Family, email: str) -> tuple[HttpResponse, HttpResponse, HttpResponse]:
        """What somebody sees who registers an address: the answer, the next page, a wrong code."""
        client = Client()
        client.post(f"{family.here}/key/", {"key": family.key})
        asked = client.post(f"{family.here}/key/account/new/", {"email": email})
        page = client.get(f"{family.here}/key/account/confirm/")
        return asked, page, client.post(f"{family.here}/key/account/confirm/", {"code": "12345678"})

    def test_an_address_with_an_account_looks_like_a_new_one(self, family: Family) -> None:
        make_account(family.tenant, email="known@home.example")
        shown = []
        for email in ("known@home.example", "newer@home.example"):
            asked, page, refused = self.register(family, email)
            told = [asked.headers["Location"], *(words(each).replace(email, "") for each in (page, refused))]
            shown.append((*told, asked.status_code, page.status_code, refused.status_code))
        assert shown[0] == shown[1]
        kinds = dict(Message.objects.values_list("address", "kind"))
        assert kinds == {"known@home.example": "already_registered", "newer@home.example": "confirm_email"}

    def test_a_new_account_needs_a_key_to_begin_with(self, family: Family, client: Client) -> None:
        for page in ("key/account/", "key/account/new/"):
            assert client.get(f"{family.here}/{page}").headers["Location"] == f"{family.here}/key/"
        client.post(f"{family.here}/key/account/new/", {"email": "amara@home.example"})
        assert not Message.objects.exists()

    def test_the_link_opens_on_another_device_and_its_secret_is_in_no_address(self, family: Family) -> None:
        self.register(family, "amara@home.example")
        registration = User.objects.get(username="amara@home.example").registration
        phone = Client()
        assert phone.get(f"{family.here}/key/account/confirm/").status_code == 200
        link = f"https://testserver{family.here}/key/account/confirm/#t={token_of(registration)}"
        assert (
            phone.post(f"{family.here}/key/account/confirm/", {"code": link}).headers["Location"].endswith("/complete/")
        )
        said = phone.post(f"{family.here}/key/account/complete/", {"name": "Amara", "password": NEW_PASSWORD})
        assert said.headers["Location"] == f"{family.here}/home/"

    def test_only_the_browser_that_proved_the_address_completes_the_account(self, family: Family) -> None:
        asking = Client()
        asking.post(f"{family.here}/key/", {"key": family.key})
        asking.post(f"{family.here}/key/account/new/", {"email": "amara@home.example"})
        owner = Client()
        registration = User.objects.get(username="amara@home.example").registration
        owner.post(f"{family.here}/key/account/confirm/", {"code": token_of(registration)})
        form = {"name": "Mallory", "password": NEW_PASSWORD}
        assert asking.post(f"{family.here}/key/account/complete/", form).headers["Location"] == f"{family.here}/"
        assert User.objects.get(username="amara@home.example").email_confirmed_at is None

    def test_a_refused_password_keeps_the_name(self, family: Family, client: Client) -> None:
        client.post(f"{family.here}/key/", {"key": family.key})
        client.post(f"{family.here}/key/account/new/", {"email": "amara@home.example"})
        client.post(f"{family.here}/key/account/confirm/", {"code": code_mailed(family.tenant)})
        answer = client.post(f"{family.here}/key/account/complete/", {"name": "Amara Okafor", "password": "short"})
        assert answer.status_code == 422
        assert 'value="Amara Okafor"' in words(answer)
        assert "at least 12 characters" in words(answer)

    @pytest.mark.parametrize(
        "email", ["", "a@b", "amara", "a@b.example\nBcc: x@y.example", "a b@home.example", "x" * 250 + "@home.example"]
    )
    def test_what_is_no_address_is_refused(self, family: Family, client: Client, email: str) -> None:
        client.post(f"{family.here}/key/", {"key": family.key})
        assert client.post(f"{family.here}/key/account/new/", {"email": email}).status_code == 422
        assert not Message.objects.exists()


class TestRecovering:
    def test_the_page_is_the_same_whoever_asks(self, family: Family, client: Client) -> None:
        make_account(family.tenant, email="known@home.example")
        said = set()
        for email in ("known@home.example", "stranger@home.example"):
            answer = client.post(f"{family.here}/recover/", {"email": email})
            said.add((answer.status_code, words(answer).replace(email, "")))
        assert len(said) == 1
        assert Message.objects.count() == 1

    def test_the_link_sets_a_password_and_asks_to_sign_in(self, family: Family, client: Client) -> None:
        account = make_account(family.tenant, email="amara@home.example")
        client.post(f"{family.here}/recover/", {"email": "amara@home.example"})
        link = f"https://testserver{family.here}/recover/password/#t={token_of(PasswordReset.objects.get())}"
        assert client.get(f"{family.here}/recover/password/").headers["Referrer-Policy"] == "no-referrer"

        answer = client.post(f"{family.here}/recover/password/", {"link": link, "password": NEW_PASSWORD})

        assert answer.headers["Location"] == f"{family.here}/sign-in/"
        account.refresh_from_db()
        assert account.check_password(NEW_PASSWORD)

    def test_a_used_link_is_refused_in_words(self, family: Family, client: Client) -> None:
        answer = client.post(f"{family.here}/recover/password/", {"link": "1.abc", "password": NEW_PASSWORD})
        assert answer.status_code == 422
        assert "This link was used already, or is too old. Ask for a new one." in words(answer)


class TestClosed:
    """R-ST-09: refused with the opening date; family sessions end."""

    @pytest.fixture(autouse=True)
    def closed(self, family: Family) -> None:
        TenantSettings.objects.filter(tenant=family.tenant).update(portal_open=False, portal_opens_on=date(2027, 2, 1))

    @pytest.mark.parametrize("page", ["", "key/", "sign-in/", "recover/", "lost-letter/", "key/account/new/"])
    def test_every_door_says_when_it_opens(self, family: Family, client: Client, page: str) -> None:
        answer = client.get(f"{family.here}/{page}")
        assert answer.status_code == 403
        assert "It opens on 1 February 2027. Keep your letter until then." in words(answer)
        assert "02 5550 1234" in words(answer)

    def test_whoever_was_signed_in_is_signed_out_at_the_next_request(self, family: Family, signed_in: SignIn) -> None:
        client = signed_in(make_account(family.tenant))
        assert client.get(f"{family.here}/home/").status_code == 403
        TenantSettings.objects.filter(tenant=family.tenant).update(portal_open=True)
        assert client.get(f"{family.here}/home/").status_code == 302

    def test_a_session_that_slept_while_the_portal_was_closed_is_over(self, family: Family, signed_in: SignIn) -> None:
        client, office = signed_in(make_account(family.tenant)), signed_in(make_member(family.tenant))
        for choice in ("yes", "no", "yes"):
            change_settings(tenant=family.tenant, changes={"portal_open": choice}, by=actor(), at=NOW)
        assert client.get(f"{family.here}/home/").status_code == 302
        assert office.get(f"{family.here}/console/").status_code == 200

    def test_the_office_keeps_working(self, family: Family, signed_in: SignIn) -> None:
        client = signed_in(make_member(family.tenant))
        assert client.get(f"{family.here}/key/").status_code == 403
        assert client.get(f"{family.here}/console/").status_code == 200


class TestLanguage:
    def choose(self, client: Client, family: Family, language: str, **more: str) -> HttpResponse:
        return client.post(f"{family.here}/language/", {"language": language, **more})

    def test_the_choice_holds_for_this_browser(self, family: Family, client: Client) -> None:
        self.choose(client, family, "ar")
        page = client.get(f"{family.here}/").content.decode()
        assert '<html lang="ar" dir="rtl"' in page
        assert "bootstrap.rtl.min.css" in page

    def test_and_for_the_account(self, family: Family, signed_in: SignIn) -> None:
        account = make_account(family.tenant)
        self.choose(signed_in(account), family, "ar")
        account.refresh_from_db()
        assert account.language == "ar"

    def test_one_stays_on_the_page(self, family: Family, client: Client) -> None:
        here = f"{family.here}/lost-letter/"
        assert self.choose(client, family, "ar", next=here).headers["Location"] == here
        away = self.choose(client, family, "ar", next="https://evil.example/")
        assert away.headers["Location"] == f"{family.here}/"

    def test_an_unknown_language_changes_nothing(self, family: Family, client: Client) -> None:
        assert "django_language" not in self.choose(client, family, "tlh").cookies


@pytest.mark.parametrize("page", ["", "key/", "sign-in/", "recover/", "lost-letter/", "not-you/"])
def test_a_scanner_that_asks_for_the_head_alone_gets_it(family: Family, client: Client, page: str) -> None:
    """R-RD-01: HEAD is as good as GET, and changes nothing."""
    answer = client.head(f"{family.here}/{page}")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_lost_letter_asks_for_nothing(family: Family, client: Client) -> None:
    """R-RD-13."""
    page = words(client.get(f"{family.here}/lost-letter/"))
    assert "02 5550 1234" in page
    main = page.partition("<main")[2].partition("</main>")[0]
    assert "<form" not in main
    assert "<input" not in main


def test_the_code_of_the_tenant_is_read_without_regard_to_case(family: Family, client: Client) -> None:
    assert client.get(f"/s-{family.tenant.code.swapcase()}/key/").status_code == 200
    assert client.get("/s-zzzzzz/key/").status_code == 404
