"""Who is really calling, when reverse proxies stand in front (SCHOOLGATE_TRUSTED_PROXIES)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ProxyMiddleware:
    """Take the caller's address from X-Forwarded-For, as far as our own proxies wrote it; throttles count by it.

    Each proxy appends the address that it saw, so with N proxies of ours the N-th from the right is the caller's.
    Whatever stands left of it the caller may have made up.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        proxies = settings.TRUSTED_PROXIES
        seen = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        if proxies and len(seen) >= proxies:
            request.META["REMOTE_ADDR"] = seen[-proxies]
        return self.get_response(request)
