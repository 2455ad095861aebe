"""Find accounts: the search and the filters of Account Maintenance (registration-keys §8)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from schoolgate.accounts.models import Stop, StopKind
from schoolgate.accounts.sight import accounts_about, sees_somebody
from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.directory.search import surnames_beginning
from schoolgate.keys.models import Tie
from schoolgate.keys.subjects import STUDENT_SELF
from schoolgate.lib.errors import NotFound
from schoolgate.lib.names import fold_name
from schoolgate.tenancy.dates import end_of_day
from schoolgate.tenancy.models import Tenant, User

ACTIVE, UNCONFIRMED, DISABLED, DELETED = "active", "unconfirmed", "disabled", "deleted"
STATES = (ACTIVE, UNCONFIRMED, DISABLED, DELETED)


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; empty fields don't count, and those given are joined by *and* (R-RK-02).

    students: "with" or "without". kind: of UserKind. state: of STATES. locked: "tries" or "staff", "any" for both. never_seen: no sign-in yet. not_since: none on that day or later.
    """

    school_id: int | None = None
    last_name: str = ""
    email: str = ""
    username: str = ""
    student_last_name: str = ""
    student_no: str = ""
    students: str = ""
    kind: str = ""
    state: str = ""
    locked: str = ""
    never_seen: bool = False
    not_since: date | None = None

    def without_leading_zeros(self) -> "Wanted":
        """The second search for a Student Id that nobody has as it was typed (R-RK-04)."""
        return replace(self, student_no=self.student_no.lstrip("0"))

    def without_filters(self) -> "Wanted":
        """The same search, before what was chosen afterwards."""
        return replace(self, students="", kind="", state="", locked="", never_seen=False, not_since=None)


def find_accounts(
    *, tenant: Tenant, wanted: Wanted, school_ids: Collection[int] | None, at: datetime
) -> QuerySet[User]:
    """Query: the accounts that match, in no order. school_ids: the member's reach, None for all.

    A member for some schools finds accounts that are tied to somebody of these schools, and no other (R-AM-01).
    `%`, `_` and `*` are plain signs (R-RK-03).
    """
    found = accounts_in(tenant=tenant, school_ids=school_ids)
    if wanted.last_name:
        found = found.filter(_named(tenant, wanted))
    if wanted.email:
        found = found.filter(Q(email__icontains=wanted.email) | Q(username__icontains=wanted.email))
    if wanted.username:
        found = found.filter(username__icontains=wanted.username)
    if wanted.school_id or wanted.student_last_name or wanted.student_no:
        students = _students(tenant, wanted, school_ids=school_ids)
        found = found.filter(pk__in=accounts_about(tenant=tenant, students=students))
    if wanted.students:
        sees = sees_somebody(tenant=tenant, at=at)
        found = found.filter(sees if wanted.students == "with" else ~sees)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.never_seen:
        found = found.filter(last_login=None)
    if wanted.not_since is not None:
        long_ago = Q(last_login=None) | Q(last_login__lt=end_of_day(tenant, wanted.not_since))
        found = found.filter(long_ago)
    if wanted.locked:
        found = found.filter(_locked(wanted.locked, at=at))
    return found.filter(_in_state(wanted.state)) if wanted.state else found


@dataclass(frozen=True)
class Counts:
    """How many of what a search finds, whichever of the three is looked at (R-RK-06)."""

    all: int
    with_students: int

    @property
    def without_students(self) -> int:
        return self.all - self.with_students


def count_accounts(*, tenant: Tenant, wanted: Wanted, school_ids: Collection[int] | None, at: datetime) -> Counts:
    """Query: the same search, with and without students; one statement."""
    found = find_accounts(tenant=tenant, wanted=replace(wanted, students=""), school_ids=school_ids, at=at)
    sees = Q(sees_somebody(tenant=tenant, at=at))
    return Counts(**found.aggregate(all=Count("pk"), with_students=Count("pk", filter=sees)))


