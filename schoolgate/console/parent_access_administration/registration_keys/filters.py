"""What narrows the result beside the search, all of it read from the address (R-RK-06, R-RK-08). Nonsense counts as nothing."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower
from django.http import QueryDict
from django.utils.translation import gettext as _

from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryStudent
from schoolgate.keys.by_school import is_locked
from schoolgate.keys.facts import PARENT, may_have_own_key
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.subjects import STUDENT_SELF, SUBJECT_COLUMN, parent_kind
from schoolgate.letters.queries import stuck_messages
from schoolgate.lib.natural import natural

STATES = ("active", "inactive", "all")
KEYS = ("gap", "own_gap", "expired", "problem")


@dataclass(frozen=True)
class Filters:
    """What was chosen.

    keys: one of KEYS, or empty. "gap": a parent key could be made that opens the record; "own_gap": a key for student use could;
    "problem": whatever the list's column of that name tells.

    registered: 0, 1 or 2 (and more) connected people, None for any.
    """

    year: str = ""
    roll_class: str = ""
    language: str = ""
    keys: str = ""
    registered: int | None = None

    @property
    def is_narrowed(self) -> bool:
        return self != Filters()


def read_filters(address: QueryDict) -> Filters:
    def text(name: str) -> str:
        return address.get(name, "").replace("\0", "")[:80]

    keys, registered = address.get("keys", ""), address.get("registered", "")
    return Filters(
        year=text("year"),
        roll_class=text("class"),
        language=text("language"),
        keys=keys if keys in KEYS else "",
        registered=int(registered) if registered in {"0", "1", "2"} else None,
    )


def condition_of(scope: Scope, filters: Filters) -> Q | None:
    """The filters as a condition on published students; None when there is nothing to filter by."""
    found = Q()
    if filters.year:
        found &= Q(year_level=filters.year)
    if filters.roll_class:
        found &= Q(roll_class=filters.roll_class)
    if filters.language:
        found &= Q(Exists(_pairs(scope).filter(contact__language=filters.language)))
    if filters.keys:
        found &= _by_keys(scope, filters.keys)
    if filters.registered is not None:
        found &= Q(pk__in=_with_registered(scope, filters.registered))
    return found or None


def _pairs(scope: Scope) -> QuerySet[DirectoryAssociation]:
    """The associations of each student."""
    return DirectoryAssociation.objects.for_tenant(scope.tenant).filter(student_id=OuterRef("pk"))


def _links(scope: Scope) -> QuerySet[DirectoryAssociation]:
    """Those that show the student to a contact who may have a key."""
    links = DirectoryAssociation.objects.for_tenant(scope.tenant).links(today=scope.today)
    return links.filter(student_id=OuterRef("pk"), contact__type=PARENT)


def _keys_of_pair(scope: Scope) -> QuerySet[AccessKey]:
    """The keys of an association's contact under the system in force."""
    kind = parent_kind(scope.tenant)
    return AccessKey.objects.for_tenant(scope.tenant).filter(
        subject_kind=kind, subject_id=OuterRef(SUBJECT_COLUMN[kind]), addressee_id=OuterRef("contact_id")
    )


def _ties_of_pair(scope: Scope) -> QuerySet[Tie]:
    kind = parent_kind(scope.tenant)
    return (
        Tie.objects.for_tenant(scope.tenant)
        .standing()
        .filter(subject_kind=kind, subject_id=OuterRef(SUBJECT_COLUMN[kind]), addressee_id=OuterRef("contact_id"))
    )


def _own_keys(scope: Scope) -> QuerySet[AccessKey]:
    return AccessKey.objects.for_tenant(scope.tenant).filter(subject_kind=STUDENT_SELF, subject_id=OuterRef("pk"))


def _own_ties(scope: Scope) -> QuerySet[Tie]:
    ties = Tie.objects.for_tenant(scope.tenant).standing()
    return ties.filter(subject_kind=STUDENT_SELF, subject_id=OuterRef("pk"))


def _by_keys(scope: Scope, wanted: str) -> Q:
    live = Q(state=KeyState.LIVE, expires_at__gt=scope.at)
    if wanted == "gap":
        subjects = _links(scope).filter(**{f"{SUBJECT_COLUMN[parent_kind(scope.tenant)]}__isnull": False})
        without = subjects.filter(~Exists(_keys_of_pair(scope).filter(live)), ~Exists(_ties_of_pair(scope)))
        return Q(Exists(without))
    if wanted == "own_gap":
        may = may_have_own_key(tenant=scope.tenant, today=scope.today)
        return may & Q(~Exists(_own_keys(scope).filter(live))) & Q(~Exists(_own_ties(scope)))
    if wanted == "expired":
        return _expired(scope)
    stuck = stuck_messages(tenant=scope.tenant).values("key_id")
    trouble = live & (is_locked(tenant=scope.tenant, at=scope.at) | Q(pk__in=stuck))
    of_contacts = _pairs(scope).filter(Exists(_keys_of_pair(scope).filter(trouble)))
    found = Q(Exists(of_contacts)) | Q(Exists(_own_keys(scope).filter(trouble)))
    return found | _expired(scope) | _shares_email(scope)


