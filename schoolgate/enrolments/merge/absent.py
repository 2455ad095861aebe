"""Who was known and isn't in the file: people become inactive, ties end, nothing is deleted (``rostering.md`` §10)."""

from schoolgate.enrolments.merge.before import keep_before
from schoolgate.enrolments.merge.sql import Import, row_of, run
from schoolgate.enrolments.roster.rows import Absence, Coverage

_COVERED = "SELECT pk FROM stage_school WHERE is_covered AND pk IS NOT NULL"

# A person of the office said that they are active; a file that lacks them doesn't overrule that (R-PA-08).
_NOT_OWNED = "(t.hand_fields = '[]' OR CAST(t.hand_fields AS text) NOT LIKE '%%\"state\"%%')"


def find_absent_people(import_: Import, coverage: Coverage) -> None:
    """Step: fill the gone_ tables of people by what the upload speaks about."""
    if coverage.absence is Absence.SAYS_NOTHING:
        return
    is_whole = coverage.absence is Absence.GONE and import_.school_number is None
    known = "t.tenant_id = %(tenant)s AND t.source = %(source)s AND t.state = 'active'"
    at_schools = "TRUE" if is_whole else f"t.school_id IN ({_COVERED})"
    if coverage.students:
        run(
            f"""INSERT INTO gone_student SELECT t.id FROM enrolments_student t
                WHERE {known} AND {at_schools} AND {_NOT_OWNED}
                  AND t.source_id NOT IN (SELECT sid FROM spared_student)
                  AND NOT EXISTS (SELECT 1 FROM stage_student s WHERE s.sid = t.source_id)""",
            import_.parameters,
        )
    if coverage.contacts:
        run(
            f"""INSERT INTO gone_contact SELECT t.id FROM enrolments_contact t
                WHERE {known} AND {"TRUE" if is_whole else _contact_of_covered_schools(import_)} AND {_NOT_OWNED}
                  AND t.source_id NOT IN (SELECT sid FROM spared_contact)
                  AND NOT EXISTS (SELECT 1 FROM stage_contact s WHERE s.sid = t.source_id)""",
            import_.parameters,
        )
    if coverage.staff:
        run(
            f"""INSERT INTO gone_staff SELECT t.id FROM enrolments_staff t
                WHERE {known} AND {at_schools}
                  AND t.source_id NOT IN (SELECT sid FROM spared_contact)
                  AND NOT EXISTS (SELECT 1 FROM stage_staff s WHERE s.sid = t.source_id)""",
            import_.parameters,
        )


def _contact_of_covered_schools(import_: Import) -> str:
    """SQL: all students of the contact are at schools of the file. One without students counts if the file has every school."""
    tie = """FROM enrolments_association a JOIN enrolments_student st ON st.id = a.student_id
             WHERE a.contact_id = t.id AND a.ended_at IS NULL"""
    elsewhere = row_of(
        f"""SELECT COUNT(*) FROM tenancy_school c WHERE c.tenant_id = %(tenant)s AND c.id NOT IN ({_COVERED})
            AND EXISTS (SELECT 1 FROM enrolments_student t WHERE t.school_id = c.id AND t.state = 'active')""",
        import_.parameters,
    )[0]
    covered = f"NOT EXISTS (SELECT 1 {tie} AND st.school_id NOT IN ({_COVERED}))"
    return f"({covered} AND EXISTS (SELECT 1 {tie}))" if elsewhere else covered


def find_absent_ties(import_: Import, coverage: Coverage) -> None:
    """Step: fill gone_tie, after the people: ties the file doesn't name any more, and those of people who leave.

    A tie of people who also share a household that the office made keeps that basis (R-PA-06).
    """
    leaving = """a.student_id IN (SELECT pk FROM gone_student) OR a.contact_id IN (SELECT pk FROM gone_contact)
        OR st.source = %(source)s AND st.source_id IN (SELECT sid FROM idle_student)
        OR ct.source = %(source)s AND ct.source_id IN (SELECT sid FROM idle_contact)"""
    dropped = "FALSE"
    if coverage.associations and coverage.absence is not Absence.SAYS_NOTHING:
        is_whole = coverage.absence is Absence.GONE and import_.school_number is None
        at_schools = f"""(st.school_id IN ({_COVERED}) OR st.source_id IN (SELECT sid FROM stage_student WHERE keep))"""
        dropped = f"""a.source = %(source)s AND {"TRUE" if is_whole else at_schools}
            AND NOT (st.source = %(source)s AND st.source_id IN (SELECT sid FROM left_student))
            AND NOT (ct.source = %(source)s AND ct.source_id IN (SELECT sid FROM left_contact))
            AND NOT EXISTS (SELECT 1 FROM left_pair p WHERE p.student_sid = st.source_id AND p.contact_sid = ct.source_id
                            AND st.source = %(source)s AND ct.source = %(source)s)
            AND NOT EXISTS (SELECT 1 FROM stage_tie s WHERE s.student_sid = st.source_id AND s.contact_sid = ct.source_id
                            AND st.source = %(source)s AND ct.source = %(source)s)
            AND NOT EXISTS (SELECT 1 FROM enrolments_householdmember x JOIN enrolments_householdmember y
                              ON y.household_id = x.household_id JOIN enrolments_household h ON h.id = x.household_id
                            WHERE x.student_id = a.student_id AND y.contact_id = a.contact_id AND h.source <> %(source)s
                              AND x.ended_at IS NULL AND y.ended_at IS NULL)"""
    run(
        f"""INSERT INTO gone_tie SELECT a.id FROM enrolments_association a
            JOIN enrolments_student st ON st.id = a.student_id JOIN enrolments_contact ct ON ct.id = a.contact_id
            WHERE a.tenant_id = %(tenant)s AND a.ended_at IS NULL AND ({leaving} OR ({dropped}))""",
        import_.parameters,
    )


def count_absent() -> tuple[int, int, int]:
    """Students and contacts who would become inactive, ties that would end."""
    students, contacts, ties = row_of(
        "SELECT (SELECT COUNT(*) FROM gone_student), (SELECT COUNT(*) FROM gone_contact), (SELECT COUNT(*) FROM gone_tie)",
        {},
    )
    return students, contacts, ties


def write_absent(import_: Import) -> None:
    """Make them inactive, end the ties. A flag that a person turned off stays theirs, for the day the tie comes back."""
    stamp = "changed_no = %(no)s, changed_at = %(at)s, changed_how = 'import', changed_by_id = %(by)s"
    for table, gone in (
        ("enrolments_student", "gone_student"),
        ("enrolments_contact", "gone_contact"),
        ("enrolments_staff", "gone_staff"),
    ):
        keep_before(table, "t", "", f"t.id IN (SELECT pk FROM {gone})", import_)
        run(f"UPDATE {table} SET state = 'inactive', {stamp} WHERE id IN (SELECT pk FROM {gone})", import_.parameters)
    keep_before("enrolments_association", "t", "", "t.id IN (SELECT pk FROM gone_tie)", import_)
    run(
        f"""UPDATE enrolments_association SET ended_at = %(at)s, {stamp},
                flag_how = CASE WHEN receives_portal_access THEN 'import' ELSE flag_how END,
                flag_at = CASE WHEN receives_portal_access THEN %(at)s ELSE flag_at END,
                flag_by_id = CASE WHEN receives_portal_access THEN %(by)s ELSE flag_by_id END,
                receives_portal_access = FALSE
            WHERE id IN (SELECT pk FROM gone_tie)""",
        import_.parameters,
    )
