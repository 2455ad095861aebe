"""R14: a thousand random tamperings with an audit, each found.

Prints how many of each kind were found, and that the untouched chain is whole. The control reads the same tamperings without
working out each entry's hash anew, and must miss some.
"""

import random
from collections import Counter
from unittest import mock

from django.db import transaction

from schoolgate.audit import verify
from schoolgate.audit.models import AuditEntry
from schoolgate.audit.verify import verify_audit
from tests.audit.tamper import TAMPERINGS, chain_of

TAMPERINGS_WANTED = 1000
SEED = 14


def main(arguments: list[str]) -> int:
    """Tamper, look, put back; the exit code says whether all were found."""
    chance = random.Random(SEED)
    tried: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    missed_by_control = 0
    tenant = chain_of(200)
    entries = list(AuditEntry.objects.filter(tenant=tenant).exclude(subjects=[]).order_by("seq")[1:])
    for _ in range(TAMPERINGS_WANTED):
        tampering = chance.choice(TAMPERINGS)
        with transaction.atomic():
            tampering(chance.choice(entries))
            found = not verify_audit(tenant_id=tenant.pk).ok
            with mock.patch.object(verify, "hash_of", lambda entry: entry.hash):
                missed_by_control += verify_audit(tenant_id=tenant.pk).ok
            transaction.set_rollback(True)
        tried[tampering.__name__] += 1
        missed[tampering.__name__] += not found
    untouched = verify_audit(tenant_id=tenant.pk)
    for name, number in sorted(tried.items()):
        print(f"  {name:<18} {number - missed[name]:>4} of {number:>4} found")
    total_missed = sum(missed.values())
    print(f"R14: {TAMPERINGS_WANTED - total_missed} of {TAMPERINGS_WANTED} tamperings found (seed {SEED})")
    print(f"the untouched chain of {untouched.rows} entries is {'whole' if untouched.ok else 'BROKEN'}")
    print(f"control, without working the hashes out: {missed_by_control} of {TAMPERINGS_WANTED} missed")
    return 1 if total_missed or not untouched.ok or not missed_by_control else 0
