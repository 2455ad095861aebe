"""Print, send, replace, revoke and unlock the key of one person, from the window."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from schoolgate.console.parent_access_administration.registration_keys.acts import (
    VERB_BY_NAME,
    perform,
    target_of,
    what_stops,
)
from schoolgate.console.parent_access_administration.registration_keys.answer import (
    draw,
    window_again,
    window_context,
)
from schoolgate.console.parent_access_administration.registration_keys.scope import scope_of
from schoolgate.console.parent_access_administration.registration_keys.window import window_of
from schoolgate.lib.errors import NotAllowed, SchoolgateError
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: TenantRequest, student_id: int, verb: str, contact_id: int | None = None) -> HttpResponse:
    """Ask, where the act has consequences; then do it, at once."""
    chosen = VERB_BY_NAME[verb]
    if chosen.needs is not None and chosen.needs not in request.rights:
        raise NotAllowed
    scope = scope_of(request, Right.KEYS_ACT, at=timezone.now())
    window = window_of(scope, student_id)
    target = target_of(window, contact_id)
    form = chosen.form(request.POST if request.method == "POST" else None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            done = perform(scope, chosen, target, form.cleaned_data, by=request.actor)
        except SchoolgateError as refusal:
            form.add_error(None, refusal.in_full)
        else:
            more = {"letter_job_id": done.letter_job_id} if done.letter_job_id else {}
            return window_again(request, scope, student_id, done.said, is_refused=not done.is_done, **more)
    stops = what_stops(scope, chosen, target)
    context = window_context(request, window) | {"verb": chosen, "target": target, "form": form, "stops": stops}
    return draw(request, "act", context, status=422 if form.errors else 200)
