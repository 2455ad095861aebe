"""Somebody of the office at Account Maintenance."""

import re

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from schoolgate.tenancy.models import Role, Tenant, User
from tests.factories.tenancy import make_member


def sign_in(
    client: Client, tenant: Tenant, role: Role = Role.ADMINISTRATOR, *, fresh: bool = True, **columns: object
) -> User:
    member = make_member(tenant, role, **columns)
    client.force_login(member)
    if fresh:
        session = client.session
        session["password_proved_at"] = timezone.now().isoformat()
        session.save()
    return member


def address(tenant: Tenant, name: str, *ids: int) -> str:
    return reverse(f"console:account_maintenance:{name}", args=[tenant.code, *ids])


def look(client: Client, tenant: Tenant, query: str = "accounts=all"):
    return client.get(f"{address(tenant, 'search')}?{query}")


def shown(response) -> list[str]:
    """The usernames of the rows, in order."""
    return [row.account.username for row in response.context["rows"]]


def said(response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def text_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
