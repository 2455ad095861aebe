"""Roster import, check and load, from CSV: beside a bare COPY of the same rows into the same tables with their indexes."""

from bench.bare import BareTables
from bench.district import District
from bench.table import Result, ratio_result
from schoolgate.enrolments import models as enrolments

TABLES = [
    enrolments.Student,
    enrolments.Contact,
    enrolments.Staff,
    enrolments.Household,
    enrolments.HouseholdMember,
    enrolments.Association,
    enrolments.Restriction,
]
MOST_MEGABYTES = 400


def measure(district: District) -> list[Result]:
    """The import is the command itself, its start included; it runs once, into empty tables."""
    _, ran = district.imported
    with BareTables(*TABLES) as bare:
        bare.time_copy()
        bare.empty()
        copied = bare.time_copy()
        rows = bare.count()
    _, again = district.second
    counts = ", ".join(f"{ran.found[name]['total']:,} {name}" for name in ("students", "contacts", "associations"))
    return [
        ratio_result(
            f"roster import: {counts}", took=ran.seconds, yardstick=copied, most=4, beside=f"bare COPY of {rows:,} rows"
        ),
        Result(
            "roster import: peak memory",
            f"{ran.megabytes:.0f} MB",
            "",
            None,
            f"≤ {MOST_MEGABYTES} MB",
            ran.megabytes <= MOST_MEGABYTES,
        ),
        ratio_result(
            "roster import: the same as a second tenant",
            took=again.seconds,
            yardstick=ran.seconds,
            most=1.5,
            beside="the first",
        ),
    ]
