"""Search, look at the results, open a student's window."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from schoolgate.audit.queries import audit_length
from schoolgate.console.history import history_of
from schoolgate.console.lists import number_in, numbers_in, whole_number
from schoolgate.console.parent_access_administration.registration_keys.answer import (
    FOLDER,
    SEARCH,
    draw,
    sought_surname,
    window_context,
)
from schoolgate.console.parent_access_administration.registration_keys.filters import keys_labels, registered_labels
from schoolgate.console.parent_access_administration.registration_keys.forms import search_form
from schoolgate.console.parent_access_administration.registration_keys.results import SIZES, result_of
from schoolgate.console.parent_access_administration.registration_keys.rows import changed_rows, seen_now
from schoolgate.console.parent_access_administration.registration_keys.scope import scope_of
from schoolgate.console.parent_access_administration.registration_keys.ticks import apply_ticks, ticks_among
from schoolgate.console.parent_access_administration.registration_keys.window import is_unchanged, window_of
from schoolgate.console.searches import note_new_search
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.note_opening import note_opening
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_READ)
@require_safe
def search(request: TenantRequest) -> HttpResponse:
    """The search and its result."""
    now = timezone.now()
    form = search_form(request, request.GET if "go" in request.GET else None)
    context = {"form": form, "sizes": SIZES, "may_act": Right.KEYS_ACT in request.rights}
    if form.is_bound and form.is_valid():
        result = result_of(request, form, at=now)
        note_new_search(
            request,
            what="keys",
            school=form.cleaned_data["school"],
            words={name: form.cleaned_data[name] for name in ("student_no", "surname")},
            hits=result.hits,
            at=now,
        )
        request.session[SEARCH] = request.GET.urlencode()
        context |= {
            "surname": form.cleaned_data["surname"],
            "result": result,
            "page": result.page,
            "size": result.size,
            "sort": result.sort,
        }
        context |= {"ticks": ticks_among(request, [row.student.pk for row in result.page])}
        context |= {"keys_labels": keys_labels(), "registered_labels": registered_labels()}
    return render(request, f"{FOLDER}/search.html", context, status=422 if form.errors else 200)


@requires(Right.KEYS_READ)
@require_safe
def schools(request: TenantRequest) -> HttpResponse:
    """The field of schools alone, with or without the inactive ones (R-RK-01)."""
    return render(request, f"{FOLDER}/_schools.html", {"form": search_form(request, request.GET)})


@requires(Right.KEYS_ACT)
@require_POST
def select(request: TenantRequest) -> HttpResponse:
    """Tick and untick: the rows of the page, the whole result, or none (R-CK-06)."""
    apply_ticks(request)
    if request.htmx:
        shown = numbers_in(request.POST.get("shown", ""))
        return render(request, "console/_selected.html", {"ticks": ticks_among(request, shown)})
    address = QueryDict(request.POST.get("address", ""))
    return redirect(f"{resolve_url('console:registration_keys:search', request.tenant.code)}?{address.urlencode()}")


@requires(Right.KEYS_READ)
@require_POST
def rows(request: TenantRequest) -> HttpResponse:
    """Those rows of a list that read differently now; asked every few seconds (R-RK-09). By POST: 250 rows have a long address."""
    scope = scope_of(request, Right.KEYS_READ, at=timezone.now())
    seq = whole_number(request.POST.get("seq", "")) or 0
    newest = audit_length(tenant_id=request.tenant.pk)
    if newest == seq:
        return HttpResponse(status=204)
    seen, surname = request.POST.get("seen", ""), sought_surname(request)
    found = [] if is_unchanged(scope, seq=seq) else changed_rows(scope, seen, surname=surname)
    may_act = Right.KEYS_ACT in request.rights
    context: dict[str, Any] = {
        "rows": found,
        "seq": newest,
        "seen": seen_now(seen, found),
        "surname": surname,
        "may_act": may_act,
        "oob": True,
    }
    if found:
        context |= {"ticks": ticks_among(request, [row.student.pk for row in found])}
    return render(request, f"{FOLDER}/_changed_rows.html", context)


@requires(Right.KEYS_READ)
@require_safe
def student(request: TenantRequest, student_id: int) -> HttpResponse:
    """Student Key Information: a window over the list, or a page of its own; with ``seq`` it only asks what is new."""
    now = timezone.now()
    scope = scope_of(request, Right.KEYS_READ, at=now)
    seq = number_in(request, "seq")
    if seq is not None and is_unchanged(scope, seq=seq):
        return HttpResponse(status=204)
    window = window_of(scope, student_id)
    if seq is not None:
        is_same = request.GET.get("version") == window.version
        return HttpResponse(status=204) if is_same else draw(request, "keys", window_context(request, window))
    if window.has_restriction:
        note_opening(tenant=request.tenant, student_id=student_id, by=request.actor, at=now)
    return draw(request, "window", window_context(request, window))


@requires(Right.KEYS_READ)
@require_safe
def history(request: TenantRequest, student_id: int) -> HttpResponse:
    """All past keys and acts, in sentences (R-SK-07)."""
    window = window_of(scope_of(request, Right.KEYS_READ, at=timezone.now()), student_id)
    context = window_context(request, window) | history_of(request, "student", student_id)
    return draw(request, "history", context)
