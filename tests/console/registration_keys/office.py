"""What the tests of Registration Key Maintenance share."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from schoolgate.tenancy.models import Tenant

HTMX = {"HX-Request": "true"}


def address(tenant: Tenant, name: str = "search", *words: object) -> str:
    return reverse(f"console:registration_keys:{name}", args=[tenant.code, *words])


def search(client: Client, tenant: Tenant, **fields: object) -> Any:
    return client.get(address(tenant), {"go": "1", **fields})


def found(answer: Any) -> list[str]:
    """The surnames of the rows."""
    return [row.student.family_name for row in answer.context["page"]]


def said(html: str) -> str:
    """The words of a page or a part."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def window(client: Client, tenant: Tenant, student: Any) -> Any:
    return client.get(address(tenant, "student", student.pk), headers=HTMX)


def post(client: Client, tenant: Tenant, name: str, *words: object, **fields: object) -> Any:
    return client.post(address(tenant, name, *words), fields, headers=HTMX)
