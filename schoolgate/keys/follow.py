"""What a Data Sync makes necessary for keys and ties: read from the directory's feed, and looked over once a day.

Nothing depends on its speed: redemption and every page test the links themselves. It keeps dead letters from lying about.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.directory.feed import changes_after
from schoolgate.directory.models import ChangeOp, DirectoryAssociation, DirectoryBar, DirectoryChange, DirectoryContact
from schoolgate.keys.end_keys import end_keys, end_ties
from schoolgate.keys.expire import expire_overdue
from schoolgate.keys.facts import facts_of
from schoolgate.keys.make_keys import hold_keys_of
from schoolgate.keys.models import AccessKey, KeysHead, KeyState, SubjectKind, Tie
from schoolgate.keys.replace import replace_keys
from schoolgate.tenancy.models import Tenant

PAGE = 5_000  # Changes of the feed in one transaction.

REMOVED, RESTRICTED, NO_STUDENTS, INACTIVE = "contact removed", "restricted", "no students left", "contact inactive"
NEW_ADDRESS = "e-mail on file changed"


def follow_directory(*, tenant: Tenant, by: Actor, at: datetime) -> Counter[str]:
    """Read the feed to its end and do what it asks; how many keys were revoked and replaced, and how many ties ended.

    A contact without any child left: restricted from all of them, revoked at once; otherwise when the leaving grace is
    over (R-DS-08). A contact that is gone: key and ties end. A new e-mail address while an e-mailed key lives: the key
    is replaced, and not sent by itself (E-10). One transaction for each page; several processes may follow at once.
    """
    done: Counter[str] = Counter()
    while _follow_page(tenant=tenant, by=by, at=at, done=done):
        pass
    return done


@transaction.atomic(durable=True)
def review_keys(*, tenant: Tenant, by: Actor, at: datetime) -> Counter[str]:
    """Once a day: expire what is over, and end what no feed tells of: grace that has run out, bars that have begun."""
    done: Counter[str] = Counter()
    hold_keys_of(tenant)
    done["expired"] = len(expire_overdue(tenant=tenant, by=by, at=at))
    live = AccessKey.objects.for_tenant(tenant).filter(subject_kind=SubjectKind.CONTACT, state=KeyState.LIVE)
    contact_ids = list(live.values_list("subject_id", flat=True))
    _end_what_has_nothing_left(tenant=tenant, contact_ids=contact_ids, by=by, at=at, done=done)
    _end_after_grace(tenant=tenant, by=by, at=at, done=done)
    return done


@transaction.atomic(durable=True)
def _follow_page(*, tenant: Tenant, by: Actor, at: datetime, done: Counter[str]) -> bool:
    """One page of the feed. False when it was the last."""
    hold_keys_of(tenant)
    head = KeysHead.objects.get(tenant=tenant)
    changes = list(changes_after(tenant=tenant, seq=head.feed_seq, limit=PAGE))
    if not changes:
        return False
    KeysHead.objects.filter(tenant=tenant).update(feed_seq=changes[-1].seq)
    touched = _touched(tenant=tenant, changes=changes)
    with_keys = _with_keys(tenant=tenant, contact_ids=touched.contact_ids)
    if with_keys:
        readdressed = {pk: email for pk, email in touched.email_before.items() if pk in with_keys}
        _replace_mailed_elsewhere(tenant=tenant, email_before=readdressed, by=by, at=at, done=done)
        _end_what_has_nothing_left(tenant=tenant, contact_ids=with_keys, by=by, at=at, done=done)
        _mark_without_link(tenant=tenant, contact_ids=with_keys & touched.lost_something, at=at)
    return len(changes) == PAGE


@dataclass
class _Touched:
    """contact_ids: whom a page of the feed is about. lost_something: those of whom it changed or took away a thing.

    email_before: the address on file of changed contacts, as it was.
    """

    contact_ids: set[int] = field(default_factory=set)
    lost_something: set[int] = field(default_factory=set)
    email_before: dict[int, str] = field(default_factory=dict)


def _touched(*, tenant: Tenant, changes: Iterable[DirectoryChange]) -> _Touched:
    found = _Touched()
    pairs: dict[str, set[int]] = {"association": set(), "bar": set()}
    students: set[int] = set()
    for change in changes:
        before = change.before or {}
        if change.kind in pairs:
            pairs[change.kind].add(change.object_id)
            if before:
                found.lost_something.add(before["contact_id"])
        elif change.kind == "contact":
            found.contact_ids.add(change.object_id)
            if change.op != ChangeOp.ADDED:
                found.lost_something.add(change.object_id)
                found.email_before.setdefault(change.object_id, before.get("email", ""))
        elif change.kind == "student" and change.op == ChangeOp.CHANGED:
            students.add(change.object_id)
    associations = DirectoryAssociation.objects.for_tenant(tenant)
    bars = DirectoryBar.objects.for_tenant(tenant).filter(pk__in=pairs["bar"])
    found.contact_ids.update(associations.filter(pk__in=pairs["association"]).values_list("contact_id", flat=True))
    found.lost_something.update(bars.values_list("contact_id", flat=True))
    found.lost_something.update(associations.filter(student_id__in=students).values_list("contact_id", flat=True))
    found.contact_ids |= found.lost_something
    return found


def _with_keys(*, tenant: Tenant, contact_ids: Collection[int]) -> set[int]:
    """Those of these contacts that have a live key or a standing tie."""
    live = AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE)
    ties = Tie.objects.for_tenant(tenant).standing()
    mine = {"subject_kind": SubjectKind.CONTACT, "subject_id__among": contact_ids}
    return {
        *live.filter(**mine).values_list("subject_id", flat=True),
        *ties.filter(**mine).values_list("subject_id", flat=True),
    }


def _end_what_has_nothing_left(
    *, tenant: Tenant, contact_ids: Collection[int], by: Actor, at: datetime, done: Counter[str]
) -> None:
    """Revoke live keys of contacts that are gone or restricted everywhere; end the ties of those that are gone."""
    facts_by_id = facts_of(tenant=tenant, contact_ids=contact_ids, at=at)
    gone = [contact_id for contact_id in contact_ids if contact_id not in facts_by_id]
    barred = [contact_id for contact_id, facts in facts_by_id.items() if facts.is_barred]
    _revoke_live(tenant=tenant, contact_ids=gone, why=REMOVED, by=by, at=at, done=done)
    _revoke_live(tenant=tenant, contact_ids=barred, why=RESTRICTED, by=by, at=at, done=done)
    _end_ties_of(tenant=tenant, contact_ids=gone, why=REMOVED, by=by, at=at, done=done)
    linked = [contact_id for contact_id, facts in facts_by_id.items() if facts.has_link]
    AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=SubjectKind.CONTACT, subject_id__among=linked, no_link_since__isnull=False
    ).update(no_link_since=None)


def _mark_without_link(*, tenant: Tenant, contact_ids: Collection[int], at: datetime) -> None:
    """The leaving grace begins for contacts that have just been left without a link."""
    facts_by_id = facts_of(tenant=tenant, contact_ids=contact_ids, at=at)
    left = [contact_id for contact_id, facts in facts_by_id.items() if not facts.has_link]
    AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=SubjectKind.CONTACT,
        subject_id__among=left,
        state__in=[KeyState.LIVE, KeyState.REDEEMED],
        no_link_since=None,
    ).update(no_link_since=at)


def _end_after_grace(*, tenant: Tenant, by: Actor, at: datetime, done: Counter[str]) -> None:
    """Live keys are revoked; ties end where the contact itself is inactive (E-17), and stay, empty, where it isn't (E-13)."""
    over = at - timedelta(days=tenant.settings.leaving_grace_days)
    due = AccessKey.objects.for_tenant(tenant).filter(no_link_since__lte=over)
    live = set(due.filter(state=KeyState.LIVE).values_list("subject_id", flat=True))
    used = set(due.filter(state=KeyState.REDEEMED).values_list("subject_id", flat=True))
    inactive = DirectoryContact.objects.for_tenant(tenant).filter(pk__among=used, is_active=False)
    _revoke_live(tenant=tenant, contact_ids=live, why=NO_STUDENTS, by=by, at=at, done=done)
    _end_ties_of(
        tenant=tenant,
        contact_ids=list(inactive.values_list("pk", flat=True)),
        why=INACTIVE,
        by=by,
        at=at,
        done=done,
    )


