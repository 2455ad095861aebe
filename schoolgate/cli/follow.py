"""What a sync makes necessary for keys and mails, at once: commands need no worker."""

from datetime import datetime

from schoolgate.audit.actor import Actor
from schoolgate.keys import follow as keys_follow
from schoolgate.letters import follow as letters_follow
from schoolgate.tenancy.models import Tenant


def follow_at_once(*, tenant: Tenant, by: Actor, at: datetime) -> None:
    """Whatever reads the directory's feed reads it to its end."""
    keys_follow.follow_directory(tenant=tenant, by=by, at=at)
    letters_follow.follow_directory(tenant=tenant, by=by, at=at)
