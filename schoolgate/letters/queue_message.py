"""Put mails into the outbox; a worker hands them over."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from schoolgate.letters.models import Message
from schoolgate.tenancy.models import Tenant


def one_use(*, nonce: str, row_id: int, link: str, life: timedelta) -> dict[str, Any]:
    """The params of a mail with a code or a link of one use (tenancy/one_time.py). link: a path under the tenant's address."""
    return {"nonce": nonce, "link": link, "id": row_id, "minutes": int(life.total_seconds() // 60)}


def message_of(
    *,
    tenant: Tenant,
    kind: str,
    address: str,
    language: str,
    idempotency_key: str,
    at: datetime,
    account_id: int | None = None,
    contact_id: int | None = None,
    student_id: int | None = None,
    params: Mapping[str, Any] | None = None,
) -> Message:
    """A mail to queue.

    params: what the body needs besides, never a secret: it is rendered at hand-over and never stored (spine §4).
    """
    return Message(
        tenant=tenant,
        kind=kind,
        account_id=account_id,
        contact_id=contact_id,
        student_id=student_id,
        address=address,
        language=language,
        params=dict(params or {}),
        idempotency_key=idempotency_key,
        not_before=at,
        queued_at=at,
    )


def queue_messages(*messages: Message) -> None:
    """Step: queue mails, at most one for each idempotency_key of the tenant.

    One statement however many they are, so that a clock tells nobody how many.
    """
    Message.objects.bulk_create(messages, ignore_conflicts=True)
