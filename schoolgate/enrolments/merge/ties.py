"""Associations: the one tie of a pair, its attributes, and its flag, which no import takes from a person's hand (R-PA-07, R-PA-08)."""

from collections.abc import Sequence
from dataclasses import dataclass

from schoolgate.enrolments.merge.before import keep_before
from schoolgate.enrolments.merge.people import CONTACT, STUDENT, PersonKind
from schoolgate.enrolments.merge.sql import Column, Import, row_of, rows_of, run

ROLE_WORDS = ("", "parent", "guardian", "relative", "aide", "doctor", "child", "administrator", "other")

_COLUMNS = [
    # A format that knows roles alone doesn't overwrite a word that says more.
    Column(
        "relationship",
        "s.relationship",
        said=f"(NOT %(role_words)s OR t.relationship IN ({', '.join(map(repr, ROLE_WORDS))}))",
    ),
    Column("basis", "s.basis", "'associated'"),
    Column("household_id", "h.id", "NULL", said="s.basis IS NOT NULL"),
    Column("order", "s.sequence", "NULL"),
    *(
        Column(name, f"s.{name}", "NULL")
        for name in (
            "is_legal_guardian", "lives_with", "is_emergency", "may_pick_up", "receives_mail", "receives_reports",
            "starts_on", "ends_on",
        )
    ),
]  # fmt: skip

# The pair of a staged tie: people by this source's ids, then the tie that they have.
_PEOPLE = """JOIN enrolments_student st ON st.tenant_id = %(tenant)s AND st.source = %(source)s AND st.source_id = s.student_sid
      AND st.id NOT IN (SELECT pk FROM reused)
    JOIN enrolments_contact ct ON ct.tenant_id = %(tenant)s AND ct.source = %(source)s AND ct.source_id = s.contact_sid"""
_HOUSE = """LEFT JOIN enrolments_household h
    ON h.tenant_id = %(tenant)s AND h.source = %(source)s AND h.source_id = s.home_sid"""
_TIE = "enrolments_association t ON t.student_id = st.id AND t.contact_id = ct.id"
# A restriction keeps the flag off: one of the file, or one recorded that nobody has reviewed (decision 4).
_BAR = "LEFT JOIN stage_bar b ON b.student_sid = s.student_sid AND b.contact_sid = s.contact_sid"
_BARRED = "b.student_sid IS NOT NULL"
_OPENS = f"(COALESCE(s.stated, s.ruled AND ct.type = 'PARENT') AND NOT {_BARRED})"
# For a preview, in which new people are staged only: as ss and sc (named.py).
OPENS_FOR_NEW = f"(COALESCE(s.stated, s.ruled AND COALESCE(sc.type, ct.type, 'PARENT') = 'PARENT') AND NOT {_BARRED})"
_HOW = f"CASE WHEN {_BARRED} THEN 'hand' WHEN s.stated IS NULL THEN 'rule' ELSE 'import' END"
# Barred: the flag goes off whoever set it, and then only a person turns it on again (R-RX-01, R-RX-04).
_TURNS = f"""(CASE WHEN {_BARRED} THEN t.receives_portal_access
    ELSE t.flag_how <> 'hand' AND t.receives_portal_access IS DISTINCT FROM {_OPENS} END)"""

MAYBE_PEOPLE = _PEOPLE.replace("JOIN ", "LEFT JOIN ")
BAR, TIE = _BAR, _TIE


@dataclass(frozen=True)
class TieCounts:
    """What the file would do to the ties of pairs that it names. known: pairs that have or had one."""

    added: int
    changed: int
    revived: int
    known: int


