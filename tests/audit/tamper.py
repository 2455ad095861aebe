"""Ways to tamper with an audit, each by somebody who can write to the database."""

from django.db import transaction

from schoolgate.audit.models import AuditEntry, AuditSubject
from schoolgate.audit.record import hash_of, record
from tests.factories.tenancy import NOW, actor, make_tenant


def chain_of(length: int):
    tenant = make_tenant()
    for number in range(length):
        with transaction.atomic():
            subjects = [("contact", number), ("student", number + 1)]
            record(
                "flag.saved", tenant_id=tenant.pk, by=actor(), at=NOW, subjects=subjects, detail={"after": {"on": True}}
            )
    return tenant


def change(entry):
    AuditEntry.objects.filter(pk=entry.pk).update(detail={"after": {"on": False}})


def change_time(entry):
    AuditEntry.objects.filter(pk=entry.pk).update(at=entry.at.replace(second=59))


def change_subject(entry):
    AuditSubject.objects.filter(entry=entry).update(subject_id=999)


def remove(entry):
    AuditSubject.objects.filter(entry=entry).delete()
    AuditEntry.objects.filter(pk=entry.pk).delete()


def remove_subjects(entry):
    AuditSubject.objects.filter(entry=entry).delete()


def rehash(entry):
    """Somebody who knows the rule: changes a row and makes its own hash right again."""
    entry.reason = "another"
    AuditEntry.objects.filter(pk=entry.pk).update(reason="another", hash=hash_of(entry))


def insert(entry):
    last = AuditEntry.objects.filter(tenant_id=entry.tenant_id).order_by("-seq").first()
    copy = AuditEntry.objects.get(pk=entry.pk)
    copy.pk, copy.seq, copy.prev_hash = None, last.seq + 1, last.hash
    copy.hash = hash_of(copy)
    copy.save(force_insert=True)


def swap(entry):
    other = AuditEntry.objects.filter(tenant_id=entry.tenant_id).exclude(pk=entry.pk).order_by("seq").first()
    a, b = entry.seq, other.seq
    AuditEntry.objects.filter(pk=entry.pk).update(seq=10_000)
    AuditEntry.objects.filter(pk=other.pk).update(seq=a)
    AuditEntry.objects.filter(pk=entry.pk).update(seq=b)


TAMPERINGS = [change, change_time, change_subject, remove, remove_subjects, rehash, insert, swap]
