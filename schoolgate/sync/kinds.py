"""What is published from what: for each kind of row, its two tables and how the one follows from the other.

Everything here is SQL text, which both databases read: `e` is the row in enrolments, `d` the published one; parameters
are %(tenant)s and %(today)s, the day in the tenant's time zone. Column names come from the models, never from a person.
"""

from dataclasses import dataclass, field
from typing import Any  # Rows of any kind.

from django.db import models

from schoolgate.directory.models import (
    DirectoryAssociation,
    DirectoryBar,
    DirectoryContact,
    DirectoryHousehold,
    DirectoryStaff,
    DirectoryStudent,
)
from schoolgate.enrolments.models import Association, Contact, Household, Restriction, Staff, Student
from schoolgate.tenancy.models import Tenant

# A restriction that keeps its pair closed: it enforces something, nobody lifted it, and if it has ended, nobody has looked at
# the pair since (R-RX-04).
STANDING = (
    "{r}.kind <> 'note_only' AND {r}.lifted_at IS NULL"
    " AND ({r}.reviewed_at IS NULL OR {r}.ends_on IS NULL OR {r}.ends_on >= %(today)s)"
)
# … and it has begun.
CLOSING = STANDING + " AND {r}.starts_on <= %(today)s"

CLOSED = (
    f"EXISTS (SELECT 1 FROM {Restriction._meta.db_table} r WHERE r.student_id = e.student_id"
    f" AND r.contact_id = e.contact_id AND {CLOSING.format(r='r')})"
)
# The published flag: on, both people active, the association in force, and no restriction that closes the pair (R-RX-01).
# `es` and `ec` are the student and the contact in enrolments.
ACCESS = (
    "(e.receives_portal_access AND es.state = 'active' AND ec.state = 'active'"
    " AND (e.starts_on IS NULL OR e.starts_on <= %(today)s) AND (e.ends_on IS NULL OR e.ends_on >= %(today)s)"
    f" AND NOT {CLOSED})"
)
IS_ACTIVE = "(e.state = 'active')"


@dataclass(frozen=True)
class Kind:
    """name: as in DirectoryChange.kind. computed: published columns that are more than a copy, each with its SQL.

    exists: whether the row is to be published at all. of_pair: it belongs to a student and a contact.
    """

    name: str
    working: type[models.Model]
    published: type[models.Model]
    computed: dict[str, str] = field(default_factory=dict)
    exists: str = "TRUE"
    of_pair: bool = False

    @property
    def working_table(self) -> str:
        return self.working._meta.db_table

    @property
    def published_table(self) -> str:
        return self.published._meta.db_table

    @property
    def columns(self) -> list[str]:
        """The published table's columns but its id, in order."""
        return [str(column.column) for column in self.published._meta.concrete_fields if not column.primary_key]

    def working_rows(self, tenant: Tenant) -> models.QuerySet[Any]:
        """The tenant's rows in enrolments."""
        manager = self.working._meta.default_manager
        assert manager is not None
        return manager.filter(tenant=tenant)

    def published_rows(self, tenant: Tenant) -> models.QuerySet[Any]:
        """The tenant's rows in the directory."""
        manager = self.published._meta.default_manager
        assert manager is not None
        return manager.filter(tenant=tenant)

    def wanted(self, column: str) -> str:
        """SQL for what a published column should hold."""
        return self.computed.get(column, f'e."{column}"')


HOUSEHOLD = Kind("household", Household, DirectoryHousehold)
STUDENT = Kind("student", Student, DirectoryStudent, {"is_active": IS_ACTIVE})
CONTACT = Kind("contact", Contact, DirectoryContact, {"is_active": IS_ACTIVE})
STAFF = Kind("staff", Staff, DirectoryStaff, {"is_active": IS_ACTIVE})
BAR = Kind("bar", Restriction, DirectoryBar, exists=f"({STANDING.format(r='e')})", of_pair=True)
ASSOCIATION = Kind(
    "association",
    Association,
    DirectoryAssociation,
    {"portal_access": "e.access"},  # ACCESS, worked out once for each row (sync/diff.py).
    exists="(e.ended_at IS NULL)",
    of_pair=True,
)

# The order of the feed: a reader that has come half-way through a run has seen no link whose people or bar are still to come.
KINDS = [HOUSEHOLD, STUDENT, CONTACT, STAFF, BAR, ASSOCIATION]
# Whether the published association `d` is a link: directory/models.py, links(), said for one row.
IS_LINK = (
    "(d.id IS NOT NULL AND d.portal_access"
    f" AND EXISTS (SELECT 1 FROM {STUDENT.published_table} ds WHERE ds.id = d.student_id AND ds.is_active)"
    f" AND EXISTS (SELECT 1 FROM {CONTACT.published_table} dc WHERE dc.id = d.contact_id AND dc.is_active)"
    f" AND NOT EXISTS (SELECT 1 FROM {BAR.published_table} db WHERE db.student_id = d.student_id"
    " AND db.contact_id = d.contact_id AND db.starts_on <= %(today)s))"
)
KIND_BY_NAME = {kind.name: kind for kind in KINDS}
PEOPLE = ["student", "contact", "staff"]
