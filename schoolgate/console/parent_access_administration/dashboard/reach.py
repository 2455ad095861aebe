"""Which parent's key reaches which student, and where it stands: one frame of SQL for the figures and for the lists behind them.

The pieces are the queries of the modules that own the rules (what a link is, which mails are stuck); the frame joins them, so
that 100,000 students are one statement. Every key system in force has the same frame (keys/subjects.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from schoolgate.console.parent_access_administration.dashboard.stages import Stage
from schoolgate.directory.models import DirectoryAssociation, DirectoryStudent
from schoolgate.keys.by_school import is_locked
from schoolgate.keys.facts import PARENT
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.subjects import STUDENT_SELF, SUBJECT_COLUMN, parent_kind
from schoolgate.letters.queries import stuck_messages, waiting_messages
from schoolgate.tenancy.at_schools import school_within
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class Reach:
    """Whose dashboard it is, and when. schools: ids of those that the member may see, None for all (R-RK-11).

    act_seq: the last act on keys; numbers from before it are not shown after it.
    """

    tenant: Tenant
    schools: frozenset[int] | None
    at: datetime
    today: date
    act_seq: int = 0


# A number for each key that sorts by its age first and tells its stage: the greatest of a subject's is its newest key's.
_STEP = 16
_TIED = Value((1 << 62) + Stage.REGISTERED, output_field=BigIntegerField())  # Greater than that of any key.

_FRAME = f"""WITH
told (subject_id, addressee_id, stage) AS ({{keys}} UNION ALL {{ties}}),
facts (subject_id, addressee_id, stage) AS (
    SELECT subject_id, addressee_id, MAX(stage) %% {_STEP} FROM told GROUP BY subject_id, addressee_id),
links (student_id, school_id, subject_id, addressee_id, language) AS ({{links}}),
opened (student_id, school_id, subject_id, addressee_id, language, stage) AS MATERIALIZED (
    SELECT l.student_id, l.school_id, l.subject_id, l.addressee_id, l.language, COALESCE(f.stage, {int(Stage.NEVER)})
    FROM links l LEFT JOIN facts f ON f.subject_id = l.subject_id AND f.addressee_id = l.addressee_id),
best (student_id, stage) AS (SELECT student_id, MIN(stage) FROM opened GROUP BY student_id),
students (id, school_id, year_level) AS ({{students}})
"""


_OWN_FRAME = f"""WITH
told (subject_id, addressee_id, stage) AS ({{keys}} UNION ALL {{ties}}),
own (student_id, stage) AS (SELECT subject_id, MAX(stage) %% {_STEP} FROM told GROUP BY subject_id),
students (id, school_id, year_level) AS ({{students}})
"""


def framed(reach: Reach, select: str, *, own: bool = False) -> tuple[str, list[Any]]:
    """A statement over the frame with its parameters. select: reads ``opened``, ``best``, ``students``.

    own: over the frame of students' keys for their own use instead; select then reads ``own``, ``students``.
    """
    found: dict[str, str] = {}
    parameters: list[Any] = []
    kind = STUDENT_SELF if own else parent_kind(reach.tenant)
    students = students_in(reach).values_list("pk", school_within(reach.schools), "year_level")
    pieces = (
        ("keys", _keys(reach, kind)),
        ("ties", _ties(reach, kind)),
        *(() if own else (("links", _links(reach)),)),
        ("students", students),
    )
    for name, rows in pieces:
        found[name], some = rows.order_by().query.sql_with_params()
        parameters += some
    return (_OWN_FRAME if own else _FRAME).format(**found) + select, parameters


def rows_framed(
    reach: Reach, select: str, parameters: Sequence[Any] = (), *, own: bool = False
) -> list[tuple[Any, ...]]:
    """Query: the rows of one statement over the frame."""
    statement, framing = framed(reach, select, own=own)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*framing, *parameters])
        return list(cursor.fetchall())


def ids_framed(reach: Reach, select: str, parameters: Sequence[Any] = (), *, own: bool = False) -> RawSQL:
    """The same as a subquery, for ``pk__in``."""
    statement, framing = framed(reach, select, own=own)
    return RawSQL(statement, [*framing, *parameters])  # noqa: S611 - the text is ours, and values are parameters


def students_in(reach: Reach) -> QuerySet[DirectoryStudent]:
    """The active students whom the member may see."""
    return DirectoryStudent.objects.for_tenant(reach.tenant).filter(is_active=True).at_schools(reach.schools)


def _links(reach: Reach) -> QuerySet[Any, Any]:
    """Whom the keys of parents open: the links of PARENT contacts, each with the subject that it belongs to."""
    column = SUBJECT_COLUMN[parent_kind(reach.tenant)]
    links = DirectoryAssociation.objects.for_tenant(reach.tenant).links(today=reach.today)
    links = links.filter(contact__type=PARENT, **{f"{column}__isnull": False})
    links = links.at_schools(reach.schools)
    found = links.annotate(subject=F(column), addressee=F("contact_id"), language=Lower("contact__language"))
    school = school_within(reach.schools, of="student__")
    return found.values_list("student_id", school, "subject", "addressee", "language")


def _keys(reach: Reach, kind: str) -> QuerySet[Any, Any]:
    """Every key of this kind with its stage; trouble outranks delivery, as in the list of Contact Keys."""
    keys = AccessKey.objects.for_tenant(reach.tenant).filter(subject_kind=kind)
    live = Q(state=KeyState.LIVE, expires_at__gt=reach.at)
    has_bounced = Q(pk__in=stuck_messages(tenant=reach.tenant).values("key_id"))
    is_out = Q(printed_at__isnull=False) | Q(emailed_at__isnull=False)
    is_going = Q(pk__in=waiting_messages(tenant=reach.tenant).values("key_id"))
    stage = Case(
        When(live & is_locked(tenant=reach.tenant, at=reach.at), then=Value(int(Stage.LOCKED))),
        When(live & has_bounced, then=Value(int(Stage.BOUNCED))),
        When(live & (is_out | is_going), then=Value(int(Stage.GIVEN_OUT))),
        When(live, then=Value(int(Stage.READY))),
        When(state__in=[KeyState.LIVE, KeyState.EXPIRED], then=Value(int(Stage.EXPIRED))),
        default=Value(int(Stage.ENDED)),
        output_field=IntegerField(),
    )
    numbered = keys.annotate(stage=F("pk") * _STEP + stage)
    return numbered.values_list("subject_id", "addressee_id", "stage")


def _ties(reach: Reach, kind: str) -> QuerySet[Any, Any]:
    ties = Tie.objects.for_tenant(reach.tenant).standing().filter(subject_kind=kind)
    return ties.annotate(stage=_TIED).values_list("subject_id", "addressee_id", "stage")
