"""Keep a group of students for a run of parents' keys: from a list, a filter or ticked rows (R-GP-01)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.id_list import MOST_LINES, Entry
from schoolgate.keys.models import GroupKind, StudentGroup
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Tenant

UNNAMED_KEPT_FOR = timedelta(days=7)
LONGEST_NAME = 80


class GroupRefused(SchoolgateError):
    """A name that can't be given to a group."""

    code = "group.refused"
    status = 422


@transaction.atomic(durable=True)
def add_list_group(*, tenant: Tenant, entries: Sequence[Entry], by: Actor, at: datetime) -> StudentGroup:
    """The students of a pasted or uploaded list. The audit has its hash and its length, and no id (registration-keys §11)."""
    rule = {"entries": [[entry.line, entry.text] for entry in entries]}
    digest = sha256(json.dumps(rule["entries"]).encode()).hexdigest()
    return _add(tenant, GroupKind.LIST, rule, by=by, at=at, detail={"lines": len(entries), "sha256": digest})


@transaction.atomic(durable=True)
def add_filter_group(
    *,
    tenant: Tenant,
    schools: Sequence[int],
    years: Sequence[str],
    classes: Sequence[str],
    by: Actor,
    at: datetime,
) -> StudentGroup:
    """Whoever is in these years and classes of these schools whenever the run is made. schools: their codes, none for all."""
    rule = {"schools": list(schools), "years": list(years), "classes": list(classes)}
    return _add(tenant, GroupKind.FILTER, rule, by=by, at=at, detail=rule)


@transaction.atomic(durable=True)
def add_ticked_group(*, tenant: Tenant, student_ids: Sequence[int], by: Actor, at: datetime) -> StudentGroup:
    """The rows ticked in Registration Key Maintenance, as they are now (R-CK-06). Raises GroupRefused for too many (R-GP-01)."""
    ids = list(student_ids)
    if len(ids) > MOST_LINES:
        raise GroupRefused(
            _("%(n)s students are ticked, and a group has at most %(most)s.") % {"n": len(ids), "most": MOST_LINES},
            fix=_("Choose them by school, year or class."),
        )
    return _add(tenant, GroupKind.TICKED, {"student_ids": ids}, by=by, at=at, detail={"students": len(ids)})


def _add(
    tenant: Tenant, kind: GroupKind, rule: Mapping[str, Any], *, by: Actor, at: datetime, detail: Mapping[str, Any]
) -> StudentGroup:
    group = StudentGroup.objects.create(
        tenant=tenant, kind=kind, rule=dict(rule), created_by_id=by.user_id or 0, created_at=at
    )
    about = [("group", group.pk)]
    record("group.added", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"kind": kind.value, **detail})
    return group


@transaction.atomic(durable=True)
def name_group(*, tenant: Tenant, group: StudentGroup, name: str, by: Actor, at: datetime) -> None:
    """Keep it under a name, so that its run can be made again. Raises GroupRefused."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise GroupRefused(_("Give the group a name of at most %(n)s signs.") % {"n": LONGEST_NAME})
    if StudentGroup.objects.for_tenant(tenant).filter(name__iexact=name).exclude(pk=group.pk).exists():
        raise GroupRefused(_("There is a group of this name already."))
    StudentGroup.objects.for_tenant(tenant).filter(pk=group.pk).update(name=name)
    record("group.named", tenant_id=tenant.pk, by=by, at=at, subjects=[("group", group.pk)], detail={"name": name})


@transaction.atomic(durable=True)
def delete_group(*, tenant: Tenant, group: StudentGroup, by: Actor, at: datetime) -> None:
    """Forget it; keys that its runs have made stay."""
    StudentGroup.objects.for_tenant(tenant).filter(pk=group.pk).delete()
    record("group.deleted", tenant_id=tenant.pk, by=by, at=at, subjects=[("group", group.pk)])


@transaction.atomic(durable=True)
def forget_unnamed(*, at: datetime) -> int:
    """Groups that nobody has kept under a name; how many."""
    # every tenant: a worker looks after all
    count, _each = StudentGroup.objects.filter(name="", created_at__lt=at - UNNAMED_KEPT_FOR).delete()
    return count
