"""Is this school's portal open to families?"""

from schoolgate.accounts.errors import PortalClosed
from schoolgate.tenancy.models import Tenant


def require_open_portal(tenant: Tenant) -> None:
    """Raises PortalClosed with the opening date, if there is one (R-ST-09). Reads tenant.settings as the caller loaded it."""
    if not tenant.settings.portal_open:
        raise PortalClosed(tenant.settings.portal_opens_on)
