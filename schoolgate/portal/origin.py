"""Pages that send no referrer post their own forms with "Origin: null"; Django would refuse them as a stranger's."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse


class NullOriginMiddleware:
    """Read "Origin: null" as our own origin on claim pages, unless the browser says that another site sent the form.

    Stands before CsrfViewMiddleware, whose token is asked for as ever. R-RD-02 wants no referrer on these pages, and by the
    Fetch standard a form post from such a page has the origin null. Newer browsers also send Sec-Fetch-Site, which no page
    can forge; older ones don't, and then the token and the session cookie (SameSite=Lax) decide.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: object, kwargs: object) -> None:
        if not getattr(view, "sends_no_referrer", False) or request.headers.get("origin") != "null":
            return
        if request.headers.get("sec-fetch-site", "same-origin") == "same-origin":
            request.META["HTTP_ORIGIN"] = f"{request.scheme}://{request.get_host()}"
