"""The last POST of a redemption, audit included: 64 clients, 2 web processes, beside pgbench doing the same row changes.

Everything before that POST is prepared: directory, keys, accounts, sessions with a key that was typed. The page before it
(the date of birth) is posted by the clients too, outside the clock, so that the counters of tries are warm, as in life.
"""

import http.client
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.bare import settle
from bench.district import District
from bench.table import Result
from schoolgate.accounts.typed_key import new_typed_key, seal_typed_key
from schoolgate.audit.models import AuditEntry, AuditSubject
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryStudent
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.letters.models import Message
from schoolgate.tenancy.models import Tenant, ThrottleCount, User
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import code_of, generate
from tests.factories.tenancy import make_account, make_tenant
from tests.postgres import server_binaries
from tests.processes import Stack

CLIENTS, EACH, LEAST = 64, 32, 0.15
CSRF = "b" * 32
TABLES = [AccessKey, Tie, Message, AuditEntry, AuditSubject, ThrottleCount]
READ = [DirectoryStudent, DirectoryContact, DirectoryAssociation, User, Session]

# What the POST writes, statement by statement and transaction by transaction; checked against the POST itself below.
SCRIPT = """
\\set n :client_id * :each + :i
\\set i :i + 1
SELECT key_id, account_id, contact_id, session_key FROM bench_ready WHERE n = :n \\gset
BEGIN;
UPDATE tenancy_throttlecount SET tries = tries + 1 WHERE tenant_id = :tenant AND bucket = 'bench.source' AND subject = 's' || :client_id;
UPDATE tenancy_throttlecount SET tries = tries + 1 WHERE tenant_id = :tenant AND bucket = 'bench.account' AND subject = 'a' || :n;
UPDATE keys_accesskey SET failures = failures + 1 WHERE id = :key_id AND state = 'live' AND locked_at IS NULL AND failures < 10;
COMMIT;
BEGIN;
UPDATE keys_accesskey SET state = 'redeemed', sealed = NULL, ended_at = now() WHERE id = :key_id AND state = 'live' AND locked_at IS NULL AND expires_at > now();
INSERT INTO keys_tie (tenant_id, key_id, account_id, subject_kind, subject_id, addressee_id, since, ended_why) VALUES (:tenant, :key_id, :account_id, 'contact', :contact_id, :contact_id, now(), '');
INSERT INTO letters_message (MESSAGE_COLUMNS) SELECT MESSAGE_VALUES('1') FROM bench_message WHERE id = 1;
INSERT INTO letters_message (MESSAGE_COLUMNS) SELECT MESSAGE_VALUES('2') FROM bench_message WHERE id = 1;
SELECT seq AS head FROM audit_audithead WHERE tenant_id = :tenant FOR UPDATE \\gset
INSERT INTO audit_auditentry (ENTRY_COLUMNS) SELECT ENTRY_VALUES FROM bench_entry WHERE id = 1 RETURNING id AS entry \\gset
INSERT INTO audit_auditsubject (tenant_id, entry_id, kind, subject_id) VALUES (:tenant, :entry, 'key', :key_id), (:tenant, :entry, 'contact', :contact_id), (:tenant, :entry, 'account', :account_id);
UPDATE audit_audithead SET seq = :head + 1, hash = md5(:n || 'a') || md5(:n || 'b') WHERE tenant_id = :tenant;
COMMIT;
BEGIN;
UPDATE keys_accesskey SET failures = failures - 1 WHERE id = :key_id AND failures > 0;
UPDATE tenancy_throttlecount SET tries = tries - 1 WHERE tenant_id = :tenant AND bucket = 'bench.source' AND subject = 's' || :client_id;
UPDATE tenancy_throttlecount SET tries = tries - 1 WHERE tenant_id = :tenant AND bucket = 'bench.account' AND subject = 'a' || :n;
COMMIT;
BEGIN;
UPDATE django_session SET session_data = session_data || 'x', expire_date = now() WHERE session_key = ':session_key';
COMMIT;
"""


@dataclass(frozen=True)
class Ready:
    """One redemption that needs only its last two posts. number: what the page before put into its form."""

    key_id: int
    account_id: int
    contact_id: int
    session_key: str
    number: str


_ids = count(900_000_000)  # Beyond those of the district, which stands in the same tables.


