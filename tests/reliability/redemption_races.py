"""R1: no key is redeemed twice. R2: of many posts of one key, one wins. Real web processes, real posts of the last page.

Everything before that post is prepared: keys, accounts, sessions in which the key was typed and proved. Each client has an
address of its own, so that no throttle decides the race. The control takes both walls away (the state test of the UPDATE,
the database's one-tie-for-a-key) and must find keys that were redeemed twice.

    python -m tests.reliability redemption_races [KEYS [ROUNDS [POSTS]]]
"""

import http.client
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone

from schoolgate.accounts.typed_key import TypedKey, new_typed_key, seal_typed_key
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.tenancy.models import Tenant, User, UserKind
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import code_of, generate
from tests.factories.students import Slip
from tests.factories.tenancy import make_account, make_tenant
from tests.processes import Stack

CLIENTS = 64
CSRF = "c" * 32
BORN = date(2014, 3, 27)


class RaceStack(Stack):
    """Two web processes that believe their proxy; unsafe: of the build whose redemption has no walls."""

    def __init__(self, *, unsafe: bool = False) -> None:
        super().__init__(web=2, workers=0, SCHOOLGATE_TRUSTED_PROXIES="1")
        self.application = ["tests.reliability._unsafe_wsgi:application"] if unsafe else []

    def start_web(self) -> None:
        descriptor = self.listener.fileno()
        self.web = self.start(
            "-m", "gunicorn", "--config", "python:schoolgate.config.gunicorn", "--bind", f"fd://{descriptor}",
            *self.application, descriptors=(descriptor,),
        )  # fmt: skip


@dataclass(frozen=True)
class Post:
    """A last page that waits for its press."""

    key_id: int
    session_key: str
    address: str
    path: str
    form: dict[str, str]


def prepare_tenant() -> Tenant:
    return make_tenant(portal_open=True, help_line="02 5550 1234")


def prepare_keys(tenant: Tenant, count: int) -> list[AccessKey]:
    """Live keys of contacts who see one and the same child."""
    child = make_student(tenant, birth_date=BORN)
    contacts = [make_contact(tenant) for _ in range(count)]
    for contact in contacts:
        make_link(child, contact)
    generate(tenant, *contacts)
    return list(AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE).order_by("pk"))


def prepare_posts(tenant: Tenant, key: AccessKey, accounts: Sequence[User]) -> list[Post]:
    """One for each account, each in a session of its own."""
    code = code_of(key)
    posts = []
    for account in accounts:
        typed = new_typed_key(code, at=timezone.now())
        proved = TypedKey(typed.code, typed.number, typed.until, key.pk, BORN)
        session = SessionStore()
        session[SESSION_KEY] = str(account.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = account.get_session_auth_hash()
        session["typed_key"] = seal_typed_key(proved, tenant=tenant)
        session.save()
        address = f"10.{account.pk >> 16 & 255}.{account.pk >> 8 & 255}.{account.pk & 255}"
        form = {"answer": "yes", "number": typed.number}
        posts.append(Post(key.pk, session.session_key or "", address, "key/children/", form))
    return posts


def prepare_sign_ups(tenant: Tenant, slip: Slip, count: int) -> list[Post]:
    """So many who hold one slip, each with a name of their own, none signed in: the last page of a student's sign-up (R-SU-03)."""
    posts = []
    for place in range(count):
        typed = new_typed_key(slip.code, at=timezone.now())
        session = SessionStore()
        proved = TypedKey(typed.code, typed.number, typed.until, slip.key.pk, BORN)
        session["typed_key"] = seal_typed_key(proved, tenant=tenant)
        session.save()
        name = f"racer{slip.student.pk}x{place}"
        form = {"number": typed.number, "username": name, "email": "", "password": "four words that differ"}
        address = f"11.{slip.student.pk >> 8 & 255}.{slip.student.pk & 255}.{place}"
        posts.append(Post(slip.key.pk, session.session_key or "", address, "key/student/account/", form))
    return posts


def race(stack: Stack, tenant: Tenant, posts: Sequence[Post]) -> list[int]:
    """Send them all, 64 at once, neighbours together; the statuses of the answers, in the same order."""
    host = urlsplit(stack.url).netloc

    def press(post: Post) -> int:
        link = http.client.HTTPConnection(host, timeout=120)
        form = {**post.form, "csrfmiddlewaretoken": CSRF}
        headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={post.session_key}; {settings.CSRF_COOKIE_NAME}={CSRF}",
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": post.address,
        }
        link.request("POST", f"/s-{tenant.code}/{post.path}", urlencode(form), headers)
        answer = link.getresponse()
        answer.read()
        link.close()
        return answer.status

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(press, posts))


