"""Generate Keys for every contact, with job items and audit: beside a bare COPY of the same rows."""

from bench.bare import settle
from bench.district import District
from bench.keys import TABLES, beside_copy
from bench.table import Result


def measure(district: District) -> list[Result]:
    """The first 100,000 contacts with a link; the run is the job itself, from its making to its end."""
    tenant, _ = district.published
    settle([table._meta.db_table for table in TABLES])
    job, took = district.keyed
    what = f"generate {job.done:,} keys, items and audit included"
    return beside_copy(tenant, job, took=took, what=what, row="generate")
