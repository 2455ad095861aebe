"""Rosters of people who don't exist (``rostering.md`` §11)."""

import csv
import re
from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings, Severity
from schoolgate.enrolments.roster.registry import FORMATS
from schoolgate.enrolments.roster.rows import AssociationRow, ContactRow, ReadOptions, SchoolRow, StudentRow
from schoolgate.enrolments.roster_make.make import AS_OF, WRITERS, RosterNotMade, make_roster
from schoolgate.enrolments.roster_make.world import World


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def made(folder, *, students=120, schools=3, seed=7, wanted="native"):
    return make_roster(students=students, schools=schools, seed=seed, format=wanted, out=folder)


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    """One school of a thousand, as the three native files, by name."""
    folder = tmp_path_factory.mktemp("native")
    counts = made(folder, students=1_000, schools=4)
    return counts, {name: rows(folder / f"{name}.csv") for name in ("students", "contacts", "relationships")}


@pytest.fixture(scope="module", params=[(60, 2), (1_000, 4)])
def world(request):
    """All families, of a small school and of a larger one."""
    students, schools = request.param
    return list(World(students=students, schools=schools, seed=5, as_of=AS_OF).families())


@pytest.fixture(scope="module")
def families():
    """A district large enough to show shares."""
    return list(World(students=12_000, schools=14, seed=11, as_of=AS_OF).families())


def test_every_format_that_can_be_imported_can_be_made():
    assert set(WRITERS) == set(FORMATS)


@pytest.mark.parametrize("wanted", WRITERS)
def test_an_importer_finds_neither_errors_nor_warnings_and_counts_the_same(tmp_path, wanted):
    counts = made(tmp_path, wanted=wanted)
    findings = Findings()
    with RosterFiles.at_paths([tmp_path], findings) as files:
        read = list(FORMATS[wanted].read(files, ReadOptions(), findings).rows)
    assert [each for each in findings.folded() if each.severity != Severity.NOTE] == []
    found = Counter(type(row) for row in read)
    assert found[SchoolRow] == 3
    at_two = [row for row in read if isinstance(row, StudentRow) and row.second_school_id]
    assert bool(at_two) == (wanted != "sds-1")  # Which can't say so.
    assert all(row.second_school_id != row.school_id for row in at_two)
    assert (found[StudentRow], found[ContactRow], found[AssociationRow]) == (
        counts.students,
        counts.contacts,
        counts.associations,
    )


@pytest.mark.parametrize("wanted", WRITERS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, wanted):
    contents = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        made(tmp_path / name, wanted=wanted, seed=seed)
        contents.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_a_second_roster_takes_the_place_of_the_first(tmp_path):
    made(tmp_path, seed=1)
    first = (tmp_path / "students.csv").read_bytes()
    made(tmp_path, seed=2)
    assert (tmp_path / "students.csv").read_bytes() != first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["contacts.csv", "relationships.csv", "students.csv"]


def test_a_folder_with_other_files_is_refused(tmp_path):
    made(tmp_path, wanted="native")
    with pytest.raises(RosterNotMade, match="contacts.csv"):
        made(tmp_path, wanted="sds-2")


@pytest.mark.parametrize(("students", "schools"), [(0, 1), (3, 4), (10, 0), (-5, 1), (10**9, 10)])
def test_sizes_that_make_no_sense_are_refused(tmp_path, students, schools):
    with pytest.raises(RosterNotMade):
        made(tmp_path / "out", students=students, schools=schools)
    assert not (tmp_path / "out").exists()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 8), st.integers(0, 300), st.integers(0, 10_000))
def test_students_and_schools_are_exact_whatever_is_asked(schools, more, seed):
    world = World(students=schools + more, schools=schools, seed=seed, as_of=AS_OF)
    per_school = Counter(student.school.number for family in world.families() for student in family.students)
    assert per_school.total() == schools + more
    assert {school.number: school.size for school in world.schools} == dict(per_school)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("students", "schools"), [(150, 1), (1_000, 2), (6_000, 9)])
def test_contacts_are_within_three_in_a_hundred_of_1_8_a_student(students, schools, seed):
    world = World(students=students, schools=schools, seed=seed, as_of=AS_OF)
    contacts = sum(len(family.contacts) for family in world.families())
    assert abs(contacts / (1.8 * students) - 1) <= 0.03


def test_no_two_students_have_one_name_and_one_birth_date(native):
    _, tables = native
    seen = Counter((row["family_name"], row["given_name"], row["birth_date"]) for row in tables["students"])
    assert max(seen.values()) == 1


