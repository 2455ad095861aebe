"""Change the key system: the live keys of the old one end with it, and so may its connections (portal-console §4.1).

Until a converter carries accounts over from one system to another, standing ties of the old system stop the change,
unless the office has said that they shall end. Nobody is mailed; letters for new keys are runs of their own (R-MG-06).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.subject import Subject
from schoolgate.keys.end_keys import end_keys, end_ties
from schoolgate.keys.make_keys import hold_keys_of
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.subjects import PARENT_KIND, audited, parent_kind, subject_from
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import KeySystem, Tenant
from schoolgate.tenancy.settings import note_key_system

WHY = "key system changed"
_NAMED_AT_ONCE = 500
_INDOORS = Q(printed_at=None, emailed_at=None)
_COLUMNS = ("subject_kind", "subject_id", "addressee_id")


class TiesStand(SchoolgateError):
    """Accounts are connected by keys of the old system, and nobody has said that these connections shall end."""

    code = "keys.ties_stand"
    status = 409

    def __init__(self, ties: int) -> None:
        self.ties = ties
        said = ngettext(
            "%(n)s connection made by a key of another system stands. Changing the key system would end it, so nothing was changed.",
            "%(n)s connections made by keys of another system stand. Changing the key system would end them, so nothing was changed.",
            ties,
        )
        super().__init__(
            said % {"n": ties},
            fix=_(
                "Connections can't be carried over to the new system. An owner can end them:"
                " these people then need a new key."
            ),
        )


@dataclass(frozen=True)
class Standing:
    """How a tenant gets its adults in. live: live keys of that system, locked ones too; given_out: of these, printed or e-mailed.

    ties: standing ones; accounts: that hold them.
    """

    system: str
    live: int
    given_out: int
    ties: int
    accounts: int


@dataclass(frozen=True)
class Switched:
    """What a change of the system did, or would do. is_same: it was in force already, and nothing was done."""

    before: str
    after: str
    live: int
    given_out: int
    ties: int
    accounts: int

    @property
    def is_same(self) -> bool:
        return self.before == self.after

    @property
    def ends_anything(self) -> bool:
        return bool(self.live or self.ties)


def standing_of(*, tenant: Tenant) -> Standing:
    """Query: the system in force, with its keys and ties; two statements."""
    kinds = [parent_kind(tenant)]
    return Standing(tenant.settings.key_system, *_counted(_live(tenant, kinds), _standing(tenant, kinds)))


def forecast_switch(*, tenant: Tenant, to: KeySystem) -> Switched:
    """Query: what `switch_system` would end at this moment (R-MG-02); writes nothing."""
    kinds = _kinds_that_end(to)
    return Switched(
        tenant.settings.key_system, to.value, *_counted(_live(tenant, kinds), _standing(tenant, kinds))
    )  # fmt: skip


@transaction.atomic(durable=True)
def switch_system(*, tenant: Tenant, to: KeySystem, end_ties_too: bool, by: Actor, at: datetime) -> Switched:
    """Put another key system in force, wholly or not at all (R-MG-05). Who may ask is the caller's matter (R-MG-07).

    It runs under the lock under which keys are made, so that no run makes a key of the old system afterwards; and it
    waits for redemptions under way on the keys that it ends, so that their ties are seen. Raises TiesStand.
    """
    hold_keys_of(tenant)
    before = note_key_system(tenant=tenant, system=to, by=by, at=at)
    done = Switched(before.value, to.value, 0, 0, 0, 0)
    if done.is_same:
        return done
    kinds = _kinds_that_end(to)
    keys = _live(tenant, kinds)
    given_out = keys.exclude(_INDOORS).count()
    subject_by_key = {pk: subject_from(*columns) for pk, *columns in keys.values_list("pk", *_COLUMNS)}
    ended = end_keys(
        tenant=tenant, key_ids=subject_by_key, state=KeyState.REVOKED, by_id=by.user_id, at=at, why=WHY
    )  # fmt: skip
    # Only now: a redemption that was under way on one of these keys has ended, and its tie is seen.
    ties = list(_standing(tenant, kinds).order_by("pk").values_list("key_id", "account_id", *_COLUMNS))
    if ties and not end_ties_too:
        raise TiesStand(len(ties))
    end_ties(tenant=tenant, key_ids=[tie[0] for tie in ties], by_id=by.user_id, at=at, why=WHY)
    done = replace(
        done,
        live=len(ended),
        given_out=given_out,
        ties=len(ties),
        accounts=len({account_id for _, account_id, *_ in ties}),
    )
    _record(tenant, done, [(pk, subject_by_key[pk]) for pk in ended], ties, by=by, at=at)
    return done


def _kinds_that_end(to: KeySystem) -> list[str]:
    """Of every system but the new one, whatever was in force: a key for student use depends on none."""
    return [kind for system, kind in PARENT_KIND.items() if system != to]


def _live(tenant: Tenant, kinds: Sequence[str]) -> QuerySet[AccessKey]:
    return AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE, subject_kind__in=kinds)


def _standing(tenant: Tenant, kinds: Sequence[str]) -> QuerySet[Tie]:
    return Tie.objects.for_tenant(tenant).standing().filter(subject_kind__in=kinds)


def _counted(keys: QuerySet[AccessKey], ties: QuerySet[Tie]) -> tuple[int, int, int, int]:
    """Live keys, those given out, ties, accounts."""
    found = keys.aggregate(live=Count("pk"), unseen=Count("pk", filter=_INDOORS))
    tied = ties.aggregate(ties=Count("pk"), accounts=Count("account", distinct=True))
    return found["live"], found["live"] - found["unseen"], tied["ties"], tied["accounts"]


def _record(
    tenant: Tenant,
    done: Switched,
    keys: Sequence[tuple[int, Subject]],
    ties: Sequence[tuple[Any, ...]],  # Any: ids, and a kind
    *,
    by: Actor,
    at: datetime,
) -> None:
    """The change, and every key and tie that ended with it, some hundreds named at a time (R-AU-01, R-AU-02)."""
    for start in range(0, len(keys), _NAMED_AT_ONCE):
        some = keys[start : start + _NAMED_AT_ONCE]
        about = [("key", pk) for pk, _subject in some] + audited(subject for _pk, subject in some)
        record("key.revoked", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"keys": len(some), "why": WHY})
    for start in range(0, len(ties), _NAMED_AT_ONCE):
        about = []
        for key_id, account_id, *columns in ties[start : start + _NAMED_AT_ONCE]:
            about += [("key", key_id), ("account", account_id), *audited([subject_from(*columns)])]
        record("tie.ended", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"why": WHY})
    record(
        "key_system.changed",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=[("tenant", tenant.pk)],
        detail={
            "before": {"key_system": done.before},
            "after": {"key_system": done.after},
            "keys": done.live,
            "ties": done.ties,
        },
    )
