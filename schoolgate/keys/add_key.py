"""Add one key at once, without a run: a key for student use, or a parent key for one contact (R-SK-01 to R-SK-04, R-SK-16)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.subject import Subject
from schoolgate.keys.end_keys import end_keys
from schoolgate.keys.errors import KeyNotAdded, TooManyKeys
from schoolgate.keys.expire import expire_these
from schoolgate.keys.facts import facts_of
from schoolgate.keys.make_keys import MOST_KEYS, count_live_keys, hold_keys_of, make_keys
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.schemes import LIVE_KEY, TIED, Facts, why_not_generate
from schoolgate.keys.subjects import audited, subject_of
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.queries import member_name

UNDO_FOR = timedelta(minutes=10)
"""How long a key that nobody has printed, sent or used can be taken back by one press."""
_A_MOMENT = timedelta(minutes=10)


@transaction.atomic(durable=True)
def add_key(*, tenant: Tenant, subject: Subject, by: Actor, at: datetime, also_unlinked: bool = False) -> int:
    """Make this subject's key, in this very moment; its id.

    also_unlinked: for a contact who sees nobody, within the leaving grace (R-SK-04). Of two who press at once one makes it, and
    the other is told by whom it was made. Raises KeyNotAdded, TooManyKeys.
    """
    facts_by_subject = _hold(tenant, [subject], at=at)
    facts = facts_by_subject.get(subject)
    why = why_not_generate(facts, also_unlinked=also_unlinked)
    if why:
        raise KeyNotAdded(why, _who_was_first(tenant, facts, why, by=by, at=at))
    [key_id] = _make(tenant, [subject], facts_by_subject, by=by, at=at)
    return key_id


@transaction.atomic(durable=True)
def fill_gaps(*, tenant: Tenant, subjects: Iterable[Subject], by: Actor, at: datetime) -> int:
    """Make the keys of those of a few subjects that may have one and have none (R-RK-13); how many. Raises TooManyKeys."""
    wanted = list(dict.fromkeys(subjects))
    facts_by_subject = _hold(tenant, wanted, at=at)
    gaps = [subject for subject in wanted if not why_not_generate(facts_by_subject.get(subject))]
    return len(_make(tenant, gaps, facts_by_subject, by=by, at=at)) if gaps else 0


@transaction.atomic(durable=True)
def undo_add_key(*, tenant: Tenant, key_id: int, by: Actor, at: datetime) -> None:
    """*Undo*: revoke a key made by `add_key` in the last ten minutes that nobody has printed, sent or used.

    Raises NotFound when it is too late for that, or there is no such key.
    """
    keys = AccessKey.objects.for_tenant(tenant).filter(pk=key_id, run=None, printed_at=None, emailed_at=None)
    found = keys.filter(state=KeyState.LIVE, created_at__gt=at - UNDO_FOR).exclude(messages__isnull=False).first()
    ended = end_keys(
        tenant=tenant, key_ids=[found.pk] if found else [], state=KeyState.REVOKED, by_id=by.user_id, at=at, why="undone"
    )  # fmt: skip
    if found is None or not ended:
        raise NotFound
    about = [("key", key_id), *audited([subject_of(found)])]
    record("key.revoked", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"keys": 1, "undone": True})


def may_be_undone(key: AccessKey, *, at: datetime) -> bool:
    """Whether `undo_add_key` would take it back, as far as the key itself tells."""
    is_indoors = key.run_id is None and key.printed_at is None and key.emailed_at is None
    return is_indoors and key.state == KeyState.LIVE and key.created_at > at - UNDO_FOR


def _hold(tenant: Tenant, subjects: list[Subject], *, at: datetime) -> dict[Subject, Facts]:
    """Step: be the only one who makes keys here, and read what decides; the facts hold until the transaction ends."""
    hold_keys_of(tenant)
    if count_live_keys(tenant=tenant) + len(subjects) > MOST_KEYS:
        raise TooManyKeys
    return facts_of(tenant=tenant, subjects=subjects, at=at)


def _make(
    tenant: Tenant, subjects: list[Subject], facts_by_subject: Mapping[Subject, Facts], *, by: Actor, at: datetime
) -> list[int]:
    overdue = [facts_by_subject[subject].overdue_key_id for subject in subjects]
    expire_these(tenant=tenant, key_ids=[key_id for key_id in overdue if key_id is not None], by=by, at=at)
    key_ids = list(make_keys(tenant=tenant, subjects=subjects, at=at, by_id=by.user_id, run_id=None))
    about = [*audited(subjects), *(("key", key_id) for key_id in key_ids)]
    record("key.generated", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"keys": len(key_ids)})
    return key_ids


def _who_was_first(tenant: Tenant, facts: Facts | None, why: str, *, by: Actor, at: datetime) -> str:
    """Of a key that stands in the way: by whom it was made a moment ago, or who uses it; empty when there is no more to say."""
    if facts is None:
        return ""
    keys = AccessKey.objects.for_tenant(tenant)
    if why == LIVE_KEY and facts.key_id is not None:
        key = keys.filter(pk=facts.key_id).first()
        if key is None or key.created_at <= at - _A_MOMENT:
            return ""
        if key.created_by_id == by.user_id:
            return _("You made this key a moment ago.")
        who = member_name(tenant, key.created_by_id) or "schoolgate"
        return _("This key was made a moment ago by %(who)s.") % {"who": who}
    if why == TIED:
        used = keys.filter(pk__in=facts.tie_key_ids).values_list("tie__account__username", flat=True)
        return _("Registered as %(username)s.") % {"username": ", ".join(used)}
    return ""
