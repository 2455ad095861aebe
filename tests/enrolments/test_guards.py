"""When an import waits for a second look (rostering.md §10, guards 1 to 6), and when it doesn't."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.enrolments.guards import (
    Ages,
    Hold,
    KindNumbers,
    SchoolNumbers,
    weigh_ages,
    weigh_kind,
    weigh_schools,
)
from schoolgate.enrolments.models import Association, Restriction, RosterImport, Student
from tests.enrolments.test_import_roster import EASY, codes, contact, student, take, tie
from tests.enrolments.test_roster_oneroster import v1_1
from tests.factories.rosters import csv_of, many, native, one_family, without, zip_of
from tests.factories.tenancy import NOW, make_tenant


def holds(**numbers):
    given_ = {"kind": "students", "active": 0, "leaving": 0, "staged": 100, "is_listed": True, **numbers}
    return [weighed.hold for weighed in weigh_kind(KindNumbers(**given_))]


# Pure: the numbers.


@pytest.mark.parametrize(("active", "leaving", "holds_"), [
    (100, 10, False), (100, 11, True), (40, 4, False), (40, 5, True), (10, 4, False), (1000, 100, False), (1000, 101, True),
])  # fmt: skip
def test_more_than_a_tenth_leaving_and_at_least_five(active, leaving, holds_):
    assert (Hold.MISSING_PEOPLE in holds(active=active, leaving=leaving)) is holds_


def test_none_left_of_a_kind_that_had_some():
    assert holds(active=2, leaving=2, staged=0) == [Hold.MISSING_PEOPLE]
    assert holds(active=2, leaving=0, staged=0, is_listed=False) == []


@pytest.mark.parametrize(("changed", "holds_"), [(75, False), (76, True)])
def test_more_than_three_quarters_changed(changed, holds_):
    assert (Hold.MASS_CHANGE in holds(matched=100, changed=changed)) is holds_


@pytest.mark.parametrize(("shifted", "holds_"), [(30, False), (31, True)])
def test_more_than_three_in_ten_of_a_telling_column(shifted, holds_):
    assert (Hold.MASS_CHANGE in holds(matched=100, shifted={"family_name": shifted})) is holds_


@pytest.mark.parametrize(("new", "vanished", "paired", "holds_"), [
    (5, 5, 4, True), (4, 4, 4, False), (50, 50, 39, False), (50, 50, 40, True), (50, 10, 10, False), (50, 50, 0, False),
])  # fmt: skip
def test_ids_that_pair_up_by_name(new, vanished, paired, holds_):
    assert (Hold.IDS_CHANGED in holds(new=new, vanished=vanished, paired=paired)) is holds_


@pytest.mark.parametrize(("active", "leaving", "is_listed", "holds_"), [
    (20, 5, True, False), (20, 6, True, True), (19, 19, True, False), (3, 3, False, True), (3, 0, False, False),
])  # fmt: skip
def test_a_quarter_of_a_school_or_a_whole_one(active, leaving, is_listed, holds_):
    assert bool(list(weigh_schools([SchoolNumbers("Hill", active, leaving, is_listed)]))) is holds_


def test_an_older_file_unless_it_is_the_same():
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    assert [weighed.hold for weighed in weigh_ages(Ages(early, late, False))] == [Hold.OLDER_FILE]
    for ages in (Ages(late, early, False), Ages(early, late, True), Ages(None, late, False), Ages(early, None, False)):
        assert not list(weigh_ages(ages))


@given(st.integers(0, 4), st.integers(0, 10_000))
def test_counts_under_five_never_hold_by_percent(leaving, active):
    assert holds(active=max(active, leaving), leaving=leaving, matched=leaving, changed=leaving) == []


# In the database: where the numbers come from.

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant()


def held(tenant, files, **changes):
    return list(take(tenant, files, approves=False, **changes).held)


def test_a_first_import_is_never_held(tenant):
    assert held(tenant, many(30)) == []


def test_guard_1_students_contacts_and_ties(tenant):
    take(tenant, many(30))
    whole = many(30)
    assert held(tenant, without(whole, *(f"S{n}" for n in range(4)))) == []
    take(tenant, whole)
    assert held(tenant, without(whole, *(f"S{n}" for n in range(9)))) == ["missing_people"]
    ties = {**whole, "relationships.csv": without(whole, *(f"C{n}" for n in range(9)))["relationships.csv"]}
    assert held(tenant, ties) == ["missing_people"]
    nobody = {**whole, "relationships.csv": csv_of([], headings=["student_id", "contact_id", "relationship"])}
    assert held(tenant, nobody) == ["missing_people"]


def test_guard_1_a_school_that_vanished(tenant):
    def district(*schools):
        orgs = tuple({"sourcedId": f"O{n}", "identifier": str(n), "name": f"School {n}"} for n in schools)
        return v1_1(
            [
                {"sourcedId": f"U{n}{m}", "orgSourcedIds": f"O{n}", "givenName": f"N{m}"}
                for n in schools
                for m in range(n)
            ],
            orgs=orgs,
        )

    take(tenant, district(1, 60))
    result = take(tenant, district(60), approves=False)
    assert result.held == ("missing_people",)
    assert "School 1" in next(finding.why for finding in result.findings if finding.code == "guard.missing_people")


def test_guard_1_a_quarter_of_one_school(tenant):
    small, large = many(20, prefix="a", school="101"), many(300, prefix="b", school="102")
    both = {name: large[name] + text.split("\n", 1)[1] for name, text in small.items()}
    take(tenant, both)
    assert held(tenant, without(both, *(f"aS{n}" for n in range(6)))) == ["missing_people"]
    assert held(tenant, without(both, *(f"aS{n}" for n in range(5)))) == []


def test_guard_2_a_shifted_column(tenant):
    take(tenant, many(30))
    shifted = many(30)
    shifted["students.csv"] = shifted["students.csv"].replace(",Family", ",Shifted")
    result = take(tenant, shifted, approves=False)
    assert result.held == ("mass_change",)
    assert {f.column for f in result.findings if f.code == "guard.mass_change"} == {"students", "family_name"}
    dates = many(30)
    dates["contacts.csv"] = dates["contacts.csv"].replace("@home.example", "@mail.example")
    assert held(tenant, dates) == ["mass_change"]


def test_guard_3_an_id_used_for_somebody_else(tenant):
    take(tenant, many(8))
    files = many(8)
    files["students.csv"] = files["students.csv"].replace(
        "S3,101,Family3,Ada,2013-04-13", "S3,101,Nowak,Ben,2012-01-01"
    )
    assert files != many(8)
    result = take(tenant, files, approves=False)
    assert result.held == ("id_reuse",)
    finding = next(finding for finding in result.findings if finding.code == "guard.id_reuse")
    assert (finding.file, finding.line, finding.value) == ("students.csv", 5, "S3")


def test_guard_3_though_the_office_has_corrected_something_else(tenant):
    """The new child must not inherit who sees the old one because somebody had once mended a roll class."""
    take(tenant, many(8))
    Student.objects.for_tenant(tenant).filter(source_id="S3").update(roll_class="7B", hand_fields=["roll_class"])
    files = many(8)
    files["students.csv"] = files["students.csv"].replace(
        "S3,101,Family3,Ada,2013-04-13", "S3,101,Nowak,Ben,2012-01-01"
    )
    assert held(tenant, files) == ["id_reuse"]


def test_guard_3_is_not_tripped_by_a_name_that_the_office_has_set(tenant):
    take(tenant, many(8))
    Student.objects.for_tenant(tenant).filter(source_id="S3").update(family_name="Nowak", hand_fields=["family_name"])
    files = many(8)
    files["students.csv"] = files["students.csv"].replace(
        "S3,101,Family3,Ada,2013-04-13", "S3,101,Family3,Ada,2013-04-14"
    )
    assert held(tenant, files) == []


def test_guard_3_approved_parts_the_two_and_carries_nothing_over(tenant):
    take(tenant, many(8))
    before = student(tenant, "S3")
    Association.objects.for_tenant(tenant).filter(student=before).update(flag_how="hand")
    files = many(8)
    files["students.csv"] = files["students.csv"].replace(
        "S3,101,Family3,Ada,2013-04-13", "S3,101,Nowak,Ben,2012-01-01"
    )
    files["relationships.csv"] = without(files, "S3")["relationships.csv"]
    told = take(tenant, files, dry_run=True)
    result = take(tenant, files)
    assert (told.students, result.students) == (result.students, result.students)
    assert result.students.added == 1
    newcomer = student(tenant, "S3")
    before.refresh_from_db()
    assert newcomer.pk != before.pk
    assert (before.state, before.source_id, before.family_name) == ("inactive", f"S3 #{before.pk}", "Family3")
    assert not Association.objects.for_tenant(tenant).standing().filter(student__in=[before, newcomer]).exists()


def test_guard_3_what_is_not_applied_parts_nobody(tenant):
    take(tenant, many(8))
    before = student(tenant, "S3")
    files = many(8)
    files["students.csv"] = files["students.csv"].replace(
        "S3,101,Family3,Ada,2013-04-13", "S3,101,Nowak,Ben,2012-01-01"
    )
    files["contacts.csv"] = files["contacts.csv"].replace("c3@home", "c 3@home")
    assert take(tenant, files, accepts_warnings=False).state == "warned"
    before.refresh_from_db()
    assert (before.source_id, before.state) == ("S3", "active")


def test_a_name_or_a_birth_date_alone_may_change(tenant):
    take(tenant, many(8))
    files = many(8)
    files["students.csv"] = (
        files["students.csv"].replace("S3,101,Family3,", "S3,101,Nowak,").replace("2014-05-14", "2014-05-15")
    )
    assert held(tenant, files) == []


def test_guard_4_new_ids_for_the_same_people(tenant):
    take(tenant, many(20))
    renumbered = {name: text.replace("S1,", "S901,").replace("S2,", "S902,") for name, text in many(20).items()}
    assert held(tenant, renumbered) == ["ids_changed"]
    take(tenant, renumbered)
    assert student(tenant, "S1").state == "inactive"
    assert student(tenant, "S901").pk != student(tenant, "S1").pk


def test_guard_4_contacts_pair_by_name_address_and_student(tenant):
    take(tenant, many(20))
    renumbered = {name: text.replace("C1,", "C901,").replace("C2,", "C902,") for name, text in many(20).items()}
    assert held(tenant, renumbered) == ["ids_changed"]


def test_guard_4_one_family_in_and_another_out_is_no_matter(tenant):
    take(tenant, many(40))
    files = without(many(40), "S1", "C1")
    for name, text in many(1, prefix="new").items():
        files[name] += text.split("\n", 1)[1]
    assert held(tenant, files) == []


def test_leading_zeros_lost(tenant):
    padded = {name: text.replace("S", "001").replace("C", "002") for name, text in many(12).items()}
    take(tenant, padded)
    stripped = {
        name: "\n".join(",".join(cell.lstrip("0") if cell.isdigit() else cell for cell in line.split(",")) for line in text.split("\n"))
        for name, text in padded.items()
    }  # fmt: skip
    result = take(tenant, stripped, approves=False)
    assert "leading_zeros" in result.held
    finding = next(f for f in result.findings if f.code == "guard.leading_zeros" and f.file == "contacts.csv")
    assert "“0020”" in finding.why


def test_guard_5_a_pair_that_had_a_restriction_gets_a_tie(tenant):
    take(tenant, native([{}], [{}], []))
    Restriction.objects.create(
        tenant=tenant, source="office", student=student(tenant), contact=contact(tenant), starts_on="2024-01-01",
        ends_on="2025-01-01", recorded_at=NOW, recorded_how="hand", reviewed_at=NOW, changed_no=1,
    )  # fmt: skip
    assert held(tenant, one_family()) == ["restriction_ends"]
    take(tenant, one_family())
    assert tie(tenant).ended_at is None


def test_guard_5_a_known_contact_who_gains_many_students(tenant):
    take(tenant, many(30))
    more = many(30)
    extra = csv_of([{"student_id": f"S{n}", "contact_id": "C0", "relationship": "foster carer"} for n in range(10, 20)])
    more["relationships.csv"] += extra.split("\n", 1)[1]
    result = take(tenant, more, approves=False)
    assert result.held == ("mass_change",)
    assert "C0" in next(finding.why for finding in result.findings if finding.code == "guard.mass_change")
    assert held(tenant, {**many(30), "relationships.csv": more["relationships.csv"].rsplit("\n", 2)[0] + "\n"}) == []


def test_guard_6_an_older_zip(tenant):
    take(tenant, {"a.zip": zip_of(many(6))})
    last = RosterImport.objects.for_tenant(tenant).get()
    RosterImport.objects.for_tenant(tenant).update(newest_in_file_at=last.newest_in_file_at + timedelta(days=1))
    assert held(tenant, {"a.zip": zip_of(many(7))}) == ["older_file"]
    assert held(tenant, {"a.zip": zip_of(many(6))}) == []
    assert held(tenant, many(7)) == []


def test_what_was_held_is_as_it_was(tenant):
    take(tenant, many(30))
    before = list(Student.objects.for_tenant(tenant).order_by("pk").values())
    result = take(tenant, without(many(30), *(f"S{n}" for n in range(9))), options=EASY, approves=False)
    assert "hold guard.missing_people" in codes(result)
    assert list(Student.objects.for_tenant(tenant).order_by("pk").values()) == before


def test_years_end_of_one_school_is_held_and_can_be_confirmed(tenant):
    take(tenant, many(60, year_level="7"))
    next_year = without(many(60, year_level="8"), *(f"S{n}" for n in range(10)), *(f"C{n}" for n in range(10)))
    assert held(tenant, next_year) == ["missing_people", "mass_change"]
    assert take(tenant, next_year).students.total == 50


@pytest.mark.parametrize(("before", "after", "is_held"), [
    (("102", ""), ("102", "101"), True),  # Brought beside their own school.
    (("102", ""), ("101", ""), True),  # Brought away from it.
    (("101", "102"), ("101", ""), True),  # Taken out of the other one.
    (("102", "101"), ("101", ""), True),
    (("102", "101"), ("101", "102"), False),
    (("102", "101"), ("102", ""), False),  # Out of its own.
    (("101", ""), ("102", ""), False),
    (("101", ""), ("101", "102"), False),
])  # fmt: skip
def test_an_import_for_one_school_moves_nobody_of_another_without_a_word(tenant, before, after, is_held):
    """R-RK-11: it would show the student to the one office, or take them from the other."""

    def files(main, second):
        stays = {"student_id": "S2", "given_name": "Ben", "school_code": "101"}
        other = {"student_id": "S3", "given_name": "Cy", "school_code": "102"}
        return native([{"school_code": main, "second_school_code": second}, stays, other], [{}], [{}])

    take(tenant, files(*before))
    result = take(tenant, files(*after), school_number=101, dry_run=True)
    assert ("mass_change" in result.held) is is_held


def test_a_student_whose_own_school_has_let_them_go_comes_without_a_hold(tenant):
    files = native(
        [{"school_code": "102"}, {"student_id": "S2", "given_name": "Ben", "school_code": "101"}], [{}], [{}]
    )
    take(tenant, files)
    Student.objects.filter(source_id="S1").update(state="inactive")
    moved = {name: text.replace("S1,102", "S1,101") for name, text in files.items()}
    assert take(tenant, moved, school_number=101, dry_run=True).held == ()
