"""What the tests of the dashboard share: a member at the page, and a district with one family in every stage."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import of_students
from schoolgate.letters.models import Message, MessageState
from schoolgate.tenancy.models import School, Tenant
from tests.console.contact_keys.office import sign_in
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_key, make_key_for, make_redeemed_key, make_tie_for

STAGES = ("registered", "given_out", "ready", "locked", "bounced", "expired", "revoked", "never")


def address(tenant: Tenant, name: str = "home") -> str:
    return reverse(f"console:dashboard:{name}", args=[tenant.code])


def bring_to(contact: DirectoryContact, stage: str) -> None:
    """As far as the word says; the facts that the acts would leave."""
    now = timezone.now()
    if stage == "never":
        return
    if stage == "registered":
        make_redeemed_key(contact, at=now)
        return
    key = make_key(contact, at=now)
    change_key(key, stage)


def bring_student_to(student: DirectoryStudent, stage: str) -> None:
    """The same with the key for the student's own use."""
    now, [subject] = timezone.now(), of_students([student.pk])
    if stage == "never":
        return
    if stage == "registered":
        make_tie_for(subject, tenant_id=student.tenant_id, at=now)
        return
    change_key(make_key_for(subject, tenant_id=student.tenant_id, at=now), stage)


def change_key(key: AccessKey, stage: str) -> None:
    now = timezone.now()
    facts: dict[str, dict[str, Any]] = {
        "given_out": {"printed_at": now},
        "locked": {"locked_at": now},
        "expired": {"expires_at": now - timedelta(days=1)},
        "revoked": {"state": KeyState.REVOKED, "ended_at": now, "sealed": None},
    }
    if stage in facts:
        AccessKey.objects.filter(tenant=key.tenant, pk=key.pk).update(**facts[stage])
    if stage == "bounced":
        make_mail(key, MessageState.BOUNCED)


def make_mail(key: AccessKey, state: str) -> Message:
    now = timezone.now()
    return Message.objects.create(
        tenant=key.tenant,
        kind="key",
        key=key,
        contact_id=key.addressee_id,
        address="amara@home.example",
        idempotency_key=f"{key.pk}:{state}",
        state=state,
        not_before=now,
        queued_at=now,
    )


def make_family(tenant: Tenant, school: School, stage: str, *, year: str = "7", language: str = "") -> DirectoryContact:
    """A parent as far as the stage says, with one child."""
    contact = make_contact(tenant, language=language)
    make_link(make_student(tenant, school=school, year_level=year), contact)
    bring_to(contact, stage)
    return contact


def look(client: Client, tenant: Tenant, name: str = "home", query: str = "") -> Any:
    return client.get(address(tenant, name) + query)


__all__ = [
    "STAGES",
    "address",
    "bring_student_to",
    "bring_to",
    "change_key",
    "look",
    "make_family",
    "make_mail",
    "sign_in",
]