def ties_by_key(tenant: Tenant) -> dict[int, int]:
    """How many ties each key has made."""
    found: dict[int, int] = {}
    for key_id in Tie.objects.for_tenant(tenant).values_list("key_id", flat=True):
        found[key_id] = found.get(key_id, 0) + 1
    return found


def race_in_pairs(stack: Stack, *, keys: int) -> tuple[int, int]:
    """R1: (keys redeemed, keys redeemed twice) when two accounts press for each key at the same moment."""
    tenant = prepare_tenant()
    posts: list[Post] = []
    for key in prepare_keys(tenant, keys):
        posts += prepare_posts(tenant, key, [make_account(tenant), make_account(tenant)])
    race(stack, tenant, posts)
    made = ties_by_key(tenant)
    return len(made), sum(count > 1 for count in made.values())


def race_of_students(stack: Stack, *, keys: int, posts: int = 2) -> tuple[int, int, int]:
    """R1 for keys for student use: (accounts made, keys used twice, students' accounts without a tie)."""
    tenant = prepare_tenant()
    slips = [Slip(tenant, at=timezone.now(), student_no=f"R{place:06}") for place in range(keys)]
    race(stack, tenant, [post for slip in slips for post in prepare_sign_ups(tenant, slip, posts)])
    made = ties_by_key(tenant)
    accounts = User.objects.for_tenant(tenant).filter(kind=UserKind.STUDENT)
    return accounts.count(), sum(count > 1 for count in made.values()), accounts.filter(ties=None).count()


def race_for_one(stack: Stack, *, rounds: int, posts: int) -> list[int]:
    """R2: how many won in each round, when many accounts press for one key at once."""
    winners: list[int] = []
    for number in range(1, rounds + 1):
        tenant = prepare_tenant()
        [key] = prepare_keys(tenant, 1)
        race(stack, tenant, prepare_posts(tenant, key, [make_account(tenant) for _ in range(posts)]))
        winners.append(ties_by_key(tenant).get(key.pk, 0))
        print(f"R2: round {number} of {rounds}: {winners[-1]}", file=sys.stderr, flush=True)
    return winners


@contextmanager
def without_the_database_s_wall() -> Iterator[None]:
    """For the control, on PostgreSQL: the constraint by which a key makes one tie is gone, and comes back to an empty table."""
    table = Tie._meta.db_table
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, table)
        [name] = [name for name, each in constraints.items() if each["unique"] and each["columns"] == ["key_id"]]
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        try:
            yield
        finally:
            cursor.execute(f'TRUNCATE {table}; ALTER TABLE {table} ADD CONSTRAINT "{name}" UNIQUE (key_id)')


def main(arguments: list[str]) -> int:
    """The full form, with its numbers; 0 when both promises held and the control failed as it must."""
    defaults = [10_000, 100, 1_000]
    keys, rounds, posts = [*map(int, arguments), *defaults[len(arguments) :]]
    began = time.monotonic()
    with RaceStack() as stack:
        redeemed, twice = race_in_pairs(stack, keys=keys)
        print(f"R1: {redeemed} of {keys} keys redeemed, {twice} of them twice; {2 * keys} posts, {CLIENTS} connections")
        winners = race_for_one(stack, rounds=rounds, posts=posts)
        signed_up, twice_used, loose = race_of_students(stack, keys=max(keys // 20, 1))
        print(
            f"R1, students: {signed_up} accounts of {max(keys // 20, 1)} keys, {twice_used} used twice, {loose} loose"
        )
        print(f"R2: {sum(winners)} winners in {rounds} rounds of {posts} posts; each round one: {set(winners) == {1}}")
    with without_the_database_s_wall(), RaceStack(unsafe=True) as stack:
        _redeemed, doubled = race_in_pairs(stack, keys=min(keys, 200))
    print(f"control, without the walls: {doubled} keys redeemed twice ({time.monotonic() - began:.0f} s in all)")
    held = (
        redeemed == keys
        and twice == twice_used == loose == 0
        and signed_up == max(keys // 20, 1)
        and set(winners) == {1}
        and doubled > 0
    )
    return 0 if held else 1
