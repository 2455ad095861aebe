"""The ties of one account: for whom it acts, and who stands behind a child that it sees (R-AM-07)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from schoolgate.accounts.models import Disclaimer
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryHousehold, DirectoryStudent
from schoolgate.keys.models import Tie
from schoolgate.keys.subjects import CONTACT, FAMILY, STUDENT, STUDENT_SELF
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant, User


@dataclass(frozen=True)
class TieLine:
    """A tie with its people. contact: the adult who is acted for; None for a student's own. student, household: of such keys."""

    tie: Tie
    contact: DirectoryContact | None = None
    student: DirectoryStudent | None = None
    household: DirectoryHousehold | None = None

    @property
    def name(self) -> str:
        """Whom the account acts for, by the published name."""
        person = self.contact or self.student
        return person.shown_name if person else ""


def ties_of(*, tenant: Tenant, account: User, school_ids: Collection[int] | None) -> list[TieLine]:
    """Query: every tie of the account that a member may see, standing ones first, then the newest; six statements at most.

    school_ids: the member's reach. A tie is theirs when the person has a published association with a student of these
    schools, or is one (R-AM-01).
    """
    ties = list(Tie.objects.for_tenant(tenant).filter(account=account).select_related("key").order_by("-since", "-pk"))
    adults = {tie.addressee_id for tie in ties if tie.subject_kind != STUDENT_SELF}
    contacts = DirectoryContact.objects.for_tenant(tenant).in_bulk(list(adults))
    named = {tie.subject_id for tie in ties if tie.subject_kind in {STUDENT, STUDENT_SELF}}
    students = (
        DirectoryStudent.objects.for_tenant(tenant).select_related("school", "second_school").in_bulk(list(named))
    )
    families = {tie.subject_id for tie in ties if tie.subject_kind == FAMILY}
    households = DirectoryHousehold.objects.for_tenant(tenant).in_bulk(list(families)) if families else {}
    within = _adults_within(tenant, adults, school_ids=school_ids)
    lines = []
    for tie in ties:
        student = students.get(tie.subject_id) if tie.subject_kind in {STUDENT, STUDENT_SELF} else None
        if tie.subject_kind == STUDENT_SELF:
            if school_ids is None or (student is not None and student.is_at(school_ids)):
                lines.append(TieLine(tie, student=student))
        elif within is None or tie.addressee_id in within:
            household = households.get(tie.subject_id) if tie.subject_kind == FAMILY else None
            lines.append(TieLine(tie, contacts.get(tie.addressee_id), student, household))
    return sorted(lines, key=lambda line: line.tie.ended_at is not None)


def tie_by_id(*, tenant: Tenant, account: User, tie_id: int, school_ids: Collection[int] | None) -> TieLine:
    """A standing tie within the member's reach. Raises NotFound."""
    for line in ties_of(tenant=tenant, account=account, school_ids=school_ids):
        if line.tie.pk == tie_id and line.tie.ended_at is None:
            return line
    raise NotFound


def standing_count(*, tenant: Tenant, account: User) -> int:
    """How many ties stand, within anybody's reach or not."""
    return Tie.objects.for_tenant(tenant).standing().filter(account=account).count()


@dataclass(frozen=True)
class Behind:
    """What shows one student to an account: the pairs that link, the ties, and the other accounts that act for the same contacts."""

    pairs: tuple[DirectoryAssociation, ...]
    ties: tuple[Tie, ...]
    others: tuple[User, ...]


def behind(*, tenant: Tenant, account: User, student_id: int, at: datetime) -> Behind:
    """Query: through whom the account sees this student; three statements."""
    standing = Tie.objects.for_tenant(tenant).standing()
    mine = list(standing.filter(account=account))
    links = (
        DirectoryAssociation.objects.for_tenant(tenant).links(today=day_of(tenant, at)).filter(student_id=student_id)
    )
    adults = [tie.addressee_id for tie in mine if tie.subject_kind != STUDENT_SELF]
    pairs, ties = [], []
    for pair in links.filter(contact_id__in=adults).select_related("contact", "student"):
        places = {CONTACT: pair.contact_id, FAMILY: pair.household_id, STUDENT: pair.student_id}
        through = [
            tie
            for tie in mine
            if tie.addressee_id == pair.contact_id and places.get(tie.subject_kind) == tie.subject_id
        ]
        if through:
            pairs.append(pair)
            ties.extend(through)
    ties.extend(tie for tie in mine if tie.subject_kind == STUDENT_SELF and tie.subject_id == student_id)
    contact_ids = [pair.contact_id for pair in pairs]
    same = standing.exclude(account=account).exclude(subject_kind=STUDENT_SELF).filter(addressee_id__in=contact_ids)
    others = User.objects.for_tenant(tenant).accounts().filter(pk__in=same.values("account_id"))
    return Behind(tuple(pairs), tuple(dict.fromkeys(ties)), tuple(others.order_by("username_folded")))


def disclaimed_by(*, tenant: Tenant, account: User, school_ids: Collection[int] | None) -> "QuerySet[DirectoryStudent]":
    """Query: the students of whom the family has said that they are not theirs, and whom the office may give back (B-07)."""
    said = Disclaimer.objects.for_tenant(tenant).filter(account=account, restored_at=None).values("student_id")
    students = DirectoryStudent.objects.for_tenant(tenant).at_schools(school_ids).filter(pk__in=said)
    return students.select_related("school", "second_school").order_by("sort_name", "pk")


def _adults_within(tenant: Tenant, adults: Collection[int], *, school_ids: Collection[int] | None) -> set[int] | None:
    if school_ids is None:
        return None
    near = DirectoryAssociation.objects.for_tenant(tenant).at_schools(school_ids).filter(contact_id__in=adults)
    return set(near.values_list("contact_id", flat=True))
