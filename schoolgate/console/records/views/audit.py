"""The audit log: who did what, in sentences; filter, history of one object, export, proof of the chain (R-AU-01 to R-AU-03)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from schoolgate.audit.models import AuditEntry
from schoolgate.audit.queries import audit_length, find_entries
from schoolgate.audit.searches import find_searches
from schoolgate.audit.verify import verify_audit
from schoolgate.console.downloads import csv_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.history import act_groups, area_of, lines_of
from schoolgate.console.lists import choice_in, number_in, paged
from schoolgate.lib.csvfile import csv_bytes
from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.note_export import note_export
from schoolgate.tenancy.queries import members_of
from schoolgate.tenancy.roles import Right, requires

VERIFY_AT_MOST = 50_000  # Entries that a page can wait for; beyond, the command does it.
SUBJECTS = (
    "student",
    "contact",
    "household",
    "restriction",
    "key",
    "account",
    "job",
    "sync_run",
    "user",
    "import",
    "tie",
)


def _asked(request: TenantRequest) -> dict[str, Any]:
    """The filters of the address; nonsense counts as none."""
    area = area_of(request)
    acts = [act for act, _word in act_groups(area.acts or ())]
    kind, object_id = choice_in(request, "kind", SUBJECTS), number_in(request, "id")
    return {
        "area": area,
        "actor_id": number_in(request, "who"),
        "act": choice_in(request, "act", acts),
        "subject": (kind, object_id) if kind and object_id else None,
        "after": _midnight(parse_day(request.GET.get("from", ""))),
        "before": _midnight(parse_day(request.GET.get("to", "")), days=1),
    }


def parse_day(text: str) -> date | None:
    """A day such as 2026-11-24; None for anything else."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    if day is None or not 1900 < day.year < 2200:
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))


@requires(Right.AUDIT_READ)
@require_safe
def audit(request: TenantRequest) -> HttpResponse:
    asked = _asked(request)
    context = paged(request, find_entries(tenant_id=request.tenant.pk, **asked))
    context |= {
        "lines": lines_of(request, context["page"].object_list),
        "groups": act_groups(asked["area"].acts or ()),
        "members": {row.user_id: row.user.name or row.user.username for row in members_of(request.tenant)},
        "asked": asked,
        "is_filtered": any(asked[name] for name in ("actor_id", "act", "subject", "after", "before")),
        "length": audit_length(tenant_id=request.tenant.pk),
        "may_export": Right.EXPORT in request.rights,
        "may_verify": Right.MEMBERS_READ in request.rights,
    }
    template = "console/records/_audit.html" if request.htmx else "console/records/audit.html"
    return render(request, template, context)


@requires(Right.AUDIT_READ)
@require_safe
def searches(request: TenantRequest) -> HttpResponse:
    """Who searched for people by name or id, for 90 days: a member's own, and everybody's for those whose area it is."""
    is_all = request.rights[Right.AUDIT_READ] is None and any(
        request.rights.get(right, set()) is None for right in (Right.MEMBERS_READ, Right.KEYS_ACT)
    )
    found = find_searches(tenant_id=request.tenant.pk, at=timezone.now(), actor_id=None if is_all else request.user.pk)
    context = paged(request, found)
    context["lines"] = lines_of(request, [note.as_entry() for note in context["page"].object_list])
    return render(request, "console/records/searches.html", context | {"is_all": is_all})


@requires(Right.EXPORT)
@requires_fresh
@require_safe
def audit_export(request: TenantRequest) -> StreamingHttpResponse:
    """The filtered log as CSV; that it was taken is itself an entry."""
    if Right.AUDIT_READ not in request.rights:
        raise NotAllowed
    asked = _asked(request)
    entries = find_entries(tenant_id=request.tenant.pk, **asked)
    filters = {name: str(asked[name]) for name in ("actor_id", "act", "subject", "after", "before") if asked[name]}
    note_export(
        tenant=request.tenant,
        what="audit",
        filters=filters,
        rows=entries.count(),
        by=request.actor,
        at=timezone.now(),
    )
    headings = [_("Number"), _("When"), _("Who"), _("What"), _("Reason"), _("Act"), _("By way of")]
    return csv_file(csv_bytes(headings, _cells(request, entries)), name=f"audit-{timezone.localdate():%Y-%m-%d}")


def _cells(request: TenantRequest, entries: QuerySet[AuditEntry]) -> Iterator[list[object]]:
    """A row for each entry, named by the hundred."""
    for some in batched(entries.iterator(chunk_size=500), 500):
        for line in lines_of(request, some):
            entry = line.entry
            yield [entry.seq, entry.at.isoformat(), line.who, line.sentence, line.reason, entry.act, entry.via]


def batched(entries: Iterable[AuditEntry], size: int) -> Iterator[list[AuditEntry]]:
    """The entries in lists of this size."""
    rest = iter(entries)
    while some := list(islice(rest, size)):
        yield some


@requires(Right.MEMBERS_READ)
@require_POST
def audit_verify(request: TenantRequest) -> HttpResponse:
    """Walk the whole chain now."""
    if audit_length(tenant_id=request.tenant.pk) > VERIFY_AT_MOST:
        messages.info(
            request,
            _("The log is long. Have it verified at the server: schoolgate audit verify --tenant %(code)s")
            % {"code": request.tenant.code},
        )
    else:
        verdict = verify_audit(tenant_id=request.tenant.pk)
        if verdict.ok:
            messages.success(
                request, _("Verified: all %(rows)d entries stand as they were written.") % {"rows": verdict.rows}
            )
        else:
            messages.error(
                request,
                _(
                    "Entry %(seq)d can't stand as it is: the log was changed. Keep a copy of the database, and tell whoever runs it."
                )
                % {"seq": verdict.first_bad or 0},
            )
    return redirect("console:records:audit", request.tenant.code)
