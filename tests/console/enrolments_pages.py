"""A signed-in client for the pages of enrolments."""

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from schoolgate.tenancy.models import Role, Tenant, User
from tests.factories.tenancy import make_member


def sign_in(client: Client, tenant: Tenant, role: Role = Role.ENROLMENTS_OFFICER, **columns: object) -> User:
    """Sign a new member in, the password just proved."""
    member = make_member(tenant, role, **columns)
    client.force_login(member)
    session = client.session
    session["password_proved_at"] = timezone.now().isoformat()
    session.save()
    return member


def address(tenant: Tenant, name: str, *ids: int) -> str:
    return reverse(f"console:enrolments:{name}", args=[tenant.code, *ids])


def said(response: object) -> str:
    """What the page's messages say."""
    return " ".join(str(message) for message in response.context["messages"])
