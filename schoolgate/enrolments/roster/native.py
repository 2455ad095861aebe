"""schoolgate's own three files: students.csv, contacts.csv, relationships.csv; any may be absent (``rostering.md`` §8)."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.cells import Column, Kind
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.enrolments.roster.left_out import Whose
from schoolgate.enrolments.roster.rows import (
    Absence,
    AssociationRow,
    Basis,
    ContactRow,
    ContactType,
    Coverage,
    HouseholdRow,
    Reading,
    ReadOptions,
    RestrictionRow,
    RestrictionWord,
    Row,
    SchoolRow,
    StudentRow,
)
from schoolgate.enrolments.roster.schools import school_number
from schoolgate.enrolments.roster.seen import Flags, PeopleChecks, Seen, report_lonely
from schoolgate.enrolments.roster.table import Cells, Table

STUDENTS, CONTACTS, RELATIONSHIPS, RENAMES = "students.csv", "contacts.csv", "relationships.csv", "renames.csv"
FILES = (STUDENTS, CONTACTS, RELATIONSHIPS, RENAMES)


def restriction_word(cell: str) -> object:
    """(word or None, is clear, the cell): whatever is no word of ours is read as "see the office", which is no access."""
    folded = "_".join(cell.casefold().replace("-", " ").replace("_", " ").split())
    if folded == "none":
        return (None, True, cell)
    if folded in set(RestrictionWord):
        return (RestrictionWord(folded), True, cell)
    return (RestrictionWord.SEE_OFFICE, False, cell)


def country_code(cell: str) -> str | None:
    """ISO 3166, two letters."""
    return cell.upper() if len(cell) == 2 and cell.isascii() and cell.isalpha() else None


STUDENT_COLUMNS = (
    Column("student_id", Kind.ID, needed=True, filled=True),
    Column("school_code", Kind.ID, needed=True, filled=True),
    Column("family_name", Kind.NAME, needed=True, filled=True),
    Column("given_name", Kind.NAME, needed=True, filled=True),
    Column("middle_name", Kind.NAME),
    Column("preferred_name", Kind.NAME),
    Column("birth_date", Kind.BIRTH),
    Column("year_level", limit=40),
    Column("roll_class", limit=80),
    Column("enrolment_status", Kind.WORD, words={"active": True, "inactive": False}),
    Column("start_date", Kind.DATE),
    Column("end_date", Kind.DATE),
    Column("email", Kind.EMAIL),
    Column("household_id", Kind.ID),
    Column("second_school_code", Kind.ID),
)
CONTACT_COLUMNS = (
    Column("contact_id", Kind.ID, needed=True, filled=True),
    Column("family_name", Kind.NAME, needed=True, filled=True),
    Column("given_name", Kind.NAME),
    Column("type", Kind.WORD, words={type_.value.casefold(): type_.value for type_ in ContactType}),
    Column("title", limit=40),
    Column("email", Kind.EMAIL),
    Column("mobile", Kind.PHONE, limit=60),
    Column("phone_home", Kind.PHONE, limit=60),
    Column("phone_work", Kind.PHONE, limit=60),
    Column("household_id", Kind.ID),
    Column("language", limit=35),
    Column("interpreter", Kind.YES_NO),
    Column("status", Kind.WORD, words={word: word for word in ("active", "inactive", "deceased")}),
    Column("address_1"),
    Column("address_2"),
    Column("town"),
    Column("region"),
    Column("postcode", limit=20),
    Column("country", Kind.READ, read=country_code, allowed="AU, NZ, US, … (ISO 3166)"),
)
RELATIONSHIP_COLUMNS = (
    Column("student_id", Kind.ID, needed=True, filled=True),
    Column("contact_id", Kind.ID, needed=True, filled=True),
    Column("relationship", needed=True, filled=True, limit=80),
    Column("basis", Kind.WORD, words={basis.value: basis.value for basis in Basis}),
    Column("order", Kind.NUMBER),
    Column("receives_portal_access", Kind.YES_NO),
    Column("legal_guardian", Kind.YES_NO),
    Column("lives_with", Kind.YES_NO),
    Column("emergency", Kind.YES_NO),
    Column("pickup", Kind.YES_NO),
    Column("receives_mail", Kind.YES_NO),
    Column("receives_reports", Kind.YES_NO),
    Column("start_date", Kind.DATE),
    Column("end_date", Kind.DATE),
    Column("restriction", Kind.READ, read=restriction_word),
    Column("restriction_from", Kind.DATE),
    Column("restriction_until", Kind.DATE),
    Column("restriction_note", Kind.NOTE),
)

WHOSE = {
    STUDENTS: Whose(student="student_id"),
    CONTACTS: Whose(contact="contact_id"),
    RELATIONSHIPS: Whose("student_id", "contact_id", is_tie=True, restriction="restriction"),
}


def recognises(files: RosterFiles) -> bool:
    """One of the three files is there, by name and by its id's heading (SDS v2.1 has a relationships.csv too)."""
    headings = {STUDENTS: b"school_code", CONTACTS: b"contact_id", RELATIONSHIPS: b"contact_id"}
    return any(
        files.name_of(name) is not None
        and heading in files.heading_of(name).replace(b"\0", b"").lower().replace(b" ", b"_")
        for name, heading in headings.items()
    )