def measure(district: District) -> list[Result]:
    """Redemptions a second, ours and pgbench's, on the same tables and the same server."""
    each = max(4, EACH // district.scale)
    tenant = make_tenant(name="Redeem", portal_open=True, help_line="02 5550 1234", second_proof="date_of_birth")
    ours = prepare(tenant, CLIENTS * each)
    theirs = prepare(tenant, CLIENTS * each + 1)
    with override_settings(TRUSTED_PROXIES=1, ALLOWED_HOSTS=["*"]):
        check_script(tenant, theirs.pop())
    settle([model._meta.db_table for model in [*TABLES, *READ]])
    took = time_posts(tenant, ours, each=each)
    redeemed = Tie.objects.for_tenant(tenant).filter(key_id__in=[ready.key_id for ready in ours]).count()
    settle([model._meta.db_table for model in [*TABLES, *READ]])
    bare = time_pgbench(tenant, theirs, each=each)
    speed, bare_speed = redeemed / took, len(theirs) / bare
    return [
        Result(
            f"redemption: {redeemed:,} last posts, {CLIENTS} clients, 2 web processes",
            f"{speed:,.0f} a second",
            f"pgbench, the same row changes: {bare_speed:,.0f} a second",
            speed / bare_speed,
            f"≥ {LEAST} ×",
            speed / bare_speed >= LEAST and redeemed == len(ours),
        )
    ]


def prepare(tenant: Tenant, most: int) -> list[Ready]:
    """Contacts with a child of their own and a key, accounts, and sessions in which that key was typed."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        contacts = [make_contact(tenant, id=next(_ids)) for _ in range(most)]
        accounts = [make_account(tenant) for _ in range(most)]
    for contact in contacts:
        make_link(make_student(tenant, id=next(_ids)), contact, id=next(_ids))
    generate(tenant, *contacts)
    key_by_contact = {key.subject_id: key for key in AccessKey.objects.for_tenant(tenant).filter(state="live")}
    found = []
    for contact, account in zip(contacts, accounts, strict=True):
        key = key_by_contact[contact.pk]
        typed = new_typed_key(code_of(key), at=timezone.now())
        session = session_of(account)
        session["typed_key"] = seal_typed_key(typed, tenant=tenant)
        session.save()
        found.append(Ready(key.pk, account.pk, contact.pk, session.session_key or "", typed.number))
    return found


def session_of(account: User) -> SessionStore:
    """What signing in leaves."""
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    return session


def cookies_of(ready: Ready) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={ready.session_key}; {settings.CSRF_COOKIE_NAME}={CSRF}"


BIRTH_DATE = {"day": "27", "month": "3", "year": "2014", "csrfmiddlewaretoken": CSRF}


def last_form(ready: Ready) -> dict[str, str]:
    return {"answer": "yes", "number": ready.number, "csrfmiddlewaretoken": CSRF}


def time_posts(tenant: Tenant, all_ready: list[Ready], *, each: int) -> float:
    """Seconds for the last post of all, from 64 clients at once, each with an address and a connection of its own."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "schoolgate.config.settings.prod",
        "SCHOOLGATE_TRUSTED_PROXIES": "1",
    }
    with Stack(web=2, workers=0, **environment) as stack, ThreadPoolExecutor(CLIENTS) as pool:
        host = urlsplit(stack.url).netloc

        def post_all(page: str, form: Callable[[Ready], dict[str, str]], goes_to: str) -> float:
            def client(number: int) -> None:
                link = http.client.HTTPConnection(host, timeout=60)
                for ready in all_ready[number * each : (number + 1) * each]:
                    headers = {
                        "Cookie": cookies_of(ready),
                        "Content-Type": "application/x-www-form-urlencoded",
                        "X-Forwarded-For": f"10.1.0.{number}",
                    }
                    link.request("POST", f"/s-{tenant.code}/{page}", urlencode(form(ready)), headers)
                    answer = link.getresponse()
                    answer.read()
                    where = answer.headers.get("Location", "")
                    if not where.endswith(goes_to):
                        raise RuntimeError(f"{page} answered {answer.status} {where}\n{stack.log()[-3000:]}")
                link.close()

            began = time.perf_counter()
            list(pool.map(client, range(CLIENTS)))
            return time.perf_counter() - began

        post_all("key/check/", lambda _: BIRTH_DATE, "/key/children/")
        return post_all("key/children/", last_form, "/home/")


