"""What a Data Sync makes necessary for keys and ties: read from the directory's feed, and looked over once a day.

Nothing depends on its speed: redemption and every page test the links themselves. It keeps dead letters from lying about.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import starmap
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.directory.feed import changes_after
from schoolgate.directory.models import ChangeOp, DirectoryAssociation, DirectoryBar, DirectoryChange, DirectoryContact
from schoolgate.jobs.subject import Subject
from schoolgate.keys import schemes
from schoolgate.keys.end_keys import end_keys, end_ties
from schoolgate.keys.expire import expire_overdue
from schoolgate.keys.facts import facts_of
from schoolgate.keys.make_keys import hold_keys_of
from schoolgate.keys.models import AccessKey, KeysHead, KeyState, Tie
from schoolgate.keys.replace import replace_keys
from schoolgate.keys.subjects import CONTACT, FAMILY, STUDENT, STUDENT_SELF, audited, subject_from
from schoolgate.tenancy.models import Tenant

PAGE = 5_000  # Changes of the feed in one transaction.

REMOVED, RESTRICTED, NO_STUDENTS, INACTIVE = "contact removed", "restricted", "no students left", "contact inactive"
LEFT = "student left"
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
    live = AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE)
    _end_what_has_nothing_left(tenant=tenant, subjects=set(_subjects_in(live)), by=by, at=at, done=done)
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
    subjects = _with_keys(tenant=tenant, touched=touched)
    if subjects:
        _replace_mailed_elsewhere(tenant=tenant, email_before=touched.email_before, by=by, at=at, done=done)
        _end_what_has_nothing_left(tenant=tenant, subjects=subjects, by=by, at=at, done=done)
        losers = {subject for subject in subjects if subject.addressee in touched.lost_something}
        _mark_without_link(tenant=tenant, subjects=losers, at=at)
        if not tenant.settings.leaving_grace_days:  # Then it is over as it begins, and waits for no daily review.
            _end_after_grace(tenant=tenant, by=by, at=at, done=done)
    return len(changes) == PAGE


@dataclass
class _Touched:
    """Whom a page of the feed is about. lost_something: those contacts of whom it changed or took away a thing.

    email_before: the address on file of changed contacts, as it was.
    """

    contact_ids: set[int] = field(default_factory=set)
    student_ids: set[int] = field(default_factory=set)
    lost_something: set[int] = field(default_factory=set)
    email_before: dict[int, str] = field(default_factory=dict)


def _touched(*, tenant: Tenant, changes: Iterable[DirectoryChange]) -> _Touched:
    found = _Touched()
    pairs: dict[str, set[int]] = {"association": set(), "bar": set()}
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
        elif change.kind == "student" and change.op != ChangeOp.ADDED:
            found.student_ids.add(change.object_id)
    associations = DirectoryAssociation.objects.for_tenant(tenant)
    bars = DirectoryBar.objects.for_tenant(tenant).filter(pk__in=pairs["bar"])
    found.contact_ids.update(associations.filter(pk__in=pairs["association"]).values_list("contact_id", flat=True))
    found.lost_something.update(bars.values_list("contact_id", flat=True))
    theirs = associations.filter(student_id__in=found.student_ids)
    found.lost_something.update(theirs.values_list("contact_id", flat=True))
    found.contact_ids |= found.lost_something
    return found


def _with_keys(*, tenant: Tenant, touched: _Touched) -> set[Subject]:
    """Those subjects of the people touched that have a live key or a standing tie."""
    live = AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE)
    ties = Tie.objects.for_tenant(tenant).standing()
    theirs = {"subject_kind": STUDENT_SELF, "subject_id__among": touched.student_ids}
    of_adults = {"subject_kind__in": [CONTACT, FAMILY, STUDENT], "addressee_id__among": touched.contact_ids}
    return {
        subject
        for rows in (live.filter(**of_adults), ties.filter(**of_adults), live.filter(**theirs), ties.filter(**theirs))
        for subject in _subjects_in(rows)
    }


def _subjects_in(rows: QuerySet[Any]) -> Iterable[Subject]:  # Any: keys or ties
    return starmap(subject_from, rows.values_list("subject_kind", "subject_id", "addressee_id"))


def _keys_of(
    *, tenant: Tenant, subjects: Collection[Subject], keys: QuerySet[AccessKey] | QuerySet[Tie], pk: str = "pk"
) -> dict[int, Subject]:
    """{key id: subject} of those of these keys, or of these ties' keys, that belong to these subjects."""
    wanted = set(subjects)
    found: dict[int, Subject] = {}
    for kind in {subject.kind for subject in wanted}:
        ids = {subject.id for subject in wanted if subject.kind == kind}
        rows = keys.filter(subject_kind=kind, subject_id__among=ids)
        for key_id, subject_id, addressee_id in rows.values_list(pk, "subject_id", "addressee_id"):
            subject = subject_from(kind, subject_id, addressee_id)
            if subject in wanted:
                found[key_id] = subject
    return found


