"""Why does this contact see this student, or not? Every condition with its value, since when and by whom (B-01).

The published reasons decide (directory/queries.py); what is pending, and a closed portal, are told besides and decide nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from schoolgate.directory.models import ChangeOp, DirectoryAssociation, DirectoryChange
from schoolgate.directory.queries import Reason, published_reasons
from schoolgate.enrolments.models import How, Restriction
from schoolgate.enrolments.pairs import is_restricted
from schoolgate.sync.pending import pending_pair
from schoolgate.tenancy.models import Tenant, TenantSettings, User, UserKind


@dataclass(frozen=True)
class Explained:
    """One reason. speaks_for: it lets the contact see the student. decides: it is part of the access rule.

    since: when it became so. by: who made it so, in words: a name, "import", "rule"; empty where nobody knows.
    """

    speaks_for: bool
    code: str
    text: str
    since: datetime | date | None = None
    by: str = ""
    decides: bool = True

    @property
    def is_dated(self) -> bool:
        """``since`` is a day, not a moment."""
        return not isinstance(self.since, datetime)


@dataclass(frozen=True)
class Explanation:
    """sees: what an account tied to this contact alone would see if the portal were open."""

    sees: bool
    reasons: list[Explained]

    def as_json(self) -> dict[str, Any]:
        """What the command prints."""
        return {
            "sees": self.sees,
            "reasons": [
                {
                    "for": reason.speaks_for,
                    "code": reason.code,
                    "text": reason.text,
                    "since": reason.since.isoformat() if reason.since else None,
                    "by": reason.by or None,
                }
                for reason in self.reasons
            ],
        }


@dataclass(frozen=True)
class _Act:
    """Who wrote something, and when."""

    how: str = ""
    by_id: int | None = None
    at: datetime | None = None


def explain(*, tenant: Tenant, contact_id: int, student_id: int, today: date, with_restrictions: bool) -> Explanation:
    """today: in the tenant's time zone. with_restrictions: the reader may know more than that there is one (R-PA-05).

    The number of queries doesn't depend on what is found, but for one for each published row and one for names.
    """
    published = published_reasons(tenant=tenant, contact_id=contact_id, student_id=student_id, today=today)
    acts = {reason: _act_of(tenant, reason) for reason in published}
    pending = pending_pair(tenant=tenant, contact_id=contact_id, student_id=student_id, today=today)
    names = _names(tenant, {act.by_id for act in acts.values()} | ({pending.saved_by_id} if pending else set()))
    reasons = [_told(reason, acts[reason], names, with_restrictions=with_restrictions) for reason in published]
    reasons = _flag_kept_off(reasons, tenant, contact_id=contact_id, student_id=student_id, today=today)
    if pending is not None:
        text = (
            _("A change is saved: the next Data Sync lets the contact see the student.")
            if pending.opens
            else _("A change is saved: after the next Data Sync the contact no longer sees the student.")
        )
        by = _who(_Act(pending.why, pending.saved_by_id), names)
        code = "pending.on" if pending.opens else "pending.off"
        reasons.append(Explained(pending.opens, code, text, pending.saved_at, by, decides=False))
    reasons += _portal(tenant)
    return Explanation(all(reason.speaks_for for reason in published), reasons)


def _told(reason: Reason, act: _Act, names: dict[int, str], *, with_restrictions: bool) -> Explained:
    if reason.code.startswith("bar.") and not with_restrictions:
        return Explained(reason.speaks_for, reason.code, _("Restricted."))
    return Explained(reason.speaks_for, reason.code, reason.text, reason.since or act.at, _who(act, names))


def _act_of(tenant: Tenant, reason: Reason) -> _Act:
    """What made a published condition so, from its own columns or from the feed."""
    word = reason.code.partition(".")[0]
    if reason.about_id is None:
        return _Act()
    if word == "flag":
        row = DirectoryAssociation.objects.for_tenant(tenant).get(pk=reason.about_id)
        return _Act(row.flag_how, row.flag_by_id, row.flag_at)
    if word == "bar":
        order = Restriction.objects.for_tenant(tenant).filter(pk=reason.about_id).first()
        return _Act(order.recorded_how, order.recorded_by_id, order.recorded_at) if order else _Act()
    column = "is_active" if word in {"contact", "student"} else None
    feed = DirectoryChange.objects.for_tenant(tenant).filter(kind=word, object_id=reason.about_id).order_by("-seq")
    for change in feed:
        before = (change.before or {}).get(column) if column else True
        if change.op == ChangeOp.ADDED or before != reason.speaks_for:
            return _Act(change.why, change.saved_by_id, change.saved_at)
    return _Act()


def _flag_kept_off(
    reasons: list[Explained], tenant: Tenant, *, contact_id: int, student_id: int, today: date
) -> list[Explained]:
    """A flag that a restriction keeps off is not said to be somebody's choice."""
    if not is_restricted(tenant=tenant, student_id=student_id, contact_id=contact_id, today=today):
        return reasons
    text = _("Has Portal Access is off, as it must be beside a restriction.")
    return [replace(reason, text=text) if reason.code == "flag.off" else reason for reason in reasons]


def _portal(tenant: Tenant) -> Iterable[Explained]:
    settings = TenantSettings.objects.get(tenant=tenant)
    if settings.portal_open:
        return
    stamp = settings.changed.get("portal_open")
    since = datetime.fromisoformat(stamp["at"]) if stamp else None
    by = _names(tenant, {stamp["by"]}).get(stamp["by"], "") if stamp else ""
    yield Explained(False, "portal.closed", _("The portal is closed to all families."), since, by, decides=False)


def _names(tenant: Tenant, user_ids: set[int | None]) -> dict[int, str]:
    users = User.objects.for_tenant(tenant).filter(pk__in=[id_ for id_ in user_ids if id_ is not None])
    return {user.pk: "system" if user.kind == UserKind.SYSTEM else user.name or user.username for user in users}


def _who(act: _Act, names: dict[int, str]) -> str:
    if act.by_id is not None and act.how not in {How.IMPORT, How.RULE}:
        return names.get(act.by_id, "")
    return act.how
