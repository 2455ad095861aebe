"""Every finding a reader or a guard can make: its code, how bad it is, why, and how to mend it (``rostering.md`` §9, §10).

One place, so that translators, the documentation and the tests see them all. Gaps: ``%(value)s`` and what the caller
of ``Findings.add`` names. The codes are stable: programs read them.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from schoolgate.enrolments.roster.findings import Message, Severity
from schoolgate.lib.csvfile import Trouble

_ERROR, _HOLD, _WARNING, _NOTE = Severity.ERROR, Severity.HOLD, Severity.WARNING, Severity.NOTE

# The upload and its files.
TROUBLES = {
    Trouble.WORKBOOK: _("it is an Excel workbook or a zip archive, not CSV text"),
    Trouble.OLD_WORKBOOK: _("it is an old Excel workbook, not CSV text"),
    Trouble.PDF: _("it is a PDF document, not CSV text"),
    Trouble.OPEN_QUOTE: _("a quotation mark opened here is never closed"),
    Trouble.LINE: _("this line can't be read as CSV"),
    Trouble.ENCODING: _("the text breaks off or changes its encoding here"),
    Trouble.PACKED: _("its contents in the archive are broken"),
}
FILE_UNREADABLE = Message(
    "file.unreadable",
    _ERROR,
    _("This file can't be read: %(reason)s."),
    _("Export it again as CSV in UTF-8, and upload the CSV files or one zip of them."),
)
FILE_UNSAFE = Message(
    "file.unreadable",
    _ERROR,
    _("The archive is refused: %(reason)s."),
    _("Make a plain zip of the CSV files, without folders, passwords or anything else."),
)
FILE_TOO_LARGE = Message(
    "file.unreadable",
    _ERROR,
    _("This file has %(size)s MB; the limit is %(limit)s MB."),
    _("Split the export by school, and import each as that school alone (chosen on the page, or --school)."),
)
FORMAT_UNKNOWN = Message(
    "file.unreadable",
    _ERROR,
    _("These files are of no roster format that schoolgate knows."),
    _("Compare the names of the files and their headings with the formats in the documentation, or name the format."),
)
FORMAT_UNSURE = Message(
    "file.unreadable",
    _ERROR,
    _("These files fit more than one format: %(formats)s."),
    _("Name the format, or upload the files of one format alone."),
)
VERSION_UNKNOWN = Message(
    "file.unreadable",
    _ERROR,
    _("The manifest says OneRoster version “%(value)s”; versions 1.0, 1.1 and 1.2 can be read."),
    _("Export as OneRoster 1.1 or 1.2."),
)
FILE_DOUBLED = Message(
    "file.unreadable",
    _ERROR,
    _("Two files of the upload have this name."),
    _("Upload each file once."),
)
FILE_EMPTY = Message(
    "file.empty",
    _ERROR,
    _("The file is empty: it has no line of headings."),
    _("Export it again; leave the file out if there is nothing to say."),
)
FILE_NO_ROWS = Message(
    "file.empty",
    _ERROR,
    _("The file has headings but no rows."),
    _("Export it again with all its rows."),
)
FILE_NO_ROWS_NOTED = Message(
    "file.empty",
    _NOTE,
    _("The file has headings but no rows."),
    _("Nothing to do if there is nobody of this kind."),
)
FILE_TRUNCATED = Message(
    "file.truncated",
    _ERROR,
    _("The file breaks off: its last line is not whole."),
    _("Export and upload it again; the rest is missing."),
)
FILE_MISSING = Message(
    "file.missing",
    _ERROR,
    _("The manifest promises this file, but it is not in the upload."),
    _("Add the file, or mark it as absent in manifest.csv."),
)
FILE_NEEDED = Message(
    "file.missing",
    _ERROR,
    _("This format can't be read without this file."),
    _("Add the file to the upload."),
)
FILE_DELTA = Message(
    "file.delta",
    _ERROR,
    _("The manifest says that this file holds changes only (delta); such files can't be read yet."),
    _("Export as bulk: everybody, each time."),
)
FILE_IGNORED = Message(
    "file.ignored",
    _NOTE,
    _("This file is not part of the format and was not read."),
    _("Nothing to do."),
)
FILE_ENCODING_GUESSED = Message(
    "file.encoding",
    _WARNING,
    _("The file is not UTF-8; it was read as Windows-1252, where names look like this: %(samples)s."),
    _("Accept if these are spelt right; otherwise export as UTF-8."),
)
FILE_ENCODING_CONFIRMED = Message(
    "file.encoding",
    _NOTE,
    _("The file was read as Windows-1252, as accepted before for this source; names look like this: %(samples)s."),
    _("Nothing to do."),
)
FILE_UTF16 = Message(
    "file.utf16",
    _NOTE,
    _("The file is in UTF-16 (Excel's “Unicode text”)."),
    _("Nothing to do."),
)
FILE_TWICE_ENCODED = Message(
    "file.double_encoded",
    _WARNING,
    _("Letters with accents were encoded twice: “Müller” stands here as “MÃ¼ller”."),
    _("Repair the whole file (tick it on the page, or --repair), or export it again as UTF-8."),
)
FILE_DELIMITER = Message(
    "file.delimiter",
    _WARNING,
    _("The cells are parted by “%(delimiter)s”; this format wants commas."),
    _("Accept if the rows look right; otherwise export with commas."),
)

# Headings.
HEADER_MISSING = Message(
    "header.missing",
    _ERROR,
    _("The column “%(column)s” is missing."),
    _("Add the column. The file has these: %(found)s."),
)
HEADER_DUPLICATE = Message(
    "header.duplicate",
    _ERROR,
    _("The column “%(column)s” occurs twice."),
    _("Leave one of the two."),
)
HEADER_UNKNOWN = Message(
    "header.unknown",
    _WARNING,
    _("The column “%(column)s” is not known and was not read."),
    _("Accept if it is not needed; otherwise compare its spelling with the documentation."),
)
HEADER_CASE = Message(
    "header.case",
    _WARNING,
    _("The heading “%(value)s” should be written “%(column)s”."),
    _("Accept, or correct the heading."),
)

# Cells.
CELL_REQUIRED = Message(
    "cell.required",
    _ERROR,
    _("“%(column)s” is empty here, and must not be."),
    _("Fill the cell."),
)
CELL_ENUM = Message(
    "cell.enum",
    _ERROR,
    _("“%(value)s” is none of the words for “%(column)s”."),
    _("Use one of: %(allowed)s."),
)
ROLE_UNKNOWN = Message(
    "cell.enum",
    _NOTE,
    _("The role “%(value)s” is not known; these people are taken for staff."),
    _("Nothing to do if they are staff."),
)
CELL_DATE = Message(
    "cell.date",
    _ERROR,
    _("“%(value)s” is not a date in the way the rest of the column is written."),
    _("Write dates as 2015-02-28."),
)
CELL_DATE_TWO_DIGITS = Message(
    "cell.date",
    _ERROR,
    _("“%(value)s” has a year of two digits."),
    _("Write dates with all four digits of the year, as 2015-02-28."),
)
CELL_DATE_UNSURE = Message(
    "cell.date",
    _ERROR,
    _("Every date of the column can be read day first and month first, such as “%(value)s”."),
    _(
        "Say which it is (on the page beside the files, or with --dates dmy or --dates mdy), or write dates as 2015-02-28."
    ),
)
CELL_DATE_MIXED = Message(
    "cell.date",
    _ERROR,
    _("Some dates of the column have the day first and some the month first, such as “%(value)s”."),
    _("Export the file again with one form of dates for all rows, best 2015-02-28."),
)
CELL_DATE_ORDER = Message(
    "cell.date",
    _ERROR,
    _("“%(value)s” is before “%(before)s”, when it begins."),
    _("Correct one of the two dates."),
)
CELL_SCIENTIFIC = Message(
    "cell.scientific",
    _ERROR,
    _("“%(value)s” is what a spreadsheet made of a long number: digits of the id are gone."),
    _("Export as text, and do not open the file in Excel before uploading."),
)
CELL_ERROR_VALUE = Message(
    "cell.error_value",
    _ERROR,
    _("“%(value)s” is the mark of a fault in a spreadsheet or a database, not a value."),
    _("Correct the cell, or leave it empty."),
)
CELL_UNPRINTABLE_ID = Message(
    "cell.error_value",
    _ERROR,
    _("The id holds control or invisible characters."),
    _("Remove them from the id in the student system."),
)
CELL_TOO_LONG = Message(
    "cell.too_long",
    _ERROR,
    _("“%(column)s” has %(length)s characters here; the limit is %(limit)s."),
    _("Shorten it."),
)
CELL_EMAIL = Message(
    "cell.email",
    _WARNING,
    _("“%(value)s” is not one e-mail address; it is kept as typed and nothing is sent to it."),
    _("Keep one address for each person, without blanks, lists or “mailto:”."),
)
CELL_PHONE = Message(
    "cell.phone",
    _WARNING,
    _("“%(value)s” does not look like a phone number; it is kept as typed."),
    _("Accept, or correct the number."),
)
CELL_CONTROL = Message(
    "cell.control",
    _NOTE,
    _("Control or invisible characters were dropped from “%(column)s”."),
    _("Nothing to do."),
)

# Rows.
ID_DUPLICATE_SAME = Message(
    "id.duplicate",
    _WARNING,
    _("“%(value)s” stands here again with the same content as on line %(first_line)s; it was taken once."),
    _("Accept, or remove one of the two rows."),
)
ID_DUPLICATE_OTHER = Message(
    "id.duplicate",
    _ERROR,
    _("“%(value)s” stands here again with other content than on line %(first_line)s."),
    _("Correct the id of one of the two rows, or remove one."),
)
ID_UNKNOWN = Message(
    "id.unknown_reference",
    _ERROR,
    _("“%(value)s” is not in %(where)s."),
    _("Add it there, or remove this row."),
)
ID_UNKNOWN_IN_LIST = Message(
    "id.unknown_reference",
    _WARNING,
    _("“%(value)s” is not in %(where)s."),
    _("Add it there, or remove the id from the list."),
)
KNOWN_PEOPLE = _("the upload, nor among the people imported before")
ROW_WIDTH = Message(
    "row.width",
    _ERROR,
    _("The row has %(found)s cells, the line of headings %(wanted)s."),
    _("Look for a comma or a line break in a cell without quotation marks."),
)
ROW_SURPLUS_BLANK = Message(
    "row.width",
    _NOTE,
    _("The row has blank cells to the right of the last heading."),
    _("Nothing to do."),
)
ROW_CONFLICT = Message(
    "row.conflict",
    _ERROR,
    _("Household “%(value)s” has another address here than on line %(first_line)s."),
    _("Give all its people one address, or a household id of their own."),
)

# People and ties.
SAME_EMAIL = Message(
    "person.two_people_same_email",
    _NOTE,
    _("Several contacts share an e-mail address, such as “%(value)s”; their sign-in names will have to differ."),
    _("Nothing to do."),
)
SAME_NAME_AND_BIRTH = Message(
    "person.same_name_and_birth",
    _WARNING,
    _("“%(value)s” has the same name and birth date as the student on line %(first_line)s."),
    _("Accept if they are two children; otherwise remove one in the student system."),
)
TIE_SELF = Message(
    "tie.self",
    _NOTE,
    _("“%(value)s” is tied to themself; ignored."),
    _("Nothing to do."),
)
TIE_STUDENT_TO_STUDENT = Message(
    "tie.student_to_student",
    _NOTE,
    _("“%(value)s” is a student, not a contact; the tie was ignored."),
    _("Nothing to do, unless this person should be a contact: then give them that role."),
)
TIE_TO_STAFF = Message(
    "tie.to_staff",
    _NOTE,
    _("“%(value)s” is no parent, guardian or relative; the tie was ignored."),
    _("Nothing to do, unless this person should be a contact: then give them that role."),
)
TIE_NOT_OF_STUDENT = Message(
    "tie.to_staff",
    _NOTE,
    _("“%(value)s” is no student; the tie was ignored."),
    _("Nothing to do, unless this person should be a student: then give them that role."),
)
STUDENT_MANY_SCHOOLS = Message(
    "student.many_schools",
    _WARNING,
    _("These students are at more than two schools; “%(value)s” was left out."),
    _("Nothing to do if the two that count stand first; else put them there."),
)
STUDENT_NO_CONTACT = Message(
    "student.no_contact",
    _NOTE,
    _("These students have no contact in the files."),
    _("Nobody can be given access to them until they have."),
)
CONTACT_NO_STUDENT = Message(
    "contact.no_student",
    _NOTE,
    _("These contacts have no student in the files; they will see nobody."),
    _("Nothing to do."),
)
PERSON_NO_ROLE = Message(
    "person.no_role",
    _NOTE,
    _("These people have no role in %(where)s; they were left out."),
    _("Give them a role, if they are students, contacts or staff."),
)
RESTRICTION_UNCLEAR = Message(
    "restriction.unclear",
    _HOLD,
    _("“%(value)s” is no word for a restriction; it is read as “see the office”: no access."),
    _("Look at the order. Approve to record “no access”, or write one of: %(allowed)s."),
)

# What the import itself has to say.
SCHOOL_NEW = Message(
    "school.new",
    _NOTE,
    _("School “%(value)s” was not known; it is added with the number %(number)s."),
    _("Give it its name under School Information, School Campuses."),
)
SCHOOL_NOT_THERE = Message(
    "school.missing",
    _ERROR,
    _("The import is limited to school %(value)s, which these files don't have."),
    _("Compare the number with School Information, School Campuses."),
)
CHANGED_SINCE_PREVIEW = Message(
    "import.changed",
    _NOTE,
    _("Something was saved after the preview, so that the import would do something else now. Nothing was applied."),
    _("Look at the new preview, and apply it."),
)
FLAG_KEPT = Message(
    "flag.kept",
    _NOTE,
    _("The file turns portal access %(wanted)s for a pair where a person of the office set it; it stays as set."),
    _("Change it by hand if the file is right."),
)
FIELD_KEPT = Message(
    "field.kept",
    _NOTE,
    _("The file has another “%(column)s” than the office set by hand; it stays as set."),
    _("Change it by hand if the file is right."),
)
RESTRICTION_DROPPED = Message(
    "restriction.dropped",
    _HOLD,
    _("A restriction known before is not in the file any more. An import never ends one."),
    _("Approve to import the rest. Lift the restriction by hand if it is over."),
)


def hold(code: str, why: Any, fix: Any) -> Message:
    """A guard's message: its code is that of the hold."""
    return Message(f"guard.{code}", _HOLD, why, fix)


