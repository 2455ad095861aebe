"""The Contact Keys page, first and last: a district's beside a school's. Counts above the grid may be 5 seconds old."""

import statistics
import time

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from bench.bare import settle
from bench.district import District
from bench.table import Result, ratio_result, seconds
from schoolgate.directory.models import DirectoryContact
from schoolgate.tenancy.models import Tenant
from tests.factories.tenancy import make_member

PAGE, ROUNDS = 50, 15


def measure(district: District) -> list[Result]:
    """Whole requests through Django, without a network; a first one beforehand, then the median of several."""
    tenant, _ = district.published
    district.keyed  # noqa: B018 - made now, unless it was before
    settle(["directory_directorycontact", "directory_directoryassociation", "keys_accesskey", "keys_tie"])
    large, small = looks_at(tenant), looks_at(district.small)
    results = []
    for name in ("first page", "last page"):
        (took, queries), (yardstick, fewer) = large[name], small[name]
        results.append(
            ratio_result(
                f"Contact Keys, {name} of {large['contacts'][1]:,} contacts",
                took=took,
                yardstick=yardstick,
                most=1.5,
                beside=f"of {small['contacts'][1]:,} contacts",
                figure=f"{seconds(took)} (median of {ROUNDS})",
            )
        )
        results.append(
            Result(f"Contact Keys, {name}: queries", str(queries), f"{fewer}", None, "equal", queries == fewer)
        )
    return results


@override_settings(
    ALLOWED_HOSTS=["*"], STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
)
def looks_at(tenant: Tenant) -> dict[str, tuple[float, int]]:
    """{"first page": (seconds, queries), "last page": …, "contacts": (0, how many)}"""
    contacts = DirectoryContact.objects.for_tenant(tenant).filter(type="PARENT").count()
    client = Client()
    client.force_login(make_member(tenant))
    session = client.session
    session["password_proved_at"] = timezone.now().isoformat()
    session.save()
    url = reverse("console:contact_keys:list", args=[tenant.code])
    found: dict[str, tuple[float, int]] = {"contacts": (0.0, contacts)}
    for name, page in (("first page", 1), ("last page", -(-contacts // PAGE))):
        took, queries = [], 0
        for _ in range(ROUNDS + 1):
            with CaptureQueriesContext(connection) as captured:
                began = time.perf_counter()
                answer = client.get(url, {"page": page})
                took.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"{url}?page={page} answered {answer.status_code}")
            queries = len(captured)
        found[name] = (statistics.median(took[1:]), queries)
    return found
