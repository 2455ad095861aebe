"""The chain finds whatever was changed, removed, inserted or moved (security.md §4, R14)."""

import random

import pytest
from django.db import ProgrammingError, connection, transaction

from schoolgate.audit.models import AuditEntry, AuditHead
from schoolgate.audit.record import record
from schoolgate.audit.verify import verify_audit
from tests.audit.tamper import TAMPERINGS, chain_of, remove
from tests.factories.tenancy import NOW, actor

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_untouched_chain_is_whole():
    tenant = chain_of(5)
    assert verify_audit(tenant_id=tenant.pk).ok
    assert verify_audit(tenant_id=tenant.pk).rows == 6


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
    remove(last)
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
