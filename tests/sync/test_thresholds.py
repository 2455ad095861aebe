"""What is held for a second look, at its edges (R-DS-03)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.sync.thresholds import Figures, hold_text, reasons_to_hold


@pytest.mark.parametrize(
    ("figures", "held"),
    [
        ({}, []),
        ({"links": 10, "links_removed": 4}, []),
        ({"links": 10, "links_removed": 5}, ["links_removed"]),
        ({"links": 100, "links_removed": 5}, []),  # 5 in 100 exactly doesn't exceed 5 in 100.
        ({"links": 99, "links_removed": 5}, ["links_removed"]),
        ({"links": 1_000_000, "links_removed": 50}, []),
        ({"links": 1_000_000, "links_removed": 51}, ["links_removed"]),
        ({"schools_emptied": (3,)}, ["school_emptied"]),
        ({"students": 49, "students_leaving": 5}, ["mass_change"]),
        ({"students": 50, "students_leaving": 5}, []),
        ({"students": 4, "students_leaving": 4}, []),
        ({"contacts": 100, "contacts_leaving": 11}, ["mass_change"]),
        ({"reopened": 1}, ["restriction_ends"]),
        ({"rows_left_out": 1}, ["missing_people"]),
        (
            {"links": 9, "links_removed": 9, "schools_emptied": (1,), "reopened": 2},
            ["links_removed", "school_emptied", "restriction_ends"],
        ),
    ],
)
def test_each_reason_at_its_edge(figures, held):
    assert reasons_to_hold(Figures(**figures)) == held


counts = st.integers(0, 200)


@given(links=counts, removed=counts, more=counts)
def test_withdrawing_more_never_releases_a_hold(links, removed, more):
    if reasons_to_hold(Figures(links=links, links_removed=removed)):
        assert reasons_to_hold(Figures(links=links, links_removed=removed + more))


@given(links=counts, removed=st.integers(0, 60))
def test_totals_need_only_be_counted_as_far_as_the_rule_looks(links, removed):
    """sync/weigh.py counts links up to removed / 5 % + 1: that must not change the answer."""
    enough = int(removed / 0.05) + 1
    counted = Figures(links=min(links, enough), links_removed=removed)
    assert reasons_to_hold(counted) == reasons_to_hold(Figures(links=links, links_removed=removed))


@given(
    figures=st.builds(
        Figures,
        links=counts,
        links_removed=counts,
        schools_emptied=st.lists(counts, max_size=3).map(tuple),
        students=counts,
        students_leaving=counts,
        contacts=counts,
        contacts_leaving=counts,
        reopened=counts,
        rows_left_out=counts,
    )
)
def test_every_reason_has_its_words(figures):
    assert all(hold_text(code, figures) != code for code in reasons_to_hold(figures))
