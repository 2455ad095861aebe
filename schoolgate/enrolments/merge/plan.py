"""What an import would do, and why it should wait: one run of the same comparisons that write (spine §3.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from schoolgate.enrolments.guards import (
    Ages,
    Hold,
    KindNumbers,
    SchoolNumbers,
    Weighed,
    weigh_ages,
    weigh_kind,
    weigh_schools,
)
from schoolgate.enrolments.merge import absent, households, identities, people, ties
from schoolgate.enrolments.merge.before import forget_before
from schoolgate.enrolments.merge.people import CONTACT, STAFF, STUDENT
from schoolgate.enrolments.merge.restrictions import (
    RestrictionPlan,
    find_standing,
    plan_restrictions,
    stage_bars,
    write_restrictions,
)
from schoolgate.enrolments.merge.schools import SchoolMatch, match_schools, write_schools
from schoolgate.enrolments.merge.sql import Import, row_of, rows_of, run
from schoolgate.enrolments.merge.staging import Stage, index, insert
from schoolgate.enrolments.models import Restriction
from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.findings import Message
from schoolgate.enrolments.roster.rows import Absence, AssociationRow, ContactRow, Coverage, RestrictionRow, StudentRow

GAINS_MANY = 10


@dataclass(frozen=True)
class Tally:
    """Of students, contacts or associations. total: the active ones of the tenant afterwards."""

    total: int
    added: int
    changed: int
    deactivated: int

    @property
    def is_nothing(self) -> bool:
        """Nothing would happen to them."""
        return not (self.added or self.changed or self.deactivated)


@dataclass(frozen=True)
class Noted:
    """Something to tell that holds nothing: a new school, a value that the office owns."""

    message: Message
    line: int = 0
    column: str = ""
    value: str = ""
    count: int = 1
    kind: type = StudentRow
    gaps: dict[str, object] | None = None


@dataclass(frozen=True)
class Plan:
    """The preview, and all that the writing needs."""

    students: Tally
    contacts: Tally
    associations: Tally
    weighed: Sequence[Weighed]
    notes: Sequence[Noted]
    schools: Sequence[SchoolMatch]
    restrictions: RestrictionPlan

    @property
    def held(self) -> list[str]:
        """The reasons to wait for a person, each once, in the order of the guards."""
        found = {weighed.hold for weighed in self.weighed}
        return [hold.value for hold in Hold if hold in found]


def prepare(stage: Stage, import_: Import) -> list[SchoolMatch]:
    """Step, after loading: match the schools, keep what a limit to one school leaves, index.

    Empty when the import is limited to a school that the file doesn't have.
    """
    matches = match_schools(stage.schools.values(), import_)
    limit = import_.school_number
    if limit is not None and limit not in {match.number for match in matches}:
        return []
    insert(
        "stage_school",
        [
            (match.row.id, match.known.pk if match.known else None, limit is None or match.number == limit)
            for match in matches
        ],
    )
    index()
    if limit is not None:
        # A student who leaves the school is its business too; so is one who comes.
        run(
            """UPDATE stage_student SET keep = FALSE
               WHERE NOT EXISTS (SELECT 1 FROM stage_school m WHERE m.is_covered
                                 AND (m.sid = school_sid OR m.sid = second_sid)) AND sid NOT IN (
                 SELECT t.source_id FROM enrolments_student t
                 JOIN stage_school m ON m.pk = t.school_id OR m.pk = t.second_school_id
                 WHERE m.is_covered AND t.tenant_id = %(tenant)s AND t.source = %(source)s)""",
            import_.parameters,
        )
        run(
            "UPDATE stage_staff SET keep = FALSE WHERE school_sid NOT IN (SELECT sid FROM stage_school WHERE is_covered)",
            {},
        )
    return matches


def make_plan(stage: Stage, matches: Sequence[SchoolMatch], coverage: Coverage, ages: Ages, import_: Import) -> Plan:
    """Compare the staged rows with the working copy. Writes temporary tables only."""
    before = row_of(
        """SELECT (SELECT COUNT(*) FROM enrolments_student WHERE tenant_id = %(tenant)s AND state = 'active'),
                  (SELECT COUNT(*) FROM enrolments_contact WHERE tenant_id = %(tenant)s AND state = 'active'),
                  (SELECT COUNT(*) FROM enrolments_association WHERE tenant_id = %(tenant)s AND ended_at IS NULL)""",
        import_.parameters,
    )
    reused = identities.find_reused(import_)
    ties.find_idle(import_)
    ties.limit_contacts_to_ties(import_)
    restrictions = _plan_restrictions(stage, coverage, import_)
    absent.find_absent_people(import_, coverage)
    absent.find_absent_ties(import_, coverage)
    gone = absent.count_absent()

    students = people.count_people(STUDENT, import_)
    contacts = people.count_people(CONTACT, import_)
    tied = ties.count_ties(import_)
    numbers = [
        KindNumbers(
            str(messages.STUDENTS), before[0], gone[0] + students.deactivated, stage.counts.get(StudentRow, 0),
            coverage.students, students.matched, students.changed, students.shifted,
        ),
        KindNumbers(
            str(messages.CONTACTS), before[1], gone[1] + contacts.deactivated, stage.counts.get(ContactRow, 0),
            coverage.contacts, contacts.matched, contacts.changed, contacts.shifted,
        ),
        KindNumbers(
            str(messages.TIES), before[2], gone[2], stage.counts.get(AssociationRow, 0), coverage.associations,
            tied.known, tied.changed,
        ),
    ]  # fmt: skip
    numbers[0] = _with_renumbering(numbers[0], students.added, identities.renumbered_students, import_)
    numbers[1] = _with_renumbering(numbers[1], contacts.added, identities.renumbered_contacts, import_)
    weighed = [
        *(reason for kind in numbers for reason in weigh_kind(kind)),
        *weigh_schools(_school_numbers(coverage, import_)),
        *_weigh_identities(reused, import_, is_first=not students.matched and not contacts.matched),
        *_weigh_other_schools(import_),
        *_weigh_restrictions(restrictions, import_),
        *weigh_ages(ages),
    ]
    return Plan(
        students=Tally(
            before[0] + students.delta - gone[0], students.added, students.changed, students.deactivated + gone[0]
        ),
        contacts=Tally(
            before[1] + contacts.delta - gone[1], contacts.added, contacts.changed, contacts.deactivated + gone[1]
        ),
        associations=Tally(
            before[2] + tied.added + tied.revived - gone[2], tied.added + tied.revived, tied.changed, gone[2]
        ),
        weighed=weighed,
        notes=[*_notes(matches), *_kept(import_)],
        schools=matches,
        restrictions=restrictions,
    )


def _with_renumbering(numbers: KindNumbers, new: int, find: object, import_: Import) -> KindNumbers:
    """Guard 4's numbers, looked for only where somebody is new and somebody was known."""
    if not new or not numbers.active:
        return numbers
    found = find(import_)  # type: ignore[operator]  # One of the two functions of identities.
    return replace(numbers, new=found.new, vanished=found.vanished, paired=found.paired)


