"""What the module tells the rest of the project when it starts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "schoolgate.accounts"

    def ready(self) -> None:
        from schoolgate.jobs.sweeps import Sweep, register_sweep

        register_sweep(Sweep("accounts.lapsed", timedelta(hours=6), _forget_lapsed))
        register_sweep(Sweep("accounts.deleted", timedelta(hours=1), _erase_deleted))


def _forget_lapsed(at: datetime) -> Mapping[str, int]:
    """Accounts that nobody confirmed, of every tenant."""
    from schoolgate.accounts.forget_unconfirmed import forget_unconfirmed
    from schoolgate.audit.actor import Actor, ActorKind
    from schoolgate.tenancy.models import Tenant

    by = Actor(kind=ActorKind.SYSTEM, via="worker")
    tenants = Tenant.objects.select_related("settings").order_by("pk")
    return {"accounts lapsed": sum(forget_unconfirmed(tenant=tenant, by=by, at=at) for tenant in tenants)}


def _erase_deleted(at: datetime) -> Mapping[str, int]:
    """Accounts whose days in the bin are over, of every tenant."""
    from schoolgate.accounts.erase_account import erase_deleted
    from schoolgate.audit.actor import Actor, ActorKind
    from schoolgate.tenancy.models import Tenant

    by = Actor(kind=ActorKind.SYSTEM, via="worker")
    tenants = Tenant.objects.select_related("settings").order_by("pk")
    return {"accounts erased": sum(erase_deleted(tenant=tenant, by=by, at=at) for tenant in tenants)}