def _end_what_has_nothing_left(
    *, tenant: Tenant, subjects: Collection[Subject], by: Actor, at: datetime, done: Counter[str]
) -> None:
    """Revoke live keys of people who are gone or restricted everywhere, and end the ties of those who are gone.

    A student's own key and tie end when the student leaves (registration-keys §3).
    """
    facts_by_subject = facts_of(tenant=tenant, subjects=subjects, at=at)
    gone = [subject for subject in subjects if subject not in facts_by_subject]
    left = [s for s, facts in facts_by_subject.items() if s.kind == STUDENT_SELF and facts.never == schemes.INACTIVE]
    barred = [subject for subject, facts in facts_by_subject.items() if facts.is_barred]
    for ended, why in ((gone, REMOVED), (left, LEFT), (barred, RESTRICTED)):
        _revoke_live(tenant=tenant, subjects=ended, why=why, by=by, at=at, done=done)
    for ended, why in ((gone, REMOVED), (left, LEFT)):
        _end_ties_of(tenant=tenant, subjects=ended, why=why, by=by, at=at, done=done)
    linked = [subject for subject, facts in facts_by_subject.items() if facts.has_link]
    marked = AccessKey.objects.for_tenant(tenant).filter(no_link_since__isnull=False)
    again = _keys_of(tenant=tenant, subjects=linked, keys=marked)
    AccessKey.objects.for_tenant(tenant).filter(pk__among=again).update(no_link_since=None)


def _mark_without_link(*, tenant: Tenant, subjects: Collection[Subject], at: datetime) -> None:
    """The leaving grace begins for keys whose addressee has just been left without a link."""
    facts_by_subject = facts_of(tenant=tenant, subjects=subjects, at=at)
    left = [subject for subject, facts in facts_by_subject.items() if not facts.has_link]
    keys = AccessKey.objects.for_tenant(tenant).filter(state__in=[KeyState.LIVE, KeyState.REDEEMED], no_link_since=None)
    found = _keys_of(tenant=tenant, subjects=left, keys=keys)
    AccessKey.objects.for_tenant(tenant).filter(pk__among=found).update(no_link_since=at)


def _end_after_grace(*, tenant: Tenant, by: Actor, at: datetime, done: Counter[str]) -> None:
    """Live keys are revoked; ties end where the contact itself is inactive (E-17), and stay, empty, where it isn't (E-13)."""
    over = at - timedelta(days=tenant.settings.leaving_grace_days)
    due = AccessKey.objects.for_tenant(tenant).filter(no_link_since__lte=over)
    live = set(_subjects_in(due.filter(state=KeyState.LIVE)))
    used = set(_subjects_in(due.filter(state=KeyState.REDEEMED)))
    inactive = set(
        DirectoryContact.objects.for_tenant(tenant)
        .filter(pk__among={subject.addressee for subject in used}, is_active=False)
        .values_list("pk", flat=True)
    )
    gone = [subject for subject in used if subject.addressee in inactive]
    _revoke_live(tenant=tenant, subjects=live, why=NO_STUDENTS, by=by, at=at, done=done)
    _end_ties_of(tenant=tenant, subjects=gone, why=INACTIVE, by=by, at=at, done=done)


def _revoke_live(
    *, tenant: Tenant, subjects: Collection[Subject], why: str, by: Actor, at: datetime, done: Counter[str]
) -> None:
    live = AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE)
    subject_by_key = _keys_of(tenant=tenant, subjects=subjects, keys=live)
    ended = end_keys(tenant=tenant, key_ids=subject_by_key, state=KeyState.REVOKED, by_id=by.user_id, at=at, why=why)
    if ended:
        about = [("key", key_id) for key_id in ended] + audited(subject_by_key[key_id] for key_id in ended)
        record("key.revoked", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"why": why})
        done["revoked"] += len(ended)


def _end_ties_of(
    *, tenant: Tenant, subjects: Collection[Subject], why: str, by: Actor, at: datetime, done: Counter[str]
) -> None:
    standing = Tie.objects.for_tenant(tenant).standing()
    subject_by_key = _keys_of(tenant=tenant, subjects=subjects, keys=standing, pk="key_id")
    if subject_by_key:
        ended = end_ties(tenant=tenant, key_ids=subject_by_key, by_id=by.user_id, at=at, why=why)
        about = [("key", key_id) for key_id in subject_by_key] + audited(subject_by_key.values())
        record("tie.ended", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"why": why})
        done["ties_ended"] += len(ended)


def _replace_mailed_elsewhere(
    *, tenant: Tenant, email_before: dict[int, str], by: Actor, at: datetime, done: Counter[str]
) -> None:
    """A mailed key that lives, whose contact has another address now, lies in a mailbox that may be somebody else's (E-10)."""
    contacts = DirectoryContact.objects.for_tenant(tenant).filter(pk__among=email_before)
    moved = [pk for pk, email in contacts.values_list("pk", "email") if email != email_before[pk]]
    mailed = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind__in=[CONTACT, FAMILY, STUDENT],
        addressee_id__among=moved,
        emailed_at__isnull=False,
        expires_at__gt=at,
        state=KeyState.LIVE,
    )
    rows = mailed.values_list("pk", "subject_kind", "subject_id", "addressee_id")
    key_ids = {subject_from(kind, pk, addressee_id): key_id for key_id, kind, pk, addressee_id in rows}
    if key_ids:
        replaced = replace_keys(tenant=tenant, key_ids=key_ids, by=by, at=at, run_id=None, reason=NEW_ADDRESS)
        done["replaced"] += len(replaced)
