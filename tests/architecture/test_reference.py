"""What docs/reference/ says about the commands is what they say themselves."""

import re

import pytest

from tests.architecture.tree import ROOT
from tests.reference import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_in_step_with_the_code(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_pages_of_the_documentation_link_to_pages_that_are_there():
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    targets = [(page, target) for page in pages for target in link.findall(page.read_text(encoding="utf-8"))]
    assert not [f"{page.name}: {target}" for page, target in targets if not (page.parent / target).exists()]
