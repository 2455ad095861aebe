"""Sensitive acts need a sign-in no older than 15 minutes (security.md §3)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from schoolgate.console.kept_form import keep_form
from schoolgate.tenancy.http import TenantRequest

FRESH_FOR = timedelta(minutes=15)
_PROVED_AT = "password_proved_at"


def note_proof(request: TenantRequest, *, at: datetime) -> None:
    """Remember in the session when the password was proved last."""
    request.session[_PROVED_AT] = at.isoformat()


def is_fresh(request: TenantRequest, *, at: datetime) -> bool:
    """Was the password proved within the last 15 minutes?"""
    proved_at = request.session.get(_PROVED_AT)
    return proved_at is not None and timedelta() <= at - datetime.fromisoformat(proved_at) <= FRESH_FOR


def requires_fresh(view: Callable[..., Any]) -> Callable[..., Any]:
    """A console view for members who proved their password within 15 minutes; others are asked for it first.

    Stands below @requires. A GET comes back by itself; a form is kept, and sent again on a press (kept_form.py).
    """

    @wraps(view)
    def asked(request: TenantRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_fresh(request, at=timezone.now()):
            answer: HttpResponse = view(request, *args, **kwargs)
            return answer
        back = request.get_full_path()
        if request.method not in {"GET", "HEAD"}:
            keep_form(request, at=timezone.now())
            back = _page_before(request)
        here = f"{resolve_url('console:fresh', request.tenant.code)}?next={quote(back)}"
        return HttpResponseClientRedirect(here) if request.htmx else HttpResponseRedirect(here)

    asked.needs_fresh = True  # type: ignore[attr-defined]
    return asked


def _page_before(request: TenantRequest) -> str:
    """The path of the page that sent this form, when it is one of ours."""
    before, own = request.headers.get("Referer", ""), f"{request.scheme}://{request.get_host()}"
    return before.removeprefix(own) if before.startswith(f"{own}/") else request.path
