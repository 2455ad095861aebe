"""R13: no secret at rest. A school issues keys, prints, mails and shows them; families register, mistype, redeem, forget passwords.

Then the database (its dump, and each session unpacked), what the processes logged, and the server's own log are searched
for every secret that was used: keys in each way they are written, mailed codes and links, passwords, sign-in links. The
control plants a secret in each of these places and must find it there.

    python -m tests.reliability secrets_at_rest [KEYS [FAMILIES]]
"""

import logging
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.cookiejar import CookieJar
from io import StringIO
from pathlib import Path
from urllib.parse import quote, urlencode

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import run_job
from schoolgate.keys.models import AccessKey, KeyAttempt, Tie
from schoolgate.letters.deliver import deliver_due
from schoolgate.letters.models import Message
from schoolgate.lib.keycode import KeyCode
from schoolgate.lib.logs import JsonFormatter
from schoolgate.tenancy.models import Role, Tenant
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import code_of, generate
from tests.factories.tenancy import PASSWORD, make_member, make_tenant
from tests.letters.mail_server import MailServer, mail_server
from tests.postgres import server_binaries
from tests.processes import Stack, database_url

BORN = date(2014, 3, 27)
OFFICE = "office@school.example"


@dataclass
class Known:
    """Every secret that was used, each with what it is."""

    kind_by_text: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, *texts: str) -> None:
        self.kind_by_text |= dict.fromkeys(texts, kind)

    def add_key(self, code: KeyCode) -> None:
        """As typed and printed, and its secret part alone, which with the public selector is the whole."""
        secret = code.symbols[4:14]
        self.add("key", code.symbols, code.grouped, secret, code.symbols.lower(), code.grouped.lower(), secret.lower())


class Browser:
    """A person's browser: cookies, and the form's token of the page."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def open(self, path: str, form: Mapping[str, object] | None = None) -> str:
        """The page, whatever its status."""
        body = urlencode(form, doseq=True).encode() if form is not None else None
        try:
            with self.opener.open(f"{self.url}{path}", body, timeout=60) as answer:
                return str(answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as refused:
            return refused.read().decode(errors="replace")

    def post(self, path: str, form: Mapping[str, object], *, seen_at: str = "") -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.open(seen_at or path))
        assert token is not None, f"{seen_at or path} has no form"
        return self.open(path, {**form, "csrfmiddlewaretoken": token[1]})


def issue(stack: Stack, known: Known, *, keys: int) -> tuple[Tenant, list[AccessKey]]:
    """The office's day: keys made, printed, mailed, fetched and shown, a member added."""
    tenant = make_tenant(portal_open=True, help_line="02 5550 1234", mails_per_hour=100_000)
    make_member(tenant, Role.OWNER, email=OFFICE)
    child = make_student(tenant, birth_date=BORN)
    contacts = [make_contact(tenant) for _ in range(keys)]
    for contact in contacts:
        make_link(child, contact)
    generate(tenant, *contacts)
    live = list(AccessKey.objects.for_tenant(tenant).order_by("pk"))
    for key in live:
        known.add_key(code_of(key))
    known.add("password", PASSWORD)
    office, here = Browser(stack.url), f"/s-{tenant.code}"
    page = f"{here}/portal-console/setup/parent-access/contact-keys/"
    office.post(f"{here}/console/sign-in/", {"username": OFFICE, "password": PASSWORD})
    office.post(f"{page}select/", {"do": "all", "address": "", "shown": ""}, seen_at=page)
    for act in ("print", "email"):
        office.post(f"{page}{act}/", {})
    for job in Job.objects.for_tenant(tenant).filter(state="planned").order_by("pk"):
        run_job(job.pk)
    printed = Job.objects.for_tenant(tenant).get(kind="letters.print")
    office.post(f"{page}runs/{printed.pk}/letters/1/", {}, seen_at=page)
    shown = office.post(f"{page}show/", {}, seen_at=page)
    assert code_of(live[0]).grouped in shown, "the office was shown no key"
    member = {"name": "Lee Chan", "email": "lee@school.example", "role": "auditor"}
    link = re.search(r"/console/welcome/#t=([^<\s]+)", office.post(f"{here}/members/add/", member))
    assert link is not None
    known.add("sign-in link", link[1].partition("-")[2])
    office.open(f"{here}/console/find/?q={code_of(live[1]).symbols}")  # Pasted into the wrong box.
    return tenant, live