def find_idle(import_: Import) -> None:
    """Step: who has no ties, whatever the file says: inactive people, and those left out by a limit to one school.

    Takes their staged ties away.
    """
    for kind, idle in ((STUDENT, "idle_student"), (CONTACT, "idle_contact")):
        run(
            f"""INSERT INTO {idle} SELECT s.sid FROM {kind.stage} s {_plain_joins(kind)}
                LEFT JOIN {kind.table} t ON {kind.match} WHERE NOT s.keep OR ({kind.state_after}) <> 'active'
                UNION
                SELECT t.source_id FROM {kind.table} t
                WHERE t.tenant_id = %(tenant)s AND t.source = %(source)s AND t.state <> 'active'
                  AND NOT EXISTS (SELECT 1 FROM {kind.stage} s WHERE s.sid = t.source_id)""",
            import_.parameters,
        )
    run(
        """DELETE FROM stage_tie WHERE student_sid IN (SELECT sid FROM idle_student)
           OR contact_sid IN (SELECT sid FROM idle_contact)""",
        {},
    )


def _plain_joins(kind: PersonKind) -> str:
    return kind.joins if kind is STUDENT else ""


def limit_contacts_to_ties(import_: Import) -> None:
    """Step of an import limited to one school: of the contacts, those who have a tie there.

    The others stay staged, since they are in the file and so are not missing.
    """
    if import_.school_number is not None:
        run("UPDATE stage_contact SET keep = FALSE WHERE sid NOT IN (SELECT contact_sid FROM stage_tie)", {})
        run("INSERT INTO idle_contact SELECT sid FROM stage_contact WHERE NOT keep", {})
        run(
            """UPDATE stage_household SET keep = FALSE WHERE sid NOT IN (SELECT home_sid FROM stage_student
               WHERE keep AND home_sid IS NOT NULL UNION SELECT home_sid FROM stage_contact
               WHERE keep AND home_sid IS NOT NULL)""",
            {},
        )


def count_ties(import_: Import) -> TieCounts:
    """New pairs, pairs whose tie had ended, and ties that differ."""
    known, changed, revived = row_of(
        f"""SELECT COUNT(*), COUNT(*) FILTER (WHERE t.ended_at IS NULL AND ({_differs()} OR {_TURNS})),
                   COUNT(*) FILTER (WHERE t.ended_at IS NOT NULL)
            FROM stage_tie s {_PEOPLE} {_HOUSE} {_BAR} JOIN {_TIE}""",
        import_.parameters,
    )
    staged = row_of("SELECT COUNT(*) FROM stage_tie", {})[0]
    return TieCounts(added=staged - known, changed=changed, revived=revived, known=known)


def _differs() -> str:
    """SQL: an attribute differs, in a tie that this source made; ties made by hand keep the office's words."""
    tests = " OR ".join(column.differs for column in _COLUMNS)
    return f"(t.source = %(source)s AND ({tests}))"


# SQL after SELECT: does the flag turn, how was it; of the ties that differ. For the preview (named.py).
CHANGES = f"""{_TURNS}, t.receives_portal_access FROM stage_tie s {_PEOPLE} {_HOUSE} {_BAR} JOIN {_TIE}
    WHERE t.ended_at IS NULL AND ({_differs()} OR {_TURNS})"""


