"""What the tests of the Contact Keys page share: a member at the page, and the page read back."""

import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from schoolgate.tenancy.models import Role, Tenant, User
from tests.factories.tenancy import make_member


def sign_in(
    client: Client, tenant: Tenant, role: Role = Role.PORTAL_OFFICER, *, fresh: bool = True, **columns: Any
) -> User:
    """Somebody of the office, signed in just now."""
    member = make_member(tenant, role, **columns)
    client.force_login(member)
    if fresh:
        session = client.session
        session["password_proved_at"] = timezone.now().isoformat()
        session.save()
    return member


def address(tenant: Tenant, name: str = "list", *words: object) -> str:
    return reverse(f"console:contact_keys:{name}", args=[tenant.code, *words])


def look(client: Client, tenant: Tenant, query: str = "", **headers: str) -> Any:
    return client.get(f"{address(tenant)}{query}", headers=headers)


def tick(client: Client, tenant: Tenant, *contacts: Any, shown: list[Any] | None = None) -> Any:
    """Tick these of the contacts that a page shows (these alone, if it isn't said which)."""
    shown = list(contacts) if shown is None else shown
    return client.post(
        address(tenant, "select"),
        {"shown": ",".join(str(each.pk) for each in shown), "ticked": [each.pk for each in contacts]},
    )


def cells(response: Any) -> list[list[str]]:
    """The text of each row's cells, blanks collapsed."""
    body = re.search(r"<tbody.*?</tbody>", response.text, re.DOTALL)
    rows = re.findall(r"<tr.*?</tr>", body.group(), re.DOTALL) if body else []
    return [[said(cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in rows]


def said(html: str) -> str:
    """The words of a piece of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def statements(ask: Any) -> int:
    """How many statements a request costs."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)
