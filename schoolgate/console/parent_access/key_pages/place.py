"""Which search, filters and page of the list a person came from, so that an act leads back there (§11.1)."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from schoolgate.console.parent_access.key_pages.schemes import scheme_of
from schoolgate.tenancy.http import TenantRequest


def place_of(request: TenantRequest) -> dict[str, Any]:
    """For a page of an act. back: the list's query string, for the form to carry on; list: its address at that place; scheme: its kind."""
    place = _place(request)
    here = f"{_list(request)}?{place}" if place else _list(request)
    return {"back": place, "list": here, "scheme": scheme_of(request.tenant)}


def back_to_list(request: TenantRequest) -> HttpResponseRedirect:
    """Go back to the list, as it was left."""
    return HttpResponseRedirect(str(place_of(request)["list"]))


def back_to_sender(request: TenantRequest) -> HttpResponseRedirect:
    """Go back to the page whose form was sent, where it says so and is one of ours; else to the list."""
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back) if safe else back_to_list(request)


def _place(request: TenantRequest) -> str:
    """As a form or a link carries it on, else as the page before has it; empty for the list from its start."""
    given = request.POST.get("back", request.GET.get("back"))
    if given is None:
        before = urlsplit(request.htmx.current_url or request.headers.get("Referer", ""))
        given = before.query if before.path == _list(request) else ""
    return QueryDict(given).urlencode()


def _list(request: TenantRequest) -> str:
    return resolve_url(f"console:{scheme_of(request.tenant).namespace}:list", request.tenant.code)
