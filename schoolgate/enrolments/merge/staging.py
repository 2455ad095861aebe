"""The rows of one upload in temporary tables: COPY on PostgreSQL, executemany on SQLite; 580,000 rows in seconds.

The tables live as long as the transaction or until the next import of this connection; nobody else sees them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from schoolgate.enrolments.names import sort_name
from schoolgate.enrolments.roster.cells import is_usable_email
from schoolgate.enrolments.roster.left_out import LeftOut
from schoolgate.enrolments.roster.rows import (
    AssociationRow,
    ContactRow,
    HouseholdRow,
    RestrictionRow,
    RollClassRow,
    Row,
    SchoolRow,
    StaffRow,
    StudentRow,
)
from schoolgate.enrolments.roster.ties import opens_by_rule
from schoolgate.jobs.bulk import copy_rows

# Name and type of each column; keep: whether an import limited to one school takes the row.
_TABLES: dict[str, Sequence[tuple[str, str]]] = {
    "stage_school": [("sid", "text"), ("pk", "bigint"), ("is_covered", "boolean")],
    "stage_student": [
        ("line", "integer"), ("sid", "text"), ("school_sid", "text"), ("second_sid", "text"), ("family_name", "text"),
        ("given_name", "text"), ("middle_name", "text"), ("preferred_name", "text"), ("sort_name", "text"), ("birth_date", "date"),
        ("year_level", "text"), ("roll_class", "text"), ("state", "text"), ("starts_on", "date"), ("ends_on", "date"),
        ("email", "text"), ("home_sid", "text"), ("keep", "boolean"),
    ],
    "stage_contact": [
        ("line", "integer"), ("sid", "text"), ("type", "text"), ("title", "text"), ("family_name", "text"),
        ("given_name", "text"), ("sort_name", "text"), ("email", "text"), ("email_usable", "boolean"),
        ("mobile", "text"), ("phone_home", "text"), ("phone_work", "text"), ("address_1", "text"),
        ("address_2", "text"), ("town", "text"), ("region", "text"), ("postcode", "text"), ("country", "text"),
        ("language", "text"), ("needs_interpreter", "boolean"), ("state", "text"), ("home_sid", "text"),
        ("keep", "boolean"),
    ],
    "stage_staff": [
        ("sid", "text"), ("family_name", "text"), ("given_name", "text"), ("email", "text"), ("school_sid", "text"),
        ("state", "text"), ("keep", "boolean"),
    ],
    "stage_household": [
        ("sid", "text"), ("address_1", "text"), ("address_2", "text"), ("town", "text"), ("region", "text"),
        ("postcode", "text"), ("country", "text"), ("keep", "boolean"),
    ],
    "stage_tie": [
        ("line", "integer"), ("student_sid", "text"), ("contact_sid", "text"), ("home_sid", "text"), ("basis", "text"),
        ("relationship", "text"), ("sequence", "integer"), ("stated", "boolean"), ("ruled", "boolean"),
        ("is_legal_guardian", "boolean"), ("lives_with", "boolean"), ("is_emergency", "boolean"),
        ("may_pick_up", "boolean"), ("receives_mail", "boolean"), ("receives_reports", "boolean"),
        ("starts_on", "date"), ("ends_on", "date"),
    ],
    "stage_roll": [("sid", "text"), ("roll_class", "text")],
    # Pairs with a restriction that the file states and that is in force today.
    "stage_bar": [("student_sid", "text"), ("contact_sid", "text")],
    # Whose ties are none: inactive by the file, left out of it by --school, or inactive as known.
    "idle_student": [("sid", "text")],
    "idle_contact": [("sid", "text")],
    # Students whose id now means somebody else.
    "reused": [("pk", "bigint")],
    # Whose rows are left out of the import, and so stay as they were; spared: nor are the people of a tie that is left out missing.
    "left_student": [("sid", "text")],
    "left_contact": [("sid", "text")],
    "left_pair": [("student_sid", "text"), ("contact_sid", "text")],
    "spared_student": [("sid", "text")],
    "spared_contact": [("sid", "text")],
    # Who is known and gone: filled by the plan, read by the writing.
    "gone_student": [("pk", "bigint")],
    "gone_contact": [("pk", "bigint")],
    "gone_staff": [("pk", "bigint")],
    "gone_tie": [("pk", "bigint")],
}  # fmt: skip
# What the comparisons look rows up by.
_INDEXES = {
    "stage_school": "sid", "stage_student": "sid", "stage_contact": "sid", "stage_staff": "sid",
    "stage_household": "sid", "stage_tie": "student_sid, contact_sid", "stage_roll": "sid",
    "stage_bar": "student_sid, contact_sid",
}  # fmt: skip
# What they join and choose by: of these alone the planner gets figures, since sorting every name and address for it takes longer.
_WEIGHED = frozenset(
    ["sid", "student_sid", "contact_sid", "home_sid", "school_sid", "second_sid", "sort_name", "keep", "pk"]
)
# Fewer rows than would make Python's garbage collector look through everything at each batch.
_BATCH = 1_000


@contextmanager
def staging() -> Iterator["Stage"]:
    """Empty tables, gone afterwards."""
    _drop()
    with connection.cursor() as cursor:
        for table, columns in _TABLES.items():
            described = ", ".join(f"{name} {kind}" for name, kind in columns)
            cursor.execute(f"CREATE TEMPORARY TABLE {table} ({described})")
    try:
        yield Stage()
    finally:
        # In a broken transaction nothing can be dropped, and nothing needs to be: the rollback takes the tables along.
        if not connection.needs_rollback:
            _drop()


def _drop() -> None:
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


class Stage:
    """Takes rows as they come. Schools and restrictions are few and are kept as rows; the rest goes into its table."""

    def __init__(self) -> None:
        self.schools: dict[str, SchoolRow] = {}
        self.restrictions: list[RestrictionRow] = []
        self.counts: dict[type, int] = {}

    def load(self, rows: Iterable[Row], *, guardians_may_see: bool) -> None:
        """Take everything. guardians_may_see: the tenant's rule for a blank flag is the shipped one (R-PA-07)."""
        rule = opens_by_rule if guardians_may_see else _never
        writers: dict[type, tuple[str, Callable[[Any], tuple[Any, ...]]]] = {  # Any: each takes its own kind of row.
            StudentRow: ("stage_student", _student),
            ContactRow: ("stage_contact", _contact),
            StaffRow: ("stage_staff", _staff),
            HouseholdRow: ("stage_household", _household),
            AssociationRow: ("stage_tie", lambda row: _tie(row, ruled=rule(row))),
            RollClassRow: ("stage_roll", lambda row: (row.student_id, row.roll_class)),
        }
        waiting: dict[type, list[tuple[Any, ...]]] = {kind: [] for kind in writers}
        for row in rows:
            kind = type(row)
            if kind in waiting:
                batch = waiting[kind]
                batch.append(writers[kind][1](row))
                if len(batch) == _BATCH:
                    self._count(kind, batch)
                    insert(writers[kind][0], batch)
                    batch.clear()
            elif isinstance(row, SchoolRow):
                self.schools[row.id] = row
            elif isinstance(row, RestrictionRow):
                self.restrictions.append(row)
        for kind, batch in waiting.items():
            self._count(kind, batch)
            insert(writers[kind][0], batch)

    def leave_out(self, left: LeftOut) -> None:
        """Take these rows away again, and remember whom they are about: those people stay as they were."""
        insert("left_student", [(sid,) for sid in sorted(left.students)])
        insert("left_contact", [(sid,) for sid in sorted(left.contacts)])
        insert("left_pair", sorted(left.pairs))
        insert("spared_student", [(sid,) for sid in sorted({*left.students, *(student for student, _ in left.pairs)})])
        insert("spared_contact", [(sid,) for sid in sorted({*left.contacts, *(contact for _, contact in left.pairs)})])
        with connection.cursor() as cursor:
            for table, people in (
                ("student", "student"),
                ("roll", "student"),
                ("contact", "contact"),
                ("staff", "contact"),
            ):
                cursor.execute(f"DELETE FROM stage_{table} WHERE sid IN (SELECT sid FROM left_{people})")
            cursor.execute(
                """DELETE FROM stage_tie WHERE student_sid IN (SELECT sid FROM left_student)
                   OR contact_sid IN (SELECT sid FROM left_contact)
                   OR EXISTS (SELECT 1 FROM left_pair p
                              WHERE p.student_sid = stage_tie.student_sid AND p.contact_sid = stage_tie.contact_sid)"""
            )
            # A school that only such a row has named is none.
            cursor.execute(
                "SELECT school_sid FROM stage_student UNION SELECT second_sid FROM stage_student"
                " UNION SELECT school_sid FROM stage_staff"
            )
            named = {sid for (sid,) in cursor.fetchall()}
        self.schools = {sid: row for sid, row in self.schools.items() if sid in named}

    def _count(self, kind: type, batch: list[tuple[Any, ...]]) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + len(batch)


