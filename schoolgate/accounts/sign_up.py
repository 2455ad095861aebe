"""A student makes an account of their own, by a key for student use (R-SU-03, R-SU-05)."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from schoolgate.accounts.errors import AccountNotMade, PasswordRefused, TooManyTries
from schoolgate.accounts.own_email import ask_for_proof
from schoolgate.accounts.passwords import require_good_password
from schoolgate.accounts.portal_state import require_sign_up
from schoolgate.accounts.student_key import proof_asked_of, require_allowed, require_own_birth_date
from schoolgate.accounts.usernames import is_address_taken, is_email, is_on_file, why_not_username
from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.record import record
from schoolgate.directory.models import DirectoryStudent
from schoolgate.keys.claim import claim_key, make_tie
from schoolgate.keys.models import Tie
from schoolgate.letters.queue_message import message_of, queue_messages
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import Tenant, User, UserKind
from schoolgate.tenancy.throttle import count_try
from schoolgate.tenancy.usernames import fold

NAMES_FOR_A_KEY = 20
HOUR = timedelta(hours=1)


def count_names_tried(*, tenant: Tenant, code: KeyCode, at: datetime) -> None:
    """Before each last press of a sign-up: who holds one key learns of so many names an hour whether they are taken.

    Raises TooManyTries.
    """
    if not count_try(
        tenant=tenant, bucket="sign_up.names", subject=code.selector, limit=NAMES_FOR_A_KEY, window=HOUR, at=at
    ):
        raise TooManyTries


@transaction.atomic(durable=True)
def sign_up_student(
    *,
    tenant: Tenant,
    code: KeyCode,
    birth_date: date | None,
    username: str,
    email: str,
    password: str,
    language: str,
    by: Actor,
    at: datetime,
) -> User:
    """Use the key up and make the account, both or neither. Every check of the earlier pages is made again here (R-RD-09).

    This is the one redemption without a proved address behind it, since students may have none (R-SU-03). email: may be
    empty; it stays unproved until its code is typed in (accounts/own_email.py), and so does a username that is an address.
    The try is counted around this call. Raises what `accounts.student_key.check_student_key` raises, and AccountNotMade.
    """
    require_sign_up(tenant, is_for_student=True)
    key = claim_key(tenant=tenant, code=code, at=at)
    require_allowed(tenant=tenant, account=None, key=key, at=at)
    student = require_own_birth_date(tenant=tenant, key=key, birth_date=birth_date)
    username, email = username.strip(), email.strip()
    account = User(
        tenant=tenant,
        kind=UserKind.STUDENT,
        username=username,
        username_folded=fold(username),
        name=student.shown_name[:200],
        language=language,
    )
    _require_good(account, email=email, password=password, student_no=student.student_no)
    account.set_password(password)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as clash:  # Of two who choose one name at once, one is told.
        raise AccountNotMade({"username": _taken()}) from clash
    tie = make_tie(key=key, account=account, at=at)
    address = email or (username if is_email(username) else "")
    if address:
        ask_for_proof(account, address=address, at=at)
    _tell_the_school_mailbox(student, tie=tie, at=at)
    who = Actor(kind=ActorKind.STUDENT, user_id=account.pk, via=by.via, source=by.source)
    about = [("account", account.pk)]
    record("account.completed", tenant_id=tenant.pk, by=who, at=at, subjects=about)
    detail = {"proof": proof_asked_of(student, tenant=tenant)}
    subjects = [("key", key.pk), ("student", student.pk), ("account", account.pk)]
    record("key.redeemed", tenant_id=tenant.pk, by=who, at=at, subjects=subjects, detail=detail)
    return account


@transaction.atomic(durable=True)
def reconnect_student(
    *, tenant: Tenant, account: User, code: KeyCode, birth_date: date | None, by: Actor, at: datetime
) -> Tie:
    """A student whose tie has ended uses a new key of their own, with the account they have. Raises as `check_student_key` does."""
    require_sign_up(tenant, is_for_student=True)
    key = claim_key(tenant=tenant, code=code, at=at)
    require_allowed(tenant=tenant, account=account, key=key, at=at)
    student = require_own_birth_date(tenant=tenant, key=key, birth_date=birth_date)
    tie = make_tie(key=key, account=account, at=at)
    _tell_the_school_mailbox(student, tie=tie, at=at)
    subjects = [("key", key.pk), ("student", student.pk), ("account", account.pk)]
    detail = {"proof": proof_asked_of(student, tenant=tenant)}
    record("key.redeemed", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail=detail)
    return tie


def _require_good(account: User, *, email: str, password: str, student_no: str) -> None:
    """Everything that is wrong at once, so that it is mended at once. Raises AccountNotMade."""
    faults = {}
    wrong = why_not_username(account.username, student_no=student_no)
    if wrong:
        faults["username"] = wrong
    elif is_address_taken(account.username, tenant=account.tenant) or is_on_file(
        account.username, tenant=account.tenant
    ):
        faults["username"] = _taken()
    if email and not is_email(email):
        faults["email"] = _("Enter an e-mail address like name@example.com.")
    elif email and is_address_taken(email, tenant=account.tenant):
        faults["email"] = _("This address can't be used for your account. Use another, or leave it empty.")
    try:
        require_good_password(password, account=account)
    except PasswordRefused as refusal:
        faults["password"] = refusal.message
    if faults:
        raise AccountNotMade(faults)


def _taken() -> str:
    return _("This username can't be used here. Choose another.")


def _tell_the_school_mailbox(student: DirectoryStudent, *, tie: Tie, at: datetime) -> None:
    """An adult who knows the date of birth can't be told from the student: so the student's own mailbox hears of it (R-SU-07)."""
    if is_email(student.email):
        queue_messages(
            message_of(
                tenant=tie.tenant,
                kind="own_account",
                address=student.email,
                account_id=tie.account_id,
                student_id=student.pk,
                language=tie.tenant.settings.language,
                params={"link": "not-you/", "connected_at": at.isoformat()},
                idempotency_key=f"own_account:{tie.pk}",
                at=at,
            )
        )