def accounts_in(*, tenant: Tenant, school_ids: Collection[int] | None) -> QuerySet[User]:
    """Query: every account within a member's reach."""
    accounts: QuerySet[User] = User.objects.for_tenant(tenant).accounts()
    if school_ids is None:
        return accounts
    students = DirectoryStudent.objects.for_tenant(tenant).at_schools(school_ids)
    return accounts.filter(pk__in=accounts_about(tenant=tenant, students=students))


def account_by_id(*, tenant: Tenant, account_id: int, school_ids: Collection[int] | None) -> User:
    """Raises NotFound, also for one beyond the member's reach (R-RK-11)."""
    found = accounts_in(tenant=tenant, school_ids=school_ids).filter(pk=account_id).first()
    if found is None:
        raise NotFound
    return found


def state_of(account: User, *, is_deleted: bool) -> str:
    """The one word for an account, by the same rules as the filter."""
    if is_deleted:
        return DELETED
    if not account.is_active:
        return DISABLED
    return UNCONFIRMED if account.email and account.email_confirmed_at is None else ACTIVE


def open_stops(*, tenant: Tenant, account_ids: Collection[int]) -> dict[int, Stop]:
    """Query: why these accounts can't sign in, where the office has stopped them; the bin before a mere stop."""
    stops = Stop.objects.for_tenant(tenant).filter(account_id__in=account_ids, ended_at=None)
    return {stop.account_id: stop for stop in sorted(stops, key=lambda stop: stop.kind == StopKind.BINNED)}


def _binned() -> Exists:
    # every tenant: the account names its own
    return Exists(Stop.objects.filter(account_id=OuterRef("pk"), kind=StopKind.BINNED, ended_at=None))


def _in_state(state: str) -> Q:
    confirmed = Q(email="") | Q(email_confirmed_at__isnull=False)
    binned = Q(_binned())
    conditions = {
        ACTIVE: Q(is_active=True) & confirmed,
        UNCONFIRMED: Q(is_active=True) & ~confirmed,
        DISABLED: Q(is_active=False) & ~binned,
        DELETED: binned,
    }
    return conditions[state]


def _locked(cause: str, *, at: datetime) -> Q:
    by_tries, by_staff = Q(is_active=True, locked_until__gt=at), Q(is_active=False) & ~Q(_binned())
    if cause == "any":
        return by_tries | by_staff
    return by_tries if cause == "tries" else by_staff


def _starts_a_word(column: str, words: str) -> Q:
    """From the start of any part of a name: "van der Berg" is found by "berg"."""
    found = Q(**{f"{column}__istartswith": words})
    for before in (" ", "-", "'", "’"):
        found |= Q(**{f"{column}__icontains": f"{before}{words}"})
    return found


def _named(tenant: Tenant, wanted: Wanted) -> Q:
    """By the name that the person typed, or by the published one of those for whom the account acts, which has no accents."""
    folded = _starts_a_word("sort_name", fold_name(wanted.last_name))
    contacts = DirectoryContact.objects.for_tenant(tenant).filter(folded)
    students = surnames_beginning(tenant=tenant, surname=wanted.last_name)
    ties = Tie.objects.for_tenant(tenant).standing()
    adults = ties.exclude(subject_kind=STUDENT_SELF).filter(addressee_id__in=contacts.values("pk"))
    selves = ties.filter(subject_kind=STUDENT_SELF, subject_id__in=students.values("student_id"))
    published = adults.values("account_id").union(selves.values("account_id"))
    return _starts_a_word("name", wanted.last_name) | Q(pk__in=published)


def _students(tenant: Tenant, wanted: Wanted, *, school_ids: Collection[int] | None) -> QuerySet[DirectoryStudent]:
    students = DirectoryStudent.objects.for_tenant(tenant).at_schools(school_ids)
    if wanted.school_id:
        students = students.at_schools([wanted.school_id])
    if wanted.student_last_name:
        names = surnames_beginning(tenant=tenant, surname=wanted.student_last_name)
        students = students.filter(pk__in=names.values("student_id"))
    if wanted.student_no:
        students = students.filter(student_no__icontains=wanted.student_no)
    return students
