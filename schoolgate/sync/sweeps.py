"""What workers look after: restrictions that an import recorded act at once, not with the next Data Sync (R-RX-02, R-RX-08).

An import stands left of the directory and can't withdraw anything itself. A command does it right after; after an import
by a page, or one whose process was lost in between, this does.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.directory.models import DirectoryAssociation, DirectoryBar
from schoolgate.enrolments.models import Restriction
from schoolgate.jobs.sweeps import Sweep
from schoolgate.sync.restrict import withdraw_restricted
from schoolgate.tenancy.models import Tenant

BY_WORKER = Actor(kind=ActorKind.SYSTEM, via="worker")


def _withdraw(at: datetime) -> Mapping[str, int]:
    """Tenants with a link that a recorded restriction closes and that is still published; one query when there is none."""
    # every tenant: the restriction's own bar, the pair's own link
    published = DirectoryBar.objects.filter(pk=OuterRef("pk"))
    # every tenant: as above
    seen = DirectoryAssociation.objects.filter(
        student_id=OuterRef("student_id"), contact_id=OuterRef("contact_id"), portal_access=True
    )
    # every tenant: whoever's restriction waits
    waiting = Restriction.objects.standing().filter(~Exists(published), Exists(seen), recorded_how="import")
    withdrawn = 0
    for tenant in Tenant.objects.select_related("settings").filter(pk__in=waiting.values("tenant")):
        withdrawn += withdraw_restricted(tenant=tenant, by=BY_WORKER, at=at).links
    return {"links_withdrawn": withdrawn}


WITHDRAW = Sweep("sync.withdraw", timedelta(seconds=5), _withdraw)