def _plan_restrictions(stage: Stage, coverage: Coverage, import_: Import) -> RestrictionPlan:
    is_whole = coverage.absence is Absence.GONE and import_.school_number is None
    standing = find_standing(import_, is_whole=is_whole)
    rows: Iterable[RestrictionRow] = stage.restrictions
    if import_.school_number is not None:
        kept = {id_ for (id_,) in rows_of("SELECT sid FROM stage_student WHERE keep", {})}
        rows = [row for row in rows if row.student_id in kept]
    plan = plan_restrictions(rows, standing, today=import_.today, file_has_them=coverage.restrictions)
    stage_bars(plan.new, standing, today=import_.today)
    return plan


def _school_numbers(coverage: Coverage, import_: Import) -> list[SchoolNumbers]:
    is_whole = coverage.absence is Absence.GONE and import_.school_number is None
    found = rows_of(
        """SELECT c.name, COUNT(*), COUNT(g.pk), c.id IN (SELECT pk FROM stage_school WHERE pk IS NOT NULL)
           FROM tenancy_school c JOIN enrolments_student t ON t.school_id = c.id AND t.state = 'active'
           LEFT JOIN gone_student g ON g.pk = t.id
           WHERE c.tenant_id = %(tenant)s GROUP BY c.id, c.name HAVING COUNT(g.pk) > 0 ORDER BY c.name""",
        import_.parameters,
    )
    return [
        SchoolNumbers(name, active, leaving, bool(listed) or not is_whole) for name, active, leaving, listed in found
    ]


