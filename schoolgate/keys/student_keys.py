"""Students with the newest key for their own use, as lists and programs show them. Never the secret."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from schoolgate.directory.models import DirectoryStudent
from schoolgate.keys.id_list import Known
from schoolgate.keys.models import AccessKey, SubjectKind, Tie
from schoolgate.keys.queries import state_of_key
from schoolgate.tenancy.dates import last_day_before
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class StudentKey:
    """student_id: our own id; source_id: the roster's; student_no: what the office calls them. school: its number.

    state: of the key for student use, or "none"; a live key past its last day counts as expired.
    """

    student_id: int
    source_id: str
    student_no: str
    name: str
    school: int
    year_level: str
    roll_class: str
    is_active: bool
    usernames: tuple[str, ...]
    state: str
    selector: str
    is_locked: bool
    last_day: date | None


def student_keys(*, tenant: Tenant, at: datetime, at_once: int = 5_000) -> Iterator[StudentKey]:
    """Every active student of the directory, by name; read in pieces, so that memory stays small."""
    students = DirectoryStudent.objects.for_tenant(tenant).filter(is_active=True).order_by("sort_name", "pk")
    ids = list(students.values_list("pk", flat=True))
    for start in range(0, len(ids), at_once):
        yield from student_keys_of(tenant=tenant, student_ids=ids[start : start + at_once], at=at)


def student_keys_of(*, tenant: Tenant, student_ids: Sequence[int], at: datetime) -> list[StudentKey]:
    """The same for these students, in this order; ids of others are left out. Three statements."""
    rows = DirectoryStudent.objects.for_tenant(tenant).filter(pk__among=student_ids).select_related("school")
    students = {student.pk: student for student in rows}
    newest = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=SubjectKind.STUDENT_SELF, subject_id__among=student_ids
    )
    keys = {key.subject_id: key for key in newest.defer("mac", "sealed").order_by("pk")}
    ties = Tie.objects.for_tenant(tenant).standing().filter(subject_kind=SubjectKind.STUDENT_SELF)
    usernames: dict[int, list[str]] = defaultdict(list)
    for student_id, username in (
        ties.filter(subject_id__among=student_ids).order_by("pk").values_list("subject_id", "account__username")
    ):
        usernames[student_id].append(username)
    return [
        _told(tenant, students[pk], keys.get(pk), usernames.get(pk, ()), at) for pk in student_ids if pk in students
    ]


def _told(
    tenant: Tenant, student: DirectoryStudent, key: AccessKey | None, usernames: Collection[str], at: datetime
) -> StudentKey:
    state = state_of_key(key, at=at)
    return StudentKey(
        student_id=student.pk,
        source_id=student.source_id,
        student_no=student.student_no,
        name=student.shown_name,
        school=student.school.number,
        year_level=student.year_level,
        roll_class=student.roll_class,
        is_active=student.is_active,
        usernames=tuple(usernames),
        state=state,
        selector=key.selector if key else "",
        is_locked=key is not None and key.locked_at is not None,
        last_day=last_day_before(tenant, key.expires_at) if key and state in {"live", "expired"} else None,
    )


def known_students(
    *, tenant: Tenant, column: str, texts: Collection[str], today: date, school_ids: Collection[int] | None = None
) -> dict[str, list[Known]]:
    """Query: whom these ids name. column: source_id, the roster's, or student_no, the office's; both may name several.

    school_ids: the member's schools, None for all.
    """
    students = DirectoryStudent.objects.for_tenant(tenant).filter(**{f"{column}__among": frozenset(texts)})
    students = students.at_schools(school_ids)
    found: dict[str, list[Known]] = defaultdict(list)
    for text, pk, is_active, starts_on, *schools_are_active in students.order_by("pk").values_list(
        column, "pk", "is_active", "starts_on", "school__is_active", "second_school__is_active"
    ):
        has_begun = starts_on is None or starts_on <= today
        found[text].append(Known(pk, is_active and any(schools_are_active) and has_begun))
    return dict(found)
