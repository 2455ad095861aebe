"""OneRoster CSV 1.0, 1.1 and 1.2 (1EdTech). They know a relationship only as a role, and no restriction and no address."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from schoolgate.enrolments.roster_make.families import without_names
from schoolgate.enrolments.roster_make.people import Contact, Family, School, Student
from schoolgate.enrolments.roster_make.staff import Teacher, teachers
from schoolgate.enrolments.roster_make.writing import Files, RosterCounts, Sheet

DISTRICT = "1000"
_ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
_SESSIONS = "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear"
_COURSES = (
    "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes"
)
_CLASSES = (
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
    "termSourcedIds,subjects,subjectCodes,periods"
)
_ENROLLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
)
_DEMOGRAPHICS = (
    "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,"
    "nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,"
    "countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus"
)
_ROLES = (
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId"
)
_USERS = {
    "1.0": "sourcedId,status,dateLastModified,orgSourcedIds,role,username,userId,givenName,familyName,identifier,email,"
    "sms,phone,agents,grade",
    "1.1": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password",
    "1.2": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,"
    "email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,"
    "preferredFamilyName,primaryOrgSourcedId,pronouns",
}
_ABSENT = {
    "1.1": ["categories", "classResources", "courseResources", "lineItems", "resources", "results"],
    "1.2": [
        "categories", "classResources", "courseResources", "lineItemLearningObjectiveIds", "lineItems",
        "lineItemScoreScales", "resources", "resultLearningObjectiveIds", "results", "resultScoreScales", "scoreScales",
        "userProfiles", "userResources",
    ],
}  # fmt: skip
_WRITTEN = ("academicSessions", "classes", "courses", "demographics", "enrollments", "orgs", "users")
_ROLE_OF_RELATIONSHIP = {"mother": "parent", "father": "parent", "guardian": "guardian", "carer": "guardian"}


class OneRosterWriter:
    """version: 1.0 has no manifest and other column names; 1.2 has roles in a file of their own."""

    def __init__(self, version: str, *, seed: int, as_of: date) -> None:
        self._version, self._seed = version, seed
        self._year = as_of.year
        # Without a manifest each row says whether it stands, and since when.
        self._stamp = ("active", f"{as_of.isoformat()}T00:00:00.000Z") if version == "1.0" else ("", "")
        written = [*_WRITTEN, *(["roles"] if version == "1.2" else []), *(["manifest"] if version != "1.0" else [])]
        self.names = tuple(f"{name}.csv" for name in sorted(written))
        self._homerooms: set[str] = set()

    def open(self, files: Files, schools: Sequence[School]) -> None:
        self._write_frame(files, schools)
        self._users = files.create("users.csv", _USERS[self._version])
        key = "userSourcedId" if self._version == "1.0" else "sourcedId"
        self._demographics = files.create("demographics.csv", _DEMOGRAPHICS.replace("sourcedId", key, 1))
        self._classes = files.create("classes.csv", self._graded(_CLASSES))
        self._enrollments = files.create("enrollments.csv", _ENROLLMENTS)
        self._roles: Sheet | None = files.create("roles.csv", _ROLES) if self._version == "1.2" else None
        for teacher in teachers(schools, seed=self._seed):
            self._write_teacher(teacher)

    def write(self, family: Family, counts: RosterCounts) -> None:
        agents: dict[str, list[str]] = defaultdict(list)
        students: dict[str, list[Student]] = defaultdict(list)
        roles: dict[str, str] = {}
        for tie in family.ties:
            contact = tie.contact
            agents[tie.student.id].append(contact.student_id or contact.id)
            students[contact.id].append(tie.student)
            roles.setdefault(contact.id, _ROLE_OF_RELATIONSHIP.get(tie.relationship, "relative"))
            counts.associations += not contact.student_id
        for student in family.students:
            self._write_student(student, agents.get(student.id, []))
        for contact in family.contacts:
            if not contact.student_id:  # That one stands there as a student.
                self._write_contact(without_names(contact), roles[contact.id], students[contact.id])
                counts.contacts += 1
        counts.students += len(family.students)

    def _graded(self, heading: str) -> str:
        return heading.replace("grades", "grade") if self._version == "1.0" else heading

    def _write_frame(self, files: Files, schools: Sequence[School]) -> None:
        """The manifest, the organisations, a school year, a course for the homerooms."""
        if self._version != "1.0":
            manifest = files.create("manifest.csv", "propertyName,value")
            manifest.row("manifest.version", "1.0")
            manifest.row("oneroster.version", self._version)
            written = [*_WRITTEN, *(["roles"] if self._version == "1.2" else [])]
            modes = dict.fromkeys(written, "bulk") | dict.fromkeys(_ABSENT[self._version], "absent")
            manifest.rows((f"file.{name}", modes[name]) for name in sorted(modes, key=str.casefold))
            manifest.row("source.systemName", "schoolgate roster make")
            manifest.row("source.systemCode", "made-up")
        orgs = files.create("orgs.csv", _ORGS)
        orgs.row(DISTRICT, *self._stamp, "Wattle Creek District", "district", DISTRICT, "")
        orgs.rows((s.number, *self._stamp, s.name, "school", s.number, DISTRICT) for s in schools)
        sessions = files.create("academicSessions.csv", _SESSIONS)
        sessions.row(
            f"SY{self._year}", *self._stamp, f"School year {self._year}", "schoolYear", f"{self._year}-01-28",
            f"{self._year}-12-18", "", self._year,
        )  # fmt: skip
        courses = files.create("courses.csv", self._graded(_COURSES))
        courses.row("HOME", *self._stamp, f"SY{self._year}", "Homeroom", "HOME", "", DISTRICT, "", "")

    def _write_student(self, student: Student, agents: Sequence[str]) -> None:
        school = str(student.school.number)
        self._write_user(
            student.id, f"s{student.id}", student.given_name, student.family_name, middle_name=student.middle_name,
            role="student", orgs=",".join(student.school_numbers), email=student.email, agents=agents, grade=_grade(student.level),
            preferred_name=student.preferred_name,
        )  # fmt: skip
        for number, role_type in zip(student.school_numbers, ("primary", "secondary"), strict=False):
            self._write_role(student.id, role_type, "student", number)
        self._demographics.row(student.id, *self._stamp, student.birth_on, *([""] * 12))
        homeroom = f"{school}-{student.roll_class}"
        if homeroom not in self._homerooms:
            self._homerooms.add(homeroom)
            self._classes.row(
                homeroom, *self._stamp, student.roll_class, _grade(student.level), "HOME", student.roll_class,
                "homeroom", "", school, f"SY{self._year}", "", "", "",
            )  # fmt: skip
        self._enrollments.row(f"e{student.id}", *self._stamp, homeroom, school, student.id, "student", "", "", "")

    def _write_contact(self, contact: Contact, role: str, students: Sequence[Student]) -> None:
        schools = sorted({str(student.school.number) for student in students})
        both_ways = [student.id for student in students] if self._version != "1.2" else []
        self._write_user(
            contact.id, f"c{contact.id}", contact.given_name, contact.family_name, role=role, orgs=",".join(schools),
            email=contact.email, sms=contact.mobile, phone=contact.phone_home or contact.phone_work, agents=both_ways,
        )  # fmt: skip
        for school in schools:
            self._write_role(contact.id, "primary", role, school)
        if contact.teaches is None:
            return
        if self._version == "1.2":
            self._write_role(contact.id, "secondary", "teacher", str(contact.teaches.number))
        else:  # One user, one role: the teacher is another user of the same name.
            teacher = f"T{contact.id}"
            self._write_user(
                teacher, teacher.lower(), contact.given_name, contact.family_name, role="teacher",
                orgs=str(contact.teaches.number), email=contact.email,
            )  # fmt: skip

    def _write_teacher(self, teacher: Teacher) -> None:
        school = str(teacher.school.number)
        self._write_user(
            teacher.id, f"t{teacher.id}", teacher.given_name, teacher.family_name, role="teacher", orgs=school,
            email=teacher.email,
        )  # fmt: skip
        self._write_role(teacher.id, "primary", "teacher", school)

    def _write_role(self, user: str, role_type: str, role: str, school: str) -> None:
        if self._roles is not None:
            id_ = f"r{user}-{school}-{role}"
            self._roles.row(id_, *self._stamp, user, role_type, role, "", "", school, "")

    def _write_user(
        self,
        id_: str,
        username: str,
        given_name: str,
        family_name: str,
        *,
        role: str,
        orgs: str,
        middle_name: str = "",
        email: str = "",
        sms: str = "",
        phone: str = "",
        agents: Sequence[str] = (),
        grade: str = "",
        preferred_name: str = "",
    ) -> None:
        cells: Mapping[str, object] = {
            "sourcedId": id_,
            "status": self._stamp[0],
            "dateLastModified": self._stamp[1],
            "enabledUser": "true",
            "orgSourcedIds": orgs,
            "role": role,
            "username": username,
            "userId": id_,
            "userIds": f"{{Local:{id_}}}",
            "givenName": given_name,
            "familyName": family_name,
            "middleName": middle_name,
            "identifier": id_,
            "email": email,
            "sms": sms,
            "phone": phone,
            "agents": ",".join(agents),
            "agentSourcedIds": ",".join(agents),
            "grade": grade,
            "grades": grade,
            "preferredGivenName": preferred_name,
            "primaryOrgSourcedId": orgs.partition(",")[0],
        }
        self._users.row(*(cells.get(column, "") for column in _USERS[self._version].split(",")))


def _grade(level: int) -> str:
    return f"{level:02d}" if level else "KG"
