"""What is to be done after a sync: contacts who have students now and no key yet (R-DS-07)."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from schoolgate.directory.models import DirectoryAssociation, DirectoryContact
from schoolgate.keys.models import AccessKey, KeyState, SubjectKind, Tie
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant


def count_without_key(*, tenant: Tenant, at: datetime) -> int:
    """PARENT contacts with a published link, without a key that can be used and without an account; one query."""
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=day_of(tenant, at))
    mine = {"subject_kind": SubjectKind.CONTACT, "subject_id": OuterRef("pk")}
    live = AccessKey.objects.for_tenant(tenant).filter(**mine, state=KeyState.LIVE, expires_at__gt=at)
    ties = Tie.objects.for_tenant(tenant).standing().filter(**mine)
    parents = DirectoryContact.objects.for_tenant(tenant).filter(type="PARENT", is_active=True)
    return parents.filter(Exists(links.filter(contact_id=OuterRef("pk"))), ~Exists(live), ~Exists(ties)).count()
