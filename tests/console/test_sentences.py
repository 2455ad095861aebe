"""Every act that the code records has a sentence (R-AU-02): a new one fails here until somebody says it in a school's words."""

import ast

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.console.names import Names
from schoolgate.console.sentences import SENTENCES, before_and_after, sentence_of
from tests.architecture.tree import calls, sources

SPECIAL = {
    "access.saved",
    "contact.added",
    "association.made",
    "association.ended",
    "household.joined",
    "household.left",
    "sync.applied",
    "key_system.changed",
}
NAMES = Names({("user", 1): "Jo Mercer", ("student", 2): "Ada Okafor", ("contact", 3): "Amara Okafor"})


def recorded_acts() -> set[str]:
    """The first argument of every record(…) in the code."""
    found = set()
    for source in sources():
        for call in calls(source.tree):
            if getattr(call.func, "id", "") == "record" and call.args and isinstance(call.args[0], ast.Constant):
                found.add(call.args[0].value)
    return found


def entry(act, *subjects, actor_id=1, **detail):
    return AuditEntry(
        act=act, actor_kind="staff", actor_id=actor_id, subjects=[list(each) for each in subjects], detail=detail
    )


def test_every_act_has_a_sentence():
    told_alike = {act for act in recorded_acts() if act.endswith(".exported")}
    assert recorded_acts() <= {*SENTENCES, *SPECIAL, *told_alike}


@pytest.mark.parametrize("act", sorted({*SENTENCES, *SPECIAL}))
def test_an_entry_that_lacks_what_its_sentence_names_is_told_all_the_same(act):
    assert sentence_of(entry(act), NAMES)


def test_a_download_with_a_sentence_of_its_own_is_told_by_it():
    told = sentence_of(entry("key_run.exported", rows=12), NAMES)
    assert told == "Jo Mercer downloaded the list of a run of keys (12 rows)."
    assert sentence_of(entry("keys.exported", rows=12), NAMES) == "Jo Mercer downloaded a list (keys) of 12 rows."


def test_a_search_is_told_by_its_fields():
    """registration-keys §11."""
    told = sentence_of(entry("accounts.searched", fields=["last_name", "student_no"], hits=2), NAMES)
    assert told == "Jo Mercer searched for accounts by family name, Student Id: 2 found."


def test_an_act_nobody_knows_is_told_by_its_own_words():
    assert sentence_of(entry("moon.landed_on", ("student", 2)), NAMES) == "Jo Mercer – moon: landed on (Ada Okafor)"


def test_what_was_turned_is_told_for_each_pair():
    pairs = [{"student": 2, "contact": 3, "on": True}]
    assert (
        sentence_of(entry("access.saved", pairs=pairs), NAMES)
        == "Jo Mercer turned portal access on for Amara Okafor to see Ada Okafor."
    )
    many = [{"student": 2, "contact": 3, "on": n % 3 > 0} for n in range(9)]
    assert (
        sentence_of(entry("access.saved", pairs=many), NAMES)
        == "Jo Mercer turned portal access on for 6 pairs and off for 3."
    )


def test_many_people_are_counted_and_strangers_stay_nameless():
    """R-PM-01: of another school's student no name."""
    told = sentence_of(entry("restriction.made", ("contact", 3), *(("student", n) for n in range(2, 7))), NAMES)
    assert (
        told
        == "Jo Mercer recorded a restriction of Amara Okafor from Ada Okafor, a student of another school and 3 more."
    )


def test_before_and_after_are_laid_side_by_side():
    changed = entry(
        "setting.changed",
        before={"portal_open": False, "help_line": ""},
        after={"portal_open": True, "help_line": "02 5550"},
    )
    assert before_and_after(changed) == [("help line", "–", "02 5550"), ("portal open", "no", "yes")]
