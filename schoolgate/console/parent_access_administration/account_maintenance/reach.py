"""Which accounts a member may see and act on (R-AM-01, R-RK-11)."""

from django.utils import timezone

from schoolgate.accounts.find import account_by_id
from schoolgate.accounts.queries import children_of
from schoolgate.accounts.ties import TieLine, standing_count, tie_by_id, ties_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import User
from schoolgate.tenancy.roles import Right


def account_in(request: TenantRequest, account_id: int, right: Right = Right.KEYS_READ) -> User:
    """An account within the reach of a right. Raises NotFound for any other, of whatever tenant."""
    return account_by_id(tenant=request.tenant, account_id=account_id, school_ids=request.rights[right])


def tie_in(request: TenantRequest, account: User, tie_id: int) -> TieLine:
    """A standing tie of this account to somebody of the member's schools. Raises NotFound."""
    reach = request.rights[Right.KEYS_ACT]
    return tie_by_id(tenant=request.tenant, account=account, tie_id=tie_id, school_ids=reach)


def is_wholly_in_reach(request: TenantRequest, account: User, right: Right) -> bool:
    """Does every tie of the account stand within the member's schools? What can't be undone asks for that."""
    reach = request.rights.get(right, set())
    if reach is None:
        return True
    mine = [line for line in ties_of(tenant=request.tenant, account=account, school_ids=reach) if not line.tie.ended_at]
    return len(mine) == standing_count(tenant=request.tenant, account=account)


def sees_nobody_beyond(request: TenantRequest, account: User, right: Right) -> bool:
    """Does the account act for, and see, nobody beyond the member's schools? What opens the account asks for that."""
    reach = request.rights.get(right, set())
    if reach is None:
        return True
    children = children_of(tenant=request.tenant, account=account, at=timezone.now())
    return is_wholly_in_reach(request, account, right) and all(child.is_at(reach) for child in children)
