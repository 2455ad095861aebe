"""What became of each line of a list, in words (R-GP-02)."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.keys.id_list import Entry, ListCheck
from schoolgate.lib.csvfile import csv_bytes

SHOWN = 50  # The rest is in the file of all of them.


@dataclass(frozen=True)
class ListLine:
    """A kind of line that names nobody to act on. entries: the first of them."""

    said: str
    mend: str
    entries: tuple[Entry, ...]
    more: int


def list_lines(check: ListCheck) -> list[ListLine]:
    """Those kinds of which there are any; a student of another school than the member's is told as not found."""
    return [
        ListLine(said % {"n": len(entries)}, mend, entries[:SHOWN], max(0, len(entries) - SHOWN))
        for entries, said, mend in _kinds(check)
        if entries
    ]


def csv_of_lines(check: ListCheck) -> Iterator[bytes]:
    """Every line that names nobody to act on, in the list's order, with why: however many they are."""
    whys = {
        _("not found"): check.unknown,
        _("a number shortened by a spreadsheet"): check.spreadsheet,
        _("not active"): check.inactive,
        _("stood further up"): check.twice,
        _("blank"): check.blank,
    }
    rows = sorted((entry.line, entry.text, why) for why, entries in whys.items() for entry in entries)
    return csv_bytes([_("Line"), _("Student Id"), _("Why it is left out")], rows)


def _kinds(check: ListCheck) -> list[tuple[tuple[Entry, ...], str, str]]:
    return [
        (check.unknown, ngettext("%(n)s line not found", "%(n)s lines not found", len(check.unknown)), ""),
        (
            check.spreadsheet,
            ngettext(
                "%(n)s number shortened by a spreadsheet",
                "%(n)s numbers shortened by a spreadsheet",
                len(check.spreadsheet),
            ),
            _("Format the column as text before you save the file."),
        ),
        (
            check.inactive,
            ngettext("%(n)s student not active", "%(n)s students not active", len(check.inactive)),
            _("They have left, start later, or their school is inactive."),
        ),
        (
            check.twice,
            ngettext("%(n)s repeated line", "%(n)s repeated lines", len(check.twice)),
            _("Each counts once."),
        ),
        (check.blank, ngettext("%(n)s blank line", "%(n)s blank lines", len(check.blank)), ""),
    ]
