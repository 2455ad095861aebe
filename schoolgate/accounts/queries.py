"""What an account sees: from its ties to the published links, and nothing else (security.md §3)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, QuerySet

from schoolgate.accounts.models import Disclaimer
from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryStudent
from schoolgate.directory.queries import ActsFor, visible_to
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import Tie
from schoolgate.keys.subjects import STUDENT_SELF, acting_for, belongs_to, subject_of
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant, User


def children_of(*, tenant: Tenant, account: User, at: datetime) -> list[DirectoryStudent]:
    """The students whom the account sees at this moment, sorted by name; two queries.

    Every tie counts, and one of its contacts barred from a child hides it from the account (spine §3.2, R-RX-03).
    """
    return list(_seen_by(account, acts_for(tenant=tenant, account=account), tenant=tenant, at=at))


def child_of(*, tenant: Tenant, account: User, student_id: int, at: datetime) -> DirectoryStudent:
    """This child, if the account sees it. Raises NotFound for any other, of whatever tenant."""
    seen = _seen_by(account, acts_for(tenant=tenant, account=account), tenant=tenant, at=at)
    # A comparison, not a list: Django knows that no row has an id beyond 64 bits, but sends such a list to the database.
    found = seen.filter(pk=student_id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class Seen:
    """A child that the account sees. since, selector: of the first tie that shows it; the key's public four symbols."""

    student: DirectoryStudent
    since: datetime
    selector: str


@dataclass(frozen=True)
class Access:
    """My Access. empty_ties: those that show no child at present."""

    seen: list[Seen]
    empty_ties: list[Tie]


def access_of(*, tenant: Tenant, account: User, at: datetime) -> Access:
    """Whom the account sees, since when and by which key; three queries."""
    ties = list(
        Tie.objects.for_tenant(tenant).standing().filter(account=account).select_related("key").order_by("since", "pk")
    )
    whom = acting_for(subject_of(tie) for tie in ties)
    children = {child.pk: child for child in _seen_by(account, whom, tenant=tenant, at=at)}
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=day_of(tenant, at))
    shown = list(links.filter(whom.matches(), student_id__in=children))
    first: dict[int, Seen] = {}
    showing: set[int] = set()
    for tie in ties:
        for student_id, flag_at in _shown_by(tie, shown):
            if student_id not in children:
                continue
            showing.add(tie.pk)
            since = max(tie.since, flag_at)  # A child linked later is seen from then on.
            if student_id not in first or since < first[student_id].since:
                first[student_id] = Seen(children[student_id], since, tie.key.selector)
    return Access(
        seen=[first[pk] for pk in children if pk in first],
        empty_ties=[tie for tie in ties if tie.pk not in showing],
    )


@dataclass(frozen=True)
class OwnRecord:
    """What a student's account has. student: None when there is nothing to show. is_ended: the office ended the tie, or a key did."""

    student: DirectoryStudent | None
    tie: Tie | None
    is_ended: bool


def own_record(*, tenant: Tenant, account: User, at: datetime) -> OwnRecord:
    """The published facts of the student themself, by the account's own tie; two queries."""
    ties = Tie.objects.for_tenant(tenant).filter(account=account, subject_kind=STUDENT_SELF)
    tie = ties.select_related("key").standing().first()
    if tie is None:
        return OwnRecord(None, None, is_ended=ties.exists())
    themself = acting_for([subject_of(tie)])
    return OwnRecord(visible_to(themself, tenant=tenant, today=day_of(tenant, at)).first(), tie, is_ended=False)


def _shown_by(tie: Tie, links: Iterable[DirectoryAssociation]) -> list[tuple[int, datetime]]:
    """(student, since when linked) of those that this one tie opens."""
    subject = subject_of(tie)
    if subject.kind == STUDENT_SELF:
        return [(subject.id, tie.since)]
    return [(link.student_id, link.flag_at) for link in links if belongs_to(link, subject)]


def students_if_tied(*, tenant: Tenant, account: User, subject: Subject, at: datetime) -> QuerySet[DirectoryStudent]:
    """The students of this subject whom the account would see, if it acted for the subject as well."""
    alone = acting_for([subject])
    both = acting_for([subject, *subjects_of_account(tenant=tenant, account=account)])
    opened = visible_to(alone, tenant=tenant, today=day_of(tenant, at))
    seen = _seen_by(account, both, tenant=tenant, at=at)
    return seen.filter(pk__in=opened.order_by().values("pk"))


def births_and_schools_of(
    *, tenant: Tenant, subject: Subject, at: datetime
) -> list[tuple[date | None, frozenset[int]]]:
    """(date of birth, ids of the schools) of the subject's published students, for the second proof (R-RD-07); empty when there is none."""
    students = visible_to(acting_for([subject]), tenant=tenant, today=day_of(tenant, at))
    found = students.order_by().values_list("birth_date", "school_id", "second_school_id")
    return [(born, frozenset(filter(None, schools))) for born, *schools in found]


def subjects_of_account(*, tenant: Tenant, account: User) -> list[Subject]:
    """Whom the account acts for, by its standing ties."""
    return [subject_of(tie) for tie in Tie.objects.for_tenant(tenant).standing().filter(account=account)]


def acts_for(*, tenant: Tenant, account: User) -> ActsFor:
    """The same, as the directory asks for it."""
    return acting_for(subjects_of_account(tenant=tenant, account=account))


def has_bar_between(*, tenant: Tenant, contact_ids: Collection[int], at: datetime) -> bool:
    """Whether one of these contacts is barred from a child that another of them is linked to."""
    today = day_of(tenant, at)
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=today).filter(contact_id__in=contact_ids)
    bars = DirectoryBar.objects.for_tenant(tenant).closing(today=today).filter(contact_id__in=contact_ids)
    return bars.filter(Exists(links.filter(student_id=OuterRef("student_id")))).exists()


def _seen_by(account: User, whom: ActsFor, *, tenant: Tenant, at: datetime) -> QuerySet[DirectoryStudent]:
    disclaimed = Disclaimer.objects.for_tenant(tenant).filter(account=account, restored_at=None)
    visible = visible_to(whom, tenant=tenant, today=day_of(tenant, at))
    return visible.exclude(Exists(disclaimed.filter(student_id=OuterRef("pk"))))


def children_without(
    *, tenant: Tenant, account: User, tie_ids: Collection[int], at: datetime
) -> list[DirectoryStudent]:
    """Whom the account would see if these ties ended, sorted by name.

    That may be somebody whom it doesn't see now: a contact who is barred hides a child from the whole account (spine §3.2).
    """
    rest = Tie.objects.for_tenant(tenant).standing().filter(account=account).exclude(pk__in=tie_ids)
    return list(_seen_by(account, acting_for(subject_of(tie) for tie in rest), tenant=tenant, at=at))