def read(files: RosterFiles, options: ReadOptions, findings: Findings) -> Reading:
    """Start reading; the rows come when asked for."""
    if files.name_of(RENAMES):
        findings.add(messages.FILE_IGNORED, file=RENAMES)  # Rename maps come later.
    return _Native(files, options, findings).reading


class _Native:
    def __init__(self, files: RosterFiles, options: ReadOptions, findings: Findings) -> None:
        self._files = files
        self._options = options
        self._findings = findings
        self._students: Seen[str] = Seen()
        self._contacts: Seen[str] = Seen()
        self._pairs: Seen[int] = Seen()
        self._tied_students, self._tied_contacts = Flags(), Flags()
        self._checks = PeopleChecks()
        self._schools: set[str] = set()
        self._households: Seen[str] = Seen()
        self._addressed: Seen[str] = Seen()
        # The household of each person by ordinal, as a number from 1; 0 for none.
        self._student_homes, self._contact_homes = array("L"), array("L")
        self._home_ids: list[str] = []
        self.reading = self._start()

    def _start(self) -> Reading:
        has = {name: self._files.name_of(name) is not None for name in FILES}
        return Reading(
            rows=self._rows(),
            coverage=Coverage(
                Absence.WITHIN_SCHOOLS,
                students=has[STUDENTS],
                contacts=has[CONTACTS],
                associations=has[RELATIONSHIPS],
            ),
            newest_at=self._files.newest_at,
            files={
                SchoolRow: STUDENTS,
                StudentRow: STUDENTS,
                ContactRow: CONTACTS,
                HouseholdRow: CONTACTS,
                AssociationRow: RELATIONSHIPS,
                RestrictionRow: RELATIONSHIPS,
            },
        )

    def _table(self, name: str, columns: tuple[Column, ...], *, rows_needed: bool = False) -> Table | None:
        file = self._files.name_of(name)
        if file is None:
            return None
        return Table(self._files, file, columns, self._findings, self._options, exact=False, rows_needed=rows_needed)

    def _rows(self) -> Iterator[Row]:
        students = self._table(STUDENTS, STUDENT_COLUMNS, rows_needed=True)
        if students:
            yield from self._read_students(students)
        contacts = self._table(CONTACTS, CONTACT_COLUMNS)
        if contacts:
            yield from self._read_contacts(contacts)
        yield from self._read_homes()
        relationships = self._table(RELATIONSHIPS, RELATIONSHIP_COLUMNS)
        if relationships:
            # A file without the column doesn't say "no restriction".
            self.reading.coverage = replace(self.reading.coverage, restrictions=relationships.has("restriction"))
            yield from self._read_relationships(relationships, has_students=bool(students), has_contacts=bool(contacts))
            report_lonely(self._findings, messages.STUDENT_NO_CONTACT, STUDENTS, self._students, self._tied_students)
            report_lonely(self._findings, messages.CONTACT_NO_STUDENT, CONTACTS, self._contacts, self._tied_contacts)

    def _read_students(self, table: Table) -> Iterator[Row]:
        for line, cells in table.rows():
            (
                id_, school, family, given, middle, preferred, birth, year, roll, active, start, end, email, home, second
            ) = cells  # fmt: skip
            if not id_ or not self._students.enter(id_, cells, table=table, line=line, column="student_id", shown=id_):
                continue
            for code in filter(None, (school, second)):
                if code not in self._schools:
                    self._schools.add(code)
                    yield SchoolRow(line, code, "", school_number(code))
            self._student_homes.append(self._home(home, line))
            self._checks.student_birth(table, line, "birth_date", family_name=family, given_name=given, birth_on=birth)
            yield StudentRow(
                line, id_, school, family, given, middle, preferred, birth, year, roll, active, start, end, email, home,
                second_school_id="" if second == school else second,
            )  # fmt: skip

    def _read_contacts(self, table: Table) -> Iterator[Row]:
        for line, cells in table.rows():
            id_, home, address = cells[0], cells[9], cells[13:]
            if not id_ or not self._contacts.enter(id_, cells, table=table, line=line, column="contact_id", shown=id_):
                continue
            self._checks.contact_email(table, line, "email", cells[5])
            self._contact_homes.append(self._home(home, line))
            if home:
                self._note_address(table, line, home, address)
                if any(address) and self._addressed.add(home, line, _hash_of(address)):
                    yield HouseholdRow(line, home, *(part or "" for part in address))
            yield ContactRow(line, id_, cells[1], cells[2] or "", *cells[3:])

    def _home(self, home: str | None, line: int) -> int:
        if not home:
            return 0
        if self._households.add(home, line):
            self._home_ids.append(home)
        return self._households.ordinals[home] + 1

    def _note_address(self, table: Table, line: int, home: str, address: Sequence[str | None]) -> None:
        """A household has the address of its first contact who states one; another address is a conflict."""
        if any(address) and self._addressed.has(home) and self._addressed.content_of(home) != _hash_of(address):
            first = self._addressed.line_of(self._addressed.ordinals[home])
            table.report(messages.ROW_CONFLICT, line, "household_id", home, first_line=first)

    def _read_homes(self) -> Iterator[Row]:
        """The households that nobody states an address for."""
        for home, ordinal in self._households.entered():
            if not self._addressed.has(home):
                yield HouseholdRow(self._households.line_of(ordinal), home)

    def _read_relationships(self, table: Table, *, has_students: bool, has_contacts: bool) -> Iterator[Row]:
        for line, cells in table.rows():
            student, contact = cells[0], cells[1]
            if not student or not contact:
                continue
            student_no = self._ordinal(table, line, "student_id", student, is_student=True, is_listed=has_students)
            contact_no = self._ordinal(table, line, "contact_id", contact, is_student=False, is_listed=has_contacts)
            if student_no is None or contact_no is None:
                continue
            if not self._pairs.enter(
                student_no << 32 | contact_no,
                cells,
                table=table,
                line=line,
                column="contact_id",
                shown=f"{student} · {contact}",
            ):
                continue
            self._tied_students.raise_for(student_no)
            self._tied_contacts.raise_for(contact_no)
            home = self._shared_home(student_no, contact_no)
            basis = cells[3] or self._basis(student_no, contact_no, home)
            yield AssociationRow(line, student, contact, cells[2], basis, *(*cells[4:14], home))
            if cells[14] and cells[14][0] is not None:
                yield self._restriction(table, line, cells)

    def _restriction(self, table: Table, line: int, cells: Cells) -> RestrictionRow:
        (word, is_clear, said), starts, ends, note = cells[14:18]
        if starts and ends and ends < starts:
            table.report(messages.CELL_DATE_ORDER, line, "restriction_until", str(ends), before=str(starts))
        return RestrictionRow(line, cells[0], cells[1], word, said, starts, ends, note, is_clear)

    def _shared_home(self, student_no: int, contact_no: int) -> str | None:
        """The household that both are in."""
        home = _at(self._student_homes, student_no)
        return self._home_ids[home - 1] if home and home == _at(self._contact_homes, contact_no) else None

    def _basis(self, student_no: int, contact_no: int, home: str | None) -> Basis | None:
        """What a blank basis means: by household where the two share one. None for people the files don't list."""
        if home:
            return Basis.HOUSEHOLD
        is_listed = student_no < len(self._student_homes) and contact_no < len(self._contact_homes)
        return Basis.ASSOCIATED if is_listed else None

    def _ordinal(
        self, table: Table, line: int, column: str, id_: str, *, is_student: bool, is_listed: bool
    ) -> int | None:
        """The person's number; None, with a finding, for one who is neither in the files nor known."""
        seen = self._students if is_student else self._contacts
        ordinal = seen.ordinals.get(id_)
        if ordinal is not None:
            return ordinal
        known = self._options.known
        if not is_listed and (known.has_student(id_) if is_student else known.has_contact(id_)):
            return seen.mention(id_)
        where = (STUDENTS if is_student else CONTACTS) if is_listed else messages.KNOWN_PEOPLE
        table.report(messages.ID_UNKNOWN, line, column, id_, where=where)
        return None


def _at(homes: "array[int]", ordinal: int) -> int:
    return homes[ordinal] if ordinal < len(homes) else 0


def _hash_of(address: Sequence[str | None]) -> int:
    return hash(tuple((part or "").casefold() for part in address))
