"""School Data Sync CSV v1, with its UK headings; contacts are keyed by e-mail (``rostering.md`` §4)."""

from collections.abc import Iterator

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
from schoolgate.enrolments.roster.schools import school_number
from schoolgate.enrolments.roster.sds import Sds
from schoolgate.enrolments.roster.seen import Flags, Seen, report_lonely
from schoolgate.enrolments.roster.table import Table

SCHOOL, STUDENT, TEACHER = "School.csv", "Student.csv", "Teacher.csv"
USER, GUARDIANS = "User.csv", "Guardianrelationship.csv"
SECTION, ENROLLMENT, TEACHER_ROSTER = "Section.csv", "StudentEnrollment.csv", "TeacherRoster.csv"
V1_FILES = (SCHOOL, STUDENT, TEACHER, USER, GUARDIANS, SECTION, ENROLLMENT, TEACHER_ROSTER)
_GUARDIAN_ROLES = {
    word: word for word in ("parent", "relative", "aide", "doctor", "guardian", "child", "administrator", "other")
}

_SIS_ID = Column("SIS ID", Kind.ID, needed=True, filled=True, aliases=("ID",))
_SCHOOL_ID = Column("School SIS ID", Kind.ID, needed=True, filled=True, aliases=("School DfE Number",))
_SCHOOL_COLUMNS = (
    Column("SIS ID", Kind.ID, needed=True, filled=True, aliases=("DfE Number",)),
    Column("Name", Kind.NAME, needed=True, filled=True),
    Column("School Number", Kind.ID),
)
_SCHOOL_KNOWN = (
    "School NCES_ID", "State ID", "Grade Low", "Grade High", "Lowest Grade", "Highest Grade", "Principal SIS ID",
    "Principal Name", "Principal Secondary Email", "Address", "City", "State", "Country", "Zip", "Postal Code", "Phone",
    "Zone", "Anchor Id",
)  # fmt: skip
_STUDENT_COLUMNS = (
    _SIS_ID,
    _SCHOOL_ID,
    Column("First Name", Kind.NAME, needed=True),
    Column("Last Name", Kind.NAME, needed=True, filled=True),
    Column("Middle Name", Kind.NAME),
    Column("Birthdate", Kind.BIRTH),
    Column("Grade", limit=40),
    Column("Status", Kind.WORD, words={"active": True, "inactive": False, "deleted": False}),
    Column("Secondary Email", Kind.EMAIL),
)
_PERSON_KNOWN = (
    "Username", "Password", "State ID", "Student Number", "Graduation Year", "Mailing*", "Information*", "Resident*",
    "Residence*", "Gender", "Federal*", "PrimaryLanguage", "Primary Language", "ELL*", "SpecialEducation", "LowIncome",
    "CumulativeGPA", "AttendanceRate", "Teacher Number", "Title", "Qualification", "Year", "Unique Pupil Number",
    "Anchor Id", "Middle Name",
)  # fmt: skip
_TEACHER_COLUMNS = (
    _SIS_ID,
    _SCHOOL_ID,
    Column("First Name", Kind.NAME),
    Column("Last Name", Kind.NAME),
    Column("Username"),
    Column("Secondary Email", Kind.EMAIL),
    Column("Status", Kind.WORD, words={"active": True, "inactive": False, "deleted": False}),
)
_USER_COLUMNS = (
    Column("Email", Kind.EMAIL, needed=True, filled=True),
    Column("First Name", Kind.NAME, needed=True),
    Column("Last Name", Kind.NAME, needed=True, filled=True),
    Column("Phone", Kind.PHONE, needed=True, limit=60),
    Column("SIS ID", Kind.ID, needed=True),
)
_GUARDIAN_COLUMNS = (
    Column("SIS ID", Kind.ID, needed=True, filled=True, aliases=("ID",)),
    Column("Email", Kind.EMAIL, needed=True, filled=True),
    Column("Role", Kind.WORD, needed=True, words=_GUARDIAN_ROLES),
)
_SECTION_COLUMNS = (_SIS_ID,)
_MEMBER_COLUMNS = (
    Column("Section SIS ID", Kind.ID, needed=True, filled=True, aliases=("Section ID",)),
    _SIS_ID,
)

# Contacts have no id of their own here: their e-mail address is it, in whatever capitals.
WHOSE = {STUDENT.casefold(): Whose(student="SIS ID")}


def recognises_v1(files: RosterFiles) -> bool:
    """School.csv and Student.csv."""
    return files.name_of(SCHOOL) is not None and files.name_of(STUDENT) is not None


def read_v1(files: RosterFiles, options: ReadOptions, findings: Findings) -> Reading:
    """Start reading v1; the rows come when asked for."""
    return _Version1(files, options, findings).reading


