"""The family's home: what an account sees, and that nobody else's cache ever keeps it (R-RD-15)."""

import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from schoolgate.directory.models import DirectoryAssociation
from schoolgate.tenancy.models import OfficeNotice, User
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_redeemed_key
from tests.factories.tenancy import PASSWORD, make_account, make_member, make_tenant
from tests.portal.world import Family, make_family

SignIn = Callable[[User], Client]


@pytest.fixture
def account(family: Family) -> User:
    account = make_account(family.tenant, email="amara@home.example")
    make_redeemed_key_of(family, account)
    return account


def make_redeemed_key_of(family: Family, account: User) -> None:
    family.key_row.delete()
    make_redeemed_key(family.contact, account=account)


def test_home_shows_name_school_year_and_class_of_each_child(family: Family, account: User, signed_in: SignIn) -> None:
    page = signed_in(account).get(f"{family.here}/home/").content.decode()
    for word in ["Ada Okafor", "Obi Okafor", "Year 7", "7B", "4 Blue", "Senior Campus", "Add a new access key"]:
        assert word in page


def test_home_never_names_other_contacts(family: Family, account: User, signed_in: SignIn) -> None:
    make_link(family.children[0], make_contact(family.tenant, given_name="Zebulon", family_name="Quist"))
    client = signed_in(account)
    for page in ["home/", f"children/{family.children[0].pk}/", "my-access/", "account/"]:
        assert "Zebulon" not in client.get(f"{family.here}/{page}").content.decode()


def test_a_restriction_takes_the_child_away_without_a_word(family: Family, account: User, signed_in: SignIn) -> None:
    """R-RX-06, E-06."""
    client = signed_in(account)
    make_bar(family.children[0], family.contact)
    home = client.get(f"{family.here}/home/").content.decode()
    assert "Obi Okafor" in home
    assert "Ada" not in home
    assert client.get(f"{family.here}/children/{family.children[0].pk}/").status_code == 404
    assert "restrict" not in client.get(f"{family.here}/my-access/").content.decode().lower()


def test_the_last_link_gone_leaves_the_account_and_the_help_line(
    family: Family, account: User, signed_in: SignIn
) -> None:
    DirectoryAssociation.objects.update(portal_access=False)
    client = signed_in(account)
    home = client.get(f"{family.here}/home/").content.decode()
    assert "You are signed in, but no children are connected." in home
    assert "02 5550 1234" in home
    assert "Keys that show no child at the moment" in client.get(f"{family.here}/my-access/").content.decode()


@pytest.mark.parametrize("page", ["children/{}/", "children/{}/disclaim/"])
def test_somebody_else_s_child_is_not_found(family: Family, account: User, signed_in: SignIn, page: str) -> None:
    client = signed_in(account)
    for stranger in (make_student(family.tenant), make_student(make_tenant())):
        assert client.get(f"{family.here}/{page.format(stranger.pk)}").status_code == 404
        assert client.post(f"{family.here}/{page.format(stranger.pk)}").status_code in {404, 405}


def test_this_is_not_my_child_asks_once_and_hides_it(family: Family, account: User, signed_in: SignIn) -> None:
    client, child = signed_in(account), family.children[0]
    address = f"{family.here}/children/{child.pk}/disclaim/"
    assert "Is <bdi>Ada Okafor</bdi> not your child?" in client.get(address).content.decode()
    assert not OfficeNotice.objects.exists()
    said = client.post(address, follow=True).content.decode()
    assert "You no longer see this child." in said
    assert "Ada Okafor" not in said
    assert OfficeNotice.objects.get().kind == "child.disclaimed"
    assert client.post(address).status_code == 404  # A second press.


def test_my_access_says_since_when_and_by_which_key(family: Family, account: User, signed_in: SignIn) -> None:
    page = signed_in(account).get(f"{family.here}/my-access/").content.decode()
    selector = account.ties.get().key.selector
    assert page.count(f"{selector}…") == 2
    assert "Since <time" in page


class TestAccount:
    def test_the_password_is_changed_with_the_old_one(self, family: Family, account: User, signed_in: SignIn) -> None:
        here, other = signed_in(account), signed_in(account)
        form = {"current": PASSWORD, "password": "four words that differ"}
        assert here.post(f"{family.here}/account/", form).status_code == 302
        assert here.get(f"{family.here}/home/").status_code == 200
        assert other.get(f"{family.here}/home/").status_code == 302  # Other devices are signed out.

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({"current": "wrong", "password": "four words that differ"}, "This is not your password"),
            ({"current": PASSWORD, "password": "short"}, "at least 12 characters"),
            ({"current": "", "password": ""}, "Choose a password."),
        ],
    )
    def test_a_refused_change_says_why(
        self, family: Family, account: User, signed_in: SignIn, form: dict[str, str], said: str
    ) -> None:
        answer = signed_in(account).post(f"{family.here}/account/", form)
        assert (answer.status_code, said in answer.content.decode()) == (422, True)

    def test_signing_out_everywhere_ends_every_session(self, family: Family, account: User, signed_in: SignIn) -> None:
        here, other = signed_in(account), signed_in(account)
        said = here.post(f"{family.here}/sign-out/everywhere/", follow=True).content.decode()
        assert "You are signed out everywhere." in said
        for client in (here, other):
            assert client.get(f"{family.here}/home/").status_code == 302


