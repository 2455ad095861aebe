"""The order of a pile, and who must not lie beside whom (R-CK-10, B-03)."""

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from schoolgate.letters.print_order import OrderedLetter, OrderedStudent, print_order


def student(school=1, year="7", roll_class="7B", name="cole mia", born=date(2014, 1, 1)) -> OrderedStudent:
    return OrderedStudent(school, year, roll_class, name, born)


def letter(contact_id: int, *students: OrderedStudent, number: str = "") -> OrderedLetter:
    return OrderedLetter(contact_id, number or f"C{contact_id}", students)


def test_letters_lie_by_school_year_class_child_and_contact():
    pile = [
        letter(1, student(school=2, year="1")),
        letter(2, student(year="10", roll_class="10A")),
        letter(3, student(year="7", roll_class="7B", name="cole mia"), number="C10"),
        letter(4, student(year="7", roll_class="7B", name="cole mia"), number="C9"),
        letter(5, student(year="7", roll_class="7B", name="abel ann")),
        letter(6, student(year="7", roll_class="7A", name="zed zoe")),
        letter(7, student(year="K", roll_class="KB")),
        letter(8),
    ]
    assert print_order(pile) == [7, 6, 5, 4, 3, 2, 1, 8]


def test_the_youngest_child_decides():
    """Whoever takes the letter home is in one class."""
    elder, younger = student(year="9", born=date(2012, 1, 1)), student(year="2", born=date(2019, 1, 1))
    assert print_order([letter(1, student(year="5")), letter(2, elder, younger)]) == [2, 1]


def test_a_child_without_a_birth_date_never_counts_as_the_youngest():
    unknown, known = student(year="1", born=None), student(year="9")
    assert print_order([letter(1, student(year="5")), letter(2, unknown, known)]) == [1, 2]


def test_contacts_with_a_restriction_between_them_are_no_neighbours():
    pile = [letter(1, student()), letter(2, student()), letter(3, student(name="young zoe"))]
    assert print_order(pile, {frozenset({1, 2})}) == [1, 3, 2]


def test_the_last_two_are_parted_by_going_back():
    pile = [
        letter(3, student(name="abel")),
        letter(4, student(name="baker")),
        letter(1, student()),
        letter(2, student()),
    ]
    found = print_order(pile, {frozenset({1, 2})})
    assert sorted(found) == [1, 2, 3, 4]
    assert abs(found.index(1) - found.index(2)) > 1


def test_two_who_are_all_there_is_are_both_printed():
    assert sorted(print_order([letter(1), letter(2)], {frozenset({1, 2})})) == [1, 2]


@given(
    st.integers(1, 40),
    st.sets(st.tuples(st.integers(1, 40), st.integers(1, 40)).filter(lambda pair: pair[0] < pair[1]), max_size=6),
)
def test_every_letter_is_in_the_pile_once_and_foes_are_apart_where_it_can_be(count, pairs):
    found = print_order([letter(n, student()) for n in range(1, count + 1)], {frozenset(pair) for pair in pairs})
    assert sorted(found) == list(range(1, count + 1))
    if count >= 20:  # With so many letters between, there is always a place.
        assert not any((min(two), max(two)) in pairs for two in pairwise(found))


def test_without_anybody_to_keep_apart_the_order_stands():
    """The negative control: the same pile without the rule has them side by side."""
    pile = [letter(n, student()) for n in (1, 2, 3)]
    assert print_order(pile) == [1, 2, 3]
