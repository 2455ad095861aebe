"""From address to tenant, from session to member, from error to page."""

from collections.abc import Callable
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any
from urllib.parse import quote

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.crypto import salted_hmac
from django_htmx.http import HttpResponseClientRedirect

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.note_refusal import note_refusal
from schoolgate.tenancy.roles import rights_of


class TenantMiddleware:
    """Put the tenant of /s-CODE/ on the request, whatever the case of its code; a stranger's code is a 404.

    A session of another tenant counts as not signed in here (spine §4: a sign-in belongs to one tenant).
    Pages of a tenant are never stored by shared caches (R-RD-15).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        if getattr(request, "tenant", None) is not None:
            patch_cache_control(response, private=True, no_store=True)
            patch_vary_headers(response, ["Cookie"])
        return response

    def process_view(self, request: Any, view: object, args: object, kwargs: dict[str, Any]) -> None:
        code = kwargs.pop("tenant_code", None)
        if code is None:
            return
        tenant = Tenant.objects.select_related("settings").filter(code_folded=code.casefold()).first()
        if tenant is None:
            raise Http404
        request.tenant = tenant
        timezone.activate(tenant.time_zone)  # Pages show the school's time, whoever reads them.
        if request.user.is_authenticated and request.user.tenant_id != tenant.pk:
            request.user = AnonymousUser()
        request.rights = rights_of(request.user, tenant=tenant) if request.user.is_authenticated else {}
        request.actor = actor_of(request)


def actor_of(request: Any) -> Actor:
    """Who acts in this request, for the audit."""
    signed_in = request.user.is_authenticated
    via = "console" if "/console/" in request.path or (signed_in and request.user.is_staff_member) else "portal"
    return Actor(
        kind=ActorKind(request.user.kind) if signed_in else ActorKind.FAMILY,
        user_id=request.user.pk if signed_in else None,
        via=via,
        source=source_of(request),
    )


def source_of(request: HttpRequest) -> str:
    """A keyed hash of the caller's address: the same caller can be counted, nobody can be looked up."""
    network = _network_of(request.META.get("REMOTE_ADDR", ""))
    return salted_hmac("schoolgate.source", network, algorithm="sha256").hexdigest()[:32]


def _network_of(address: str) -> str:
    """What one caller has to themself: an IPv4 address, or an IPv6 network of 64 bits, within which they may take any address."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return address
    return str(known.ipv4_mapped or ip_network((known.packed[:8] + bytes(8), 64)))


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Pages are private unless they say otherwise; who isn't signed in goes to the door of the page: staff or family."""

    def handle_no_permission(
        self, request: Any, view_func: Any
    ) -> Any:  # Any: htmx is redirected by a header of a 200.
        if getattr(request, "tenant", None) is None:
            raise Http404
        door = "console:sign_in" if getattr(view_func, "door", "portal") == "console" else "portal:sign_in"
        here = f"{resolve_url(door, request.tenant.code)}?next={quote(request.get_full_path())}"
        return HttpResponseClientRedirect(here) if request.headers.get("HX-Request") else HttpResponseRedirect(here)


def _note(request: Any, refusal: SchoolgateError) -> None:
    """An act that a signed-in person was refused goes into the audit; looking at a page is no act (R-PM-03)."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or getattr(request, "tenant", None) is None:
        return
    if request.user.is_authenticated:
        page = request.resolver_match.view_name
        note_refusal(tenant=request.tenant, page=page, code=refusal.code, by=request.actor, at=timezone.now())


class RefusalMiddleware:
    """A SchoolgateError that no view caught becomes its page, with its own status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        if not isinstance(fault, SchoolgateError):
            return None
        if fault.status == 403:
            _note(request, fault)
        if fault.status == 404:
            return render(request, "404.html", status=404)
        return render(request, "refused.html", {"refusal": fault}, status=fault.status)