def redeem(stack: Stack, known: Known, server: MailServer, tenant: Tenant, key: AccessKey, *, number: int) -> None:
    """A family's way: typed wrong, typed right, an account, the proof failed and given, the key used; a password forgotten."""
    phone, here, code = Browser(stack.url), f"/s-{tenant.code}", code_of(key)
    email, password = f"family{number}@somewhere.example", f"four words that differ {number}"
    known.add("password", password, password + " again")
    phone.open(f"{here}/key/?k={code.symbols}")  # A link that a mail program has broken.
    phone.post(f"{here}/key/", {"key": code.grouped[:-1]})
    phone.post(f"{here}/key/", {"key": f"My key is {code.grouped}."})
    phone.post(f"{here}/key/account/new/", {"email": email})
    mailed = _mailed(server, known, to=email)
    phone.post(f"{here}/key/account/confirm/", {"code": re.findall(r"\b\d{8}\b", mailed)[0]})
    phone.post(f"{here}/key/account/complete/", {"name": "Robin Vale", "password": "short"})
    phone.post(f"{here}/key/account/complete/", {"name": "Robin Vale", "password": password})
    phone.post(f"{here}/key/check/", {"day": "1", "month": "1", "year": "2015"})
    if number % 2:  # Every second one goes no further: the typed key stays in the session.
        return
    children = phone.post(f"{here}/key/check/", {"day": BORN.day, "month": BORN.month, "year": BORN.year})
    press = re.search(r'name="number" value="([^"]+)"', children)
    assert press is not None, "the children were not shown"
    phone.post(f"{here}/key/children/", {"answer": "yes", "number": press[1]})
    phone.post(f"{here}/account/", {"current": password, "password": password + " again"})
    phone.post(f"{here}/recover/", {"email": email})
    _mailed(server, known, to=email)


def _mailed(server: MailServer, known: Known, *, to: str) -> str:
    """The text of the newest mail to an address; its code and link are secrets from now on."""
    deliver_due(timezone.now())
    body = [mail for mail in server.mails if mail["To"] == to][-1].get_body(("plain",))
    assert body is not None
    text = str(body.get_content())
    known.add("mailed code", *re.findall(r"\b\d{8}\b", text))
    known.add("mailed link", *(token.partition(".")[2] for token in re.findall(r"#t=([\w.-]+)", text)))
    return text


def places(stack: Stack, logged: str) -> Iterator[tuple[str, str]]:
    """(where, all its text): everything that stays when the people have gone home."""
    yield "database", _dump()
    for session in Session.objects.all():
        yield "session store", repr(SessionStore().decode(session.session_data))
    yield "log of the web processes", stack.log()
    yield "log of jobs and mails", logged
    if connection.vendor == "postgresql":
        yield (
            "log of the database server",
            (Path(str(connection.settings_dict["HOST"])) / "log").read_text(errors="replace"),
        )


def _dump() -> str:
    """The whole database as text: the message queue, the jobs, the audit and the sessions are tables of it."""
    if connection.vendor == "postgresql":
        command = [str(server_binaries() / "pg_dump"), "--dbname", database_url()]
        return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout
    name = Path(str(connection.settings_dict["NAME"]))
    files = [path for path in (name, name.with_name(f"{name.name}-wal")) if path.exists()]
    # By another process: if this one closed the file, SQLite's own locks on it would be gone (POSIX), and with them the database.
    read = subprocess.run(["cat", *map(str, files)], check=True, capture_output=True)
    return read.stdout.decode("utf-8", "replace")