FAMILY_PAGES = ["home/", "my-access/", "account/"]


@pytest.mark.parametrize("page", FAMILY_PAGES)
def test_family_pages_are_for_families(family: Family, client: Client, signed_in: SignIn, page: str) -> None:
    assert client.get(f"{family.here}/{page}").headers["Location"].startswith(f"{family.here}/sign-in/?next=")
    assert signed_in(make_member(family.tenant)).get(f"{family.here}/{page}").status_code == 403
    stranger = make_account(make_tenant(portal_open=True))
    assert signed_in(stranger).get(f"{family.here}/{page}").status_code == 302


def test_a_disabled_account_is_out_at_its_next_request(family: Family, account: User, signed_in: SignIn) -> None:
    client = signed_in(account)
    User.objects.filter(pk=account.pk).update(is_active=False)
    assert client.get(f"{family.here}/home/").status_code == 302


def test_the_number_of_queries_does_not_grow_with_the_children(
    family: Family, account: User, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(account)
    for _ in range(20):
        make_link(make_student(family.tenant), family.contact)
    for page, most in {"home/": 5, "my-access/": 6}.items():
        with django_assert_max_num_queries(most):
            client.get(f"{family.here}/{page}")


class CachingProxy(ThreadingHTTPServer):
    """A shared cache as the worst ones are: it keeps every answer that does not forbid it, and gives it to whoever asks next."""

    daemon_threads = True

    def __init__(self, origin: str) -> None:
        super().__init__(("127.0.0.1", 0), _ProxyHandler)
        self.origin, self.kept, self.hits = origin, {}, 0  # type: ignore[var-annotated]


class _ProxyHandler(BaseHTTPRequestHandler):
    server: CachingProxy

    def do_GET(self) -> None:
        if self.path in self.server.kept:
            self.server.hits += 1
            status, headers, body = self.server.kept[self.path]
        else:
            asked = urllib.request.Request(self.server.origin + self.path, headers=dict(self.headers))
            try:
                answer = urllib.request.urlopen(asked, timeout=10)
            except urllib.error.HTTPError as refused:
                answer = refused
            status, headers, body = answer.status, answer.headers, answer.read()
            control = headers.get("Cache-Control", "")
            if "private" not in control and "no-store" not in control:
                self.server.kept[self.path] = status, headers, body
        self.send_response(status)
        for name in ("Content-Type", "Cache-Control", "Vary"):
            if headers.get(name):
                self.send_header(name, headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def caching_proxy(origin: str) -> Iterator[CachingProxy]:
    with CachingProxy(origin) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield proxy
        proxy.shutdown()


def portal_pages(child_id: int) -> list[str]:
    """Every address of the portal that answers a GET without leading on."""
    portal = next(each for each in _resolvers(get_resolver()) if getattr(each, "app_name", None) == "portal")
    patterns = [str(pattern.pattern) for pattern in portal.url_patterns]
    return [pattern.replace("<int:student_id>", str(child_id)) for pattern in patterns]


def _resolvers(resolver: Any) -> Iterator[Any]:
    for each in getattr(resolver, "url_patterns", []):
        yield each
        yield from _resolvers(each)


@pytest.mark.django_db(transaction=True)
def test_a_caching_proxy_never_gives_one_family_s_page_to_another(live_server: Any, signed_in: SignIn) -> None:
    """Each family URL, asked as two accounts through a shared cache (R-RD-15)."""
    ours = make_family()
    theirs = make_family(ours.tenant)
    cookies = []
    for family, email in ((ours, "one@home.example"), (theirs, "two@home.example")):
        account = make_account(ours.tenant, email=email)
        make_redeemed_key_of(family, account)
        cookies.append(signed_in(account).cookies["schoolgate_session"].value)
    asked = 0
    with caching_proxy(live_server.url) as proxy:
        here = f"http://127.0.0.1:{proxy.server_port}{ours.here}"
        for page in portal_pages(ours.children[0].pk):
            first, second = (get(f"{here}/{page}", cookie) for cookie in cookies)
            assert "one@home.example" not in second, page
            assert not any(f"/{child.pk}/" in second for child in ours.children), page
            asked += bool(first)
        assert proxy.hits == 0
        assert not proxy.kept
    assert asked > 15


def get(address: str, cookie: str) -> str:
    request = urllib.request.Request(address, headers={"Cookie": f"schoolgate_session={cookie}"})
    try:
        return str(urllib.request.urlopen(request, timeout=10).read().decode())
    except urllib.error.HTTPError as refused:
        return str(refused.read().decode())


@pytest.mark.django_db(transaction=True)
def test_the_proxy_of_that_test_does_mix_pages_up_when_it_may(live_server: Any) -> None:
    """The control: a page that any cache may keep is given to the next one."""
    with caching_proxy(live_server.url) as proxy:
        for _ in range(2):
            get(f"http://127.0.0.1:{proxy.server_port}/static/site.css", "")
        assert proxy.hits == 1