def _weigh_identities(reused: Sequence[tuple[int, str]], import_: Import, *, is_first: bool) -> Iterable[Weighed]:
    for line, id_ in reused:
        yield Weighed(Hold.ID_REUSE, messages.HOLD_ID_REUSE, line, "", id_, file="student")
    if (
        is_first
        and not row_of(
            """SELECT (SELECT COUNT(*) FROM enrolments_student WHERE tenant_id = %(tenant)s AND source = %(source)s)
                + (SELECT COUNT(*) FROM enrolments_contact WHERE tenant_id = %(tenant)s AND source = %(source)s)""",
            import_.parameters,
        )[0]
    ):
        return
    for kind, file in ((STUDENT, "student"), (CONTACT, "contact")):
        for line, id_, known in identities.stripped_ids(kind, import_):
            gaps = {"before": known}
            yield Weighed(Hold.LEADING_ZEROS, messages.HOLD_LEADING_ZEROS, line, "", id_, file=file, gaps=gaps)
    for contact, count in ties.contacts_who_gain(import_, at_least=GAINS_MANY):
        yield Weighed(Hold.MASS_CHANGE, messages.HOLD_GAINS_MANY, value=contact, gaps={"count": count})


def _weigh_other_schools(import_: Import) -> Iterable[Weighed]:
    for line, id_ in people.of_other_schools(import_):
        yield Weighed(Hold.MASS_CHANGE, messages.HOLD_OTHER_SCHOOL, line, "", id_, file="student")


def _weigh_restrictions(restrictions: RestrictionPlan, import_: Import) -> Iterable[Weighed]:
    for student, contact in restrictions.dropped:
        yield Weighed(Hold.RESTRICTION_ENDS, messages.RESTRICTION_DROPPED, value=f"{student} · {contact}", file="tie")
    for line, student, contact in ties.new_ties_of_restricted_pairs(import_):
        yield Weighed(
            Hold.RESTRICTION_ENDS, messages.HOLD_RESTRICTED_TIE, line, value=f"{student} · {contact}", file="tie"
        )
    for row in restrictions.unclear:
        gaps = {"allowed": messages.RESTRICTION_WORDS}
        yield Weighed(
            Hold.RESTRICTION_UNCLEAR, messages.RESTRICTION_UNCLEAR, row.line, "restriction", row.said, "tie", gaps
        )


def _notes(matches: Iterable[SchoolMatch]) -> Iterable[Noted]:
    for match in matches:
        if match.known is None:
            yield Noted(messages.SCHOOL_NEW, match.row.line, value=match.row.id, gaps={"number": match.number})


def _kept(import_: Import) -> Iterable[Noted]:
    """What the file says and the office had said otherwise (R-PA-08)."""
    for kind, row in ((STUDENT, StudentRow), (CONTACT, ContactRow)):
        for column, count in people.kept_by_hand(kind, import_).items():
            yield Noted(messages.FIELD_KEPT, column=column, count=count, kind=row)
    for line, contact, stated in ties.flags_kept_by_hand(import_):
        wanted = messages.ON if stated else messages.OFF
        yield Noted(
            messages.FLAG_KEPT, line, "receives_portal_access", contact, kind=AssociationRow, gaps={"wanted": wanted}
        )


def write_plan(plan: Plan, import_: Import) -> list[Restriction]:
    """Step: do what was planned, in the transaction that planned it. The restrictions that were recorded."""
    forget_before(import_.tenant)
    for source_id, school_id in write_schools(plan.schools, import_).items():
        run("UPDATE stage_school SET pk = %(pk)s WHERE sid = %(sid)s", {"pk": school_id, "sid": source_id})
    identities.part_reused(import_)
    people.write_people(STUDENT, import_)
    people.write_people(CONTACT, import_)
    people.write_people(STAFF, import_)
    households.write_households(import_)
    households.write_members(import_)
    made = write_restrictions(plan.restrictions.new, import_)
    ties.write_ties(import_)
    absent.write_absent(import_)
    return made
