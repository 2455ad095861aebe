"""Students, contacts and staff: which are new, which differ, and the writing of both (matched by source and id alone)."""

from collections.abc import Sequence
from dataclasses import dataclass

from schoolgate.enrolments.merge.before import keep_before
from schoolgate.enrolments.merge.sql import Column, Import, row_of, rows_of, run


@dataclass(frozen=True)
class PersonCounts:
    """matched: of the file's people known before. delta: by how much the number of active ones would grow.

    shifted: for the columns that tell a shifted file, how many of the matched would change in it.
    """

    added: int
    changed: int
    deactivated: int
    matched: int
    delta: int
    shifted: dict[str, int]


@dataclass(frozen=True)
class PersonKind:
    """Where a kind of person is staged and where they live. number: the column that starts as the source's id."""

    table: str
    stage: str
    columns: Sequence[Column]
    joins: str = ""
    number: str = ""
    has_hand: bool = True
    can_be_reused: bool = False
    telling: tuple[str, ...] = ()

    @property
    def match(self) -> str:
        """SQL: ``t`` is the known row of the staged ``s``."""
        same = "t.tenant_id = %(tenant)s AND t.source = %(source)s AND t.source_id = s.sid"
        return f"{same} AND t.id NOT IN (SELECT pk FROM reused)" if self.can_be_reused else same

    def set_value(self, column: Column) -> str:
        """SQL: what a known row gets: the file's value unless it says nothing or a person owns the column."""
        if not self.has_hand:
            return column.after
        return f"CASE WHEN {column.is_hand} THEN t.{column.name} ELSE {column.after} END"

    def differs(self, column: Column) -> str:
        """SQL: the file would change it."""
        return f"({column.differs} AND NOT {column.is_hand})" if self.has_hand else column.differs

    @property
    def differs_anywhere(self) -> str:
        """SQL: the file would change the row."""
        return "(" + " OR ".join(map(self.differs, self.columns)) + ")"

    @property
    def is_deactivated(self) -> str:
        """SQL: the file says that an active person is none any more."""
        return f"(t.id IS NOT NULL AND t.state = 'active' AND NOT ({self.state_after}) = 'active')"

    @property
    def is_changed(self) -> str:
        """SQL: something else differs. A school that is new has no number in a preview; who moves there changes all the same."""
        moves = " OR m.pk IS NULL OR (m2.sid IS NOT NULL AND m2.pk IS NULL)" if self is STUDENT else ""
        return f"(t.id IS NOT NULL AND NOT {self.is_deactivated} AND ({self.differs_anywhere}{moves}))"

    @property
    def state_after(self) -> str:
        """SQL: the state a row will have; of a new one, the file's."""
        state = next(column for column in self.columns if column.name == "state")
        return f"CASE WHEN t.id IS NULL THEN {state.value} ELSE {self.set_value(state)} END"


STUDENT = PersonKind(
    "enrolments_student",
    "stage_student",
    [
        Column("school_id", "m.pk", "NULL", hand=("school_id",)),
        Column("second_school_id", "m2.pk", "NULL", said="s.second_sid IS NOT NULL"),
        Column("family_name", "s.family_name"),
        Column("given_name", "s.given_name"),
        Column("middle_name", "s.middle_name"),
        Column("preferred_name", "s.preferred_name"),
        Column("sort_name", "s.sort_name", hand=("family_name", "given_name")),
        Column("birth_date", "s.birth_date", "NULL"),
        Column("year_level", "s.year_level"),
        Column("roll_class", "COALESCE(r.roll_class, s.roll_class)"),
        Column("state", "s.state"),
        Column("starts_on", "s.starts_on", "NULL"),
        Column("ends_on", "s.ends_on", "NULL"),
        Column("email", "s.email"),
    ],
    joins="""JOIN stage_school m ON m.sid = s.school_sid LEFT JOIN stage_school m2 ON m2.sid = s.second_sid
        LEFT JOIN (SELECT sid, MIN(roll_class) AS roll_class FROM stage_roll GROUP BY sid) r ON r.sid = s.sid""",
    number="student_no",
    can_be_reused=True,
    telling=("family_name", "birth_date"),
)
CONTACT = PersonKind(
    "enrolments_contact",
    "stage_contact",
    [
        Column("type", "s.type", "'PARENT'"),
        *(
            Column(name, f"s.{name}")
            for name in (
                "title", "family_name", "given_name", "mobile", "phone_home", "phone_work", "address_1", "address_2",
                "town", "region", "postcode", "country", "language", "state",
            )
        ),
        Column("sort_name", "s.sort_name", hand=("family_name", "given_name")),
        Column("email", "s.email"),
        Column("email_usable", "s.email_usable", "FALSE", hand=("email",)),
        Column("needs_interpreter", "s.needs_interpreter", "FALSE"),
    ],
    number="contact_no",
    telling=("family_name", "email"),
)  # fmt: skip
STAFF = PersonKind(
    "enrolments_staff",
    "stage_staff",
    [
        Column("family_name", "s.family_name"),
        Column("given_name", "s.given_name"),
        Column("email", "s.email"),
        Column("school_id", "m.pk", "NULL"),
        Column("state", "s.state"),
    ],
    joins="LEFT JOIN stage_school m ON m.sid = s.school_sid",
    has_hand=False,
)


