"""The list as CSV: what the page shows, all rows that match, never a whole key (R-CK-17)."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from schoolgate.console.parent_access.key_pages.adult_rows import adult_rows_of
from schoolgate.console.parent_access.key_pages.adults import Adult
from schoolgate.console.parent_access.key_pages.filters import GridView
from schoolgate.console.parent_access.key_pages.grid import matching
from schoolgate.console.parent_access.key_pages.order import page_of
from schoolgate.console.parent_access.key_pages.pending import pending_links, pending_row_ids, pending_students
from schoolgate.console.parent_access.key_pages.row_words import StudentLine
from schoolgate.console.parent_access.key_pages.rows import Row, rows_of
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.lib.csvfile import csv_bytes
from schoolgate.tenancy.models import KeySystem

_AT_ONCE = 1_000


def ids_to_export(scope: Scope, view: GridView) -> list[int]:
    """Query: every contact that the filters let through, in the order of the list."""
    pending_ids = pending_row_ids(scope) if view.filters.pending else frozenset()
    found = matching(scope, view.filters, pending_ids=pending_ids)
    whole = replace(view, page=1, size=max(1, found.count()))
    return list(page_of(found, whole, scope=scope, total=whole.size).object_list)


def filters_said(view: GridView) -> dict[str, str]:
    """The filters in force, for the audit."""
    return {name: str(value) for name, value in asdict(view.filters).items() if value not in ("", None)}


def csv_of(scope: Scope, contact_ids: Sequence[int]) -> Iterator[bytes]:
    """The file, piece by piece; a few statements for each thousand rows."""
    if not scope.scheme.is_own_addressee:
        yield from csv_bytes(*_of_adults(scope, contact_ids))
        return
    headings = [
        _("Contact ID"),
        _("Contact Name"),
        _("Contact Email"),
        _("Portal Username"),
        _("Students"),
        *_key_headings(),
    ]
    yield from csv_bytes(headings, _lines(scope, contact_ids))


def _of_adults(scope: Scope, row_ids: Sequence[int]) -> tuple[list[str], Iterator[list[str]]]:
    """Households and students: a line for each adult, whose key it is."""
    is_family = scope.scheme.system == KeySystem.FAMILY
    headings = [
        _("Household ID") if is_family else _("Student Id"),
        _("Household name") if is_family else _("Name"),
        _("Students") if is_family else _("Class"),
        _("Adult"),
        _("Adult's email"),
        _("Portal Username"),
        *_key_headings(),
    ]

    def lines() -> Iterator[list[str]]:
        for start in range(0, len(row_ids), _AT_ONCE):
            some = row_ids[start : start + _AT_ONCE]
            for row in adult_rows_of(scope, some, pending=pending_links(scope, some)):
                about = [row.number, row.name, _students_said(row.students, row.other_students) or row.place]
                for each in row.adults:
                    names = [each.name, each.email, "; ".join(account.username for account in each.accounts)]
                    yield [*about, *names, each.selector, str(each.state.label), *_key_facts(each)]
                if not row.adults:
                    yield [*about, "", "", "", "", row.label, strip_tags(row.fact), "", ""]

    return headings, lines()


def _lines(scope: Scope, contact_ids: Sequence[int]) -> Iterator[list[str]]:
    for start in range(0, len(contact_ids), _AT_ONCE):
        some = contact_ids[start : start + _AT_ONCE]
        for row in rows_of(scope, some, pending=pending_students(scope, some)):
            yield _line(row)


def _line(row: Row) -> list[str]:
    return [
        row.contact.contact_no,
        row.contact.shown_name,
        row.contact.email,
        "; ".join(account.username for account in row.accounts),
        _students_said(row.students, row.other_students),
        row.selector,
        str(row.state.label),
        *_key_facts(row),
    ]


def _key_headings() -> list[str]:
    return [_("Key start"), _("State"), _("Note"), _("Delivered"), _("Expires")]


def _key_facts(of: Row | Adult) -> list[str]:
    return [strip_tags(of.fact), "; ".join(strip_tags(line) for line in of.delivered), strip_tags(of.expires)]


def _students_said(lines: Sequence[StudentLine], others: int) -> str:
    """Those who are published, and how many more the member may not see."""
    students = [line.name for line in lines if line.mark != "added"]
    if others:
        students.append(_("and %(n)s at other schools") % {"n": others})
    return "; ".join(students)
