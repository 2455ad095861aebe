"""Search, and open one account."""

from typing import Any

from django.db.models import F, OrderBy
from django.db.models.functions import Lower
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from schoolgate.accounts.find import count_accounts, find_accounts
from schoolgate.accounts.models import Stop, StopKind
from schoolgate.accounts.office_acts import may_end
from schoolgate.accounts.queries import access_of
from schoolgate.accounts.ties import disclaimed_by, ties_of
from schoolgate.console.history import history_of
from schoolgate.console.lists import paged, sort_in
from schoolgate.console.parent_access_administration.account_maintenance.filters import Search, read_search
from schoolgate.console.parent_access_administration.account_maintenance.reach import (
    account_in,
    is_wholly_in_reach,
    sees_nobody_beyond,
)
from schoolgate.console.parent_access_administration.account_maintenance.rows import rows_of
from schoolgate.console.searches import note_new_search
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import User
from schoolgate.tenancy.queries import schools_of
from schoolgate.tenancy.roles import Right, requires

_SORTS: dict[str, Any] = {
    "name": Lower("name"),
    "username": F("username_folded"),
    "seen": F("last_login"),
}


@requires(Right.KEYS_READ)
@require_safe
def search(request: TenantRequest) -> HttpResponse:
    """Account Maintenance: nothing is listed before the first Go, or before a choice of *Accounts* (R-AM-01)."""
    now, reach = timezone.now(), request.rights[Right.KEYS_READ]
    found = read_search(request.GET, schools=schools_of(request.tenant, only=reach))
    context: dict[str, Any] = {"search": found, "form": found.form, "rights": _may(request)}
    if found.wanted is not None:
        context |= _list(request, found, now=now)
        note_new_search(
            request,
            what="accounts",
            school=found.form.cleaned_data["school"],
            words=found.words,
            hits=context["page"].paginator.count,
            at=now,
        )
    template = "_list.html" if request.htmx and found.wanted is not None else "search.html"
    status = 422 if found.form.errors else 200
    return render(request, f"console/account_maintenance/{template}", context, status=status)


def _list(request: TenantRequest, search: Search, *, now: Any) -> dict[str, Any]:
    assert search.wanted is not None
    reach, sort = request.rights[Right.KEYS_READ], sort_in(request, _SORTS)
    wanted, note = search.wanted, ""
    found = find_accounts(tenant=request.tenant, wanted=wanted, school_ids=reach, at=now)
    if wanted.student_no.startswith("0") and wanted.student_no.strip("0") and not found.exists():
        wanted = wanted.without_leading_zeros()  # R-RK-04: as typed first, and then the second search is named.
        found = find_accounts(tenant=request.tenant, wanted=wanted, school_ids=reach, at=now)
        note = _("No account for this Student ID as typed. These are for %(id)s.") % {"id": wanted.student_no}
    column = OrderBy(_SORTS[sort.removeprefix("-")], descending=sort.startswith("-"))
    if sort.removeprefix("-") == "seen":
        column.nulls_last = True
    context = paged(request, found.order_by(column, "pk")) | {"sort": sort, "note": note if found.exists() else ""}
    context["rows"] = rows_of(tenant=request.tenant, accounts=context["page"].object_list, school_ids=reach, at=now)
    context["counts"] = count_accounts(tenant=request.tenant, wanted=wanted, school_ids=reach, at=now)
    context["any_locked"] = any(row.locked == "tries" for row in context["rows"])
    if not context["rows"] and (search.accounts != "all" or search.form.has_filter()):
        wider = wanted.without_filters()
        context["without_filters"] = find_accounts(
            tenant=request.tenant, wanted=wider, school_ids=reach, at=now
        ).count()
    return context


@requires(Right.KEYS_READ)
@require_safe
def account(request: TenantRequest, account_id: int) -> HttpResponse:
    """One account: its state, whom it acts for, whom it sees, and what can be done with it."""
    found = account_in(request, account_id)
    return render(request, "console/account_maintenance/account.html", account_context(request, found, "overview"))


@requires(Right.KEYS_READ)
@require_safe
def history(request: TenantRequest, account_id: int) -> HttpResponse:
    """What was done with the account, in sentences (R-AU-02)."""
    found = account_in(request, account_id)
    context = account_context(request, found, "history") | history_of(request, "account", found.pk)
    return render(request, "console/account_maintenance/history.html", context)


def account_context(request: TenantRequest, account: User, tab: str) -> dict[str, Any]:
    """What every page of an account shows."""
    now, reach = timezone.now(), request.rights[Right.KEYS_READ]
    row = rows_of(tenant=request.tenant, accounts=[account], school_ids=reach, at=now)[0]
    near = {student.pk for student in row.students}
    seen = [each for each in access_of(tenant=request.tenant, account=account, at=now).seen if each.student.pk in near]
    return {
        "account": account,
        "row": row,
        "tab": tab,
        "seen": seen,
        "ties": ties_of(tenant=request.tenant, account=account, school_ids=reach),
        "disclaimed": disclaimed_by(tenant=request.tenant, account=account, school_ids=reach),
        "rights": _may(request, account, row.stop),
    }


def _may(request: TenantRequest, account: User | None = None, stop: Stop | None = None) -> dict[str, bool]:
    """What the member may do, with this account where one is given. stop: by which the office keeps it shut."""
    rights = {"act": Right.KEYS_ACT in request.rights, "export": Right.EXPORT in request.rights}
    if account is not None:
        may_delete = Right.ACCOUNTS_DELETE in request.rights
        rights["print_code"] = rights["act"] and sees_nobody_beyond(request, account, Right.KEYS_ACT)
        rights["delete"] = may_delete and is_wholly_in_reach(request, account, Right.ACCOUNTS_DELETE)
        needed = Right.ACCOUNTS_DELETE if stop and stop.kind == StopKind.BINNED else Right.KEYS_ACT
        rights["end_stop"] = stop is None or may_end(stop, school_ids=request.rights.get(needed, set()))
    return rights


def back_to(request: TenantRequest, account: User) -> HttpResponse:
    return HttpResponseRedirect(resolve_url("console:account_maintenance:account", request.tenant.code, account.pk))
