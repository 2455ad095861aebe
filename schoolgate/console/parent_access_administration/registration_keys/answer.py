"""The window as an answer: the part alone for htmx, a page of its own otherwise."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url

from schoolgate.console.parent_access_administration.registration_keys.acts import VERBS
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.console.parent_access_administration.registration_keys.window import Window, window_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right

SEARCH = "registration_keys_search"
FOLDER = "console/registration_keys"


def window_context(request: TenantRequest, window: Window) -> dict[str, Any]:
    """What every page and part of the window needs."""
    return {
        "window": window,
        "student": window.student,
        "back": back_to_list(request),
        "may_act": Right.KEYS_ACT in request.rights,
        "may_see_keys": Right.KEYS_SEE in request.rights,
        "may_see_restrictions": Right.RESTRICTIONS_READ in request.rights,
        "may_edit_enrolments": Right.ENROLMENTS_EDIT in request.rights,
        "may_edit_settings": Right.SETTINGS_EDIT in request.rights,
        "verbs": [verb for verb in VERBS if verb.needs is None or verb.needs in request.rights],
    }


def back_to_list(request: TenantRequest) -> str:
    """The list as it was left: its search, filter, page and place (R-RK-06)."""
    query = request.session.get(SEARCH, "")
    address = resolve_url("console:registration_keys:search", request.tenant.code)
    return f"{address}?{query}" if query else address


def sought_surname(request: TenantRequest) -> str:
    """What the list that a row belongs to was searched by: a row that is sent again tells the same as before."""
    return request.POST.get("surname", "").replace("\0", "")[:100]


def draw(request: TenantRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """`_<name>.html` for htmx, `<name>.html` around it otherwise."""
    file = f"{FOLDER}/_{name}.html" if request.htmx else f"{FOLDER}/{name}.html"
    return render(request, file, context, status=status)


def window_again(
    request: TenantRequest, scope: Scope, student_id: int, said: str = "", *, is_refused: bool = False, **more: Any
) -> HttpResponse:
    """After an act: the window with what came of it. Without script the page is asked for anew, unless it shows a key once."""
    if not request.htmx and "shown" not in more and "letter_job_id" not in more:
        if said:
            (messages.warning if is_refused else messages.success)(request, said)
        return redirect("console:registration_keys:student", request.tenant.code, student_id)
    context = window_context(request, window_of(scope, student_id)) | {"said": said, "is_refused": is_refused, **more}
    return draw(request, "window", context, status=200)
