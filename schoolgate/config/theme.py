"""Light, dark or as the device: what a person chose for this browser, kept in a cookie that the page is drawn by."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from schoolgate.tenancy.roles import for_anybody


@for_anybody
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice for a year, and go back to the page it was made on."""
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(back if safe else "/")
    theme = request.POST.get("theme")
    if theme in {"light", "dark"}:
        response.set_cookie(
            "theme",
            theme,
            max_age=365 * 24 * 3600,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response
