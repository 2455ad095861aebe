"""What docs/reference/ says about the commands is what they say themselves."""

import re

import pytest

from schoolgate.cli import _parser
from schoolgate.enrolments.guards import Hold
from schoolgate.keys import schemes
from schoolgate.letters import send_emails
from schoolgate.sync.thresholds import Figures, reasons_to_hold
from tests.architecture.tree import ROOT
from tests.reference import ANSWERS, DOCS, HOLDS, PAGES, SKIPS, leaves


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_in_step_with_the_code(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_pages_of_the_documentation_link_to_pages_that_are_there():
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    targets = [(page, target) for page in pages for target in link.findall(page.read_text(encoding="utf-8"))]
    assert not [f"{page.name}: {target}" for page, target in targets if not (page.parent / target).exists()]


def test_every_command_says_what_it_prints():
    names = {path.removeprefix("schoolgate ") for path, _said, _parser in leaves(_parser())}
    assert names == set(ANSWERS)


def test_every_command_and_option_is_in_the_reference():
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}
    for path, _said, parser in leaves(_parser()):
        section = sections[path.removeprefix("schoolgate ")]
        options = [option for action in parser._actions for option in action.option_strings if option.startswith("--")]
        assert not [option for option in options if option != "--help" and option not in section], path


def test_every_reason_to_hold_is_in_the_reference():
    everything = Figures(
        links=100, links_removed=100, schools_emptied=(1,), students=9, students_leaving=9, reopened=1, rows_left_out=1
    )
    assert set(HOLDS) == {hold.value for hold in Hold} | set(reasons_to_hold(everything))


def test_every_reason_to_skip_is_in_the_reference():
    of_keys = {value for name, value in vars(schemes).items() if name.isupper() and isinstance(value, str)}
    of_mails = {send_emails.NO_EMAIL, send_emails.BOUNCED, send_emails.SHARED_EMAIL, send_emails.ALREADY_SENT}
    of_pages_alone = {schemes.NOT_LOCKED, schemes.LOCKED_TWICE}  # No command unlocks.
    assert set(SKIPS) == (of_keys | of_mails) - of_pages_alone
