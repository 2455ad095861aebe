"""What other modules ask about keys: many contacts at once, in as many statements as for one."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from schoolgate.directory.models import DirectoryAssociation, DirectoryContact
from schoolgate.jobs.subject import Subject
from schoolgate.keys.facts import PARENT
from schoolgate.keys.models import AccessKey, KeyState, SubjectKind, Tie
from schoolgate.keys.subjects import subject_of
from schoolgate.tenancy.dates import day_of, last_day_before
from schoolgate.tenancy.models import Tenant

NO_KEY = "none"


@dataclass(frozen=True, slots=True)
class ContactKey:
    """A PARENT contact with its newest key, as lists and programs show it (R-CK-01 to R-CK-05). Never the secret.

    contact_id: our own id; source_id: the roster's. student_ids: the roster's, of the published links. state: a key state,
    or "none"; a live key past its last day counts as expired. usernames: of accounts with a standing tie.
    """

    contact_id: int
    source_id: str
    name: str
    email: str
    usernames: tuple[str, ...]
    student_ids: tuple[str, ...]
    state: str
    selector: str
    is_locked: bool
    last_day: date | None


def parent_contact_ids(*, tenant: Tenant) -> list[int]:
    """All PARENT contacts of the directory, in no order of meaning."""
    parents = DirectoryContact.objects.for_tenant(tenant).filter(type=PARENT)
    return list(parents.order_by("pk").values_list("pk", flat=True))


def contact_ids_by_source_id(*, tenant: Tenant, source_ids: Collection[str]) -> dict[str, list[int]]:
    """Our ids of contacts that are named by the source's. Two sources may use one id: both are meant then."""
    found: dict[str, list[int]] = defaultdict(list)
    contacts = DirectoryContact.objects.for_tenant(tenant).filter(source_id__among=source_ids)
    for source_id, pk in contacts.order_by("pk").values_list("source_id", "pk"):
        found[source_id].append(pk)
    return dict(found)


def contact_keys(*, tenant: Tenant, at: datetime, at_once: int = 5_000) -> Iterator[ContactKey]:
    """Every PARENT contact of the directory with its newest key, by name; read in pieces, so that memory stays small."""
    parents = DirectoryContact.objects.for_tenant(tenant).filter(type=PARENT).order_by("sort_name", "pk")
    ids = list(parents.values_list("pk", flat=True))
    for start in range(0, len(ids), at_once):
        yield from contact_keys_of(tenant=tenant, contact_ids=ids[start : start + at_once], at=at)


def contact_keys_of(*, tenant: Tenant, contact_ids: Sequence[int], at: datetime) -> list[ContactKey]:
    """The same for these contacts, in this order; ids of others are left out. Four statements."""
    contacts = DirectoryContact.objects.for_tenant(tenant).in_bulk(contact_ids)
    keys = newest_keys(tenant=tenant, contact_ids=contact_ids)
    usernames = usernames_by_contact(tenant=tenant, contact_ids=contact_ids)
    students: dict[int, list[str]] = defaultdict(list)
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=day_of(tenant, at))
    pairs = links.filter(contact_id__among=contact_ids).order_by("student__sort_name", "student_id")
    for contact_id, student_id in pairs.values_list("contact_id", "student__source_id"):
        students[contact_id].append(student_id)
    found = []
    for contact_id in contact_ids:
        contact = contacts.get(contact_id)
        if contact is None:
            continue
        key = keys.get(contact_id)
        state = state_of_key(key, at=at)
        found.append(
            ContactKey(
                contact_id=contact_id,
                source_id=contact.source_id,
                name=contact.shown_name,
                email=contact.email,
                usernames=tuple(usernames.get(contact_id, ())),
                student_ids=tuple(students.get(contact_id, ())),
                state=state,
                selector=key.selector if key else "",
                is_locked=key is not None and key.locked_at is not None,
                last_day=last_day_before(tenant, key.expires_at) if key and state in {"live", "expired"} else None,
            )
        )
    return found


def newest_keys(*, tenant: Tenant, contact_ids: Collection[int]) -> dict[int, AccessKey]:
    """The newest key of each contact: the live one, if there is a live one. Without MAC and sealed copy."""
    keys = AccessKey.objects.for_tenant(tenant).filter(subject_kind=SubjectKind.CONTACT, subject_id__among=contact_ids)
    return {key.subject_id: key for key in keys.defer("mac", "sealed").order_by("pk")}


def state_of_key(key: AccessKey | None, *, at: datetime) -> str:
    """Its state, or "none"; a live key whose time is over is called expired before the sweep comes by."""
    if key is None:
        return NO_KEY
    if key.state == KeyState.LIVE and key.expires_at <= at:
        return KeyState.EXPIRED.value
    return str(key.state)


def key_names(*, tenant: Tenant, key_ids: Collection[int]) -> dict[int, str]:
    """What the audit calls these keys: by their public beginning."""
    rows = AccessKey.objects.for_tenant(tenant).filter(pk__in=key_ids)
    return {pk: f"key {selector}…" for pk, selector in rows.values_list("pk", "selector")}


def usernames_by_contact(*, tenant: Tenant, contact_ids: Collection[int]) -> dict[int, list[str]]:
    """Portal usernames: of every account with a standing tie, the oldest tie first (R-CK-03)."""
    ties = Tie.objects.for_tenant(tenant).standing()
    ties = ties.filter(subject_kind=SubjectKind.CONTACT, subject_id__among=contact_ids).order_by("pk")
    found: dict[int, list[str]] = defaultdict(list)
    for contact_id, username in ties.values_list("subject_id", "account__username"):
        found[contact_id].append(username)
    return dict(found)


def count_given_out(*, tenant: Tenant, subjects: Collection[Subject], printed: bool, at: datetime) -> int:
    """How many of these subjects have a live key that was printed before, or else one that was e-mailed (R-KY-10)."""
    live = AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE, expires_at__gt=at)
    out = live.exclude(**{"printed_at" if printed else "emailed_at": None})
    wanted = set(subjects)
    found: set[Subject] = set()
    for kind in {subject.kind for subject in wanted}:
        keys = out.filter(subject_kind=kind, subject_id__among={s.id for s in wanted if s.kind == kind})
        found.update(subject_of(key) for key in keys.only("subject_kind", "subject_id", "addressee_id"))
    return len(found & wanted)


@dataclass(frozen=True)
class KeyCounts:
    """How many keys live, and of those: printed, e-mailed, without a student (in the leaving grace). student_use: of the live ones.

    accounts: with a standing tie.
    """

    live: int
    student_use: int
    printed: int
    emailed: int
    in_grace: int
    accounts: int


def key_counts(*, tenant: Tenant) -> KeyCounts:
    """For the settings that touch them (R-ST-07); two statements."""
    live = AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE)
    counted = live.aggregate(
        live=Count("pk"),
        student_use=Count("pk", filter=Q(subject_kind=SubjectKind.STUDENT_SELF)),
        printed=Count("printed_at"),
        emailed=Count("emailed_at"),
        in_grace=Count("no_link_since"),
    )
    accounts = Tie.objects.for_tenant(tenant).standing().aggregate(accounts=Count("account", distinct=True))
    return KeyCounts(**counted, **accounts)
