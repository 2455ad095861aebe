"""The rows of the list (contacts, households or students): which, in what order, and how many of each state (R-CK-01, R-CK-02, R-CK-18).

A page costs the same whether the school has a thousand contacts or two hundred thousand: its ids come from an index, from the nearer end, and
all else is asked for these ids alone. What must look at every contact (the counts above the list, and therefore the number
of pages) may be five seconds old.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OrderBy,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Length, Lower, NullIf

from schoolgate.console.parent_access.key_pages.filters import Filters, GridView
from schoolgate.console.parent_access.key_pages.schemes import Scheme, scheme_of
from schoolgate.console.parent_access.key_pages.states import SEGMENT_BY_NAME, GridState
from schoolgate.directory.models import (
    DirectoryAssociation,
    DirectoryBar,
    DirectoryContact,
    DirectoryHousehold,
    DirectoryStudent,
)
from schoolgate.enrolments.names import fold_name
from schoolgate.keys.by_school import is_locked
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.letters.queries import stuck_messages, waiting_messages
from schoolgate.lib.keycode import SELECTOR_LENGTH
from schoolgate.tenancy.dates import end_of_day
from schoolgate.tenancy.models import KeySystem, School, Tenant

COUNTS_MAY_BE_OLD_SECONDS = 5
_EXPIRED = [KeyState.LIVE, KeyState.EXPIRED]  # Of keys that are not live any more: the sweep comes by later.


@dataclass(frozen=True)
class Scope:
    """Whose list it is, and when. schools: ids of the schools that the member may see, None for all (R-PM-01).

    act_seq: the last act of the office on keys; counts from before it are not shown after it.
    """

    tenant: Tenant
    schools: frozenset[int] | None
    at: datetime
    today: date
    act_seq: int = 0

    @property
    def scheme(self) -> Scheme:
        """What its rows are."""
        return scheme_of(self.tenant)


def rows_in(scope: Scope) -> QuerySet[Any]:
    """Every row that the member may see, whatever the scheme. Each has sort_name."""
    if scope.scheme.system == KeySystem.FAMILY:
        return households_in(scope)
    return students_in(scope) if scope.scheme.system == KeySystem.STUDENT else contacts_in(scope)


def contacts_in(scope: Scope) -> QuerySet[DirectoryContact]:
    """Every contact of type PARENT that the member may see; a member of one school sees those with a student there."""
    contacts = DirectoryContact.objects.for_tenant(scope.tenant).filter(type="PARENT")
    if scope.schools is None:
        return contacts
    return contacts.filter(Exists(_associations(scope)))


def households_in(scope: Scope) -> QuerySet[DirectoryHousehold]:
    """Every household with an active student whom the member may see; without a name it is sorted by its ID."""
    pairs = DirectoryAssociation.objects.for_tenant(scope.tenant).filter(student__is_active=True)
    if scope.schools is not None:
        pairs = pairs.filter(student__school_id__in=scope.schools)
    found: QuerySet[DirectoryHousehold] = DirectoryHousehold.objects.for_tenant(scope.tenant)
    found = found.annotate(sort_name=Lower(Coalesce(NullIf("name", Value("")), "source_id")))
    return found.filter(pk__in=pairs.filter(household_id__isnull=False).values("household_id"))


def students_in(scope: Scope) -> QuerySet[DirectoryStudent]:
    """Every active student whom the member may see."""
    found: QuerySet[DirectoryStudent] = DirectoryStudent.objects.for_tenant(scope.tenant).filter(is_active=True)
    return found if scope.schools is None else found.filter(school_id__in=scope.schools)


def matching(scope: Scope, filters: Filters, *, pending_ids: Collection[int] = ()) -> QuerySet[Any]:
    """The rows that the filters let through. pending_ids: contacts with a change that waits for a Data Sync."""
    found = rows_in(scope)
    if filters.shared:
        found = found.annotate(lower_email=Lower("email"))
    for word in fold_name(filters.q).split():
        found = found.filter(pk__in=_with_word(scope, word))
    students = {
        "student__school__number": filters.school,
        "student__year_level": filters.year,
        "student__roll_class": filters.roll_class,
    }
    asked = {column: value for column, value in students.items() if value not in {None, ""}}
    if asked:
        found = found.filter(Exists(_associations(scope).filter(student__is_active=True, **asked)))
    for chosen, condition in _yes_or_no(scope, filters, pending_ids):
        if chosen:
            found = found.filter(condition) if chosen == "yes" else found.exclude(condition)
    if filters.language:
        found = found.filter(language__iexact=filters.language)
    if filters.expires is not None:
        soon = scope.at + timedelta(days=filters.expires)
        found = found.filter(Exists(_live_keys(scope).filter(expires_at__lte=soon)))
    if filters.state in SEGMENT_BY_NAME:
        found = found.annotate(segment=_segment_of(scope)).filter(segment=filters.state)
    elif filters.state:
        found = found.annotate(state=state_of(scope)).filter(state=filters.state)
    return found


def _yes_or_no(scope: Scope, filters: Filters, pending_ids: Collection[int]) -> list[tuple[str, Q | Exists]]:
    stuck = stuck_messages(tenant=scope.tenant).values("key_id")
    return [
        (filters.email, Q(email_usable=True)),
        (filters.students, Exists(_links(scope))),
        (filters.problem, Exists(_live_keys(scope).filter(pk__in=stuck))),
        (filters.shared, Q(email_usable=True, lower_email__in=_shared_addresses(scope.tenant))),
        (filters.pending, Q(pk__in=pending_ids)),
        (filters.restricted, Exists(_bars(scope))),
    ]


def _with_word(scope: Scope, word: str) -> QuerySet[Any, Any]:
    """The ids of rows with one of the words searched for; a union, so that each part is looked up by itself.

    In the name, ID or e-mail of a contact; as the start of a live key; in the name or as the id of a student whom the
    member may see; in the name or as the ID of a household, where they are the rows.
    """
    contacts = DirectoryContact.objects.for_tenant(scope.tenant).filter(
        Q(sort_name__contains=word) | Q(contact_no__icontains=word) | Q(email__icontains=word)
    )
    students = DirectoryStudent.objects.for_tenant(scope.tenant).filter(
        Q(sort_name__contains=word) | Q(student_no__iexact=word)
    )
    if scope.schools is not None:
        students = students.filter(school_id__in=scope.schools)
    pairs = DirectoryAssociation.objects.for_tenant(scope.tenant)
    theirs = pairs.filter(student_id__in=students.values("pk"))
    column = scope.scheme.column
    if scope.scheme.is_own_addressee:
        parts: list[QuerySet[Any, Any]] = [contacts.values("pk"), theirs.values(column)]
    else:
        own = pairs.filter(contact_id__in=contacts.values("pk"))
        if scope.schools is not None:
            own = own.filter(student__school_id__in=scope.schools)
        parts = [own.values(column), theirs.values(column)]
        if scope.scheme.system == KeySystem.FAMILY:
            households = DirectoryHousehold.objects.for_tenant(scope.tenant)
            parts.append(households.filter(Q(name__icontains=word) | Q(source_id__iexact=word)).values("pk"))
    if 2 <= len(word) <= SELECTOR_LENGTH:
        keys = AccessKey.objects.for_tenant(scope.tenant).filter(
            subject_kind=scope.scheme.kind,
            state=KeyState.LIVE,
            expires_at__gt=scope.at,
            selector__startswith=word.upper(),
        )
        parts.append(keys.values("subject_id"))
    return parts[0].union(*parts[1:])


def state_of(scope: Scope, *, only: Collection[int] | None = None) -> Case:
    """The one word for each contact's row, by the precedence of GridState; the one statement of these rules.

    only: when a few contacts are asked for, so that nothing else is looked at. Whether access waits for a Data Sync is
    known to Data Sync alone: of a page's rows the face turns "no students" into "not published" (rows.py).
    """
    live = _live_keys(scope, only=only)
    ended = _ended_keys(scope, only=only)
    waiting = waiting_messages(tenant=scope.tenant).filter(key_id=OuterRef("pk"))
    stuck = stuck_messages(tenant=scope.tenant).filter(key_id=OuterRef("pk"))
    rules = [
        (GridState.LOCKED, Exists(live.filter(is_locked(tenant=scope.tenant, at=scope.at)))),
        (GridState.BOUNCED, Exists(live.filter(Exists(stuck)))),
        (GridState.CONNECTED, _is_connected(scope, only=only)),
        (GridState.SENDING, Exists(live.filter(Exists(waiting)))),
        (
            GridState.EMAILED,
            Exists(live.filter(Q(emailed_at__gte=F("printed_at")) | Q(emailed_at__isnull=False, printed_at=None))),
        ),
        (GridState.PRINTED, Exists(live.filter(printed_at__isnull=False))),
        (GridState.READY, Exists(live)),
        (GridState.NO_STUDENTS, ~Exists(_links(scope, only=only))),
        (GridState.EXPIRED, Exists(ended.filter(state__in=_EXPIRED))),
        (GridState.REVOKED, Exists(ended.filter(state__in=[KeyState.REVOKED, KeyState.REPLACED]))),
    ]
    return Case(
        *(When(condition, then=Value(state.value)) for state, condition in rules),
        default=Value(GridState.NO_KEY.value),
        output_field=CharField(),
    )


def rank_of(scope: Scope) -> Case:
    """The place of each contact's state among the segments, for sorting: who needs a look comes first."""
    return _segment_of(scope, as_rank=True)


