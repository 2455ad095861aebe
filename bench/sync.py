"""Data Sync: the first one beside bare INSERT … SELECT of the same rows, and 100 changes in a district beside a school."""

import statistics
import time

from django.utils import timezone

from bench.bare import BareTables, settle
from bench.district import BENCH, District
from bench.table import Result, ratio_result, seconds
from schoolgate.directory import models as directory
from schoolgate.enrolments.models import Association
from schoolgate.enrolments.set_access import set_access
from schoolgate.sync.publish import Approval, publish_changes
from schoolgate.tenancy.models import Tenant

TABLES = [
    directory.DirectoryStudent,
    directory.DirectoryContact,
    directory.DirectoryStaff,
    directory.DirectoryHousehold,
    directory.DirectoryAssociation,
    directory.DirectoryBar,
    directory.DirectoryChange,
]
CHANGES, ROUNDS = 100, 5


def measure(district: District) -> list[Result]:
    """Both are the action itself, in this process: comparing, guarding, writing, the feed and the audit."""
    tenant, took = district.published
    with BareTables(*TABLES) as bare:
        bare.time_insert_select()
        bare.empty()
        inserted = bare.time_insert_select()
        rows = bare.count()
    first = ratio_result(
        f"first Data Sync of {district.students:,} students",
        took=took,
        yardstick=inserted,
        most=2.5,
        beside=f"bare INSERT … SELECT of the same {rows:,} rows",
    )
    settle([*(table._meta.db_table for table in TABLES), Association._meta.db_table])
    large, small = sync_of_changes(tenant), sync_of_changes(district.small)
    changes = ratio_result(
        f"sync of {CHANGES} changes in a district of {district.students:,}",
        took=large,
        yardstick=small,
        most=3,
        beside="the same changes in a school of 1,000",
        figure=f"{seconds(large)} (median of {ROUNDS})",
    )
    return [first, changes]


def sync_of_changes(tenant: Tenant) -> float:
    """Seconds for publishing 100 flags that were turned, the median of several rounds."""
    associations = Association.objects.for_tenant(tenant).standing().filter(receives_portal_access=True)
    ids = list(associations.order_by("pk").values_list("pk", flat=True)[:CHANGES])
    took = []
    for turn in range(ROUNDS + 1):
        set_access(tenant=tenant, wanted=dict.fromkeys(ids, turn % 2 == 1), by=BENCH, at=timezone.now())
        began = time.perf_counter()
        publish_changes(tenant=tenant, by=BENCH, at=timezone.now(), approval=Approval("bench"))
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])