def index() -> None:
    """Once everything is in: indexes, and figures for the planner, which knows nothing about temporary tables."""
    with connection.cursor() as cursor:
        for table, columns in _INDEXES.items():
            cursor.execute(f"CREATE INDEX {table}_by ON {table} ({columns})")
        if connection.vendor == "postgresql":
            for table, described in _TABLES.items():
                weighed = ", ".join(name for name, _ in described if name in _WEIGHED)
                cursor.execute(f"ANALYZE {table} ({weighed})")
            # Its figures of the working copy are older than what this transaction writes: of a tenant that is new it expects one
            # row, and a nested loop over "one row" of 100,000 does not end. To the end of the transaction it joins by hashing.
            cursor.execute("SET LOCAL enable_nestloop = off")


def insert(table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Put rows into one of the tables; their values in the order of its columns."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        copy_rows(table, [name for name, _ in _TABLES[table]], rows)
        return
    places = ", ".join(["%s"] * len(_TABLES[table]))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _never(row: AssociationRow) -> bool:
    return False


def _student(row: StudentRow) -> tuple[Any, ...]:
    return (
        row.line, row.id, row.school_id, row.second_school_id, row.family_name, row.given_name, row.middle_name, row.preferred_name,
        sort_name(family_name=row.family_name, given_name=row.given_name), _day(row.birth_on), row.year_level,
        row.roll_class, "inactive" if row.is_active is False else "active", _day(row.start_on), _day(row.end_on),
        row.email, row.household_id, True,
    )  # fmt: skip


def _contact(row: ContactRow) -> tuple[Any, ...]:
    return (
        row.line, row.id, row.type, row.title, row.family_name, row.given_name,
        sort_name(family_name=row.family_name, given_name=row.given_name), row.email,
        None if row.email is None else is_usable_email(row.email), row.mobile, row.phone_home, row.phone_work,
        row.address_1, row.address_2, row.town, row.region, row.postcode, row.country, row.language,
        row.needs_interpreter, row.status or "active", row.household_id, True,
    )  # fmt: skip


def _staff(row: StaffRow) -> tuple[Any, ...]:
    school = row.school_ids[0] if row.school_ids else None
    state = "active" if row.is_active else "inactive"
    return (row.id, row.family_name, row.given_name, row.email, school, state, True)


def _household(row: HouseholdRow) -> tuple[Any, ...]:
    return (row.id, row.address_1, row.address_2, row.town, row.region, row.postcode, row.country, True)


def _tie(row: AssociationRow, *, ruled: bool) -> tuple[Any, ...]:
    return (
        row.line, row.student_id, row.contact_id, row.household_id, row.basis, row.relationship, row.order,
        row.receives_portal_access, ruled, row.legal_guardian, row.lives_with, row.emergency, row.pickup,
        row.receives_mail, row.receives_reports, _day(row.start_on), _day(row.end_on),
    )  # fmt: skip


def _day(day: object) -> str | None:
    return None if day is None else str(day)