def count_segments(scope: Scope, filters: Filters, *, pending_ids: Collection[int] = ()) -> dict[str, int]:
    """How many contacts of each segment of the bar the filters let through, the state's own filter aside; at most five seconds old.

    Told apart are only the segments: whether a contact with no key has students, which costs most to find out, is left open.
    """

    def count() -> dict[str, int]:
        found = matching(scope, replace(filters, state=""), pending_ids=pending_ids)
        counted = found.annotate(segment=_segment_of(scope)).order_by().values("segment").annotate(count=Count("pk"))
        return dict(counted.values_list("segment", "count"))

    return _remembered("segments", scope, replace(filters, state=""), count)


def count_states(scope: Scope, filters: Filters, *, pending_ids: Collection[int] = ()) -> dict[GridState, int]:
    """The same by state, for the bar's table."""

    def count() -> dict[GridState, int]:
        found = matching(scope, replace(filters, state=""), pending_ids=pending_ids)
        counted = found.annotate(state=state_of(scope)).order_by().values("state").annotate(count=Count("pk"))
        return {GridState(state): n for state, n in counted.values_list("state", "count")}

    return _remembered("states", scope, replace(filters, state=""), count)


def count_matching(scope: Scope, filters: Filters, *, pending_ids: Collection[int] = ()) -> int:
    """How many contacts the filters let through; at most five seconds old."""
    return _remembered("matching", scope, filters, lambda: matching(scope, filters, pending_ids=pending_ids).count())


