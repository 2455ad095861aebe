"""The rows of a page of accounts, joined from their modules; as many statements for 250 rows as for one (R-CK-18)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from schoolgate.accounts.find import DELETED, DISABLED, open_stops, state_of
from schoolgate.accounts.models import Stop, StopKind
from schoolgate.accounts.sight import Sight, sights_of
from schoolgate.console.parent_access_administration.account_maintenance.words import KINDS, STATES, WHYS, Look
from schoolgate.directory.models import DirectoryStudent
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.queries import names_of_users

_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class Row:
    """One account as the list shows it.

    students: those at the member's schools; elsewhere: how many more at others (R-PM-01). whys: only where it sees nobody.
    locked: "tries", "staff" or "". stop: the office's own, where there is one; stopped_by: whose.
    """

    account: User
    kind: str
    state: str
    look: Look
    students: tuple[DirectoryStudent, ...]
    elsewhere: int
    whys: tuple[str, ...]
    why_codes: tuple[str, ...]
    ended_why: str
    locked: str
    stop: Stop | None
    stopped_by: str

    @property
    def name(self) -> str:
        return self.account.name or self.account.username

    @property
    def named(self) -> tuple[DirectoryStudent, ...]:
        return self.students[:_NAMED_AT_MOST]

    @property
    def more(self) -> int:
        return len(self.students) - len(self.named)

    @property
    def schools(self) -> list[str]:
        return list(dict.fromkeys(school.name for student in self.students for school in student.schools))


def rows_of(*, tenant: Tenant, accounts: Sequence[User], school_ids: Collection[int] | None, at: datetime) -> list[Row]:
    """Query: the rows of these accounts, in this order."""
    ids = [account.pk for account in accounts]
    sights = sights_of(tenant=tenant, account_ids=ids, at=at)
    stops = open_stops(tenant=tenant, account_ids=ids)
    names = names_of_users(tenant, {stop.by_id for stop in stops.values() if stop.by_id})
    return [
        _row(account, sights[account.pk], stops.get(account.pk), names, school_ids=school_ids, at=at)
        for account in accounts
    ]


def _row(
    account: User,
    sight: Sight,
    stop: Stop | None,
    names: dict[int, str],
    *,
    school_ids: Collection[int] | None,
    at: datetime,
) -> Row:
    state = state_of(account, is_deleted=stop is not None and stop.kind == StopKind.BINNED)
    near = tuple(each for each in sight.students if each.is_at(school_ids))
    locked = "staff" if state == DISABLED else ""
    if state not in {DISABLED, DELETED} and account.locked_until is not None and account.locked_until > at:
        locked = "tries"
    return Row(
        account=account,
        kind=str(KINDS[account.kind]),
        state=state,
        look=STATES[state],
        students=near,
        elsewhere=len(sight.students) - len(near),
        whys=tuple(str(WHYS[why]) for why in sight.whys),
        why_codes=sight.whys,
        ended_why=sight.ended_why,
        locked=locked,
        stop=stop,
        stopped_by=names.get(stop.by_id or 0, "") if stop else "",
    )
