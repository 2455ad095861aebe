"""Registration Key Maintenance: the first page of a search by surname, in a district of a million students and in one of ten thousand.

The students are written into the directory directly, with the names that Data Sync would write: an import of a million is
measured elsewhere. Names are the roster maker's, so that a beginning of three letters finds as many as in a real district.
"""

import random
import statistics
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.test import Client
from django.test.utils import override_settings, setup_test_environment, teardown_test_environment
from django.urls import reverse
from django.utils import timezone

from bench.bare import settle
from bench.district import SEED, District
from bench.table import Result, ratio_result, seconds
from schoolgate.directory.models import DirectoryStudent, StudentName
from schoolgate.directory.search import name_keys
from schoolgate.enrolments.names import sort_name
from schoolgate.enrolments.roster_make.names import stocks
from schoolgate.jobs.bulk import insert_rows
from schoolgate.tenancy.create_tenant import create_tenant
from schoolgate.tenancy.models import School, Tenant
from tests.factories.tenancy import make_member

STUDENTS, SCHOOLS, FEW, ROUNDS = 1_000_000, 500, 10_000, 15
ACTIVE = 0.4  # Of all who were ever enrolled.
SOUGHT = ["mar", "smi", "gar", "rod"]
_COLUMNS = [
    *("id", "tenant_id", "source", "source_id", "school_id", "student_no", "family_name", "given_name", "middle_name"),
    *("preferred_name", "sort_name", "birth_date", "year_level", "roll_class", "email", "is_active"),
    "second_school_id",
]


def measure(district: District) -> list[Result]:
    """Whole requests through Django, without a network; a first one beforehand, then the median of several."""
    many, few = STUDENTS // district.scale, FEW // district.scale
    large = make_district("Large", first_id=100_000_000, students=many, schools=SCHOOLS // district.scale)
    small = make_district("Small", first_id=200_000_000, students=few, schools=5)
    settle(["directory_directorystudent", "directory_studentname", "tenancy_school"])
    results = []
    for words in SOUGHT:
        took, hits = look(large, surname=words)
        yardstick, fewer = look(small, surname=words)
        results.append(
            ratio_result(
                f"Search by surname “{words}” of {many:,} students, first page",
                took=took,
                yardstick=yardstick,
                most=3,
                beside=f"of {few:,} students ({fewer} found)",
                figure=f"{seconds(took)} ({hits} found)",
            )
        )
    took, hits = look(large, student_no="4711")
    yardstick, fewer = look(small, student_no="4711")
    results.append(
        Result("Search by a part of the Student Id", f"{seconds(took)} ({hits} found)", f"{seconds(yardstick)} ({fewer} found)",
               took / yardstick, "≤ 500 ms", took <= 0.5)
    )  # fmt: skip
    return results


def make_district(name: str, *, first_id: int, students: int, schools: int) -> Tenant:
    """A published district; most of its students have left long ago."""
    tenant = create_tenant(name=name, code="", time_zone="UTC", at=timezone.now(), via="bench")
    School.objects.bulk_create(School(tenant=tenant, number=n, name=f"School {n}") for n in range(1, schools + 1))
    school_ids = list(School.objects.for_tenant(tenant).values_list("pk", flat=True))
    for start in range(0, students, 100_000):
        rows = list(_students(tenant, school_ids, first_id + start, min(100_000, students - start)))
        insert_rows(DirectoryStudent, _COLUMNS, rows)
        insert_rows(
            StudentName, ["tenant_id", "student_id", "school_id", "second_school_id", "is_active", "key"], _names(rows)
        )
    return Tenant.objects.select_related("settings").get(pk=tenant.pk)


def _students(tenant: Tenant, school_ids: list[int], first: int, count: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(SEED + first)
    given, family = _stock()
    for pk in range(first, first + count):
        surname, forename = chance.choice(family), chance.choice(given)
        folded = sort_name(family_name=surname, given_name=forename)
        is_active = chance.random() < ACTIVE
        yield (
            *(pk, tenant.pk, "sis", f"S{pk}", chance.choice(school_ids), str(pk), surname, forename, "", "", folded),
            *(date(2012, 3, 4), "7", "7B", "", is_active),
            chance.choice(school_ids) if pk % 250 == 0 else None,
        )


def _stock() -> tuple[list[str], list[str]]:
    """Given names and surnames of all languages, in Latin letters."""
    found = stocks().values()
    given = [name.latin for stock in found for names in stock.forenames.values() for name in names]
    return given, [name.latin for stock in found for name in stock.surnames]


def _names(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        for key in name_keys(family_name=row[6], given_name=row[7]):
            yield row[1], row[0], row[4], row[16], row[15], key


@override_settings(
    ALLOWED_HOSTS=["*"], STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
)
def look(tenant: Tenant, **fields: str) -> tuple[float, str]:
    """(seconds of the first page, how many active ones it says there are)"""
    client = Client()
    client.force_login(make_member(tenant))
    url, took = reverse("console:registration_keys:search", args=[tenant.code]), []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        answer = client.get(url, {"go": "1", **fields})
        took.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise RuntimeError(f"{url} answered {answer.status_code}")
    setup_test_environment()  # Only for the count: it makes rendering slower.
    tally = client.get(url, {"go": "1", **fields}).context["result"].tallies[0]
    teardown_test_environment()
    return statistics.median(took[1:]), f"{tally.count:,}{'+' if tally.has_more else ''}"
