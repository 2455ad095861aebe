"""Files from elsewhere are the ones that were looked at: listed with their sums, and nothing besides."""

import hashlib
import re

from tests.architecture.tree import PACKAGE

VENDOR = PACKAGE / "static" / "vendor"


def listed() -> dict[str, str]:
    """Path to SHA-256, as VENDOR.md has them."""
    rows = re.findall(r"^\| (\S+) \|.*\| `([0-9a-f]{64})` \|$", (VENDOR / "VENDOR.md").read_text(), re.MULTILINE)
    return dict(rows)


def test_every_file_is_listed_with_its_sum():
    found = {
        str(file.relative_to(VENDOR)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*")
        if file.is_file() and file.name != "VENDOR.md"
    }
    assert found == listed()


def test_no_file_names_a_map_that_is_not_there():
    assert not [name for name in listed() if b"sourceMappingURL" in (VENDOR / name).read_bytes()]
