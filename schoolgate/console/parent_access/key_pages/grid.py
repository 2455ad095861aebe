"""The rows of the list (contacts, households or students): which of them a member sees, and which the filters let through (R-CK-01, R-CK-02).

A page costs the same whether the school has a thousand contacts or two hundred thousand: its ids come from an index, from the nearer
end (order.py), and all else is asked for these ids alone. What must look at every contact (the counts above the list, and therefore
the number of pages) may be five seconds old (counts.py) (R-CK-18).
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Lower, NullIf

from schoolgate.console.parent_access.key_pages.filters import Filters
from schoolgate.console.parent_access.key_pages.row_parts import associations, bars_of, links_of, links_seen, live_keys
from schoolgate.console.parent_access.key_pages.row_states import segment_of, state_of
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import SEGMENT_BY_NAME
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryHousehold, DirectoryStudent
from schoolgate.enrolments.names import fold_name
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.letters.queries import stuck_messages
from schoolgate.lib.keycode import SELECTOR_LENGTH
from schoolgate.tenancy.models import KeySystem, School, Tenant


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
    return contacts.filter(Exists(associations(scope)))


def households_in(scope: Scope) -> QuerySet[DirectoryHousehold]:
    """Every household with an active student whom the member may see; without a name it is sorted by its ID."""
    pairs = DirectoryAssociation.objects.for_tenant(scope.tenant).filter(student__is_active=True)
    pairs = pairs.at_schools(scope.schools)
    found: QuerySet[DirectoryHousehold] = DirectoryHousehold.objects.for_tenant(scope.tenant)
    found = found.annotate(sort_name=Lower(Coalesce(NullIf("name", Value("")), "source_id")))
    return found.filter(pk__in=pairs.filter(household_id__isnull=False).values("household_id"))


def students_in(scope: Scope) -> QuerySet[DirectoryStudent]:
    """Every active student whom the member may see."""
    return DirectoryStudent.objects.for_tenant(scope.tenant).filter(is_active=True).at_schools(scope.schools)


def matching(scope: Scope, filters: Filters, *, pending_ids: Collection[int] = ()) -> QuerySet[Any]:
    """The rows that the filters let through. pending_ids: rows with a change that waits for a Data Sync."""
    found = rows_in(scope)
    for word in fold_name(filters.q).split():
        found = found.filter(pk__in=_with_word(scope, word))
    students = {
        "student__year_level": filters.year,
        "student__roll_class": filters.roll_class,
    }
    asked = {column: value for column, value in students.items() if value not in {None, ""}}
    if asked or filters.school is not None:
        theirs = associations(scope).filter(student__is_active=True, **asked)
        if filters.school is not None:
            theirs = theirs.at_schools(_numbered(scope.tenant, filters.school))
        found = found.filter(Exists(theirs))
    for wanted, condition in _conditions(scope, filters, pending_ids):
        if wanted:
            found = found.filter(condition)
    if filters.expires is not None:
        soon = scope.at + timedelta(days=filters.expires)
        found = found.filter(Exists(live_keys(scope).filter(expires_at__lte=soon)))
    if filters.state in SEGMENT_BY_NAME:
        found = found.annotate(segment=segment_of(scope)).filter(segment=filters.state)
    elif filters.state:
        found = found.annotate(state=state_of(scope)).filter(state=filters.state)
    return found


def _numbered(tenant: Tenant, number: int) -> list[int]:
    """The school of this code, if there is one."""
    return list(School.objects.for_tenant(tenant).filter(number=number).values_list("pk", flat=True))


def _conditions(scope: Scope, filters: Filters, pending_ids: Collection[int]) -> list[tuple[object, Q | Exists]]:
    """Each filter that is no column of a row's students, if it is wanted, and what it asks. Of a household or student it asks for an adult."""
    stuck = stuck_messages(tenant=scope.tenant).values("key_id")
    has_link = Q(Exists(links_of(scope)))
    return [
        (filters.email, _somebody(scope, Q(email_usable=filters.email == "yes"))),
        (filters.students, has_link if filters.students == "yes" else ~has_link),
        (filters.problem, Exists(live_keys(scope).filter(pk__in=stuck))),
        (filters.shared, _somebody(scope, Q(pk__in=_who_share_an_address(scope.tenant)))),
        (filters.pending, Q(pk__in=pending_ids)),
        (filters.restricted, Exists(bars_of(scope))),
        (filters.language, _somebody(scope, Q(language__iexact=filters.language))),
    ]


def _somebody(scope: Scope, who: Q) -> Q | Exists:
    """The contact of the row, or an adult with access there, is such a one."""
    if scope.scheme.is_own_addressee:
        return who
    some = DirectoryContact.objects.for_tenant(scope.tenant).filter(who)
    return Exists(links_seen(scope).filter(contact_id__in=some.values("pk")))


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
    students = students.at_schools(scope.schools)
    pairs = DirectoryAssociation.objects.for_tenant(scope.tenant)
    theirs = pairs.filter(student_id__in=students.values("pk"))
    column = scope.scheme.column
    if scope.scheme.is_own_addressee:
        parts: list[QuerySet[Any, Any]] = [contacts.values("pk"), theirs.values(column)]
    else:
        own = pairs.filter(contact_id__in=contacts.values("pk")).at_schools(scope.schools)
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


def _who_share_an_address(tenant: Tenant) -> QuerySet[DirectoryContact, int]:
    """Contacts with a usable address that another one has as well, in whatever capitals."""
    usable = DirectoryContact.objects.for_tenant(tenant).filter(type="PARENT", is_active=True, email_usable=True)
    folded = usable.annotate(folded=Lower("email")).values("folded").annotate(holders=Count("pk"))
    shared = folded.filter(holders__gt=1).values("folded")
    everybody = DirectoryContact.objects.for_tenant(tenant).filter(email_usable=True)
    return everybody.annotate(lower_email=Lower("email")).filter(lower_email__in=shared).values_list("pk", flat=True)