def count_people(kind: PersonKind, import_: Import) -> PersonCounts:
    """What the file would do to a kind of person; who is missing from it is counted in absent.py."""
    was = "t.id IS NOT NULL AND t.state = 'active'"
    will = f"({kind.state_after}) = 'active'"
    column_by_name = {column.name: column for column in kind.columns}
    telling = "".join(
        f", COUNT(*) FILTER (WHERE t.{name} IS NOT NULL AND {kind.differs(column_by_name[name])})"
        for name in kind.telling
    )
    found = row_of(
        f"""SELECT COUNT(*) FILTER (WHERE t.id IS NULL), COUNT(*) FILTER (WHERE {kind.is_changed}),
                   COUNT(*) FILTER (WHERE {kind.is_deactivated}), COUNT(t.id),
                   COUNT(*) FILTER (WHERE {will}) - COUNT(*) FILTER (WHERE {was}){telling}
            FROM {kind.stage} s {kind.joins} LEFT JOIN {kind.table} t ON {kind.match}
            WHERE s.keep""",
        import_.parameters,
    )
    added, changed, deactivated, matched, delta, *shifted = found
    return PersonCounts(added, changed, deactivated, matched, delta, dict(zip(kind.telling, shifted, strict=True)))


def write_people(kind: PersonKind, import_: Import) -> None:
    """Change the known people who differ, and add the new ones."""
    sets = ", ".join(f"{column.name} = {kind.set_value(column)}" for column in kind.columns)
    differing = f"{kind.match} AND s.keep AND {kind.differs_anywhere}"
    keep_before(kind.table, "t", f"{kind.stage} s {kind.joins}", differing, import_)
    run(
        f"""UPDATE {kind.table} AS t
            SET {sets}, changed_no = %(no)s, changed_at = %(at)s, changed_how = 'import', changed_by_id = %(by)s
            FROM {kind.stage} s {kind.joins}
            WHERE {differing}""",
        import_.parameters,
    )
    names = [column.name for column in kind.columns]
    values = [f"COALESCE({column.value}, {column.blank})" for column in kind.columns]
    if kind.number:
        names.append(kind.number)
        values.append("s.sid")
    if kind.has_hand:
        names.append("hand_fields")
        values.append("'[]'")
    run(
        f"""INSERT INTO {kind.table}
                (tenant_id, source, source_id, changed_no, changed_at, changed_how, changed_by_id, {", ".join(names)})
            SELECT %(tenant)s, %(source)s, s.sid, %(no)s, %(at)s, 'import', %(by)s, {", ".join(values)}
            FROM {kind.stage} s {kind.joins} LEFT JOIN {kind.table} t ON {kind.match}
            WHERE s.keep AND t.id IS NULL
            ORDER BY s.sid""",
        import_.parameters,
    )


def kept_by_hand(kind: PersonKind, import_: Import) -> dict[str, int]:
    """Columns in which the file says something else than a person of the office has set, with how many rows (R-PA-08)."""
    columns = [column for column in kind.columns if column.name not in {"sort_name", "email_usable"}]
    counts = ", ".join(f"COUNT(*) FILTER (WHERE {column.is_hand} AND {column.differs})" for column in columns)
    found = row_of(
        f"""SELECT {counts} FROM {kind.table} t JOIN {kind.stage} s ON s.sid = t.source_id {kind.joins}
            WHERE t.tenant_id = %(tenant)s AND t.source = %(source)s AND t.hand_fields <> '[]' AND s.keep""",
        import_.parameters,
    )
    return {column.name: count for column, count in zip(columns, found, strict=True) if count}


def of_other_schools(import_: Import) -> list[tuple[int, str]]:
    """Query: (line, id) of active students of other schools whom an import for one school would bring there, or take out of the other (R-RK-11)."""
    if import_.school_number is None:
        return []
    covered = "(SELECT pk FROM stage_school WHERE is_covered AND pk IS NOT NULL)"
    second = "CASE WHEN s.second_sid IS NULL THEN t.second_school_id ELSE m2.pk END"
    stays = f"%s IN (COALESCE(m.pk, 0), COALESCE({second}, 0))"
    return rows_of(
        f"""SELECT s.line, s.sid FROM stage_student s JOIN enrolments_student t ON {STUDENT.match} {STUDENT.joins}
            WHERE s.keep AND t.state = 'active' AND (
              t.school_id NOT IN {covered}
                AND (COALESCE(t.second_school_id, 0) NOT IN {covered} OR NOT {stays % "t.school_id"})
              OR t.second_school_id NOT IN {covered} AND NOT {stays % "t.second_school_id"})
            ORDER BY s.line""",
        import_.parameters,
    )
