"""Published rosters give the counts that their READMEs state (rostering.md, data sets with sources and licences beside)."""

import pytest

from schoolgate.enrolments.roster.rows import AssociationRow, ContactRow, SchoolRow, StudentRow
from schoolgate.lib.csvfile import find_form
from tests.factories.rosters import SETS, read

# students, contacts, associations, staff
TRUTHS = {
    "grandbend-native": ("native", 234, 461, 461, 0),
    "grandbend-oneroster-1.1": ("oneroster-1.1", 234, 461, 461, 0),
    "grandbend-oneroster-1.2": ("oneroster-1.2", 234, 461, 461, 0),
    "grandbend-sds-v1": ("sds-1", 234, 28, 28, 0),
    "grandbend-sds-v2.1": ("sds-2.1", 234, 28, 28, 0),
    "oneroster-1.1-edfi-lms": ("oneroster-1.1", 8, 0, 0, 2),
    "sds-v1-100": ("sds-1", 86, 0, 0, 12),
    "sds-v2": ("sds-2", 22, 0, 0, 7),
    "sds-v2.1": ("sds-2.1", 4, 2, 3, 2),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_a_published_roster_gives_the_counts_of_its_readme(name):
    found = read(SETS / name)
    counts = found.counts
    assert (found.format, *(counts[kind] for kind in ("student", "contact", "association", "staff"))) == TRUTHS[name]


@pytest.mark.parametrize("name", TRUTHS)
def test_no_published_roster_has_an_error(name):
    assert not [code for code in read(SETS / name).codes if code.startswith("error")]


@pytest.mark.parametrize("name", [name for name in TRUTHS if name.startswith("grandbend")])
def test_the_one_bad_address_of_grand_bend_is_a_warning(name):
    found = [finding for finding in read(SETS / name).findings if finding.code == "cell.email"]
    assert {finding.value for finding in found} == {"De Leon@example1.com"}
    assert [code for code in read(SETS / name).codes if code.startswith("warning")] == ["warning cell.email"] * len(
        found
    )


@pytest.mark.parametrize("name", ["grandbend-oneroster-1.1", "grandbend-oneroster-1.2"])
def test_both_oneroster_versions_give_the_ties_of_the_native_files(name):
    def pairs(read_):
        return {(row.student_id, row.contact_id) for row in read_.of(AssociationRow)}

    assert pairs(read(SETS / name)) == pairs(read(SETS / "grandbend-native"))


def test_households_of_grand_bend():
    found = read(SETS / "grandbend-native")
    assert found.counts["household"] == 314
    assert sum(row.lives_with is True for row in found.of(AssociationRow)) == 411
    assert all(row.receives_portal_access is None for row in found.of(AssociationRow))


def test_a_shared_contact_is_one_contact_with_two_ties():
    ties = read(SETS / "sds-v2.1").of(AssociationRow)
    assert sorted((row.student_id, row.relationship) for row in ties if row.contact_id == "114002") == [
        ("114001", "guardian"),
        ("114003", "relative"),
    ]


def test_whatever_people_belong_to_is_a_school():
    assert {row.id for row in read(SETS / "sds-v2").of(SchoolRow)} == {"10001", "10002", "10003"}
    assert {row.id for row in read(SETS / "grandbend-oneroster-1.1").of(SchoolRow)} == {
        "255901001",
        "255901044",
        "255901107",
    }


def test_dates_of_school_data_sync_are_month_first():
    (row,) = [row for row in read(SETS / "sds-v1-100").of(StudentRow) if row.id == "13002"]
    assert str(row.birth_on) == "1999-11-12"


def test_a_leading_zero_stays_and_blank_surplus_is_a_note():
    found = read(SETS / "oneroster-1.1-edfi-lms")
    assert found.codes == ["note student.no_contact", "note row.width"]
    assert found.finding("row.width").count == 2
    assert {row.year_level for row in found.of(StudentRow)} == {"09"}


def test_no_password_reaches_a_row_or_a_finding():
    for name in ("sds-v2", "sds-v2.1", "sds-v1-100"):
        found = read(SETS / name)
        assert "P@ss" not in repr(found.rows)
        assert "P@ss" not in repr(found.findings)


def test_contacts_of_school_data_sync_v1_are_keyed_by_address():
    (contact,) = [row for row in read(SETS / "grandbend-sds-v1").of(ContactRow) if row.alternative_id == "778110"]
    assert contact.id == "Camacho@example1.com"


def test_a_student_file_alone_is_no_whole_upload():
    assert read(SETS / "contoso-delta" / "day1").codes == ["error file.unreadable"]


def test_hostile_strings_are_what_they_say():
    with (SETS / "naughty-strings" / "blns.txt").open("rb") as stream:
        assert find_form(stream).encoding == "utf-8-sig"