def _segment_of(scope: Scope, *, as_rank: bool = False) -> Case:
    """The segment that the state of state_of falls into, by the same rules. as_rank: its place, trouble first."""
    ranks = {"attention": 0, "ready": 1, "given_out": 2, "no_key": 3, "connected": 4}
    live, links = _live_keys(scope), _links(scope)
    stuck = stuck_messages(tenant=scope.tenant).filter(key_id=OuterRef("pk"))
    waiting = waiting_messages(tenant=scope.tenant).filter(key_id=OuterRef("pk"))
    is_out = Q(emailed_at__isnull=False) | Q(printed_at__isnull=False)
    rules: list[tuple[str, Any]] = [
        ("attention", Exists(live.filter(is_locked(tenant=scope.tenant, at=scope.at)))),
        ("attention", Exists(live.filter(Exists(stuck)))),
        ("connected", _is_connected(scope)),
        ("given_out", Exists(live.filter(is_out))),
        ("given_out", Exists(live.filter(Exists(waiting)))),
        ("ready", Exists(live)),
        ("attention", Q(Exists(_ended_keys(scope).filter(state__in=_EXPIRED))) & Q(Exists(links))),
    ]
    return Case(
        *(When(condition, then=Value(ranks[segment] if as_rank else segment)) for segment, condition in rules),
        default=Value(ranks["no_key"] if as_rank else "no_key"),
        output_field=IntegerField() if as_rank else CharField(),
    )


Counts = TypeVar("Counts")


def _remembered(what: str, scope: Scope, filters: Filters, count: Callable[[], Counts]) -> Counts:
    """The result of a few seconds ago, or a new one; apart for each member's reach and each set of filters."""
    reach = sorted(scope.schools) if scope.schools is not None else None
    asked = repr((scope.tenant.pk, reach, scope.act_seq, filters))
    key = f"{scope.scheme.namespace}:{what}:{sha256(asked.encode()).hexdigest()}"
    found: Counts | None = cache.get(key)
    if found is None:
        found = count()
        cache.set(key, found, COUNTS_MAY_BE_OLD_SECONDS)
    return found


