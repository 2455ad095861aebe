"""Take away at once, without waiting for a Data Sync: restrictions, and "remove now" (R-PA-09, R-RX-02, R-RX-03).

Each is a withdraw-only run for just its pairs, in the transaction of the act: families lose sight at the next request, and
nothing can be added this way.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import hold_clock, tick
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.flags import write_flags
from schoolgate.enrolments.models import Association, How, Restriction
from schoolgate.enrolments.save_restriction import RestrictionTerms, save_restriction
from schoolgate.sync.diff import Span, closings_of, pending_bars, span_of
from schoolgate.sync.models import SyncKind, SyncRun, SyncState
from schoolgate.sync.weigh import count_changes
from schoolgate.sync.write import close_run, hold_head, open_run, write_changes
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

_FLAG_ALONE = {"association": ["portal_access", "flag_how", "flag_at", "flag_by_id"]}


@dataclass(frozen=True)
class Withdrawn:
    """links: pairs that lost sight. run: None when nothing published had to change. restrictions: those that were saved."""

    links: int
    run: SyncRun | None
    restrictions: list[Restriction]


@transaction.atomic(durable=True)
def restrict_contact(
    *,
    tenant: Tenant,
    student_ids: Collection[int],
    contact_id: int,
    terms: RestrictionTerms,
    reason: str,
    by: Actor,
    at: datetime,
) -> Withdrawn:
    """Bar a contact from students, at once. The contact's other students stay as they are. Raises EnrolmentRefused.

    A restriction that begins later is published now and closes its pair on its day by itself.
    """
    if not reason.strip():
        raise EnrolmentRefused("Say why.", field="reason")
    changed_no = tick(tenant=tenant)
    made = save_restriction(
        tenant=tenant, student_ids=student_ids, contact_id=contact_id, terms=terms, by=by, at=at, changed_no=changed_no
    )
    withdrawn = _withdraw(tenant=tenant, restrictions=made, by=by, at=at, reason=reason)
    about = [("contact", contact_id)]
    about += [("student", row.student_id) for row in made] + [("restriction", row.pk) for row in made]
    detail = {"kind": terms.kind.value, "starts_on": made[0].starts_on, "ends_on": terms.ends_on}
    record(
        "restriction.made",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=about,
        detail={**detail, "links": withdrawn.links},
        reason=reason.strip(),
    )
    return withdrawn


@transaction.atomic(durable=True)
def withdraw_now(
    *, tenant: Tenant, association_ids: Collection[int], reason: str, by: Actor, at: datetime
) -> Withdrawn:
    """Turn Has Portal Access off for these pairs and take the published links away at once. Raises EnrolmentRefused."""
    if not reason.strip():
        raise EnrolmentRefused("Say why.", field="reason")
    changed_no = tick(tenant=tenant)
    rows = Association.objects.for_tenant(tenant).in_bulk(list(association_ids))
    if len(rows) != len(set(association_ids)):
        raise EnrolmentRefused("There is no such association.", code="enrolment.no_association")
    write_flags(tenant=tenant, association_ids=list(rows), on=False, how=How.HAND, by=by, at=at, changed_no=changed_no)
    withdrawn = _withdraw(tenant=tenant, association_ids=list(rows), by=by, at=at, reason=reason)
    about = {("student", row.student_id) for row in rows.values()} | {
        ("contact", row.contact_id) for row in rows.values()
    }
    record(
        "access.withdrawn",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=sorted(about),
        detail={"links": withdrawn.links},
        reason=reason.strip(),
    )
    return withdrawn


@transaction.atomic(durable=True)
def withdraw_restricted(*, tenant: Tenant, by: Actor, at: datetime) -> Withdrawn:
    """Make every restriction that waits take effect at once: what whoever applied an import does next (R-RX-08).

    An import adds restrictions in enrolments and stands left of the directory, so it can't do this itself.
    """
    hold_clock(tenant=tenant)
    waiting = Restriction.objects.for_tenant(tenant).filter(pk__in=pending_bars(_now(tenant, at)))
    return _withdraw(tenant=tenant, restrictions=list(waiting), by=by, at=at, reason="")


def _withdraw(
    *,
    tenant: Tenant,
    by: Actor,
    at: datetime,
    reason: str,
    restrictions: Collection[Restriction] = (),
    association_ids: Collection[int] = (),
) -> Withdrawn:
    """Step: the withdraw-only run. The caller holds the clock."""
    restriction_ids = [row.pk for row in restrictions]
    with closings_of(_now(tenant, at), restriction_ids=restriction_ids, association_ids=association_ids):
        counts = count_changes()
        if not counts.total:
            return Withdrawn(0, None, list(restrictions))
        seq = hold_head(tenant=tenant)
        run = open_run(
            tenant=tenant,
            kind=SyncKind.WITHDRAW,
            by=by,
            at=at,
            state=SyncState.APPLIED,
            reason=reason.strip()[:500],
            counts={**counts.as_json(), "total": counts.total},
        )
        last_seq = write_changes(run, seq=seq, columns_by_kind=_FLAG_ALONE)
        close_run(run, first_seq=seq + 1, last_seq=last_seq, at=at)
    record(
        "sync.withdrawn",
        tenant_id=tenant.pk,
        by=by,
        at=at,
        subjects=[("sync_run", run.pk)],
        detail={"run": run.number, **counts.as_json()},
    )
    return Withdrawn(counts.links_removed, run, list(restrictions))


def _now(tenant: Tenant, at: datetime) -> Span:
    """Every write counts, however new."""
    return span_of(tenant=tenant, today=day_of(tenant, at), up_to=2**62)
