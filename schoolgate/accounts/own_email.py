"""The address of a student's own account: optional, and worth nothing until its code is typed in by the signed-in student.

A family proves its address before there is an account; a student has the account first. So nobody but the student, with their
password, can prove an address for it: whoever else reads the mail can do nothing with it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from schoolgate.accounts.errors import AccountNotMade, CodeNotAccepted, TooManyTries
from schoolgate.accounts.models import EmailProof
from schoolgate.accounts.usernames import is_address_taken, is_email
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.letters.queue_message import message_of, one_use, queue_messages
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import Tenant, User, UserKind
from schoolgate.tenancy.one_time import is_code_of, is_token_of, new_nonce, parts_of_token
from schoolgate.tenancy.throttle import count_try

CODE_LIFE = timedelta(minutes=30)
TRIES_FOR_A_CODE = 5
MAILS_FROM_AN_ACCOUNT = 5
HOUR = timedelta(hours=1)


def address_to_prove(*, tenant: Tenant, account: User) -> str:
    """Query: the address whose code the account waits for; empty when there is none."""
    proof = EmailProof.objects.for_tenant(tenant).filter(account=account).first()
    return proof.address if proof else ""


def change_own_email(*, tenant: Tenant, account: User, email: str, by: Actor, at: datetime) -> None:
    """Mail a code to another address, or to the same once more. A proved address stays until the office changes it (R-MU-03).

    Raises NotFound for other accounts, TooManyTries, and AccountNotMade for an address that can't be used.
    """
    if account.kind != UserKind.STUDENT or account.email:
        raise NotFound
    if not count_try(
        tenant=tenant,
        bucket="own_email",
        subject=str(account.pk),
        limit=MAILS_FROM_AN_ACCOUNT,
        window=HOUR,
        at=at,
    ):
        raise TooManyTries
    email = email.strip()
    if not is_email(email) or is_address_taken(email, tenant=tenant, account_id=account.pk):
        raise AccountNotMade({"email": _("This address can't be used for your account. Use another.")})
    with transaction.atomic(durable=True):
        ask_for_proof(account, address=email, at=at)
        record("account.email_given", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", account.pk)])


def ask_for_proof(account: User, *, address: str, at: datetime) -> None:
    """Step: remember the address, with a new code, and mail the code."""
    proof, _made = EmailProof.objects.update_or_create(
        tenant=account.tenant,
        account=account,
        defaults={"address": address, "nonce": new_nonce(), "tries": 0, "asked_at": at},
    )
    queue_messages(
        message_of(
            tenant=account.tenant,
            kind="confirm_email",
            address=address,
            account_id=account.pk,
            language=account.language or account.tenant.settings.language,
            params=one_use(nonce=proof.nonce, row_id=proof.pk, link="account/email/", life=CODE_LIFE),
            idempotency_key=f"confirm_email:{proof.nonce}",
            at=at,
        )
    )


def confirm_own_email(*, tenant: Tenant, account: User, typed: str, by: Actor, at: datetime) -> None:
    """Prove the address by the code, or by what the mail's link carries. A try is counted before anything is compared.

    From now on a forgotten password can be mended by this address. Raises CodeNotAccepted, for every cause.
    """
    proofs = EmailProof.objects.for_tenant(tenant).filter(account=account)
    counted = proofs.filter(tries__lt=TRIES_FOR_A_CODE).update(tries=F("tries") + 1)
    proof = proofs.first()
    if proof is None or not counted or not _fits(proof, typed):
        raise CodeNotAccepted
    _confirm(proof, by=by, at=at)


def _fits(proof: EmailProof, typed: str) -> bool:
    if "." not in typed:
        return is_code_of(proof.nonce, typed)
    proof_id, secret = parts_of_token(typed)
    return proof_id == proof.pk and is_token_of(proof.nonce, secret)


@transaction.atomic(durable=True)
def _confirm(proof: EmailProof, *, by: Actor, at: datetime) -> None:
    """Once; not for a code that is too old, nor for an address that became somebody else's meanwhile."""
    mine = EmailProof.objects.for_tenant(proof.tenant).filter(
        pk=proof.pk, nonce=proof.nonce, asked_at__gt=at - CODE_LIFE
    )
    if is_address_taken(proof.address, tenant=proof.tenant, account_id=proof.account_id) or not mine.delete()[0]:
        raise CodeNotAccepted
    accounts = User.objects.for_tenant(proof.tenant).filter(pk=proof.account_id)
    accounts.update(email=proof.address, email_confirmed_at=at)
    subjects = [("account", proof.account_id)]
    record("account.email_confirmed", tenant_id=proof.tenant_id, by=by, at=at, subjects=subjects, detail={"how": "own"})
