"""The audit in a school's words: one sentence for each entry (R-AU-02)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from schoolgate.audit.models import AuditEntry
from schoolgate.audit.queries import Area, find_entries
from schoolgate.console.lists import paged
from schoolgate.console.names import Names, names_for
from schoolgate.console.sentences import before_and_after, sentence_of
from schoolgate.enrolments.queries import student_ids_at
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right

# Which acts belong to a right's own area (spine §6: officers read their own area of the audit).
AREAS: dict[Right, tuple[str, ...]] = {
    Right.ENROLMENTS_EDIT: (
        "student.",
        "contact.",
        "household.",
        "association.",
        "access.",
        "restriction.",
        "roster.",
        "import.",
        "findings.",
        "sync.",
    ),
    Right.KEYS_ACT: (
        "key.",
        "keys.",
        "letter.",
        "email.",
        "message.",
        "template.",
        "tie.",
        "account.",
        "redemption.",
        "sync.",
    ),
    Right.INTEGRATIONS_EDIT: ("api_key.", "connection.", "liss."),
}


@dataclass(frozen=True)
class Line:
    """An entry as a person reads it. changes: (what, before, after), as texts."""

    entry: AuditEntry
    at: datetime
    who: str
    sentence: str
    reason: str
    changes: list[tuple[str, str, str]]


def area_of(request: TenantRequest) -> Area:
    """What of the audit this member may read: all of it, or their own area, of their own schools."""
    school_ids = request.rights[Right.AUDIT_READ]
    student_ids = None if school_ids is None else student_ids_at(tenant=request.tenant, school_ids=school_ids)
    acts: tuple[str, ...] | None = None
    if Right.MEMBERS_READ not in request.rights:
        acts = tuple({act for right, own in AREAS.items() if right in request.rights for act in own})
    return Area(own_id=request.user.pk, acts=acts, student_ids=student_ids)


def lines_of(request: TenantRequest, entries: Iterable[AuditEntry]) -> list[Line]:
    """The entries in words; a handful of queries for the names, however many entries."""
    rows = list(entries)
    names = names_for(request.tenant, rows, school_ids=request.rights.get(Right.HOME_READ))
    return [_line(request, row, names) for row in rows]


def _line(request: TenantRequest, entry: AuditEntry, names: Names) -> Line:
    is_hidden = entry.act.startswith("restriction.") and Right.RESTRICTIONS_SEE not in request.rights
    return Line(
        entry=entry,
        at=entry.at,
        who=names.who(entry),
        sentence=sentence_of(entry, names),
        reason="" if is_hidden else entry.reason,
        changes=[] if is_hidden else before_and_after(entry),
    )


def history_of(request: TenantRequest, kind: str, object_id: int) -> dict[str, Any]:
    """One object's history, paged, for a tab. Whoever may see the object may see what was done to it."""
    context = paged(request, find_entries(tenant_id=request.tenant.pk, subject=(kind, object_id)))
    return context | {"lines": lines_of(request, context["page"].object_list)}


def act_groups(acts: Collection[str]) -> list[tuple[str, str]]:
    """The choices of the filter: the beginnings of acts that the member may read, in words."""
    words = {
        "student.": _("Students"),
        "contact.": _("Contacts"),
        "household.": _("Households"),
        "association.": _("Associations"),
        "access.": _("Portal access"),
        "restriction.": _("Restrictions"),
        "import.": _("Imports"),
        "roster.": _("Imports"),
        "sync.": _("Data Sync"),
        "key.": _("Keys"),
        "keys.": _("Keys"),
        "letter.": _("Letters"),
        "email.": _("E-mails"),
        "message.": _("Mails"),
        "template.": _("Templates"),
        "account.": _("Accounts"),
        "tie.": _("Ties"),
        "setting.": _("Settings"),
        "member.": _("Members"),
        "job.": _("Jobs"),
        "audit.": _("The audit log"),
        "act.": _("Refused acts"),
        "tenant.": _("The tenant"),
    }
    return [(act, word) for act, word in words.items() if not acts or act in acts]
