"""What the office's pages show of the working copy. school_ids: a member's reach, None for every school (R-PM-01)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet

from schoolgate.enrolments.models import (
    Association,
    Contact,
    Household,
    HouseholdMember,
    PersonState,
    Restriction,
    Student,
)
from schoolgate.enrolments.names import fold_name
from schoolgate.enrolments.querysets import ContactQuerySet
from schoolgate.lib.errors import NotFound
from schoolgate.lib.natural import natural
from schoolgate.tenancy.at_schools import Schools, at_schools
from schoolgate.tenancy.models import Tenant

Row = TypeVar("Row", bound=Model)
Pair = tuple[int, int]  # (student id, contact id)


def find_students(
    *,
    tenant: Tenant,
    words: str = "",
    school_id: int | None = None,
    year: str = "",
    state: str = "",
    sort: str = "name",
    school_ids: Schools = None,
) -> QuerySet[Student]:
    """The student list, with each one's school; words are beginnings of names or of a student id."""
    found = Student.objects.for_tenant(tenant).at_schools(school_ids).matching(words).in_state(state)
    if school_id is not None:
        found = found.at_schools([school_id])
    if year:
        found = found.filter(year_level=year)
    return found.select_related("school", "second_school").in_order(sort)


def find_contacts(
    *, tenant: Tenant, words: str = "", type_: str = "", state: str = "", sort: str = "name", school_ids: Schools = None
) -> QuerySet[Contact]:
    """The contact list; words are beginnings of names, of a Contact ID or of an e-mail address."""
    found = _contacts_seen(tenant, school_ids).matching(words).in_state(state)
    if type_:
        found = found.filter(type=type_)
    return found.in_order(sort)


def _contacts_seen(tenant: Tenant, school_ids: Schools) -> ContactQuerySet:
    """Contacts with a student at these schools, and those with no student yet (R-PM-01)."""
    contacts = Contact.objects.for_tenant(tenant)
    if school_ids is None:
        return contacts
    ties = Association.objects.for_tenant(tenant).standing().filter(contact_id=OuterRef("pk"))
    return contacts.filter(Exists(ties.at_schools(school_ids)) | ~Exists(ties))


def find_households(*, tenant: Tenant, words: str = "", school_ids: Schools = None) -> QuerySet[Household]:
    """Households by name, address, or a member's name; those with a student at these schools, or with no student yet.

    Names of students at other schools are not looked at: a search must not tell that somebody of that name lives there.
    """
    found = Household.objects.for_tenant(tenant)
    members = HouseholdMember.objects.for_tenant(tenant).filter(household_id=OuterRef("pk"), ended_at=None)
    named = members if school_ids is None else members.filter(Q(student=None) | at_schools(school_ids, of="student__"))
    for word in words.split():
        folded = fold_name(word)
        people = Q(student__sort_name__contains=folded) | Q(contact__sort_name__contains=folded)
        place = Q(name__icontains=word) | Q(address_1__icontains=word) | Q(town__icontains=word)
        found = found.filter(place | Exists(named.filter(people)))
    if school_ids is not None:
        students = members.exclude(student=None)
        found = found.filter(Exists(students.filter(at_schools(school_ids, of="student__"))) | ~Exists(students))
    return found.order_by("name", "pk")


def year_levels(*, tenant: Tenant) -> list[str]:
    """The year levels that students are in, as they count."""
    years = Student.objects.for_tenant(tenant).exclude(year_level="").order_by().values_list("year_level", flat=True)
    # Kindergarten and whatever else has no number comes before Year 1.
    return sorted(set(years), key=natural)


def student_by_id(*, tenant: Tenant, student_id: int, school_ids: Schools = None) -> Student:
    """Raises NotFound."""
    found = (
        Student.objects.for_tenant(tenant).at_schools(school_ids).select_related("school", "second_school", "tenant")
    )
    return _one(found.filter(pk=student_id))


def contact_by_id(*, tenant: Tenant, contact_id: int, school_ids: Schools = None) -> Contact:
    """Raises NotFound."""
    return _one(_contacts_seen(tenant, school_ids).select_related("tenant").filter(pk=contact_id))


def person_by_id(*, tenant: Tenant, kind: str, person_id: int, school_ids: Schools = None) -> Student | Contact:
    """kind: "student" or "contact". Raises NotFound."""
    if kind == "student":
        return student_by_id(tenant=tenant, student_id=person_id, school_ids=school_ids)
    return contact_by_id(tenant=tenant, contact_id=person_id, school_ids=school_ids)


def household_by_id(*, tenant: Tenant, household_id: int, school_ids: Schools = None) -> Household:
    """Raises NotFound."""
    found = find_households(tenant=tenant, school_ids=school_ids).select_related("tenant")
    return _one(found.filter(pk=household_id))


def association_by_id(*, tenant: Tenant, association_id: int, school_ids: Schools = None) -> Association:
    """With student and contact. Raises NotFound."""
    found = Association.objects.for_tenant(tenant).at_schools(school_ids)
    return _one(
        found.select_related("tenant", "student__school", "student__second_school", "contact").filter(pk=association_id)
    )