def count_connected_since(scope: Scope) -> int:
    """How many contacts have been connected since Monday; at most five seconds old."""
    monday = scope.today - timedelta(days=scope.today.weekday())

    def count() -> int:
        ties = Tie.objects.for_tenant(scope.tenant).standing().filter(subject_kind=scope.scheme.kind)
        recent = ties.filter(since__gte=end_of_day(scope.tenant, monday - timedelta(days=1)))
        rows = rows_in(scope) if scope.scheme.is_own_addressee else rows_in(scope).filter(_is_connected(scope))
        return rows.filter(pk__in=recent.values("subject_id")).count()

    return _remembered(f"newly:{monday}", scope, Filters(), count)


def page_of(rows: QuerySet[Any], view: GridView, *, scope: Scope, total: int) -> Page[int]:
    """The ids of one page, in order. total: how many there are, from the counts; a page beyond the last is the last."""
    paginator = _CountedPaginator(total, view.size)
    number = min(view.page, paginator.num_pages)
    start, end = (number - 1) * view.size, min(number * view.size, total)
    name = view.sort.removeprefix("-")
    ordered = rows.annotate(**_sort_columns(scope, name))
    if start * 2 <= total:
        found = ordered.order_by(*_order(name, down=view.sort.startswith("-"))).values_list("pk", flat=True)
        return Page(list(found[start:end]), number, paginator)
    # From the nearer end, so that the last page costs what the first does.
    found = ordered.order_by(*_order(name, down=view.sort.startswith("-"), backwards=True)).values_list("pk", flat=True)
    return Page(list(found[total - end : total - start])[::-1], number, paginator)


class _CountedPaginator(Paginator[int]):
    """A paginator that is told how many there are, instead of counting."""

    def __init__(self, total: int, size: int) -> None:
        super().__init__([], size)
        self.__dict__["count"] = total  # A cached property, filled before it is asked.


# What each sort goes by: columns, and of those made for it, whether they may be empty (then those rows come last).
_COLUMNS = {
    "id": [("id_length", False), ("row_no", False)],
    "name": [("sort_name", False)],
    "email": [("sort_email", True), ("sort_name", False)],
    **{name: [(f"sort_{name}", True), ("sort_name", False)] for name in ("username", "students", "key")},
    **{name: [(f"sort_{name}", True), ("sort_name", False)] for name in ("delivered", "expires", "seen")},
    "state": [("sort_state", False), ("sort_name", False)],
}


def _order(name: str, *, down: bool, backwards: bool = False) -> list[OrderBy]:
    """down: as the reader wants it. backwards: the exact opposite of that order, to read it from its end."""
    order = []
    for column, may_be_empty in [*_COLUMNS[name], ("pk", False)]:
        nulls = ({"nulls_first": True} if backwards else {"nulls_last": True}) if may_be_empty else {}
        order.append(OrderBy(F(column), descending=down != backwards, **nulls))
    return order


def _sort_columns(scope: Scope, name: str) -> dict[str, Any]:
    """What a sort needs that is no column of the row."""
    live, ties, links = _live_keys(scope), _ties(scope), _links(scope)
    out = Greatest(Coalesce("printed_at", "emailed_at"), Coalesce("emailed_at", "printed_at"))
    columns: dict[str, dict[str, Any]] = {
        "id": {"id_length": Length(scope.scheme.number), "row_no": F(scope.scheme.number)},
        "email": {"sort_email": NullIf(Lower("email"), Value(""))},
        "username": {"sort_username": Subquery(ties.order_by("pk").values("account__username_folded")[:1])},
        "students": {"sort_students": Subquery(links.order_by("student__sort_name").values("student__sort_name")[:1])},
        "key": {"sort_key": Subquery(live.values("selector")[:1])},
        "delivered": {"sort_delivered": Subquery(live.annotate(out=out).values("out")[:1])},
        "expires": {"sort_expires": Subquery(live.values("expires_at")[:1])},
        "seen": {"sort_seen": Subquery(ties.order_by("-account__last_login").values("account__last_login")[:1])},
        "state": {"sort_state": rank_of(scope)},
    }
    return columns.get(name, {})


def _associations(scope: Scope) -> QuerySet[DirectoryAssociation]:
    """The students of each row whom the member may see, with access or without."""
    found = DirectoryAssociation.objects.for_tenant(scope.tenant).filter(**{scope.scheme.column: OuterRef("pk")})
    return found if scope.schools is None else found.filter(student__school_id__in=scope.schools)


