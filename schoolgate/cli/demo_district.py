"""The demo's district: five schools, one of them closed, in the middle of giving out keys; some families are there already.

Its families came by the actions that the portal's pages call: a mailed code, a password, a key, a child's date of birth.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from schoolgate.accounts.confirm import complete_account, confirm_email
from schoolgate.accounts.models import Registration
from schoolgate.accounts.redeem import redeem_key
from schoolgate.accounts.register import register_account
from schoolgate.accounts.sign_up import sign_up_student
from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.cli.demo_steps import Memory, add_member, publish_roster, run_command
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.directory.models import DirectoryStudent
from schoolgate.directory.queries import visible_students
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.queries import ContactKey, contact_keys
from schoolgate.keys.reveal import reveal_keys
from schoolgate.keys.subjects import CONTACT, of_contacts, of_students
from schoolgate.keys.throttle import counted_try
from schoolgate.letters.models import Message
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.one_time import one_time_code
from schoolgate.tenancy.usernames import fold

DISTRICT = "Banksi"
NAME = "Banksia Coast District"
STUDENTS, SEED = 800, 20260
PRIMARY, CLOSED, SECOND_PRIMARY, HIGH, COLLEGE = range(1001, 1006)
SCHOOLS = {
    PRIMARY: ("Banksia Flat Primary School", True),
    CLOSED: ("Banksia Flat High School", False),
    SECOND_PRIMARY: ("Kestrel Bay Primary School", True),
    HIGH: ("Kestrel Bay High School", True),
    COLLEGE: ("Lantern Hill College", True),
}
CLOSED_ON = date(2026, 7, 3)
FAMILIES, PUPILS = 24, 4
MAILED, PRINTED, REVOKED = 60, 30, 4
_FAMILY = Actor(kind=ActorKind.FAMILY, via="cli:demo")


def build_district(memory: Memory) -> None:
    """Roster, import, Data Sync, settings and people of the office; then keys as far as a district has come in a week."""
    roster = settings.DATA_DIR / "demo-district"
    memory.once("district roster", lambda: make_district_roster(roster, students=STUDENTS))
    publish_roster(memory, DISTRICT, name=NAME, time_zone="Australia/Brisbane", roster=roster, schools=SCHOOLS)
    at = ["--tenant", DISTRICT]
    memory.once(
        f"{DISTRICT}: one school",
        lambda: add_member(memory, DISTRICT, "portal-officer", "kestrel", school_number=SECOND_PRIMARY),
    )
    # Lantern Hill has none yet: that is what Generate Registration Keys by School is tried on.
    schools = [str(number) for number in (PRIMARY, SECOND_PRIMARY, HIGH)]
    parents = ["keys", "generate", *at, "--for", "parents", "--school", *schools]
    memory.once(f"{DISTRICT}: keys for parents", lambda: run_command(*parents))
    students = ["keys", "generate", *at, "--for", "students", "--school", str(HIGH), "--grade", "11", "12"]
    memory.once(f"{DISTRICT}: keys for students", lambda: run_command(*students))
    memory.once(f"{DISTRICT}: given out", _give_out)
    memory.once(f"{DISTRICT}: families", lambda: _connect_families(memory.password))
    memory.once(f"{DISTRICT}: pupils", lambda: _sign_up_pupils(memory.password))


def make_district_roster(folder: Path, *, students: int) -> None:
    """The generator's five schools; everybody of one has left, since it was closed."""
    sizes = ["--students", str(students), "--schools", str(len(SCHOOLS)), "--seed", str(SEED)]
    run_command("roster", "make", *sizes, "--format", "native", "--out", str(folder))
    file = folder / "students.csv"
    with file.open(encoding="utf-8", newline="") as before:
        rows = list(csv.DictReader(before))
    for row in rows:
        if row["school_code"] == str(CLOSED):
            row |= {"enrolment_status": "inactive", "end_date": CLOSED_ON.isoformat()}
    with file.open("w", encoding="utf-8", newline="") as after:
        writer = csv.DictWriter(after, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _give_out() -> None:
    """Letters for some, mails for others, and a few that were lost and ended; the rest wait in the office."""
    live = [each for each in contact_keys(tenant=tenant_named(DISTRICT), at=timezone.now()) if each.state == "live"]
    mailed = [each.source_id for each in live[::2] if each.email][:MAILED]
    others = [each.source_id for each in live[1::2]]
    at = ["--tenant", DISTRICT]
    run_command("keys", "email", *at, "--contact", *mailed)
    letters = settings.DATA_DIR / "demo-letters.pdf"
    run_command("keys", "letters", *at, "--out", str(letters), "--contact", *others[:PRINTED])
    lost = others[PRINTED : PRINTED + REVOKED]
    run_command("keys", "revoke", *at, "--reason", "Lost in the post", "--contact", *lost)


def _connect_families(password: str) -> None:
    """Some who have a letter or a mail redeem their key; who has done so in an interrupted run is passed over."""
    tenant, now = tenant_named(DISTRICT), timezone.now()
    keys = list(contact_keys(tenant=tenant, at=now))
    mailboxes = Counter(fold(each.email) for each in keys)
    out = _given_out(tenant)
    families = [each for each in keys if each.contact_id in out and mailboxes[fold(each.email)] == 1 and each.email]
    for family in families[::2][:FAMILIES]:
        if family.state == KeyState.LIVE:
            _connect(tenant, family, password)


def _given_out(tenant: Tenant) -> set[int]:
    """Contacts whose key was printed, or stands in the outbox."""
    printed = AccessKey.objects.for_tenant(tenant).filter(subject_kind=CONTACT, printed_at__isnull=False)
    mailed = Message.objects.for_tenant(tenant).filter(key__isnull=False)
    return {*printed.values_list("subject_id", flat=True), *mailed.values_list("key__subject_id", flat=True)}


def _connect(tenant: Tenant, family: ContactKey, password: str) -> None:
    now = timezone.now()
    account = _account_of(tenant, family.email)
    if account is None:
        registration_id = register_account(tenant=tenant, email=family.email, language="en", by=_FAMILY, at=now)
        registration = Registration.objects.for_tenant(tenant).get(pk=registration_id or 0)
        code = one_time_code(registration.nonce)
        account_id = confirm_email(tenant=tenant, registration_id=registration_id, typed=code, by=_FAMILY, at=now)
        account = complete_account(
            tenant=tenant, account_id=account_id, name=family.name, password=password, by=_FAMILY, at=now
        )
    child = visible_students(tenant=tenant, contact_ids=[family.contact_id], today=day_of(tenant, now)).first()
    code_of_letter = _read(tenant, of_contacts([family.contact_id]))
    if child is None or code_of_letter is None:
        return
    by = Actor(kind=ActorKind.FAMILY, user_id=account.pk, via="cli:demo")
    with counted_try(tenant=tenant, code=code_of_letter, by=by, at=now):
        redeem_key(tenant=tenant, account=account, code=code_of_letter, birth_date=child.birth_date, by=by, at=now)


def _sign_up_pupils(password: str) -> None:
    """A few of those with a key for student use have an account of their own."""
    tenant, now = tenant_named(DISTRICT), timezone.now()
    # one school: whoever has it as the first
    students = DirectoryStudent.objects.for_tenant(tenant).filter(school__number=HIGH, is_active=True)
    for student, code in islice(_with_keys(tenant, list(students.order_by("pk"))), PUPILS):
        name = f"{student.given_name}{student.pk}".casefold().replace(" ", "")
        with counted_try(tenant=tenant, code=code, by=_FAMILY, at=now):
            sign_up_student(
                tenant=tenant,
                code=code,
                birth_date=student.birth_date,
                username="".join(sign for sign in name if sign.isalnum()),
                email="",
                password=password,
                language="en",
                by=_FAMILY,
                at=now,
            )


def _with_keys(tenant: Tenant, students: list[DirectoryStudent]) -> Iterator[tuple[DirectoryStudent, KeyCode]]:
    for student in students:
        code = _read(tenant, of_students([student.pk]))
        if code is not None:
            yield student, code


def _read(tenant: Tenant, subjects: list[Subject]) -> KeyCode | None:
    """What the letter says; None when the key is not live any more."""
    shown = reveal_keys(tenant=tenant, subjects=subjects, by=terminal_actor(tenant), at=timezone.now())
    return shown[0].code if shown else None


def _account_of(tenant: Tenant, email: str) -> User | None:
    """Of a family that an interrupted run has left without its key."""
    accounts = User.objects.for_tenant(tenant).accounts().filter(username_folded=fold(email))
    found: User | None = accounts.exclude(email_confirmed_at=None).first()
    return found
