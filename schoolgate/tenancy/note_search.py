"""Note that people were searched for: who, by which fields, with how many hits; never the words (registration-keys §11)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.searches import add_search
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def note_search(*, tenant: Tenant, what: str, fields: Collection[str], hits: int, by: Actor, at: datetime) -> None:
    """fields: names of those that were filled in. hits: at most one more than are ever named."""
    add_search(tenant_id=tenant.pk, what=what, fields=fields, hits=hits, by=by, at=at)