def _links(scope: Scope, *, only: Collection[int] | None = None) -> QuerySet[DirectoryAssociation]:
    found = DirectoryAssociation.objects.for_tenant(scope.tenant).links(today=scope.today)
    column = scope.scheme.column
    found = found.filter(**{column: OuterRef("pk")})
    return found if only is None else found.filter(**{f"{column}__in": only})


def _bars(scope: Scope) -> QuerySet[DirectoryBar]:
    return DirectoryBar.objects.for_tenant(scope.tenant).closing(today=scope.today).filter(contact_id=OuterRef("pk"))


def _keys(scope: Scope, only: Collection[int] | None) -> QuerySet[AccessKey]:
    found = AccessKey.objects.for_tenant(scope.tenant).filter(subject_kind=scope.scheme.kind, subject_id=OuterRef("pk"))
    return found if only is None else found.filter(subject_id__in=only)


def _live_keys(scope: Scope, *, only: Collection[int] | None = None) -> QuerySet[AccessKey]:
    """The live keys of each row, locked ones too."""
    return _keys(scope, only).filter(state=KeyState.LIVE, expires_at__gt=scope.at)


def _ended_keys(scope: Scope, *, only: Collection[int] | None = None) -> QuerySet[AccessKey]:
    """The newest key of each row and addressee, for those who have no live one."""
    newer = AccessKey.objects.for_tenant(scope.tenant).filter(
        subject_kind=scope.scheme.kind,
        subject_id=OuterRef("subject_id"),
        addressee_id=OuterRef("addressee_id"),
        pk__gt=OuterRef("pk"),
    )
    return _keys(scope, only).exclude(Exists(newer))


def _ties(scope: Scope, *, only: Collection[int] | None = None) -> QuerySet[Tie]:
    found = Tie.objects.for_tenant(scope.tenant).standing()
    found = found.filter(subject_kind=scope.scheme.kind, subject_id=OuterRef("pk"))
    return found if only is None else found.filter(subject_id__in=only)


def _is_connected(scope: Scope, *, only: Collection[int] | None = None) -> Q:
    """A contact: has a tie. A household or student: somebody has one, and nobody who is linked has none."""
    ties = _ties(scope, only=only)
    if scope.scheme.is_own_addressee:
        return Q(Exists(ties))
    own = Tie.objects.for_tenant(scope.tenant).standing().filter(subject_kind=scope.scheme.kind)
    own = own.filter(subject_id=OuterRef(scope.scheme.column), addressee_id=OuterRef("contact_id"))
    return Q(Exists(ties)) & ~Q(Exists(_links(scope, only=only).exclude(Exists(own))))


def _shared_addresses(tenant: Tenant) -> QuerySet[DirectoryContact, str]:
    """Usable addresses, folded, that more than one contact has."""
    usable = DirectoryContact.objects.for_tenant(tenant).filter(type="PARENT", is_active=True, email_usable=True)
    folded = usable.annotate(folded=Lower("email")).values("folded").annotate(holders=Count("pk"))
    return folded.filter(holders__gt=1).values_list("folded", flat=True)


@dataclass(frozen=True)
class FilterChoices:
    """What the filter form offers: the member's schools by code, and the year levels and roll classes of their students."""

    schools: tuple[tuple[int, str], ...]
    years: tuple[str, ...]
    roll_classes: tuple[str, ...]
    languages: tuple[str, ...]


def filter_choices(scope: Scope) -> FilterChoices:
    """Query: what there is to filter by."""
    schools = School.objects.for_tenant(scope.tenant).filter(is_active=True)
    students = DirectoryStudent.objects.for_tenant(scope.tenant).filter(is_active=True)
    if scope.schools is not None:
        schools = schools.filter(pk__in=scope.schools)
        students = students.filter(school_id__in=scope.schools)
    languages = DirectoryContact.objects.for_tenant(scope.tenant).exclude(language="")

    def different(rows: QuerySet[Any], column: str) -> tuple[str, ...]:
        found = rows.exclude(**{column: ""}).order_by().values_list(column, flat=True).distinct()
        return tuple(sorted(found, key=lambda text: (text[0].isdecimal(), len(text), text)))  # "K", "7", "10".

    return FilterChoices(
        schools=tuple(schools.order_by("name").values_list("number", "name")),
        years=different(students, "year_level"),
        roll_classes=different(students, "roll_class"),
        languages=different(languages, "language"),
    )