def _expired(scope: Scope) -> Q:
    """A key has expired, none was made since, nobody is connected, and its addressee still sees somebody."""
    over = Q(state=KeyState.EXPIRED) | Q(state=KeyState.LIVE, expires_at__lte=scope.at)
    column = SUBJECT_COLUMN[parent_kind(scope.tenant)]
    links = DirectoryAssociation.objects.for_tenant(scope.tenant).links(today=scope.today)
    sees = links.filter(**{"contact_id": OuterRef("contact_id"), column: OuterRef(column)})
    pairs = _pairs(scope).filter(Exists(sees), ~Exists(_ties_of_pair(scope)))
    of_contacts = Q(Exists(pairs.filter(Exists(_without_newer(_keys_of_pair(scope)).filter(over)))))
    return of_contacts | (Q(~Exists(_own_ties(scope))) & Q(Exists(_without_newer(_own_keys(scope)).filter(over))))


def _shares_email(scope: Scope) -> Q:
    """A contact has the address of another PARENT contact (G-01)."""
    parents = DirectoryContact.objects.for_tenant(scope.tenant).filter(type=PARENT, is_active=True, email_usable=True)
    others = parents.annotate(folded=Lower("email")).filter(folded=Lower(OuterRef("contact__email")))
    pairs = _pairs(scope).filter(contact__type=PARENT, contact__is_active=True, contact__email_usable=True)
    pairs = pairs.exclude(contact__email="").filter(Exists(others.exclude(pk=OuterRef("contact_id"))))
    return Q(Exists(pairs))


def _without_newer(keys: QuerySet[AccessKey]) -> QuerySet[AccessKey]:
    """Of keys those after which none was made for the same subject."""
    newer = AccessKey.objects.filter(  # every tenant: beside a key of this one
        tenant_id=OuterRef("tenant_id"),
        subject_kind=OuterRef("subject_kind"),
        subject_id=OuterRef("subject_id"),
        addressee_id=OuterRef("addressee_id"),
        pk__gt=OuterRef("pk"),
    )
    return keys.exclude(Exists(newer))


def _with_registered(scope: Scope, registered: int) -> QuerySet[DirectoryStudent, int]:
    """Students with so many contacts who are connected; 2 and more for 2."""
    connected = _pairs(scope).filter(Exists(_ties_of_pair(scope))).order_by()
    counted = connected.annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    students = DirectoryStudent.objects.for_tenant(scope.tenant)
    found = students.annotate(registered=Coalesce(Subquery(counted, output_field=IntegerField()), Value(0)))
    asked = Q(registered__gte=2) if registered == 2 else Q(registered=registered)
    return found.filter(asked).values_list("pk", flat=True)


@dataclass(frozen=True)
class Choices:
    """What the filters offer: of the students that the search finds."""

    years: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def choices_of(scope: Scope, student_ids: Collection[int]) -> Choices:
    """Query: years, classes and languages that occur among these students and their contacts."""
    students = DirectoryStudent.objects.for_tenant(scope.tenant).filter(pk__among=student_ids).order_by()
    pairs = DirectoryAssociation.objects.for_tenant(scope.tenant).filter(student_id__among=student_ids).order_by()
    taught = set(students.values_list("year_level", "roll_class").distinct())
    spoken = pairs.exclude(contact__language="").values_list("contact__language", flat=True).distinct()
    return Choices(
        years=tuple(sorted({year for year, roll_class in taught if year}, key=natural)),
        classes=tuple(sorted({roll_class for year, roll_class in taught if roll_class}, key=natural)),
        languages=tuple(sorted(spoken, key=natural)),
    )


def keys_labels() -> list[tuple[str, str]]:
    """The filter by keys, in words."""
    return [
        ("gap", _("Gap: a key for parent use could be made")),
        ("own_gap", _("Gap: a key for student use could be made")),
        ("expired", _("A key has expired")),
        ("problem", _("Any problem")),
    ]


def registered_labels() -> list[tuple[str, str]]:
    return [("0", _("None")), ("1", _("One")), ("2", _("Two or more"))]
