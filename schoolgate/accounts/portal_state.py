"""What a tenant lets families and students do at its portal: asked by the actions themselves, not only by the pages."""

from schoolgate.accounts.errors import PortalClosed, RecoveryClosed, SignUpClosed
from schoolgate.tenancy.models import Tenant


def require_open_portal(tenant: Tenant) -> None:
    """Raises PortalClosed with the opening date, if there is one (R-ST-09). Reads tenant.settings as the caller loaded it."""
    if not tenant.settings.portal_open:
        raise PortalClosed(tenant.settings.portal_opens_on)


def require_sign_up(tenant: Tenant, *, is_for_student: bool) -> None:
    """An open portal where these people may make accounts and use keys. Raises PortalClosed and SignUpClosed."""
    require_open_portal(tenant)
    allowed = tenant.settings.student_sign_up if is_for_student else tenant.settings.parent_sign_up
    if not allowed:
        raise SignUpClosed(is_for_student=is_for_student)


def require_recovery(tenant: Tenant) -> None:
    """Raises RecoveryClosed."""
    if not tenant.settings.forgot_password:
        raise RecoveryClosed
