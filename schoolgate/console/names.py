"""What the people and things of audit entries are called, fetched for a whole page at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from schoolgate.audit.models import AuditEntry
from schoolgate.enrolments.queries import contact_names, household_names, student_names
from schoolgate.jobs.models import JobItem
from schoolgate.keys.queries import key_names
from schoolgate.keys.subjects import AUDIT_KIND
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.queries import names_of_users

NAMED_AT_MOST = 400  # Of a kind, on a page: an entry about thousands names its first.


@dataclass(frozen=True)
class Names:
    """names: by (kind, id). A person beyond the member's schools is told as such; a thing without a name by its number.

    is_cut: the member doesn't see all schools.
    """

    names: dict[tuple[str, int], str] = field(default_factory=dict)
    is_cut: bool = False

    def of(self, kind: str, id_: int) -> str:
        known = self.names.get((kind, id_))
        if known:
            return known
        if kind == "student":
            return _("a student of another school")
        if self.is_cut and kind == "contact":
            return _("a contact of another school")
        if self.is_cut and kind == "household":
            return _("a household of another school")
        return f"{kind.replace('_', ' ')} {id_}"

    def of_item(self, item: JobItem) -> str:
        """Whom or what an item of a job is about."""
        return self.of(AUDIT_KIND.get(item.subject_kind, item.subject_kind), item.subject_id)

    def who(self, entry: AuditEntry) -> str:
        """Who acted: by name, or as the door they came through."""
        if entry.actor_id:
            name = self.names.get(("user", entry.actor_id))
            if name:
                return name
        return _("Somebody not signed in") if entry.actor_kind == "family" else "schoolgate"


def names_for(tenant: Tenant, entries: Iterable[AuditEntry], *, school_ids: Collection[int] | None) -> Names:
    """The names that these entries need; one query for each kind. school_ids: the member's reach (R-PM-01)."""
    ids: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        if entry.actor_id:
            ids["user"].add(entry.actor_id)
        for kind, id_ in entry.subjects:
            if len(ids[kind]) < NAMED_AT_MOST or kind in {"user", "account"}:
                ids[kind].add(id_)
        for pair in entry.detail.get("pairs", [])[:3]:
            ids["student"].add(pair["student"])
            ids["contact"].add(pair["contact"])
    return _named(tenant, ids, school_ids=school_ids)


def names_of_subjects(tenant: Tenant, subjects: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The names of these (kind, id); what has none is absent."""
    ids: dict[str, set[int]] = defaultdict(set)
    for kind, id_ in subjects:
        ids[kind].add(id_)
    return _named(tenant, ids, school_ids=None).names


def names_of_items(tenant: Tenant, items: Iterable[JobItem], *, school_ids: Collection[int] | None) -> Names:
    """What the items of a job are about."""
    ids: dict[str, set[int]] = defaultdict(set)
    for item in items:
        ids[AUDIT_KIND.get(item.subject_kind, item.subject_kind)].add(item.subject_id)
    return _named(tenant, ids, school_ids=school_ids)


def _named(tenant: Tenant, ids: Mapping[str, Collection[int]], *, school_ids: Collection[int] | None) -> Names:
    found: dict[tuple[str, int], str] = {}
    users = names_of_users(tenant, {*ids.get("user", ()), *ids.get("account", ())})
    for kind, names in (
        ("user", users),
        ("account", users),
        ("key", key_names(tenant=tenant, key_ids=ids.get("key", ()))),
        ("student", student_names(tenant=tenant, student_ids=ids.get("student", ()), school_ids=school_ids)),
        ("contact", contact_names(tenant=tenant, contact_ids=ids.get("contact", ()), school_ids=school_ids)),
        (
            "household",
            household_names(tenant=tenant, household_ids=ids.get("household", ()), school_ids=school_ids),
        ),
    ):
        found |= {(kind, id_): name for id_, name in names.items()}
    return Names(found, is_cut=school_ids is not None)
