"""R6: isolation. Every address × role × own and other tenant × method: nothing foreign is read, nothing foreign is written.

Two schools with something of everything. The control asks for the same pages with the tenant taken out of the queries, and must
find the other school's people.
"""

import io
import logging
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from schoolgate.tenancy.models import Role, TenantQuerySet
from tests.isolation.walk import METHODS, addresses, reach_over
from tests.isolation.world import make_world


def main(arguments: list[str]) -> int:
    """The full form, with its numbers; 0 when the promise held and the control failed as it must."""
    began = time.monotonic()
    logging.disable(logging.WARNING)  # A line for each refusal would be thousands.
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):  # What the schools' commands say.
        ours = make_world(Path(folder), mark="Oursmark")
        theirs = make_world(Path(folder), mark="Theirmark", extra_runs=2)
    found = reach_over(ours, theirs, METHODS)
    for what in found.read:
        print(f"  {what}")
    print(
        f"R6: {len(addresses())} addresses, {len(ours.members)} roles and a family, {len(METHODS)} methods: "
        f"{found.asked} requests; {len(found.read)} foreign reads, {int(found.is_written)} foreign writes"
    )
    with mock.patch.object(TenantQuerySet, "for_tenant", lambda rows, _tenant: rows):
        control = reach_over(ours, theirs, ["get"], {"owner": ours.members[Role.OWNER]})
    print(
        f"control, without the tenant in the queries: {len(control.read)} foreign reads of {control.asked} requests "
        f"({time.monotonic() - began:.0f} s in all)"
    )
    return 0 if not found.read and not found.is_written and control.read else 1
