"""Whom a run is for, where each is counted, who is left out and why: pure (R-GS-01 to R-GS-03, R-GP-03)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.jobs.subject import Subject
from schoolgate.keys.schemes import Facts, why_not_generate
from schoolgate.keys.subjects import CONTACT, FAMILY, STUDENT, STUDENT_SELF
from schoolgate.keys.whom import ContactsAsked, Place, RunPair, RunStudent, plan_of, weigh

OLD, MIDDLE, YOUNG = date(2008, 2, 29), date(2012, 5, 1), date(2016, 11, 2)


def student(pk, *, school=1, year="7", born=MIDDLE):
    return RunStudent(pk, school, year, f"{year}B", born)


def pair(student_id, contact_id, **given):
    columns = {
        "household_id": None, "is_parent": True, "is_link": True, "is_closed": False,
        "relationship": "Mother", "lives_with": True, "order": 1,
    }  # fmt: skip
    return RunPair(student_id, contact_id, **(columns | given))


def adults(plan):
    return [subject for subject in plan.subjects if subject.kind != STUDENT_SELF]


def test_students_as_themselves_come_first_then_the_adults_in_the_students_order():
    students = [student(5), student(6)]
    plan = plan_of(students, [pair(6, 1), pair(5, 2)], for_students=True, parent_kind=CONTACT)
    assert plan.subjects == [
        Subject(STUDENT_SELF, 5),
        Subject(STUDENT_SELF, 6),
        Subject(CONTACT, 2),
        Subject(CONTACT, 1),
    ]


def test_a_contact_with_several_students_is_there_once_under_the_youngest_one_s_school():
    """R-GS-03, G-02"""
    students = [student(5, school=1, born=OLD), student(6, school=2, born=YOUNG), student(7, school=3, born=None)]
    plan = plan_of(students, [pair(5, 1), pair(6, 1), pair(7, 1)], for_students=False, parent_kind=CONTACT)
    assert plan.student_by_subject == {Subject(CONTACT, 1): students[1]}
    assert plan.shared == {Subject(CONTACT, 1)}


def test_a_contact_with_several_students_at_one_school_is_not_called_shared():
    students = [student(5, born=OLD), student(6, year="3", born=YOUNG)]
    plan = plan_of(students, [pair(5, 1), pair(6, 1)], for_students=False, parent_kind=CONTACT)
    assert plan.student_by_subject == {Subject(CONTACT, 1): students[1]}
    assert not plan.shared


def test_a_contact_of_one_student_at_two_schools_of_the_run_is_shared():
    """R-GS-03, R-RK-10: one key, for both."""
    both = RunStudent(5, 1, "7", "7B", MIDDLE, is_at_both=True)
    assert plan_of([both], [pair(5, 1)], for_students=False, parent_kind=CONTACT).shared == {Subject(CONTACT, 1)}


def test_twins_of_one_birth_date_stand_by_the_first_in_the_order():
    students = [student(5, school=1), student(6, school=2)]
    plan = plan_of(students, [pair(6, 1), pair(5, 1)], for_students=False, parent_kind=CONTACT)
    assert plan.student_by_subject[Subject(CONTACT, 1)] == students[0]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (CONTACT, [Subject(CONTACT, 1)]),
        (FAMILY, [Subject(FAMILY, 90, 1), Subject(FAMILY, 91, 1)]),
        (STUDENT, [Subject(STUDENT, 5, 1), Subject(STUDENT, 6, 1), Subject(STUDENT, 7, 1)]),
    ],
)
def test_the_key_system_says_what_an_adult_s_key_is_tied_to(kind, expected):
    """R-ST-05: each household's or student's key carries the contact it is made for."""
    students = [student(5), student(6), student(7)]
    pairs = [pair(5, 1, household_id=90), pair(6, 1, household_id=91), pair(7, 1, household_id=91)]
    assert adults(plan_of(students, pairs, for_students=False, parent_kind=kind)) == expected


def test_who_is_no_subject_is_left_out_once_each_with_one_reason():
    students = [student(5), student(6, year="3", born=YOUNG)]
    pairs = [
        pair(5, 1, is_link=False), pair(6, 1, is_link=False),  # No access to either of them.
        pair(5, 2, is_link=False, is_closed=True), pair(6, 2, is_link=False, is_closed=True),
        pair(5, 3, is_parent=False),
        pair(5, 4, is_link=False, is_closed=True), pair(6, 4),  # Barred from one, and sees the other.
        pair(5, 5, is_link=False, is_closed=True), pair(6, 5, is_link=False),
    ]  # fmt: skip
    plan = plan_of(students, pairs, for_students=False, parent_kind=CONTACT)
    assert adults(plan) == [Subject(CONTACT, 4)]
    whys = {contact: why for contact, (_student, why) in plan.left_out.items()}
    assert whys == {1: "no_link", 2: "restricted", 3: "not_parent", 5: "no_link"}
    assert plan.left_out[1][0] == students[1]


def test_a_link_outside_of_any_household_has_no_family_key():
    plan = plan_of([student(5)], [pair(5, 1)], for_students=False, parent_kind=FAMILY)
    assert not plan.subjects
    assert {why for _student, why in plan.left_out.values()} == {"no_household"}


def test_a_pair_of_a_student_beyond_the_run_counts_for_nothing():
    plan = plan_of([student(5)], [pair(99, 1), pair(99, 2, is_link=False)], for_students=False, parent_kind=CONTACT)
    assert not plan.subjects
    assert not plan.left_out


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (ContactsAsked(), [1, 2, 3]),
        (ContactsAsked(relationships=frozenset({"mother"})), [1]),
        (ContactsAsked(lives_with=True), [1, 2]),
        (ContactsAsked(order_at_most=1), [1]),
        (ContactsAsked(order_at_most=2), [1, 2]),
        (ContactsAsked(relationships=frozenset({"father"}), order_at_most=1), []),
    ],
)
def test_only_the_contacts_that_were_asked_for(asked, expected):
    """R-GP-03: by relationship, lives with, order. What the roster doesn't say isn't so."""
    pairs = [
        pair(5, 1),
        pair(5, 2, relationship="Father", order=2),
        pair(5, 3, relationship="Aunt", lives_with=None, order=None),
    ]
    plan = plan_of([student(5)], pairs, for_students=False, parent_kind=CONTACT, contacts=asked)
    assert [subject.id for subject in adults(plan)] == expected
    assert not plan.left_out, "Who was not asked for is not told of as left out."


def test_the_lines_count_each_subject_once_under_its_place_with_why():
    """R-GS-02"""
    students = [student(5, school=1), student(6, school=2, born=YOUNG), student(7, school=2, year="K", born=None)]
    pairs = [pair(5, 1), pair(6, 1), pair(5, 2), pair(6, 3), pair(7, 4, is_link=False)]
    plan = plan_of(students, pairs, for_students=True, parent_kind=CONTACT)
    linked = Facts(has_link=True)
    facts = {
        Subject(STUDENT_SELF, 5): linked,
        Subject(STUDENT_SELF, 6): Facts(never="no_birth_date"),
        Subject(STUDENT_SELF, 7): linked,
        Subject(CONTACT, 1): linked,
        Subject(CONTACT, 2): Facts(has_link=True, key_id=12),
        Subject(CONTACT, 3): linked,
    }
    one, seven, kinder = weigh(plan, facts, why_not_generate, held={Subject(CONTACT, 3)})
    assert (one.place, one.students, one.subjects, one.gaps, one.to_make) == (Place(1, "7"), 1, 2, 1, 1)
    assert one.skipped == {"live_key": 1}
    assert (seven.students, seven.subjects, seven.gaps) == (1, 3, 2)
    assert (seven.for_students, seven.for_parents, seven.shared) == (0, 1, 1)
    assert seven.skipped == {"no_birth_date": 1, "in_run": 1}, "R-RN-05: another run makes that one."
    assert (kinder.students, kinder.subjects, kinder.gaps, kinder.skipped) == (1, 2, 1, {"no_link": 1})


_students = st.lists(
    st.builds(
        RunStudent,
        id=st.integers(1, 12), school_id=st.integers(1, 3), year_level=st.sampled_from(["7", "8"]),
        roll_class=st.just("7B"), birth_date=st.sampled_from([None, OLD, MIDDLE, YOUNG]),
    ),
    unique_by=lambda each: each.id, max_size=8,
)  # fmt: skip
_pairs = st.lists(
    st.builds(
        RunPair,
        student_id=st.integers(1, 14), contact_id=st.integers(1, 6), household_id=st.sampled_from([None, 90, 91]),
        is_parent=st.booleans(), is_link=st.booleans(), is_closed=st.booleans(),
        relationship=st.sampled_from(["Mother", "Aunt"]), lives_with=st.booleans(), order=st.sampled_from([None, 1, 2]),
    ),
    unique_by=lambda each: (each.student_id, each.contact_id), max_size=30,
)  # fmt: skip


@given(_students, _pairs, st.booleans(), st.sampled_from(["", CONTACT, FAMILY, STUDENT]))
def test_every_contact_of_the_run_is_a_subject_or_left_out_and_the_lines_add_up(students, pairs, for_students, kind):
    plan = plan_of(students, pairs, for_students=for_students, parent_kind=kind)
    assert len(set(plan.subjects)) == len(plan.subjects)
    chosen = {each.id for each in students}
    of_run = {each.contact_id for each in pairs if kind and each.student_id in chosen}
    served = {subject.addressee for subject in adults(plan)}
    assert served | set(plan.left_out) == of_run
    assert not served & set(plan.left_out)
    for subject in adults(plan):
        assert any(p.is_link and p.is_parent and p.contact_id == subject.addressee for p in pairs)
    facts = {subject: Facts(has_link=True) for subject in plan.subjects}
    lines = weigh(plan, facts, why_not_generate, held=())
    assert sum(line.to_make for line in lines) == len(plan.subjects)
    assert sum(line.subjects for line in lines) == len(plan.subjects) + len(plan.left_out)
    assert sum(line.students for line in lines) == len(students)
    assert sum(line.shared for line in lines) == len(plan.shared)