# Whom the guards' sentences are about.
STUDENTS, CONTACTS, TIES = _("students"), _("contacts"), _("associations")
ON, OFF = _("on"), _("off")
RESTRICTION_WORDS = "none, no_access, no_contact, no_portal, supervised, see_office"
AT_SCHOOL = _(" at %(school)s")
_LOOK = _("Look at the preview. Approve if the school system is right; otherwise export again.")

HOLD_MISSING = hold(
    "missing_people",
    _("%(count)s of %(of)s %(kind)s would become inactive or end (%(percent)s %%)%(where)s."),
    _LOOK,
)
HOLD_SCHOOL_VANISHED = hold("missing_people", _("School %(value)s, which had students, is not in the file."), _LOOK)
HOLD_NONE_LEFT = hold("missing_people", _("The file holds no %(kind)s; there were %(of)s."), _LOOK)
HOLD_MASS_CHANGE = hold("mass_change", _("%(count)s of %(of)s %(kind)s would change (%(percent)s %%)."), _LOOK)
HOLD_SHIFTED = hold(
    "mass_change",
    _("“%(column)s” would change for %(count)s of %(of)s %(kind)s (%(percent)s %%): is a column shifted?"),
    _LOOK,
)
HOLD_ID_REUSE = hold(
    "id_reuse",
    _("Student “%(value)s” gets another family name and another birth date: is the id used for somebody else?"),
    _(
        "Another child: approve; the one who had the id becomes inactive, and nothing of theirs is carried over."
        " The same child: correct the name and the birth date in two imports, one after the other."
    ),
)
HOLD_IDS_CHANGED = hold(
    "ids_changed",
    _("%(count)s %(kind)s come with new ids while as many vanish, and they pair up by name: were the ids changed?"),
    _("Export with the old ids. Approve only if these are other people: accounts and keys do not move."),
)
HOLD_RESTRICTED_TIE = hold(
    "restriction_ends",
    _("A pair that had a restriction gets an association."),
    _("Ask who is responsible for the order. Approve to import the association; the restriction stays."),
)
HOLD_GAINS_MANY = hold(
    "mass_change",
    _("Contact “%(value)s” would gain %(count)s students at once."),
    _("Look whether the ids of contacts were mixed up."),
)
HOLD_OTHER_SCHOOL = hold(
    "mass_change",
    _(
        "“%(value)s” is an active student of another school, and this import for one school would change where they are."
    ),
    _("Ask that school's office first; then say so in the reason."),
)
HOLD_OLDER = hold(
    "older_file",
    _("The files are of %(value)s; the last import of this source was of %(last)s."),
    _("Upload the newest export. Approve only to go back on purpose."),
)
HOLD_LEADING_ZEROS = hold(
    "leading_zeros",
    _("The id “%(value)s” was “%(before)s” before: a spreadsheet dropped the zeros at its start."),
    _("Export again as text, and do not open the file in Excel. Approve only if these are other people."),
)
