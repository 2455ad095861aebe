"""The sign-in of one tenant, through one of its two doors: staff, or family and student."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password

from schoolgate.tenancy.models import Tenant, User, UserKind
from schoolgate.tenancy.usernames import fold

DOORS = {"staff": [UserKind.STAFF], "portal": [UserKind.FAMILY, UserKind.STUDENT]}


class TenantBackend(BaseBackend):
    """Passwords. A wrong name costs the same time as a wrong password (R-RD-14)."""

    def authenticate(
        self,
        request: Any,
        *,
        tenant: Tenant | None = None,
        door: str = "",
        username: str = "",
        password: str = "",
        **_: Any,
    ) -> User | None:
        if tenant is None or door not in DOORS:
            return None
        user = User.objects.for_tenant(tenant).filter(kind__in=DOORS[door], username_folded=fold(username)).first()
        if user is None:
            make_password(password)
            return None
        proved: bool = user.check_password(password) and user.is_active
        return user if proved else None

    def get_user(self, user_id: int) -> User | None:
        # every tenant: the session names the row; TenantMiddleware compares its tenant with the page's
        found: User | None = User.objects.filter(pk=user_id, is_active=True).exclude(kind=UserKind.SYSTEM).first()
        return found
