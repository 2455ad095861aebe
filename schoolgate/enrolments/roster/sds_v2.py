"""School Data Sync CSV v2, which has no contacts, and v2.1, which ties them in relationships.csv (``rostering.md`` §4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.cells import Column, Kind
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.enrolments.roster.left_out import Whose
from schoolgate.enrolments.roster.rows import (
    Absence,
    AssociationRow,
    ContactRow,
    Coverage,
    Reading,
    ReadOptions,
    Row,
    SchoolRow,
    StaffRow,
    StudentRow,
)
from schoolgate.enrolments.roster.schools import has_ended, school_number
from schoolgate.enrolments.roster.sds import Sds
from schoolgate.enrolments.roster.seen import Flags, Seen, report_lonely
from schoolgate.enrolments.roster.table import Table

ORGS, USERS, ROLES, RELATIONSHIPS = "orgs.csv", "users.csv", "roles.csv", "relationships.csv"
CLASSES, ENROLLMENTS, DEMOGRAPHICS = "classes.csv", "enrollments.csv", "demographics.csv"
V2_FILES = (ORGS, USERS, ROLES, RELATIONSHIPS, CLASSES, ENROLLMENTS, DEMOGRAPHICS)
KNOWN = ("academicsessions.csv", "courses.csv", "userflags.csv")
_CONTACT_ROLES = frozenset(["parent", "guardian", "relative"])
_STAFF_ROLES = frozenset([
    "administrator", "aide", "counselor", "districtadministrator", "faculty", "lecturer", "other", "paraprofessional",
    "principal", "proctor", "professor", "schooladministrator", "siteadministrator", "staff", "systemadministrator",
    "teacher", "teacherassistant",
])  # fmt: skip
_ORG_COLUMNS = (
    Column("sourcedId", Kind.ID, needed=True, filled=True),
    Column("name", Kind.NAME, needed=True, filled=True),
    Column("type"),
    Column("identifier", Kind.ID),
)
_V2_COLUMNS = (
    Column("sourcedId", Kind.ID, needed=True, filled=True),
    Column("givenName", Kind.NAME, needed=True),
    Column("familyName", Kind.NAME, needed=True, filled=True),
    Column("email", Kind.EMAIL),
    Column("phone", Kind.PHONE, limit=60),
    Column("sms", Kind.PHONE, limit=60),
    Column("orgSourcedIds", Kind.LIST),
    Column("role"),
    Column("grade", limit=40),
)
_V2_KNOWN = ("username", "password", "activeDirectoryMatchId", "middleName", "userNumber", "pronouns", "preferred*")
_ROLE_COLUMNS = (
    Column("userSourcedId", Kind.ID, needed=True, filled=True),
    Column("orgSourcedId", Kind.ID, needed=True, filled=True),
    Column("role", needed=True, filled=True),
    Column("grade", limit=40),
    Column("isPrimary", Kind.YES_NO),
    Column("roleEndDate"),
)
_ROLE_KNOWN = ("sessionSourcedId", "roleStartDate")
_RELATIONSHIP_COLUMNS = (
    Column("userSourcedId", Kind.ID, needed=True, filled=True),
    Column("relationshipUserSourcedId", Kind.ID, needed=True, filled=True),
    Column(
        "relationshipRole",
        Kind.WORD,
        needed=True,
        filled=True,
        words={word: word for word in ("parent", "guardian", "relative", "other", "doctor", "aide")},
    ),
)
_DEMOGRAPHIC_COLUMNS = (
    Column("userSourcedId", Kind.ID, needed=True, filled=True, aliases=("sourcedId",)),
    Column("birthDate", Kind.BIRTH),
)
_CLASS_COLUMNS = (Column("sourcedId", Kind.ID, needed=True, filled=True), Column("orgSourcedId", Kind.ID))
_ENROLLMENT_COLUMNS = (
    Column("classSourcedId", Kind.ID, needed=True, filled=True),
    Column("userSourcedId", Kind.ID, needed=True, filled=True),
)
WHOSE = {
    USERS: Whose("sourcedId", "sourcedId"),
    RELATIONSHIPS: Whose("userSourcedId", "relationshipUserSourcedId", is_tie=True),
}


def recognised_v2(files: RosterFiles) -> str | None:
    """2 or 2.1, by the headings of users.csv; None if these are no SDS files."""
    if files.name_of(USERS) is None or files.name_of("manifest.csv") is not None:
        return None
    content = files.heading_of(USERS).replace(b"\0", b"").split(b"\n", 1)[0].decode("utf-8", errors="replace")
    headings = [word.strip(' "\r\ufeff').casefold() for word in content.replace(";", ",").replace("\t", ",").split(",")]
    if "activedirectorymatchid" in headings:
        return "2.1"
    place = headings.index("orgsourcedids") if "orgsourcedids" in headings else -1
    return "2" if place >= 0 and headings[place + 1 : place + 2] == ["givenname"] else None


def read_v2(files: RosterFiles, options: ReadOptions, findings: Findings) -> Reading:
    """Start reading v2."""
    return _Version2(files, options, findings, has_roles=False).reading


def read_v2_1(files: RosterFiles, options: ReadOptions, findings: Findings) -> Reading:
    """Start reading v2.1."""
    return _Version2(files, options, findings, has_roles=True).reading


@dataclass(frozen=True, slots=True)
class _Roles:
    """What one user of v2.1 is; few distinct ones exist, so they are shared."""

    schools: tuple[str, ...] = ()  # A student's, the main one first.
    past_school: str = ""  # Where somebody was a student, for one who is nowhere now.
    grade: str | None = None
    is_student: bool = False
    relationship: str = ""
    staff_role: str = ""
    staff_schools: tuple[str, ...] = ()
    has_primary: bool = False


class _Version2(Sds):
    """v2 has role and schools in users.csv, v2.1 in roles.csv, where who has no role is a contact."""

    def __init__(self, files: RosterFiles, options: ReadOptions, findings: Findings, *, has_roles: bool) -> None:
        super().__init__(files, options, findings)
        self._has_roles = has_roles
        self._users: Seen[str] = Seen()
        self._students: Seen[str] = Seen()
        self._contacts: Seen[str] = Seen()
        self._roles: dict[str, _Roles] = {}
        self._shared: dict[_Roles, _Roles] = {}
        has_ties = has_roles and files.name_of(RELATIONSHIPS) is not None
        self.reading = Reading(
            rows=self._rows(),
            coverage=Coverage(
                Absence.WITHIN_SCHOOLS,
                students=True,
                contacts=has_ties,
                associations=has_ties,
                staff=True,
                has_role_words=True,
            ),
            newest_at=files.newest_at,
            files={
                SchoolRow: ORGS,
                AssociationRow: RELATIONSHIPS,
                StudentRow: USERS,
                ContactRow: USERS,
                StaffRow: USERS,
            },
        )

    def _rows(self) -> Iterator[Row]:
        orgs = self._table(ORGS, _ORG_COLUMNS, ("parentSourcedId", "*"), rows_needed=True, is_needed=True)
        if orgs is not None:
            seen: Seen[str] = Seen()
            for line, cells in orgs.rows():
                id_, name, type_, number = cells
                if id_ and seen.enter(id_, cells, table=orgs, line=line, column="sourcedId", shown=id_):
                    is_school = (type_ or "").casefold() == "school"
                    yield from self._orgs.add(line, id_, name, school_number(number, id_), is_school=is_school)
        births = self._read_births()
        if self._has_roles:
            roles = self._table(ROLES, _ROLE_COLUMNS, _ROLE_KNOWN, is_needed=True)
            if roles is not None:
                self._read_roles(roles)
        users = self._table(USERS, self._user_columns(), _V2_KNOWN, rows_needed=True, is_needed=True)
        if users is not None:
            yield from self._read_users(users, births)
            yield from self._read_relationships()
            self._check_roles()
        classes = self._table(CLASSES, _CLASS_COLUMNS)
        ids = None if classes is None else {id_ for _, (id_, _) in classes.rows()}
        self._check_members(self._table(ENROLLMENTS, _ENROLLMENT_COLUMNS), ids, CLASSES, self._users, USERS)

    def _user_columns(self) -> Sequence[Column]:
        if self._has_roles:
            return _V2_COLUMNS
        needed = {
            "orgSourcedIds": Column("orgSourcedIds", Kind.LIST, needed=True, filled=True),
            "role": Column("role", needed=True, filled=True),
        }
        return [needed.get(column.name, column) for column in _V2_COLUMNS]

    def _read_births(self) -> dict[str, date]:
        table = self._table(DEMOGRAPHICS, _DEMOGRAPHIC_COLUMNS)
        return {} if table is None else {id_: birth_on for _, (id_, birth_on) in table.rows() if birth_on is not None}

    def _read_roles(self, table: Table) -> None:
        for line, (user, org, role, grade, is_primary, last_day) in table.rows():
            if user and role:
                if org and org not in self._orgs:
                    table.report(messages.ID_UNKNOWN, line, "orgSourcedId", org, where=ORGS)
                before = self._roles.get(user, _Roles())
                if role.casefold() == "student" and has_ended(last_day, self._options.today):
                    found = replace(before, is_student=True, past_school=before.past_school or org or "")
                else:
                    found = self._with_role(
                        table, line, before, role, org=org or "", grade=grade, is_primary=is_primary is True
                    )
                self._roles[user] = self._shared.setdefault(found, found)

    def _with_role(
        self, table: Table, line: int, before: _Roles, role: str, *, org: str, grade: str | None, is_primary: bool
    ) -> _Roles:
        """What somebody is with one role more. Roles come in any case."""
        folded = role.casefold()
        schools, has_primary, is_student = before.schools, before.has_primary, before.is_student
        relationship, staff_role, staff_schools = before.relationship, before.staff_role, before.staff_schools
        if folded == "student":
            is_student = True
            if org and is_primary and not has_primary:
                schools, has_primary = (org, *(each for each in schools if each != org)), True
            elif org and org not in schools:
                schools += (org,)
            grade = grade if schools[:1] == (org,) and grade else before.grade
        elif folded in _CONTACT_ROLES:
            relationship, grade = relationship or folded, before.grade
        else:
            if folded not in _STAFF_ROLES:
                table.report(messages.ROLE_UNKNOWN, line, "role", role)
            staff_role, grade = staff_role or role, before.grade
            staff_schools += (org,) if org and org not in staff_schools else ()
        return _Roles(
            schools, before.past_school, grade, is_student, relationship, staff_role, staff_schools, has_primary
        )

    def _read_users(self, table: Table, births: dict[str, date]) -> Iterator[Row]:
        for line, cells in table.rows():
            id_, given, family, email, phone, sms, org_list, role, grade = cells
            if not id_ or not self._users.enter(id_, cells, table=table, line=line, column="sourcedId", shown=id_):
                continue
            if self._has_roles:
                roles = self._roles.get(id_, _Roles())
            else:
                orgs = [org.strip() for org in (org_list or "").split(",") if org.strip()]
                for org in orgs:
                    if org not in self._orgs:
                        table.report(messages.ID_UNKNOWN, line, "orgSourcedIds", org, where=ORGS)
                roles = _Roles()
                for org in orgs or [""]:
                    roles = self._with_role(table, line, roles, role or "", org=org, grade=grade, is_primary=False)
            if roles.is_student:
                birth_on = births.get(id_)
                self._students.add(id_, line)
                column = "sourcedId" if self._has_roles else "orgSourcedIds"
                belongs = roles.schools or (roles.past_school,)
                school, second = self._orgs.of_student(belongs, table=table, line=line, column=column)
                yield from self._orgs.use(school)
                self._checks.student_birth(
                    table, line, "familyName", family_name=family or "", given_name=given or "", birth_on=birth_on
                )
                yield StudentRow(
                    line, id_, school, family or "", given or "", None, None, birth_on, roles.grade,
                    None, None, None, None, email, second_school_id=second,
                )  # fmt: skip
            if roles.staff_role:
                for org in roles.staff_schools:
                    yield from self._orgs.use(org)
                yield StaffRow(line, id_, family or "", given or "", email, roles.staff_role, roles.staff_schools, True)
            if roles.relationship or not (roles.is_student or roles.staff_role):
                self._contacts.add(id_, line)
                self._checks.contact_email(table, line, "email", email)
                yield ContactRow(line, id_, family or "", given or "", None, None, email, sms, phone)

    def _read_relationships(self) -> Iterator[Row]:
        table = self._table(RELATIONSHIPS, _RELATIONSHIP_COLUMNS) if self._has_roles else None
        if table is None:
            return
        pairs: Seen[int] = Seen()
        tied_students, tied_contacts = Flags(), Flags()
        for line, cells in table.rows():
            student, contact, role = cells
            if not student or not contact or not self._is_tie(table, line, student, contact):
                continue
            student_no, contact_no = self._students.ordinals[student], self._contacts.ordinals[contact]
            shown = f"{student} · {contact}"
            if pairs.enter(
                student_no << 32 | contact_no, cells, table=table, line=line,
                column="relationshipUserSourcedId", shown=shown,
            ):  # fmt: skip
                tied_students.raise_for(student_no)
                tied_contacts.raise_for(contact_no)
                yield AssociationRow(line, student, contact, role or "other")
        report_lonely(self._findings, messages.STUDENT_NO_CONTACT, USERS, self._students, tied_students)
        report_lonely(self._findings, messages.CONTACT_NO_STUDENT, USERS, self._contacts, tied_contacts)

    def _is_tie(self, table: Table, line: int, student: str, contact: str) -> bool:
        """A student and a contact, both in users.csv; else a finding."""
        for column, id_ in (("userSourcedId", student), ("relationshipUserSourcedId", contact)):
            if not self._users.has(id_):
                table.report(messages.ID_UNKNOWN, line, column, id_, where=USERS)
                return False
        if student == contact:
            table.report(messages.TIE_SELF, line, "relationshipUserSourcedId", contact)
        elif not self._students.has(student):
            table.report(messages.TIE_NOT_OF_STUDENT, line, "userSourcedId", student)
        elif self._contacts.has(contact):
            return True
        elif self._students.has(contact):
            table.report(messages.TIE_STUDENT_TO_STUDENT, line, "relationshipUserSourcedId", contact)
        else:
            table.report(messages.TIE_TO_STAFF, line, "relationshipUserSourcedId", contact)
        return False

    def _check_roles(self) -> None:
        """Roles of people who are not in users.csv: told with their lines."""
        if all(self._users.has(user) for user in self._roles):
            return
        table = self._table(ROLES, _ROLE_COLUMNS[:1])
        if table is not None:
            for line, (user,) in table.rows():
                if user and not self._users.has(user):
                    table.report(messages.ID_UNKNOWN, line, "userSourcedId", user, where=USERS)