def check_script(tenant: Tenant, ready: Ready) -> None:
    """The pgbench script must write what the POST writes: the same kind of statement on the same table, in the same order."""
    client = Client(HTTP_COOKIE=cookies_of(ready), HTTP_X_FORWARDED_FOR="10.2.0.1")
    client.post(f"/s-{tenant.code}/key/check/", BIRTH_DATE)
    with CaptureQueriesContext(connection) as captured:
        answer = client.post(f"/s-{tenant.code}/key/children/", last_form(ready))
    if not answer.headers.get("Location", "").endswith("/home/"):
        raise RuntimeError(f"The last post answered {answer.status_code}: {answer.content[:500]!r}")
    theirs = writes_of("\n".join(query["sql"] for query in captured.captured_queries))
    if theirs != writes_of(SCRIPT):
        raise RuntimeError(f"bench/redeem.py no longer does what the POST does:\n{theirs}\n{writes_of(SCRIPT)}")


def writes_of(text: str) -> list[str]:
    """["BEGIN", "UPDATE keys_accesskey", …]"""
    found = re.findall(r"^(BEGIN|COMMIT|UPDATE|INSERT INTO)\b(?: \"?(\w+))?", text, re.MULTILINE)
    return [f"{verb} {table}".strip() for verb, table in found]


def time_pgbench(tenant: Tenant, all_ready: list[Ready], *, each: int) -> float:
    """Seconds that pgbench takes for the same changes to other rows of the same tables."""
    message_columns, message_values = copied(Message, {"id": None, "idempotency_key": "'bench:' || :n || ':' || PART"})
    entry_columns, entry_values = copied(
        AuditEntry, {"id": None, "seq": ":head + 1", "hash": "md5(:n || 'a') || md5(:n || 'b')"}
    )
    script = SCRIPT.replace("MESSAGE_COLUMNS", message_columns).replace("ENTRY_COLUMNS", entry_columns)
    script = script.replace("ENTRY_VALUES", entry_values)
    for part in ("'1'", "'2'"):
        script = script.replace(f"MESSAGE_VALUES({part})", message_values.replace("PART", part))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_ready (n int PRIMARY KEY, key_id bigint, account_id bigint, contact_id bigint, session_key text)"
        )
        rows = [(n, r.key_id, r.account_id, r.contact_id, r.session_key) for n, r in enumerate(all_ready)]
        cursor.executemany("INSERT INTO bench_ready VALUES (%s, %s, %s, %s, %s)", rows)
        cursor.execute("ANALYZE bench_ready")
        for name, model in (("bench_message", Message), ("bench_entry", AuditEntry)):
            table = model._meta.db_table
            cursor.execute(
                f"CREATE TABLE {name} AS SELECT * FROM {table} WHERE tenant_id = %s ORDER BY id DESC LIMIT 1",
                [tenant.pk],
            )
            cursor.execute(f"UPDATE {name} SET id = 1; ALTER TABLE {name} ADD PRIMARY KEY (id)")
        window = "date_trunc('hour', now())"
        for bucket, prefix, count in (("bench.source", "s", CLIENTS), ("bench.account", "a", len(all_ready))):
            cursor.execute(
                f"INSERT INTO tenancy_throttlecount (tenant_id, bucket, subject, window_starts_at, tries) "
                f"SELECT %s, %s, %s || n, {window}, 0 FROM generate_series(0, %s - 1) AS n",
                [tenant.pk, bucket, prefix, count],
            )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "redeem.sql"
        path.write_text(script)
        found = connection.settings_dict
        command = [
            str(server_binaries() / "pgbench"), "--no-vacuum", "--file", str(path), "--client", str(CLIENTS), "--jobs", "2",
            "--transactions", str(each), "--define", f"each={each}", "--define", "i=0", "--define", f"tenant={tenant.pk}",
            "--host", found["HOST"], "--username", found["USER"], found["NAME"],
        ]  # fmt: skip
        began = time.perf_counter()
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
        took = time.perf_counter() - began
    if ended.returncode or "failed transactions: 0" not in ended.stdout:
        raise RuntimeError((ended.stdout + ended.stderr)[:3000])
    said = re.search(r"tps = ([\d.]+)", ended.stdout)
    return len(all_ready) / float(said[1]) if said else took


def copied(model: type[Message] | type[AuditEntry], changes: dict[str, str | None]) -> tuple[str, str]:
    """The columns of a table, and what a copy of its sample row has in each; None leaves a column to its default."""
    columns = [str(field.column) for field in model._meta.local_fields]
    names = [column for column in columns if changes.get(column, "") is not None]
    return ", ".join(names), ", ".join(changes.get(name) or name for name in names)