def _revoke_live(
    *, tenant: Tenant, contact_ids: Collection[int], why: str, by: Actor, at: datetime, done: Counter[str]
) -> None:
    live = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=SubjectKind.CONTACT, subject_id__among=contact_ids, state=KeyState.LIVE
    )
    contact_id_by_key = dict(live.values_list("pk", "subject_id"))
    ended = end_keys(tenant=tenant, key_ids=contact_id_by_key, state=KeyState.REVOKED, by_id=by.user_id, at=at, why=why)
    if ended:
        subjects = [("key", key_id) for key_id in ended] + [("contact", contact_id_by_key[key_id]) for key_id in ended]
        record("key.revoked", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail={"why": why})
        done["revoked"] += len(ended)


def _end_ties_of(
    *, tenant: Tenant, contact_ids: Collection[int], why: str, by: Actor, at: datetime, done: Counter[str]
) -> None:
    ties = Tie.objects.for_tenant(tenant).standing()
    ties = ties.filter(subject_kind=SubjectKind.CONTACT, subject_id__among=contact_ids)
    contact_id_by_key = dict(ties.values_list("key_id", "subject_id"))
    if contact_id_by_key:
        ended = end_ties(tenant=tenant, key_ids=contact_id_by_key, by_id=by.user_id, at=at, why=why)
        subjects = [("key", key_id) for key_id in contact_id_by_key]
        subjects += [("contact", contact_id) for contact_id in contact_id_by_key.values()]
        record("tie.ended", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail={"why": why})
        done["ties_ended"] += len(ended)


def _replace_mailed_elsewhere(
    *, tenant: Tenant, email_before: dict[int, str], by: Actor, at: datetime, done: Counter[str]
) -> None:
    """A mailed key that lives, whose contact has another address now, lies in a mailbox that may be somebody else's (E-10)."""
    contacts = DirectoryContact.objects.for_tenant(tenant).filter(pk__among=email_before)
    moved = [pk for pk, email in contacts.values_list("pk", "email") if email != email_before[pk]]
    mailed = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=SubjectKind.CONTACT, subject_id__among=moved, emailed_at__isnull=False, expires_at__gt=at
    )
    key_id_by_contact = dict(mailed.filter(state=KeyState.LIVE).values_list("subject_id", "pk"))
    if key_id_by_contact:
        replaced = replace_keys(
            tenant=tenant, key_id_by_contact=key_id_by_contact, by=by, at=at, run_id=None, reason=NEW_ADDRESS
        )
        done["replaced"] += len(replaced)
