"""Put one mail into the outbox; a worker hands it over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schoolgate.jobs.models import Job
from schoolgate.keys.models import AccessKey
from schoolgate.letters.models import Message
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class AccountMail:
    """One of several mails about accounts. params: as queue_message has them."""

    account_id: int
    address: str
    language: str
    params: Mapping[str, Any]
    idempotency_key: str


def queue_account_mails(*, tenant: Tenant, kind: str, mails: Iterable[AccountMail], at: datetime) -> None:
    """Step: queue mails of one kind, one for each account. One statement however many they are, so that a clock tells nobody how many."""
    Message.objects.bulk_create(
        [
            Message(
                tenant=tenant,
                kind=kind,
                account_id=mail.account_id,
                address=mail.address,
                language=mail.language,
                params=dict(mail.params),
                idempotency_key=mail.idempotency_key,
                not_before=at,
                queued_at=at,
            )
            for mail in mails
        ],
        ignore_conflicts=True,
    )


def queue_message(
    *,
    tenant: Tenant,
    kind: str,
    address: str,
    idempotency_key: str,
    at: datetime,
    language: str = "en",
    account_id: int | None = None,
    contact_id: int | None = None,
    student_id: int | None = None,
    key: AccessKey | None = None,
    params: Mapping[str, Any] | None = None,
    not_before: datetime | None = None,
    run: Job | None = None,
) -> None:
    """Step: queue a mail, at most one for each idempotency_key of the tenant. Sent at once unless not_before says later.

    params: what the body needs besides, never a secret: it is rendered at hand-over and never stored (spine §4). For mails
    with a code or a link of one use: "nonce" (tenancy/one_time.py), "id" and "link" (a path under the tenant's address), and "minutes".
    """
    message = Message(
        tenant=tenant,
        kind=kind,
        key=key,
        account_id=account_id,
        contact_id=contact_id,
        student_id=student_id,
        address=address,
        language=language,
        params=dict(params or {}),
        idempotency_key=idempotency_key,
        not_before=not_before or at,
        queued_at=at,
        run=run,
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