def found_in(known: Known, where: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """{place: kinds of secrets found there}, each looked for in clear, as an address has it, and as a dump shows bytes."""
    found: dict[str, set[str]] = {}
    for place, text in where:
        for secret, kind in known.kind_by_text.items():
            if any(form in text for form in {secret, quote(secret), secret.encode().hex()}):
                found.setdefault(place, set()).add(kind)
    return found


@contextmanager
def log_of_this_process() -> Iterator[StringIO]:
    """What jobs and mails log, in the form of the processes' own lines."""
    kept = StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    try:
        yield kept
    finally:
        logging.getLogger().removeHandler(handler)


def plant(stack: Stack, tenant: Tenant, key: AccessKey) -> dict[str, str]:
    """For the control: one key's secret in each place. {place: how}"""
    symbols = code_of(key).symbols
    message = Message.objects.for_tenant(tenant).latest("pk")
    Message.objects.filter(pk=message.pk).update(params={**message.params, "body": f"key {symbols}"})
    session = SessionStore()
    session["typed_key"] = symbols
    session.save()
    with (stack.folder / "log").open("a") as log:
        log.write(f"GET /key/?k={symbols}\n")
    return {"database": "a mail's row", "session store": "a typed key", "log of the web processes": "a query"}


@dataclass(frozen=True)
class Outcome:
    """secrets: how many texts were looked for. found: where there were any. missed: places of the control without a find."""

    secrets: int
    found: dict[str, set[str]]
    missed: set[str]


def a_day(*, keys: int, families: int) -> Outcome:
    """The whole of it, on the database that is open."""
    known = Known()
    with mail_server() as server, log_of_this_process() as logged, Stack(web=2, workers=0) as stack:
        tenant, live = issue(stack, known, keys=keys)
        Message.objects.for_tenant(tenant).update(not_before=timezone.now())
        deliver_due(timezone.now())
        assert len(server.mails) >= keys, "the keys were not mailed"
        for number, key in enumerate(live[:families]):
            redeem(stack, known, server, tenant, key, number=number)
        _require_that_it_happened(tenant, families=families)
        found = found_in(known, places(stack, logged.getvalue()))
        planted = Known()
        planted.add_key(code_of(live[-1]))
        expected = set(plant(stack, tenant, live[-1]))
        missed = expected - set(found_in(planted, places(stack, logged.getvalue())))
    return Outcome(len(known.kind_by_text), found, missed)


def _require_that_it_happened(tenant: Tenant, *, families: int) -> None:
    """A day on which nothing was done leaves no secrets either."""
    acts = set(AuditEntry.objects.filter(tenant=tenant).values_list("act", flat=True))
    wanted = {"key.generated", "key.printed", "letter.fetched", "key.emailed", "key.shown", "member.added"}
    wanted |= {"key.redeemed", "account.password_changed", "account.recovery_asked"}
    assert wanted <= acts, f"did not happen: {wanted - acts}"
    assert Tie.objects.for_tenant(tenant).count() == (families + 1) // 2
    assert KeyAttempt.objects.for_tenant(tenant).filter(kind="wrong_proof").count() == families


def main(arguments: list[str]) -> int:
    """The full form, with its numbers; 0 when nothing was found but what the control planted."""
    keys, families = [*map(int, arguments), *[1_000, 50][len(arguments) :]]
    began = time.monotonic()
    outcome = a_day(keys=keys, families=families)
    print(
        f"R13: {keys} keys, {families} families, {outcome.secrets} texts of secrets; {time.monotonic() - began:.0f} s"
    )
    for place, kinds in sorted(outcome.found.items()):
        print(f"  FOUND in the {place}: {', '.join(sorted(kinds))}")
    print(f"R13: {sum(map(len, outcome.found.values()))} kinds of secrets found at rest")
    print(f"control: planted ones missed in: {', '.join(sorted(outcome.missed)) or 'no place'}")
    return 1 if outcome.found or outcome.missed else 0
