"""The chain finds whatever was changed, removed, inserted or moved (security.md §4, R14)."""

import random

import pytest
from django.db import ProgrammingError, connection, transaction

from schoolgate.audit.models import AuditEntry, AuditHead, AuditSubject
from schoolgate.audit.record import hash_of, record
from schoolgate.audit.verify import verify_audit
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def chain_of(length: int):
    tenant = make_tenant()
    for number in range(length):
        with transaction.atomic():
            subjects = [("contact", number), ("student", number + 1)]
            record(
                "flag.saved", tenant_id=tenant.pk, by=actor(), at=NOW, subjects=subjects, detail={"after": {"on": True}}
            )
    return tenant


def test_an_untouched_chain_is_whole():
    tenant = chain_of(5)
    assert verify_audit(tenant_id=tenant.pk).ok
    assert verify_audit(tenant_id=tenant.pk).rows == 6


def _change(entry):
    AuditEntry.objects.filter(pk=entry.pk).update(detail={"after": {"on": False}})


def _change_time(entry):
    AuditEntry.objects.filter(pk=entry.pk).update(at=entry.at.replace(second=59))


def _change_subject(entry):
    AuditSubject.objects.filter(entry=entry).update(subject_id=999)


def _remove(entry):
    AuditSubject.objects.filter(entry=entry).delete()
    AuditEntry.objects.filter(pk=entry.pk).delete()


def _remove_subjects(entry):
    AuditSubject.objects.filter(entry=entry).delete()


def _rehash(entry):
    """Somebody who knows the rule: changes a row and makes its own hash right again."""
    entry.reason = "another"
    AuditEntry.objects.filter(pk=entry.pk).update(reason="another", hash=hash_of(entry))


def _insert(entry):
    last = AuditEntry.objects.filter(tenant_id=entry.tenant_id).order_by("-seq").first()
    copy = AuditEntry.objects.get(pk=entry.pk)
    copy.pk, copy.seq, copy.prev_hash = None, last.seq + 1, last.hash
    copy.hash = hash_of(copy)
    copy.save(force_insert=True)


def _swap(entry):
    other = AuditEntry.objects.filter(tenant_id=entry.tenant_id).exclude(pk=entry.pk).order_by("seq").first()
    a, b = entry.seq, other.seq
    AuditEntry.objects.filter(pk=entry.pk).update(seq=10_000)
    AuditEntry.objects.filter(pk=other.pk).update(seq=a)
    AuditEntry.objects.filter(pk=entry.pk).update(seq=b)


TAMPERINGS = [_change, _change_time, _change_subject, _remove, _remove_subjects, _rehash, _insert, _swap]


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.__name__)
def test_a_tampering_is_found(tampering):
    tenant = chain_of(6)
    entry = AuditEntry.objects.filter(tenant=tenant, subjects__0__0="contact").order_by("seq")[2]
    tampering(entry)
    assert not verify_audit(tenant_id=tenant.pk).ok


def test_random_tamperings_are_all_found():
    """R14 in short form: 100 of 100; the full form is tests/reliability."""
    tenant = chain_of(12)
    chance = random.Random(14)
    found = 0
    for _ in range(100):
        with transaction.atomic():
            entry = chance.choice(list(AuditEntry.objects.filter(tenant=tenant).exclude(subjects=[])[1:]))
            chance.choice(TAMPERINGS)(entry)
            found += not verify_audit(tenant_id=tenant.pk).ok
            transaction.set_rollback(True)
    assert found == 100
    assert verify_audit(tenant_id=tenant.pk).ok


def test_a_removed_end_is_found_by_the_head():
    tenant = chain_of(3)
    last = AuditEntry.objects.filter(tenant=tenant).order_by("-seq").first()
    _remove(last)
    verdict = verify_audit(tenant_id=tenant.pk)
    assert verdict.first_bad == last.seq


def test_an_entry_shares_its_acts_transaction():
    tenant = chain_of(1)
    with transaction.atomic():
        record("flag.saved", tenant_id=tenant.pk, by=actor(), at=NOW)
        transaction.set_rollback(True)
    assert AuditEntry.objects.filter(tenant=tenant).count() == 2
    assert AuditHead.objects.get(tenant=tenant).seq == 2


def test_two_tenants_have_two_chains():
    first, second = chain_of(2), chain_of(3)
    assert verify_audit(tenant_id=first.pk).rows == 3
    assert verify_audit(tenant_id=second.pk).rows == 4


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL knows rights on tables")
def test_a_plain_owner_of_the_table_may_append_but_not_change():
    """security.md §4: no UPDATE or DELETE for application roles; the migration takes the right away from the owner itself."""
    tenant = chain_of(2)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain_application")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain_application")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain_application")
        try:
            for table in ["audit_auditentry", "audit_auditsubject"]:
                cursor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM plain_application")
            cursor.execute("SET ROLE plain_application")
            with transaction.atomic():
                record("flag.saved", tenant_id=tenant.pk, by=actor(), at=NOW, subjects=[("contact", 1)])
            for statement in ["UPDATE audit_auditentry SET reason = 'x'", "DELETE FROM audit_auditentry"]:
                with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                    cursor.execute(statement)
        finally:
            cursor.execute("RESET ROLE")
            cursor.execute("DROP OWNED BY plain_application")
            cursor.execute("DROP ROLE plain_application")
    assert verify_audit(tenant_id=tenant.pk).ok