def write_ties(import_: Import) -> None:
    """Change what differs, begin anew what had ended, add what is new. After the people, households and restrictions."""
    owned = "t.source = %(source)s OR t.ended_at IS NOT NULL"
    sets = ", ".join(
        f"{column.quoted} = CASE WHEN {owned} THEN {column.after} ELSE t.{column.quoted} END" for column in _COLUMNS
    )
    # A tie that begins anew: a flag that a person had turned off stays off, as the rest of the flag's story does.
    turns = f"(({_TURNS}) OR (t.ended_at IS NOT NULL AND t.flag_how <> 'hand'))"
    others = f"stage_tie s {_PEOPLE} {_HOUSE} {_BAR}"
    differing = f"""t.student_id = st.id AND t.contact_id = ct.id
        AND (t.ended_at IS NOT NULL OR {_differs()} OR {_TURNS})"""
    keep_before("enrolments_association", "t", others, differing, import_)
    run(
        f"""UPDATE enrolments_association AS t
            SET {sets},
                source = CASE WHEN t.ended_at IS NOT NULL THEN %(source)s ELSE t.source END,
                receives_portal_access = CASE WHEN {turns} THEN {_OPENS} ELSE t.receives_portal_access END,
                flag_how = CASE WHEN {turns} THEN {_HOW} ELSE t.flag_how END,
                flag_at = CASE WHEN {turns} THEN %(at)s ELSE t.flag_at END,
                flag_by_id = CASE WHEN {turns} THEN %(by)s ELSE t.flag_by_id END,
                ended_at = NULL, changed_no = %(no)s, changed_at = %(at)s, changed_how = 'import', changed_by_id = %(by)s
            FROM {others} WHERE {differing}""",
        import_.parameters,
    )
    names = ", ".join(column.quoted for column in _COLUMNS)
    values = ", ".join(f"COALESCE({column.value}, {column.blank})" for column in _COLUMNS)
    run(
        f"""INSERT INTO enrolments_association
                (tenant_id, source, student_id, contact_id, receives_portal_access, flag_how, flag_at, flag_by_id,
                 changed_no, changed_at, changed_how, changed_by_id, {names})
            SELECT %(tenant)s, %(source)s, st.id, ct.id, {_OPENS}, {_HOW}, %(at)s, %(by)s,
                   %(no)s, %(at)s, 'import', %(by)s, {values}
            FROM stage_tie s {_PEOPLE} {_HOUSE} {_BAR} LEFT JOIN {_TIE}
            WHERE t.id IS NULL""",
        import_.parameters,
    )


def flags_kept_by_hand(import_: Import) -> Sequence[tuple[int, str, bool]]:
    """(line, contact, what the file says) of pairs where the file states another flag than a person set (R-PA-08)."""
    found = rows_of(
        f"""SELECT s.line, s.contact_sid, s.stated FROM stage_tie s {_PEOPLE} {_BAR} JOIN {_TIE}
            WHERE t.flag_how = 'hand' AND s.stated IS NOT NULL AND t.ended_at IS NULL
              AND t.receives_portal_access IS DISTINCT FROM s.stated AND NOT {_BARRED}
            ORDER BY s.line""",
        import_.parameters,
    )
    return [(line, contact, bool(stated)) for line, contact, stated in found]


def new_ties_of_restricted_pairs(import_: Import) -> list[tuple[int, str, str]]:
    """(line, student, contact) of pairs that get a tie though they once had a restriction (guard 5)."""
    found = rows_of(
        f"""SELECT s.line, s.student_sid, s.contact_sid FROM stage_tie s {_PEOPLE} LEFT JOIN {_TIE}
            WHERE (t.id IS NULL OR t.ended_at IS NOT NULL) AND EXISTS (
                SELECT 1 FROM enrolments_restriction b
                WHERE b.student_id = st.id AND b.contact_id = ct.id AND b.kind <> 'note_only')
            ORDER BY s.line""",
        import_.parameters,
    )
    return [(line, student, contact) for line, student, contact in found]


def contacts_who_gain(import_: Import, *, at_least: int) -> list[tuple[str, int]]:
    """(contact, number) of known contacts who would gain many students at once (guard 5)."""
    found = rows_of(
        # Who has few ties in the file can't gain many: that leaves a handful of rows to join, so that it is quick even
        # soon after the first import, when the planner has no figures about the tables yet.
        f"""SELECT s.contact_sid, COUNT(*)
            FROM (SELECT student_sid, contact_sid, COUNT(*) OVER (PARTITION BY contact_sid) AS staged FROM stage_tie) s
            JOIN enrolments_contact ct
              ON ct.tenant_id = %(tenant)s AND ct.source = %(source)s AND ct.source_id = s.contact_sid
            LEFT JOIN enrolments_student st
              ON st.tenant_id = %(tenant)s AND st.source = %(source)s AND st.source_id = s.student_sid
            LEFT JOIN {_TIE}
            WHERE s.staged >= %(at_least)s AND (t.id IS NULL OR t.ended_at IS NOT NULL)
            GROUP BY s.contact_sid HAVING COUNT(*) >= %(at_least)s ORDER BY s.contact_sid""",
        {**import_.parameters, "at_least": at_least},
    )
    return [(contact, number) for contact, number in found]
