"""Somebody of the office at Account Maintenance."""

import re

from django.test import Client
from django.urls import reverse

from schoolgate.tenancy.models import Role, Tenant, User
from tests.console.contact_keys import office as contact_keys


def sign_in(client: Client, tenant: Tenant, role: Role = Role.ADMINISTRATOR, **columns: object) -> User:
    return contact_keys.sign_in(client, tenant, role, **columns)


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