class _Version1(Sds):
    def __init__(self, files: RosterFiles, options: ReadOptions, findings: Findings) -> None:
        super().__init__(files, options, findings)
        self._students: Seen[str] = Seen()
        self._contacts: Seen[str] = Seen()
        self._contact_ids: dict[str, str] = {}  # The address in small letters, and as User.csv writes it.
        has_contacts = files.name_of(USER) is not None
        self.reading = Reading(
            rows=self._rows(),
            coverage=Coverage(
                Absence.WITHIN_SCHOOLS,
                students=True,
                contacts=has_contacts,
                associations=has_contacts and files.name_of(GUARDIANS) is not None,
                staff=files.name_of(TEACHER) is not None,
                has_role_words=True,
            ),
            newest_at=files.newest_at,
            files={
                SchoolRow: SCHOOL,
                StudentRow: STUDENT,
                StaffRow: TEACHER,
                ContactRow: USER,
                AssociationRow: GUARDIANS,
            },
        )

    def _rows(self) -> Iterator[Row]:
        schools = self._table(SCHOOL, _SCHOOL_COLUMNS, _SCHOOL_KNOWN, rows_needed=True, is_needed=True)
        if schools is not None:
            seen: Seen[str] = Seen()
            for line, cells in schools.rows():
                id_, name, number = cells
                if id_ and seen.enter(id_, cells, table=schools, line=line, column="SIS ID", shown=id_):
                    yield from self._orgs.add(line, id_, name, school_number(number, id_), is_school=True)
        students = self._table(STUDENT, _STUDENT_COLUMNS, _PERSON_KNOWN, rows_needed=True, is_needed=True)
        if students is not None:
            yield from self._read_students(students)
        teachers = self._table(TEACHER, _TEACHER_COLUMNS, _PERSON_KNOWN)
        staff: Seen[str] = Seen()
        if teachers is not None:
            yield from self._read_teachers(teachers, staff)
        users = self._table(USER, _USER_COLUMNS)
        if users is not None:
            yield from self._read_users(users)
        guardians = self._table(GUARDIANS, _GUARDIAN_COLUMNS)
        if guardians is not None:
            yield from self._read_guardians(guardians, is_listed=users is not None)
        self._check_classes(staff, has_teachers=teachers is not None)

    def _check_classes(self, staff: Seen[str], *, has_teachers: bool) -> None:
        sections = self._table(SECTION, _SECTION_COLUMNS)
        ids = None if sections is None else {id_ for _, (id_,) in sections.rows()}
        self._check_members(self._table(ENROLLMENT, _MEMBER_COLUMNS), ids, SECTION, self._students, STUDENT)
        if has_teachers:
            self._check_members(self._table(TEACHER_ROSTER, _MEMBER_COLUMNS), ids, SECTION, staff, TEACHER)

    def _read_students(self, table: Table) -> Iterator[Row]:
        for line, cells in table.rows():
            id_, school, given, family, middle, birth_on, grade, active, email = cells
            if not id_ or not self._students.enter(id_, cells, table=table, line=line, column="SIS ID", shown=id_):
                continue
            yield from self._school_of(table, line, "School SIS ID", school, SCHOOL)
            self._checks.student_birth(
                table, line, "Birthdate", family_name=family or "", given_name=given or "", birth_on=birth_on
            )
            yield StudentRow(
                line, id_, school or "", family or "", given or "", middle, None, birth_on, grade, None, active,
                None, None, email,
            )  # fmt: skip

    def _read_teachers(self, table: Table, staff: Seen[str]) -> Iterator[Row]:
        for line, cells in table.rows():
            id_, school, given, family, username, email, active = cells
            if not id_ or not staff.enter(id_, cells, table=table, line=line, column="SIS ID", shown=id_):
                continue
            yield from self._school_of(table, line, "School SIS ID", school, SCHOOL)
            name = family or given or username or id_
            yield StaffRow(line, id_, name, given or "", email, "teacher", (school or "",), active is not False)

    def _read_users(self, table: Table) -> Iterator[Row]:
        for line, cells in table.rows():
            email, given, family, phone, sis_id = cells
            key = (email or "").casefold()
            if not key or not self._contacts.enter(key, cells, table=table, line=line, column="Email", shown=email):
                continue
            self._contact_ids[key] = email
            yield ContactRow(
                line, email, family or "", given or "", None, None, email, None, phone, alternative_id=sis_id
            )

    def _read_guardians(self, table: Table, *, is_listed: bool) -> Iterator[Row]:
        pairs: Seen[tuple[int, str]] = Seen()
        tied_students, tied_contacts = Flags(), Flags()
        known = self._options.known
        for line, cells in table.rows():
            student, email, role = cells
            if not student or not email:
                continue
            is_good = True
            if not self._students.has(student):
                table.report(messages.ID_UNKNOWN, line, "SIS ID", student, where=STUDENT)
                is_good = False
            key = email.casefold()
            contact = str(self._contact_ids.get(key, email))
            if not self._contacts.has(key) and (is_listed or not known.has_contact(email)):
                where = USER if is_listed else messages.KNOWN_PEOPLE
                table.report(messages.ID_UNKNOWN, line, "Email", email, where=where)
                is_good = False
            if not is_good:
                continue
            pair = (self._students.ordinals[student], key)
            if pairs.enter(pair, cells, table=table, line=line, column="Email", shown=f"{student} · {email}"):
                tied_students.raise_for(pair[0])
                tied_contacts.raise_for(self._contacts.mention(key))
                yield AssociationRow(line, student, contact, str(role or "other"))
        report_lonely(self._findings, messages.STUDENT_NO_CONTACT, STUDENT, self._students, tied_students)
        report_lonely(self._findings, messages.CONTACT_NO_STUDENT, USER, self._contacts, tied_contacts)