def associations_by_id(
    *, tenant: Tenant, association_ids: Collection[int], school_ids: Schools = None
) -> list[Association]:
    """Those of these ids, with student and contact."""
    found = Association.objects.for_tenant(tenant).at_schools(school_ids).filter(pk__in=association_ids)
    return list(found.select_related("student", "contact").order_by("contact__sort_name", "student__sort_name"))


def member_by_id(*, tenant: Tenant, member_id: int, school_ids: Schools = None) -> HouseholdMember:
    """A membership that stands, of a household in reach, with its household and person. Raises NotFound."""
    found = HouseholdMember.objects.for_tenant(tenant).filter(ended_at=None, pk=member_id)
    if school_ids is not None:
        found = found.filter(Q(student=None) | at_schools(school_ids, of="student__"))
        homes = find_households(tenant=tenant, school_ids=school_ids)
        found = found.filter(Exists(homes.filter(pk=OuterRef("household_id"))))
    return _one(found.select_related("tenant", "household", "student", "contact"))


def restriction_by_id(*, tenant: Tenant, restriction_id: int, school_ids: Schools = None) -> Restriction:
    """With student and contact. Raises NotFound."""
    found = Restriction.objects.for_tenant(tenant).at_schools(school_ids)
    return _one(
        found.select_related("tenant", "student__school", "student__second_school", "contact").filter(pk=restriction_id)
    )


def _one(found: QuerySet[Row]) -> Row:
    row = found.first()
    if row is None:
        raise NotFound
    return row


def contacts_of(student: Student) -> list[Association]:
    """A student's associations with their contacts, in the school's order; ended ones last, since they may still be published."""
    rows = Association.objects.for_tenant(student.tenant).filter(student=student).select_related("contact", "household")
    return sorted(
        rows, key=lambda row: (row.ended_at is not None, row.order is None, row.order or 0, row.contact.sort_name)
    )


def students_of(contact: Contact, *, school_ids: Schools = None) -> tuple[list[Association], int]:
    """A contact's associations with their students, and how many stand at schools beyond the member's reach (R-PM-01)."""
    every = Association.objects.for_tenant(contact.tenant).filter(contact=contact)
    seen = list(every.at_schools(school_ids).select_related("student__school", "student__second_school", "household"))
    beyond = 0 if school_ids is None else every.standing().exclude(at_schools(school_ids, of="student__")).count()
    return sorted(seen, key=lambda row: (row.ended_at is not None, row.student.sort_name)), beyond


def student_names_by_contact(
    *, tenant: Tenant, contact_ids: Collection[int], school_ids: Schools = None
) -> dict[int, list[Student]]:
    """The students of each of these contacts; one query for a page of the list."""
    rows = Association.objects.for_tenant(tenant).standing().at_schools(school_ids).filter(contact_id__in=contact_ids)
    found: dict[int, list[Student]] = defaultdict(list)
    for row in rows.select_related("student").order_by("student__sort_name"):
        found[row.contact_id].append(row.student)
    return dict(found)


def closed_pairs(*, tenant: Tenant, student_ids: Collection[int], today: date) -> set[Pair]:
    """The pairs of these students that a restriction keeps closed on this day."""
    closing = Restriction.objects.for_tenant(tenant).closing(today=today).filter(student_id__in=student_ids)
    return set(closing.values_list("student_id", "contact_id"))


def noted_pairs(*, tenant: Tenant, student_ids: Collection[int], today: date) -> dict[Pair, list[Restriction]]:
    """Every restriction of these students' pairs that the office still has to mind: notes, coming and ended ones too."""
    rows = Restriction.objects.for_tenant(tenant).filter(student_id__in=student_ids, lifted_at=None, reviewed_at=None)
    found: dict[Pair, list[Restriction]] = defaultdict(list)
    for row in rows.order_by("starts_on", "pk"):
        found[row.student_id, row.contact_id].append(row)
    return dict(found)


def restrictions_listed(
    *, tenant: Tenant, which: str, today: date, school_ids: Schools = None
) -> QuerySet[Restriction]:
    """which: "in-force" (those to come too), "review" (ended, or with a review date within 60 days; R-RX-09), "past"."""
    rows = (
        Restriction.objects.for_tenant(tenant)
        .at_schools(school_ids)
        .select_related("student__school", "student__second_school", "contact")
    )
    if which == "past":
        return rows.exclude(lifted_at=None, reviewed_at=None).order_by("-recorded_at")
    rows = rows.filter(lifted_at=None, reviewed_at=None)
    if which == "review":
        soon = date.fromordinal(today.toordinal() + 60)
        return rows.filter(Q(ends_on__lte=soon) | Q(review_on__lte=soon)).order_by("ends_on", "review_on", "pk")
    return rows.filter(Q(ends_on=None) | Q(ends_on__gte=today)).order_by("student__sort_name", "pk")


