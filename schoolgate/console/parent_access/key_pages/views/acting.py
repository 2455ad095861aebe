"""The Actions menu, the preview of each act, and its start (R-CK-07)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from schoolgate.console.once import one_effect
from schoolgate.console.parent_access.key_pages.acts import ACT_BY_NAME
from schoolgate.console.parent_access.key_pages.chosen import chosen_by
from schoolgate.console.parent_access.key_pages.page import scope_of
from schoolgate.console.parent_access.key_pages.place import back_to_list, place_of
from schoolgate.console.parent_access.key_pages.preview import lines_of, preview_of
from schoolgate.console.parent_access.key_pages.ticks import apply_ticks
from schoolgate.lib.errors import NotAllowed, SchoolgateError
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def actions(request: TenantRequest) -> HttpResponse:
    """Each act with its forecast for what is ticked: a part that opens below the button, or a page of its own."""
    if request.method == "POST":
        apply_ticks(request)
    chosen = chosen_by(request.user, scope=scope_of(request, Right.KEYS_ACT, at=timezone.now()))
    part = "console/key_pages/_menu.html" if request.htmx else "console/key_pages/actions.html"
    context = {"chosen": chosen, "lines": lines_of(chosen, rights=request.rights)}
    return render(request, part, context | place_of(request))


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
@one_effect(back=lambda request, **_: place_of(request)["list"])
def act(request: TenantRequest, name: str) -> HttpResponse:
    """Preview an act, and start it: the same verdict decides both, and once more each row's when its turn comes."""
    act = ACT_BY_NAME[name]
    if any(right not in request.rights for right in act.needs):
        raise NotAllowed
    chosen = chosen_by(request.user, scope=scope_of(request, Right.KEYS_ACT, at=timezone.now()))
    form = act.form(request.POST if request.method == "POST" else None)
    preview = preview_of(act, chosen, form=form, asked=request.POST or request.GET, rights=request.rights)
    if request.method == "POST" and form.is_valid():
        if preview.lacks_for_many:
            raise NotAllowed
        try:
            act.start(chosen, form.cleaned_data, request.actor)
        except SchoolgateError as refusal:
            form.add_error(None, refusal.in_full)
        else:
            return back_to_list(request)
    part = "console/key_pages/_forecast.html" if request.htmx else "console/key_pages/preview.html"
    context = {"preview": preview, "form": preview.form}
    return render(request, part, context | place_of(request), status=422 if form.errors else 200)
