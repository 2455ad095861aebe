"""Whom a contact may see, who may see a student, and why: read from the published truth alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from schoolgate.directory.models import (
    DirectoryAssociation,
    DirectoryBar,
    DirectoryContact,
    DirectoryStudent,
)
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class ActsFor:
    """Whom an account acts for.

    contacts: with all links of each. households, students: (household or student, contact), with those of the contact's
    links alone that belong there. themselves: students who see themselves, while they are active.
    """

    contacts: frozenset[int] = frozenset()
    households: frozenset[tuple[int, int]] = frozenset()
    students: frozenset[tuple[int, int]] = frozenset()
    themselves: frozenset[int] = frozenset()

    @property
    def adults(self) -> frozenset[int]:
        """The contacts behind all of it: a restriction of any one of them counts."""
        return self.contacts | {contact for _, contact in self.households | self.students}

    def matches(self) -> Q:
        """The associations, among all links, that show somebody to the account."""
        found = Q(contact_id__in=self.contacts)
        for household, contact in self.households:
            found |= Q(household_id=household, contact_id=contact)
        for student, contact in self.students:
            found |= Q(student_id=student, contact_id=contact)
        return found


def visible_to(acts_for: ActsFor, *, tenant: Tenant, today: date) -> QuerySet[DirectoryStudent]:
    """The students whom an account sees that acts for these people; one query, sorted by name.

    An account that acts for several contacts doesn't see a child that any one of them is barred from (spine §3.2, R-RX-03).
    today: in the tenant's time zone (tenancy/dates.py).
    """
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=today).filter(acts_for.matches())
    linked = Q(Exists(links.filter(student_id=OuterRef("pk"))))
    if acts_for.themselves:
        # "Or" beside a correlated Exists would be tried for every student of the tenant; a list of ids is not.
        linked = Q(pk__in=links.values("student_id")) | Q(pk__in=acts_for.themselves, is_active=True)
    found = DirectoryStudent.objects.for_tenant(tenant).filter(linked)
    if len(acts_for.adults) > 1 or acts_for.themselves:  # Of one adult alone, no bar closes what is a link.
        bars = DirectoryBar.objects.for_tenant(tenant).closing(today=today).filter(contact_id__in=acts_for.adults)
        found = found.exclude(Exists(bars.filter(student_id=OuterRef("pk"))))
    return found.select_related("school", "second_school").order_by("sort_name", "pk")


def visible_students(*, tenant: Tenant, contact_ids: Collection[int], today: date) -> QuerySet[DirectoryStudent]:
    """The children of an account that acts for these contacts."""
    return visible_to(ActsFor(contacts=frozenset(contact_ids)), tenant=tenant, today=today)


def students_by_contact(
    *, tenant: Tenant, contact_ids: Collection[int], today: date
) -> dict[int, list[DirectoryStudent]]:
    """The published links of each of these contacts, for a page of a grid or a batch of letters: one query.

    Contacts without links are absent. Students are sorted by name.
    """
    links = (
        DirectoryAssociation.objects.for_tenant(tenant)
        .links(today=today)
        .filter(contact_id__in=contact_ids)
        .select_related("student__school", "student__second_school")
        .order_by("student__sort_name", "student_id")
    )
    found: dict[int, list[DirectoryStudent]] = defaultdict(list)
    for link in links:
        found[link.contact_id].append(link.student)
    return dict(found)


@dataclass(frozen=True)
class Reason:
    """One condition of the access rule, as it stands. speaks_for: it lets the contact see the student.

    code: stable, for programs. since and by_id: when it became so and whose act it was (tenancy.User), where known.
    about_id: the published row that it is about, None where there is none.
    """

    speaks_for: bool
    code: str
    text: str
    since: datetime | date | None = None
    by_id: int | None = None
    about_id: int | None = None


def published_reasons(*, tenant: Tenant, contact_id: int, student_id: int, today: date) -> list[Reason]:
    """Every condition that decides whether this contact sees this student, each with its value (B-01).

    The contact sees the student exactly when no reason speaks against. Codes: contact.published, contact.active,
    student.published, student.active, association.published, flag.on; each with its opposite; and one bar.* for each bar.
    """
    contact = DirectoryContact.objects.for_tenant(tenant).filter(pk=contact_id).first()
    student = DirectoryStudent.objects.for_tenant(tenant).filter(pk=student_id).first()
    pair = DirectoryAssociation.objects.for_tenant(tenant).filter(contact_id=contact_id, student_id=student_id).first()
    bars = DirectoryBar.objects.for_tenant(tenant).filter(contact_id=contact_id, student_id=student_id).order_by("pk")
    return [
        *_person_reasons("contact", contact),
        *_person_reasons("student", student),
        *_pair_reasons(pair),
        *_bar_reasons(bars, today=today),
    ]


def _person_reasons(word: str, person: DirectoryContact | DirectoryStudent | None) -> Iterable[Reason]:
    texts = {
        "contact": (
            _("The contact has not been published by a Data Sync."),
            _("The contact is published and active."),
            _("The contact is published as inactive."),
        ),
        "student": (
            _("The student has not been published by a Data Sync."),
            _("The student is published and active."),
            _("The student is published as inactive."),
        ),
    }
    unpublished, active, inactive = texts[word]
    if person is None:
        yield Reason(False, f"{word}.not_published", unpublished)
    elif person.is_active:
        yield Reason(True, f"{word}.active", active, about_id=person.pk)
    else:
        yield Reason(False, f"{word}.inactive", inactive, about_id=person.pk)


def _pair_reasons(pair: DirectoryAssociation | None) -> Iterable[Reason]:
    if pair is None:
        yield Reason(False, "association.not_published", _("No association between the two has been published."))
        return
    by_household = pair.basis == "household"
    text = _("They are associated by their household.") if by_household else _("They are associated.")
    yield Reason(True, "association.published", text, about_id=pair.pk)
    if pair.portal_access:
        yield Reason(True, "flag.on", _("Has Portal Access is on."), pair.flag_at, pair.flag_by_id, pair.pk)
    else:
        yield Reason(False, "flag.off", _("Has Portal Access is off."), pair.flag_at, pair.flag_by_id, pair.pk)


def _bar_reasons(bars: Iterable[DirectoryBar], *, today: date) -> Iterable[Reason]:
    for bar in bars:
        if bar.starts_on > today:
            text = _("A restriction begins on %(day)s.") % {"day": date_format(bar.starts_on)}
            yield Reason(True, "bar.not_begun", text, bar.starts_on, about_id=bar.pk)
        elif bar.ends_on is not None and bar.ends_on < today:
            text = _("A restriction ended on %(day)s; nothing opens until the office has reviewed it.")
            yield Reason(False, "bar.ended", text % {"day": date_format(bar.ends_on)}, bar.starts_on, about_id=bar.pk)
        else:
            yield Reason(False, "bar.in_force", _("A restriction is in force."), bar.starts_on, about_id=bar.pk)


def published_flags(*, tenant: Tenant, association_ids: Collection[int]) -> dict[int, bool]:
    """The published Has Portal Access of these associations; unpublished ones are absent. What differs is pending."""
    rows = DirectoryAssociation.objects.for_tenant(tenant).filter(pk__in=association_ids)
    return dict(rows.values_list("pk", "portal_access"))


def count_younger(*, tenant: Tenant, age: int, at: datetime, school_id: int | None = None) -> int:
    """How many active students are younger than so many years at this moment; of one school, or of all."""
    today = day_of(tenant, at)
    last_day = 28 if (today.month, today.day) == (2, 29) else today.day
    born_since = today.replace(year=today.year - age, day=last_day)
    young = DirectoryStudent.objects.for_tenant(tenant).filter(is_active=True, birth_date__gt=born_since)
    return young.count() if school_id is None else young.at_schools([school_id]).count()
