"""Show keys: one in its row, or those that are ticked; a fresh sign-in, two minutes, one audit entry (R-CK-05)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schoolgate.console.fresh import requires_fresh
from schoolgate.console.parent_access.key_pages.chosen import chosen_by
from schoolgate.console.parent_access.key_pages.page import scope_of
from schoolgate.console.parent_access.key_pages.place import place_of
from schoolgate.console.parent_access.key_pages.showing import MOST_AT_ONCE, cover, reveal, reveal_chosen
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires

TOLD = "told_that_shown_keys_are_recorded"


@requires(Right.KEYS_SEE)
@requires_fresh
@require_POST
def show(request: TenantRequest, row_id: int) -> HttpResponse:
    """The keys of one row in clear: in their cell, or on a page of their own without script."""
    scope = scope_of(request, Right.KEYS_SEE, at=timezone.now())
    shown = reveal(scope, row_id, by=request.actor)
    part = "console/key_pages/_key.html" if request.htmx else "console/key_pages/show.html"
    context = {"row": shown.row, "shown": shown.keys, "may_see_keys": True, "keys": shown.keys, "is_shown": True}
    context |= place_of(request)
    context["first_time"] = not request.session.get(TOLD, False)
    request.session[TOLD] = True
    return render(request, part, context)


@requires(Right.KEYS_READ)
@require_safe
def hide(request: TenantRequest, row_id: int) -> HttpResponse:
    """The same cell covered again."""
    row = cover(scope_of(request, Right.KEYS_READ, at=timezone.now()), row_id)
    context = {"row": row, "may_see_keys": Right.KEYS_SEE in request.rights, "was_shown": True}
    return render(request, "console/key_pages/_key.html", context)


@requires(Right.KEYS_SEE)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def show_chosen(request: TenantRequest) -> HttpResponse:
    """The keys of all that are ticked, on one page that covers itself; a GET only says how many they are."""
    chosen = chosen_by(request.user, scope=scope_of(request, Right.KEYS_SEE, at=timezone.now()))
    keys = reveal_chosen(chosen, by=request.actor) if request.method == "POST" else []
    context = {"chosen": chosen, "keys": keys, "most": MOST_AT_ONCE, "is_shown": request.method == "POST"}
    return render(request, "console/key_pages/show.html", context | place_of(request))
