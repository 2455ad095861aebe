"""Whether ids still mean who they meant: used again, renumbered, or stripped of their zeros (guards 3 and 4)."""

from dataclasses import dataclass

from schoolgate.enrolments.merge.before import keep_before
from schoolgate.enrolments.merge.people import CONTACT, STUDENT, PersonKind
from schoolgate.enrolments.merge.sql import Import, row_of, rows_of, run
from schoolgate.enrolments.merge.staging import insert


@dataclass(frozen=True)
class Renumbering:
    """New ids of a kind, known ones that vanish, and how many of the two pair up uniquely by what else is known."""

    new: int
    vanished: int
    paired: int


def find_reused(import_: Import) -> list[tuple[int, str]]:
    """Step: (line, id) of students whose family name and birth date both change under one id (guard 3).

    They go into the table of the reused: whoever had the id before counts as leaving, the newcomer as new. A name or a birth
    date that a person of the office has set differs from the file's for a reason of its own, and tells nothing here.
    """
    owned = f"({' OR '.join(column.is_hand for column in STUDENT.columns if column.name in STUDENT.telling)})"
    found = rows_of(
        f"""SELECT t.id, s.line, s.sid FROM stage_student s JOIN enrolments_student t ON {STUDENT.match}
            WHERE s.keep AND s.birth_date IS NOT NULL AND t.birth_date IS NOT NULL AND s.birth_date <> t.birth_date
              AND s.family_name <> t.family_name AND NOT {owned} ORDER BY s.line""",
        import_.parameters,
    )
    insert("reused", [(pk,) for pk, _line, _id in found])
    run("INSERT INTO gone_student SELECT pk FROM reused", {})
    return [(line, id_) for _pk, line, id_ in found]


def part_reused(import_: Import) -> None:
    """Step of an approved import: who had the id before leaves it, so that nothing of theirs is carried over.

    The old id stays readable in front of a number sign; absent.py makes them inactive and ends their ties.
    """
    left = "m.ended_at IS NULL AND m.student_id IN (SELECT pk FROM reused)"
    keep_before("enrolments_householdmember", "m", "", left, import_)
    keep_before("enrolments_student", "t", "", "t.id IN (SELECT pk FROM reused)", import_)
    run(
        """UPDATE enrolments_householdmember SET ended_at = %(at)s, changed_no = %(no)s
           WHERE ended_at IS NULL AND student_id IN (SELECT pk FROM reused)""",
        import_.parameters,
    )
    run(
        """UPDATE enrolments_student SET source_id = SUBSTR(source_id, 1, 230) || ' #' || CAST(id AS text)
           WHERE id IN (SELECT pk FROM reused)""",
        {},
    )


def stripped_ids(kind: PersonKind, import_: Import) -> list[tuple[int, str, str]]:
    """(line, id, the known id) of new ids of digits that are a known one without the zeros at its start."""
    found = rows_of(
        f"""SELECT s.line, s.sid, z.source_id FROM {kind.stage} s
            JOIN {kind.table} z ON z.tenant_id = %(tenant)s AND z.source = %(source)s
              AND z.source_id LIKE '0%%' AND LTRIM(z.source_id, '0') = s.sid
            LEFT JOIN {kind.table} t ON {kind.match}
            WHERE t.id IS NULL AND s.keep ORDER BY s.line""",
        import_.parameters,
    )
    return [(line, id_, known) for line, id_, known in found if id_.isdigit()]


def renumbered_students(import_: Import) -> Renumbering:
    """Pairs by name and birth date."""
    return _renumbering(STUDENT, import_, "v.sort_name = n.sort_name AND v.birth_date = n.birth_date")


def renumbered_contacts(import_: Import) -> Renumbering:
    """Pairs by name, and e-mail or phone, and one student of both."""
    same_student = """EXISTS (SELECT 1 FROM enrolments_association a
        JOIN enrolments_student st ON st.id = a.student_id AND st.source = %(source)s
        JOIN stage_tie p ON p.student_sid = st.source_id
        WHERE a.contact_id = v.id AND p.contact_sid = n.sid)"""
    reached = "(v.email <> '' AND v.email = n.email OR v.mobile <> '' AND v.mobile = n.mobile)"
    return _renumbering(CONTACT, import_, f"v.sort_name = n.sort_name AND {reached} AND {same_student}")


def _renumbering(kind: PersonKind, import_: Import, same: str) -> Renumbering:
    new = f"""SELECT s.* FROM {kind.stage} s LEFT JOIN {kind.table} t ON {kind.match} WHERE t.id IS NULL AND s.keep"""
    vanished = f"""SELECT t.* FROM {kind.table} t WHERE t.tenant_id = %(tenant)s AND t.source = %(source)s
        AND t.state = 'active' AND NOT EXISTS (SELECT 1 FROM {kind.stage} s WHERE s.sid = t.source_id)"""
    news, gone, paired = row_of(
        f"""WITH n AS ({new}), v AS ({vanished}),
            pairs AS (SELECT n.sid, v.id FROM n JOIN v ON {same})
            SELECT (SELECT COUNT(*) FROM n), (SELECT COUNT(*) FROM v),
                   (SELECT COUNT(*) FROM pairs WHERE sid IN (SELECT sid FROM pairs GROUP BY sid HAVING COUNT(*) = 1)
                    AND id IN (SELECT id FROM pairs GROUP BY id HAVING COUNT(*) = 1))""",
        import_.parameters,
    )
    return Renumbering(news, gone, paired)