def test_mail_could_reach_nobody(native):
    """E-mails only at names reserved for examples, phones only from ranges kept for fiction."""
    _, tables = native
    emails = [row["email"] for table in ("students", "contacts") for row in tables[table] if row["email"]]
    assert all(email.rpartition("@")[2].endswith(".example") for email in emails)
    phones = [row[name] for row in tables["contacts"] for name in ("phone_home", "phone_work") if row[name]]
    assert all(re.fullmatch(r"0[2378] (5550|7010) \d{4}", phone) for phone in phones)
    assert all(row["mobile"].startswith("0491 57") for row in tables["contacts"] if row["mobile"])


class TestWhatMustOccur:
    """At least once in every roster, however small a school."""

    def ties_of(self, world):
        return [tie for family in world for tie in family.ties]

    def test_a_relative_who_is_a_student(self, world):
        students = {student.id for family in world for student in family.students}
        sisters = [tie for tie in self.ties_of(world) if tie.contact.student_id]
        assert sisters
        assert all(tie.contact.student_id in students and tie.relationship == "sibling" for tie in sisters)

    def test_a_mother_who_is_a_student(self, world):
        names = {(student.given_name, student.family_name) for family in world for student in family.students}
        mothers = [tie for tie in self.ties_of(world) if tie.relationship == "mother"]
        assert any((tie.contact.given_name, tie.contact.family_name) in names for tie in mothers)

    def test_a_contact_of_twelve_children(self, world):
        children = Counter(tie.contact.id for tie in self.ties_of(world))
        assert max(children.values()) >= 12

    def test_a_household_in_two_schools(self, world):
        schools = defaultdict(set)
        for family in world:
            for student in family.students:
                schools[student.household.id].add(student.school.number)
        assert max(map(len, schools.values())) >= 2

    def test_a_child_with_two_households_and_two_orders_of_contacts(self, world):
        homes, orders = defaultdict(set), defaultdict(list)
        for tie in self.ties_of(world):
            if tie.lives_with and tie.contact.household:
                homes[tie.student.id].add(tie.contact.household.id)
                orders[tie.student.id].append(tie.order)
        assert any(len(found) == 2 and sorted(orders[child]) == [1, 1, 2, 2] for child, found in homes.items())

    def test_siblings_and_a_parent_barred_from_one_child_of_three(self, world):
        assert any(len(family.students) > 1 for family in world)
        barred = [tie for tie in self.ties_of(world) if tie.restriction]
        in_force = [tie for tie in barred if tie.restriction.starts_on <= AS_OF < (tie.restriction.ends_on or date.max)]
        assert any(
            Counter(tie.restriction is None for tie in self.ties_of(world) if tie.contact.id == each.contact.id)
            == {False: 1, True: 2}
            for each in in_force
        )


class TestShares:
    """As the table of the spec has them, in a district large enough to tell."""

    def test_families_and_ties(self, families):
        students = sum(len(family.students) for family in families)
        assert 1.5 < students / len(families) < 1.9
        assert 2.8 < sum(len(family.ties) for family in families) / students < 3.3

    def test_names_come_in_many_scripts_and_languages(self, families):
        written = "".join(student.family_name for family in families for student in family.students)
        for letter in "AΣИحक김王":
            script = {
                "A": "[A-Z]",
                "Σ": "[Α-Ω]",
                "И": "[А-Я]",
                "ح": "[ء-ي]",
                "क": "[अ-ह]",
                "김": "[가-힣]",
                "王": "[一-龥]",
            }
            assert re.search(script[letter], written), letter
        languages = Counter(contact.language for family in families for contact in family.contacts)
        assert 0.2 < 1 - languages["en"] / languages.total() < 0.55
        assert len(languages) > 20

    def test_restrictions_and_missing_mailboxes(self, families):
        ties = [tie for family in families for tie in family.ties]
        students = {tie.student.id for tie in ties}
        assert 0.005 < len({tie.student.id for tie in ties if tie.restriction}) / len(students) < 0.02
        not_in_force = [
            tie for tie in ties
            if tie.restriction and not tie.restriction.starts_on <= AS_OF <= (tie.restriction.ends_on or AS_OF)
        ]  # fmt: skip
        assert not_in_force
        contacts = [contact for family in families for contact in family.contacts]
        assert 0.1 < sum(not contact.email for contact in contacts) / len(contacts) < 0.45

    def test_children_of_school_age(self, families):
        ages = [AS_OF - student.birth_on for family in families for student in family.students]
        assert timedelta(days=4.5 * 365) < min(ages)
        assert max(ages) < timedelta(days=19.5 * 365)
