"""Change a row of the working copy by hand: only what differs, only from the version that the person saw."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schoolgate.audit.actor import Actor
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Contact, Household, How, Student

OFFICE = "office"  # The source of what was added by hand.


class ChangedMeanwhile(EnrolmentRefused):
    """Somebody saved the row after this person opened it. row: as it is now."""

    code = "enrolment.changed_meanwhile"
    status = 409
    message = "Somebody else saved this after you opened it."

    def __init__(self, row: Student | Contact | Household) -> None:
        super().__init__("")
        self.row = row


def write_edit(
    row: Student | Contact | Household,
    values: Mapping[str, Any],
    *,
    base_no: int,
    by: Actor,
    at: datetime,
    changed_no: int,
) -> list[str]:
    """Step: set these columns; the names of those that differ, none: nothing was written.

    base_no: the row's changed_no when the person opened it. Columns of imported people that change are the office's from
    then on: an import leaves them alone (R-PA-08). Raises ChangedMeanwhile.
    """
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if not changed:
        return []
    columns = {name: values[name] for name in changed}
    if not isinstance(row, Household) and row.source != OFFICE:
        columns["hand_fields"] = sorted({*row.hand_fields, *changed} - {"sort_name"})
    stamp = {"changed_no": changed_no, "changed_at": at, "changed_how": How.HAND, "changed_by_id": by.user_id}
    same = type(row).objects.filter(pk=row.pk, tenant_id=row.tenant_id, changed_no=base_no)
    if not same.update(**columns, **stamp):
        raise ChangedMeanwhile(type(row).objects.get(pk=row.pk))
    return [name for name in changed if name != "sort_name"]
