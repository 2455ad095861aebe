"""Whose list of keys it is, and when."""

from dataclasses import dataclass
from datetime import date, datetime

from schoolgate.console.parent_access.key_pages.schemes import Scheme, scheme_of
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class Scope:
    """Whose list it is, and when. schools: ids of the schools that the member may see, None for all (R-PM-01).

    act_seq: the last act of the office on keys; counts from before it are not shown after it.
    """

    tenant: Tenant
    schools: frozenset[int] | None
    at: datetime
    today: date
    act_seq: int = 0

    @property
    def scheme(self) -> Scheme:
        """What its rows are."""
        return scheme_of(self.tenant)
