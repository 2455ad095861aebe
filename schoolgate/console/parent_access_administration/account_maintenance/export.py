"""Export All, Export Results: accounts as CSV (R-AM-03). Never keys, passwords, what a restriction says, or birth dates."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schoolgate.accounts.find import accounts_in
from schoolgate.console.parent_access_administration.account_maintenance.rows import Row, rows_of
from schoolgate.lib.csvfile import csv_bytes
from schoolgate.tenancy.models import Tenant

_AT_ONCE = 1_000


def _students(row: Row) -> str:
    names = [student.shown_name for student in row.students]
    if row.elsewhere:
        names.append(_("and %(n)s at other schools") % {"n": row.elsewhere})
    return "; ".join(names)


def _whys(row: Row) -> str:
    """A restriction is told by its word alone, as on the screen."""
    return "; ".join(row.whys)


def _locked(row: Row) -> str:
    if row.locked == "tries":
        until = timezone.localtime(row.account.locked_until)
        return _("too many tries, until %(time)s") % {"time": f"{until:%H:%M}"}
    return _("stopped by staff") if row.locked else ""


def _seen(row: Row) -> str:
    return f"{timezone.localtime(row.account.last_login):%Y-%m-%d %H:%M}" if row.account.last_login else ""


COLUMNS: dict[str, tuple[Any, Callable[[Row], str]]] = {
    "name": (gettext_lazy("Name"), lambda row: row.account.name),
    "kind": (gettext_lazy("Kind"), lambda row: row.kind),
    "username": (gettext_lazy("User Name"), lambda row: row.account.username),
    "email": (gettext_lazy("Email"), lambda row: row.account.email),
    "students": (gettext_lazy("Students"), _students),
    "whys": (gettext_lazy("Why without students"), _whys),
    "schools": (gettext_lazy("School"), lambda row: "; ".join(row.schools)),
    "seen": (gettext_lazy("Last sign-in"), _seen),
    "locked": (gettext_lazy("Locked?"), _locked),
    "state": (gettext_lazy("State"), lambda row: str(row.look.label)),
}
LABELS = {name: label for name, (label, _cell) in COLUMNS.items()}


def csv_of(
    *,
    tenant: Tenant,
    account_ids: Sequence[int],
    columns: Sequence[str],
    school_ids: Collection[int] | None,
    at: datetime,
) -> Iterator[bytes]:
    """The file, piece by piece; a few statements for each thousand rows, so that memory stays small."""
    chosen = [COLUMNS[name] for name in COLUMNS if name in columns]

    def lines() -> Iterator[list[str]]:
        for start in range(0, len(account_ids), _AT_ONCE):
            some = account_ids[start : start + _AT_ONCE]
            found = accounts_in(tenant=tenant, school_ids=None).in_bulk(some)
            accounts = [found[pk] for pk in some if pk in found]
            for row in rows_of(tenant=tenant, accounts=accounts, school_ids=school_ids, at=at):
                yield [cell(row) for _label, cell in chosen]

    yield from csv_bytes([str(label) for label, _cell in chosen], lines())
