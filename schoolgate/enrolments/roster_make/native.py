"""schoolgate's own three files; they say all that there is to say (``rostering.md`` §8)."""

from collections.abc import Sequence

from schoolgate.enrolments.roster_make.people import Contact, Family, School, Student, Tie
from schoolgate.enrolments.roster_make.schools import level_word
from schoolgate.enrolments.roster_make.writing import Files, RosterCounts, yes_no

_STUDENTS = (
    "student_id,school_code,family_name,given_name,middle_name,preferred_name,birth_date,year_level,roll_class,"
    "enrolment_status,start_date,end_date,email,household_id,second_school_code"
)
_CONTACTS = (
    "contact_id,type,title,family_name,given_name,email,mobile,phone_home,phone_work,household_id,address_1,address_2,"
    "town,region,postcode,country,language,interpreter,status"
)
_RELATIONSHIPS = (
    "student_id,contact_id,relationship,basis,order,receives_portal_access,legal_guardian,lives_with,emergency,pickup,"
    "receives_mail,receives_reports,restriction,restriction_from,restriction_until,restriction_note,start_date,end_date"
)


class NativeWriter:
    names: tuple[str, ...] = ("students.csv", "contacts.csv", "relationships.csv")

    def open(self, files: Files, schools: Sequence[School]) -> None:
        """Schools are known by their students."""
        self._students = files.create("students.csv", _STUDENTS)
        self._contacts = files.create("contacts.csv", _CONTACTS)
        self._relationships = files.create("relationships.csv", _RELATIONSHIPS)

    def write(self, family: Family, counts: RosterCounts) -> None:
        self._students.rows(_student(student) for student in family.students)
        self._contacts.rows(_contact(contact) for contact in family.contacts)
        self._relationships.rows(_tie(tie) for tie in family.ties)
        counts.students += len(family.students)
        counts.contacts += len(family.contacts)
        counts.associations += len(family.ties)


def _student(student: Student) -> Sequence[object]:
    return (
        student.id, student.school.number, student.family_name, student.given_name, student.middle_name,
        student.preferred_name, student.birth_on, level_word(student.level), student.roll_class, "active", "", "",
        student.email, student.household.id, student.second_school.number if student.second_school else "",
    )  # fmt: skip


def _contact(contact: Contact) -> Sequence[object]:
    address: Sequence[object] = ("",) * 6
    if contact.lives_at is not None:
        home = contact.lives_at
        address = (home.address_1, home.address_2, home.town, "NSW", home.postcode, "AU")
    return (
        contact.id, "STUDENT" if contact.student_id else "PARENT", contact.title, contact.family_name,
        contact.given_name, contact.email, contact.mobile, contact.phone_home, contact.phone_work,
        contact.household.id if contact.household else "", *address, contact.language,
        "yes" if contact.needs_interpreter else "", "active",
    )  # fmt: skip


def _tie(tie: Tie) -> Sequence[object]:
    order = tie.restriction
    restriction = (order.word, order.starts_on, order.ends_on or "", order.note) if order else ("", "", "", "")
    return (
        tie.student.id, tie.contact.id, tie.relationship, "household" if tie.is_household else "associated", tie.order,
        yes_no(tie.receives_portal_access), yes_no(tie.legal_guardian), yes_no(tie.lives_with), yes_no(tie.emergency),
        yes_no(tie.pickup), yes_no(tie.receives_mail), yes_no(tie.receives_reports), *restriction, "", "",
    )  # fmt: skip
