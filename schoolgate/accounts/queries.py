"""What an account sees: from its ties to the published links, and nothing else (security.md §3)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, QuerySet

from schoolgate.accounts.models import Disclaimer
from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryStudent
from schoolgate.directory.queries import visible_students
from schoolgate.keys.models import SubjectKind, Tie
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant, User


def children_of(*, tenant: Tenant, account: User, at: datetime) -> list[DirectoryStudent]:
    """The children that the account sees at this moment, sorted by name; two queries.

    Every tie's contact counts, and one of them barred from a child hides it from the account (spine §3.2, R-RX-03).
    """
    return list(
        _children(tenant=tenant, account=account, contact_ids=contact_ids_of(tenant=tenant, account=account), at=at)
    )


def child_of(*, tenant: Tenant, account: User, student_id: int, at: datetime) -> DirectoryStudent:
    """This child, if the account sees it. Raises NotFound for any other, of whatever tenant."""
    contact_ids = contact_ids_of(tenant=tenant, account=account)
    # A comparison, not a list: Django knows that no row has an id beyond 64 bits, but sends such a list to the database.
    found = _children(tenant=tenant, account=account, contact_ids=contact_ids, at=at).filter(pk=student_id).first()
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
    """My Access. keys: the selectors of ties that show no child at present, with their date."""

    seen: list[Seen]
    empty_ties: list[Tie]


def access_of(*, tenant: Tenant, account: User, at: datetime) -> Access:
    """Whom the account sees, since when and by which key; three queries."""
    ties = list(
        Tie.objects.for_tenant(tenant)
        .standing()
        .filter(account=account, subject_kind=SubjectKind.CONTACT)
        .select_related("key")
        .order_by("since", "pk")
    )
    tie_by_contact: dict[int, Tie] = {}
    for tie in ties:
        tie_by_contact.setdefault(tie.subject_id, tie)
    children = list(_children(tenant=tenant, account=account, contact_ids=list(tie_by_contact), at=at))
    pairs = (
        DirectoryAssociation.objects.for_tenant(tenant)
        .links(today=day_of(tenant, at))
        .filter(contact_id__in=tie_by_contact, student_id__in=[child.pk for child in children])
        .values_list("student_id", "contact_id", "flag_at")
    )
    first: dict[int, Seen] = {}
    child_by_id = {child.pk: child for child in children}
    for student_id, contact_id, flag_at in pairs:
        tie = tie_by_contact[contact_id]
        since = max(tie.since, flag_at)  # A child linked later is seen from then on.
        if student_id not in first or since < first[student_id].since:
            first[student_id] = Seen(child_by_id[student_id], since, tie.key.selector)
    showing = {contact_id for _student_id, contact_id, _flag_at in pairs}
    return Access(
        seen=[first[child.pk] for child in children],
        empty_ties=[tie for tie in ties if tie.subject_id not in showing],
    )


def children_if_tied(*, tenant: Tenant, account: User, contact_id: int, at: datetime) -> QuerySet[DirectoryStudent]:
    """The children among this contact's links that the account would see, if it acted for the contact as well."""
    contact_ids = {*contact_ids_of(tenant=tenant, account=account), contact_id}
    links = (
        DirectoryAssociation.objects.for_tenant(tenant).links(today=day_of(tenant, at)).filter(contact_id=contact_id)
    )
    return _children(tenant=tenant, account=account, contact_ids=contact_ids, at=at).filter(
        Exists(links.filter(student_id=OuterRef("pk")))
    )


def birth_dates_of(*, tenant: Tenant, contact_id: int, at: datetime) -> set[date | None]:
    """The dates of birth of the contact's published children, the second proof (R-RD-07); empty when there is no child."""
    children = visible_students(tenant=tenant, contact_ids=[contact_id], today=day_of(tenant, at))
    return set(children.order_by().values_list("birth_date", flat=True))


def contact_ids_of(*, tenant: Tenant, account: User) -> list[int]:
    """The contacts that the account acts for."""
    ties = Tie.objects.for_tenant(tenant).standing().filter(account=account, subject_kind=SubjectKind.CONTACT)
    return list(ties.values_list("subject_id", flat=True))


def has_bar_between(*, tenant: Tenant, contact_ids: Collection[int], at: datetime) -> bool:
    """Whether one of these contacts is barred from a child that another of them is linked to."""
    today = day_of(tenant, at)
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=today).filter(contact_id__in=contact_ids)
    bars = DirectoryBar.objects.for_tenant(tenant).closing(today=today).filter(contact_id__in=contact_ids)
    return bars.filter(Exists(links.filter(student_id=OuterRef("student_id")))).exists()


def _children(
    *, tenant: Tenant, account: User, contact_ids: Collection[int], at: datetime
) -> QuerySet[DirectoryStudent]:
    disclaimed = Disclaimer.objects.for_tenant(tenant).filter(account=account, restored_at=None)
    visible = visible_students(tenant=tenant, contact_ids=contact_ids, today=day_of(tenant, at))
    return visible.exclude(Exists(disclaimed.filter(student_id=OuterRef("pk"))))