@dataclass(frozen=True)
class HouseholdCard:
    """A household with who belongs to it. beyond: students at schools out of the member's reach."""

    household: Household
    students: list[HouseholdMember] = field(default_factory=list)
    contacts: list[HouseholdMember] = field(default_factory=list)
    beyond: int = 0


def household_cards(
    *, tenant: Tenant, households: Collection[Household], school_ids: Schools = None
) -> list[HouseholdCard]:
    """Each household with its members, sorted by name; one query."""
    rows = HouseholdMember.objects.for_tenant(tenant).filter(household__in=households, ended_at=None)
    members: dict[int, list[HouseholdMember]] = defaultdict(list)
    for row in rows.select_related("student__school", "student__second_school", "contact"):
        members[row.household_id].append(row)
    cards = []
    for household in households:
        own = members[household.pk]
        students = [row for row in own if row.student and row.student.is_at(school_ids)]
        contacts = [row for row in own if row.contact]
        cards.append(
            HouseholdCard(
                household=household,
                students=sorted(students, key=lambda row: row.student.sort_name if row.student else ""),
                contacts=sorted(contacts, key=lambda row: row.contact.sort_name if row.contact else ""),
                beyond=sum(1 for row in own if row.student) - len(students),
            )
        )
    return cards


def households_of_student(student: Student) -> list[Household]:
    """The households a student belongs to now."""
    mine = HouseholdMember.objects.for_tenant(student.tenant).filter(student=student, ended_at=None)
    found = Household.objects.for_tenant(student.tenant)
    return list(found.filter(Exists(mine.filter(household_id=OuterRef("pk")))).order_by("name", "pk"))


def households_of_contact(contact: Contact) -> list[Household]:
    """The households a contact belongs to now."""
    mine = HouseholdMember.objects.for_tenant(contact.tenant).filter(contact=contact, ended_at=None)
    found = Household.objects.for_tenant(contact.tenant)
    return list(found.filter(Exists(mine.filter(household_id=OuterRef("pk")))).order_by("name", "pk"))


def associations_between(
    *, tenant: Tenant, student_ids: Collection[int], contact_ids: Collection[int]
) -> dict[Pair, Association]:
    """The standing associations of these students with these contacts, by pair."""
    rows = (
        Association.objects.for_tenant(tenant).standing().filter(student_id__in=student_ids, contact_id__in=contact_ids)
    )
    return {(row.student_id, row.contact_id): row for row in rows}


def has_students(*, tenant: Tenant) -> bool:
    """Has anything been imported or added yet?"""
    return Student.objects.for_tenant(tenant).exists()


def restrictions_to_review(*, tenant: Tenant, today: date, school_ids: Schools = None) -> int:
    """How many the office's list has: ended, or to be looked at within 60 days."""
    return restrictions_listed(tenant=tenant, which="review", today=today, school_ids=school_ids).count()


def student_ids_at(*, tenant: Tenant, school_ids: Collection[int]) -> QuerySet[Student, int]:
    """The ids of the students of these schools, to be asked for within another query."""
    return Student.objects.for_tenant(tenant).at_schools(school_ids).values_list("pk", flat=True)


def student_names(*, tenant: Tenant, student_ids: Collection[int], school_ids: Schools = None) -> dict[int, str]:
    """Names by id; students beyond the member's reach are absent."""
    rows = Student.objects.for_tenant(tenant).at_schools(school_ids).filter(pk__in=student_ids)
    return {row.pk: row.shown_name for row in rows}


def contact_names(*, tenant: Tenant, contact_ids: Collection[int], school_ids: Schools = None) -> dict[int, str]:
    """Names by id; those who never had to do with a student of these schools are absent."""
    rows = Contact.objects.for_tenant(tenant).filter(pk__in=contact_ids)
    if school_ids is not None:
        near = Association.objects.for_tenant(tenant).at_schools(school_ids)
        rows = rows.filter(Exists(near.filter(contact_id=OuterRef("pk"))))
    return {row.pk: row.shown_name for row in rows}


def household_names(*, tenant: Tenant, household_ids: Collection[int], school_ids: Schools = None) -> dict[int, str]:
    """Names by id; a household without one is called by its address. Those that never had a student of these schools are absent."""
    rows = Household.objects.for_tenant(tenant).filter(pk__in=household_ids)
    if school_ids is not None:
        near = HouseholdMember.objects.for_tenant(tenant).filter(at_schools(school_ids, of="student__"))
        rows = rows.filter(Exists(near.filter(household_id=OuterRef("pk"))))
    return {row.pk: row.name or row.address_1 or row.source_id for row in rows}


def student_counts(*, tenant: Tenant) -> dict[int, int]:
    """How many active students each school has, by school id."""
    rows = Student.objects.for_tenant(tenant).in_state(PersonState.ACTIVE).order_by()
    return dict(rows.values_list("school_id").annotate(n=Count("pk")))
