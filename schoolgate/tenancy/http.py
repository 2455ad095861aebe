"""The request as every view of a tenant sees it."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from schoolgate.audit.actor import Actor
    from schoolgate.tenancy.models import Tenant, User
    from schoolgate.tenancy.roles import Right


class TenantRequest(HttpRequest):
    """tenant: from the address. rights: each right of the member with the school ids it holds for (None: all).

    actor: who acts, for the audit.
    """

    tenant: "Tenant"
    user: "User"
    rights: "dict[Right, set[int] | None]"
    actor: "Actor"
    htmx: HtmxDetails
