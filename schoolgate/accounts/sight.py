"""What many accounts see at once, and why some see nobody (R-AM-02): the rule of accounts/queries.py, for a page or for all of them.

`sights_of` reads a page in a handful of statements; `sees_somebody` is the same rule as one condition of the database, for the
filter With / Without Students. A test holds both to what one account's own home shows.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from schoolgate.accounts.models import Disclaimer
from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryStudent
from schoolgate.keys.models import Tie
from schoolgate.keys.subjects import CONTACT, FAMILY, STUDENT, STUDENT_SELF, belongs_to, subject_of
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

WHYS = (
    "no_key",
    "tie_ended",
    "no_student",
    "restricted",
    "disclaimed",
    "student_left",
    "contact_left",
    "access_off",
)
"""Why an account sees nobody, the gravest first where several hold."""


@dataclass(frozen=True)
class Sight:
    """students: whom the account sees now, by name. whys: of WHYS, only where it sees nobody. ended_why: of the last tie that ended."""

    students: tuple[DirectoryStudent, ...] = ()
    whys: tuple[str, ...] = ()
    ended_why: str = ""


def sights_of(*, tenant: Tenant, account_ids: Collection[int], at: datetime) -> dict[int, Sight]:
    """Query: the sight of each of these accounts; six statements, however many they are."""
    facts = _facts_of(tenant=tenant, account_ids=account_ids, at=at)
    return {account_id: _sight(account_id, facts) for account_id in account_ids}


@dataclass(frozen=True)
class _Facts:
    ties: dict[int, list[Tie]]
    pairs: dict[int, list[DirectoryAssociation]]
    bars: set[tuple[int, int]]
    disclaimed: set[tuple[int, int]]
    themselves: dict[int, DirectoryStudent]
    ended: dict[int, str]


def _facts_of(*, tenant: Tenant, account_ids: Collection[int], at: datetime) -> _Facts:
    today = day_of(tenant, at)
    ties: dict[int, list[Tie]] = defaultdict(list)
    for tie in Tie.objects.for_tenant(tenant).standing().filter(account_id__in=account_ids).order_by("pk"):
        ties[tie.account_id].append(tie)
    standing = [tie for of_account in ties.values() for tie in of_account]
    adults = {tie.addressee_id for tie in standing if tie.subject_kind != STUDENT_SELF}
    of_adults = DirectoryAssociation.objects.for_tenant(tenant).filter(contact_id__in=adults)
    links = of_adults.links(today=today).filter(pk=OuterRef("pk"))
    pairs: dict[int, list[DirectoryAssociation]] = defaultdict(list)
    for pair in of_adults.annotate(is_link=Exists(links)).select_related(
        "student__school", "student__second_school", "contact"
    ):
        pairs[pair.contact_id].append(pair)
    bars = DirectoryBar.objects.for_tenant(tenant).closing(today=today).filter(contact_id__in=adults)
    disclaimers = Disclaimer.objects.for_tenant(tenant).filter(account_id__in=account_ids, restored_at=None)
    selves = {tie.subject_id for tie in standing if tie.subject_kind == STUDENT_SELF}
    students = (
        DirectoryStudent.objects.for_tenant(tenant).filter(pk__in=selves).select_related("school", "second_school")
    )
    untied = [account_id for account_id in account_ids if account_id not in ties]
    ended = Tie.objects.for_tenant(tenant).filter(account_id__in=untied).order_by("ended_at", "pk")
    return _Facts(
        ties=ties,
        pairs=pairs,
        bars=set(bars.values_list("student_id", "contact_id")),
        disclaimed=set(disclaimers.values_list("account_id", "student_id")),
        themselves={student.pk: student for student in students},
        ended=dict(ended.values_list("account_id", "ended_why")),
    )


def _sight(account_id: int, facts: _Facts) -> Sight:
    ties = facts.ties.get(account_id, [])
    if not ties:
        is_new = account_id not in facts.ended
        return Sight(whys=("no_key" if is_new else "tie_ended",), ended_why=facts.ended.get(account_id, ""))
    adults = {tie.addressee_id for tie in ties if tie.subject_kind != STUDENT_SELF}
    seen: dict[int, DirectoryStudent] = {}
    whys: set[str] = set()
    for tie in ties:
        for student, why in _through(tie, facts):
            if any((student.pk, contact_id) in facts.bars for contact_id in adults):
                whys.add("restricted")
            elif (account_id, student.pk) in facts.disclaimed:
                whys.add("disclaimed")
            elif why:
                whys.add(why)
            else:
                seen[student.pk] = student
    if seen:
        return Sight(students=tuple(sorted(seen.values(), key=lambda student: (student.sort_name, student.pk))))
    return Sight(whys=tuple(why for why in WHYS if why in (whys or {"no_student"})))


def _through(tie: Tie, facts: _Facts) -> Iterable[tuple[DirectoryStudent, str]]:
    """The students that one tie is about, each with what hides it, "" for nothing but a bar or a disclaimer."""
    if tie.subject_kind == STUDENT_SELF:
        own = facts.themselves.get(tie.subject_id)
        if own is not None:
            yield own, "" if own.is_active else "student_left"
        return
    for pair in facts.pairs.get(tie.addressee_id, ()):
        if not belongs_to(pair, subject_of(tie)):
            continue
        if pair.is_link:  # type: ignore[attr-defined]  # Annotated above.
            yield pair.student, ""
        elif not pair.student.is_active:
            yield pair.student, "student_left"
        elif not pair.contact.is_active:
            yield pair.student, "contact_left"
        else:
            yield pair.student, "access_off"


def sees_somebody(*, tenant: Tenant, at: datetime) -> Exists:
    """A condition on accounts: at least one student is seen at this moment."""
    today = day_of(tenant, at)
    ties = Tie.objects.for_tenant(tenant).standing().filter(account_id=OuterRef("pk"))
    # Inside of `links`, which stands inside of `ties`: the account's adults, each of whom may be barred (spine §3.2).
    mine = Tie.objects.for_tenant(tenant).standing().exclude(subject_kind=STUDENT_SELF)
    adults = mine.filter(account_id=OuterRef(OuterRef(OuterRef("account_id"))), addressee_id=OuterRef("contact_id"))
    bars = DirectoryBar.objects.for_tenant(tenant).closing(today=today).filter(Exists(adults))
    disclaimers = Disclaimer.objects.for_tenant(tenant).filter(
        account_id=OuterRef(OuterRef("account_id")), restored_at=None
    )
    links = (
        DirectoryAssociation.objects.for_tenant(tenant)
        .links(today=today)
        .filter(contact_id=OuterRef("addressee_id"))
        .exclude(Exists(bars.filter(student_id=OuterRef("student_id"))))
        .exclude(Exists(disclaimers.filter(student_id=OuterRef("student_id"))))
    )
    themselves = (
        DirectoryStudent.objects.for_tenant(tenant)
        .filter(pk=OuterRef("subject_id"), is_active=True)
        .exclude(Exists(bars.filter(student_id=OuterRef("pk"))))
        .exclude(Exists(disclaimers.filter(student_id=OuterRef("pk"))))
    )
    return Exists(
        ties.filter(
            Q(Exists(links), subject_kind=CONTACT)
            | Q(Exists(links.filter(household_id=OuterRef("subject_id"))), subject_kind=FAMILY)
            | Q(Exists(links.filter(student_id=OuterRef("subject_id"))), subject_kind=STUDENT)
            | Q(Exists(themselves), subject_kind=STUDENT_SELF)
        )
    )


def accounts_about(*, tenant: Tenant, students: QuerySet[DirectoryStudent]) -> "QuerySet[Tie, Any]":
    """The ids of accounts with a standing tie to one of these students, or to somebody whom a published association names with one.

    Whether the account may see the student at the moment makes no difference. For `pk__in`.
    """
    ties = Tie.objects.for_tenant(tenant).standing()
    ids = students.order_by().values("pk")
    contacts = DirectoryAssociation.objects.for_tenant(tenant).filter(student_id__in=ids).values("contact_id")
    of_adults = ties.exclude(subject_kind=STUDENT_SELF).filter(addressee_id__in=contacts)
    of_themselves = ties.filter(subject_kind=STUDENT_SELF, subject_id__in=ids)
    return of_adults.values("account_id").union(of_themselves.values("account_id"))
