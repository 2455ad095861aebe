"""One flag as pages show it: what is saved, what is published, what bars it, and whether a key stands ready."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from schoolgate.directory.queries import published_flags
from schoolgate.enrolments.models import Association, Restriction
from schoolgate.enrolments.queries import closed_pairs, noted_pairs
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class AccessRow:
    """published: the flag in the directory, None where the pair isn't published. restrictions: what the office minds."""

    association: Association
    published: bool | None
    is_closed: bool
    restrictions: list[Restriction]

    @property
    def is_on(self) -> bool:
        return self.association.receives_portal_access and self.association.ended_at is None

    @property
    def is_pending(self) -> bool:
        """What is saved differs from what is published."""
        return self.is_on != bool(self.published)

    @property
    def is_published_on(self) -> bool:
        return bool(self.published)

    @property
    def has_ended(self) -> bool:
        return self.association.ended_at is not None


def access_rows(*, tenant: Tenant, associations: Collection[Association], today: date) -> list[AccessRow]:
    """The rows in their order; three queries. Associations that ended are left out unless families still see them."""
    student_ids = {row.student_id for row in associations}
    published = published_flags(tenant=tenant, association_ids=[row.pk for row in associations])
    closed = closed_pairs(tenant=tenant, student_ids=student_ids, today=today)
    noted = noted_pairs(tenant=tenant, student_ids=student_ids, today=today)
    rows = [
        AccessRow(
            association=row,
            published=published.get(row.pk),
            is_closed=(row.student_id, row.contact_id) in closed,
            restrictions=noted.get((row.student_id, row.contact_id), []),
        )
        for row in associations
    ]
    return [row for row in rows if not row.has_ended or row.published]
