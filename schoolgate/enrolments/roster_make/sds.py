"""Microsoft School Data Sync CSV v1, v2 and v2.1. v1 keys contacts by e-mail, v2.1 asks each for one, v2 has none."""

from collections.abc import Sequence

from schoolgate.enrolments.roster_make.families import without_names
from schoolgate.enrolments.roster_make.people import Contact, Family, School, Student
from schoolgate.enrolments.roster_make.schools import level_word
from schoolgate.enrolments.roster_make.staff import teachers
from schoolgate.enrolments.roster_make.writing import Files, RosterCounts

_PARENTS = {"mother": "parent", "father": "parent", "step-mother": "parent", "step-father": "parent"}
_RELATIVES = {"grandmother", "grandfather", "aunt", "uncle", "sibling"}


def _role(relationship: str) -> str:
    if relationship in {"guardian", "carer"}:
        return "guardian"
    return _PARENTS.get(relationship, "relative" if relationship in _RELATIVES else "other")


def _international(phone: str) -> str:
    """E.164, as the format asks for."""
    digits = phone.replace(" ", "")
    return f"+61{digits.removeprefix('0')}" if digits else ""


class Sds1Writer:
    names: tuple[str, ...] = ("School.csv", "Student.csv", "Teacher.csv", "User.csv", "Guardianrelationship.csv")

    def __init__(self, *, seed: int) -> None:
        self._seed = seed

    def open(self, files: Files, schools: Sequence[School]) -> None:
        files.create("School.csv", "SIS ID,Name,School Number").rows((s.number, s.name, s.number) for s in schools)
        files.create("Teacher.csv", "SIS ID,School SIS ID,First Name,Last Name,Username,Secondary Email").rows(
            (t.id, t.school.number, t.given_name, t.family_name, f"t{t.id}", t.email)
            for t in teachers(schools, seed=self._seed)
        )
        self._students = files.create(
            "Student.csv",
            "SIS ID,School SIS ID,Username,First Name,Last Name,Middle Name,Secondary Email,Student Number,Grade,Status,"
            "Birthdate",
        )
        self._users = files.create("User.csv", "Email,First Name,Last Name,Phone,SIS ID")
        self._guardians = files.create("Guardianrelationship.csv", "SIS ID,Email,Role")

    def write(self, family: Family, counts: RosterCounts) -> None:
        """Two contacts with one address are one here, and who has none is lost."""
        for student in family.students:
            self._students.row(
                student.id, student.school.number, f"s{student.id}", student.given_name, student.family_name,
                student.middle_name, student.email, student.id, level_word(student.level), "Active", student.birth_on,
            )  # fmt: skip
        emails: set[str] = set()
        for contact in _with_email(family):
            if contact.email not in emails:
                emails.add(contact.email)
                phone = _international(contact.mobile or contact.phone_home)
                named = without_names(contact)
                self._users.row(contact.email, named.given_name, named.family_name, phone, contact.id)
        pairs: set[tuple[str, str]] = set()
        for tie in family.ties:
            pair = (tie.student.id, tie.contact.email)
            if tie.contact.email in emails and pair not in pairs and not tie.contact.student_id:
                pairs.add(pair)
                self._guardians.row(*pair, _role(tie.relationship).capitalize())
        counts.students += len(family.students)
        counts.contacts += len(emails)
        counts.associations += len(pairs)


class Sds2Writer:
    """with_contacts: v2.1; otherwise v2."""

    def __init__(self, *, seed: int, with_contacts: bool) -> None:
        self._seed, self._has_contacts = seed, with_contacts
        more = ("roles.csv", "relationships.csv", "demographics.csv") if with_contacts else ()
        self.names = ("orgs.csv", "users.csv", *more)

    def open(self, files: Files, schools: Sequence[School]) -> None:
        orgs = files.create("orgs.csv", "sourcedId,name,type,parentSourcedId")
        orgs.row("1000", "Wattle Creek District", "district", "")
        orgs.rows((school.number, school.name, "school", "1000") for school in schools)
        if self._has_contacts:
            self._users = files.create(
                "users.csv", "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone,sms"
            )
            self._roles = files.create(
                "roles.csv",
                "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate",
            )
            self._relationships = files.create(
                "relationships.csv", "userSourcedId,relationshipUserSourcedId,relationshipRole"
            )
            self._demographics = files.create("demographics.csv", "userSourcedId,sex,birthDate")
        else:
            self._users = files.create(
                "users.csv", "sourcedId,orgSourcedIds,givenName,familyName,username,password,role,grade"
            )
        for teacher in teachers(schools, seed=self._seed):
            self._member(
                teacher.id, teacher.school, teacher.given_name, teacher.family_name, teacher.email, role="teacher"
            )

    def write(self, family: Family, counts: RosterCounts) -> None:
        for student in family.students:
            self._write_student(student)
        counts.students += len(family.students)
        if not self._has_contacts:
            return
        reachable = {contact.id for contact in _with_email(family)}
        for contact in family.contacts:
            if contact.id in reachable:
                self._write_contact(without_names(contact))
        ties = [tie for tie in family.ties if tie.contact.id in reachable]
        self._relationships.rows((tie.student.id, tie.contact.id, _role(tie.relationship)) for tie in ties)
        counts.contacts += len(reachable)
        counts.associations += len(ties)

    def _write_student(self, student: Student) -> None:
        self._member(
            student.id, student.school, student.given_name, student.family_name, student.email, role="student",
            grade=level_word(student.level), second=student.second_school,
        )  # fmt: skip
        if self._has_contacts:
            self._demographics.row(student.id, "", student.birth_on)

    def _write_contact(self, contact: Contact) -> None:
        self._users.row(
            contact.id, contact.email, contact.given_name, contact.family_name, "", "", contact.email,
            _international(contact.phone_home), _international(contact.mobile),
        )  # fmt: skip

    def _member(
        self,
        id_: str,
        school: School,
        given_name: str,
        family_name: str,
        email: str,
        *,
        role: str,
        grade: str = "",
        second: School | None = None,
    ) -> None:
        username = f"{role[0]}{id_}@district.example"
        if self._has_contacts:
            self._users.row(id_, username, given_name, family_name, "", username, email, "", "")
            self._roles.row(id_, school.number, role, "", grade, "TRUE", "", "")
            if second is not None:
                self._roles.row(id_, second.number, role, "", grade, "FALSE", "", "")
        else:
            schools = f"{school.number},{second.number}" if second else school.number
            self._users.row(id_, schools, given_name, family_name, username, "", role, grade)


def _with_email(family: Family) -> list[Contact]:
    """Of those who stand there as students, not once more."""
    return [contact for contact in family.contacts if contact.email and not contact.student_id]
