"""The mails of an erased account: that they went stays, to where doesn't (security.md R19)."""

from collections.abc import Collection

from schoolgate.letters.models import Message, MessageState
from schoolgate.letters.queries import WAITING
from schoolgate.tenancy.models import Tenant


def forget_addresses(*, tenant: Tenant, account_ids: Collection[int]) -> None:
    """Step: stop what has not gone yet, and wipe the address of every mail about these accounts."""
    mails = Message.objects.for_tenant(tenant).filter(account_id__in=account_ids)
    mails.filter(state__in=WAITING).update(state=MessageState.STOPPED, problem="")
    mails.update(address="", params={}, problem="")
