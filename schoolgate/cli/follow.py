"""What a sync makes necessary for keys and mails, at once: commands need no worker."""

from datetime import datetime

from schoolgate.audit.actor import Actor
from schoolgate.keys.follow import follow_directory
from schoolgate.tenancy.models import Tenant


def follow_at_once(*, tenant: Tenant, by: Actor, at: datetime) -> None:
    """Whatever reads the directory's feed reads it to its end."""
    follow_directory(tenant=tenant, by=by, at=at)
