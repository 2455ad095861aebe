"""Which pages of the portal are whose: one decorator on each view says it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import render

from schoolgate.accounts.errors import PortalClosed, RecoveryClosed, SignUpClosed
from schoolgate.accounts.portal_state import require_open_portal
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import User
from schoolgate.tenancy.roles import for_anybody, for_families

View = Callable[..., HttpResponse]


def account_of(request: TenantRequest) -> User | None:
    """The family's or student's account that is signed in here; None for nobody, and for the office."""
    user: object = request.user
    return user if isinstance(user, User) and user.is_account else None


def family_page(view: View) -> View:
    """For signed-in accounts, while the portal is open. Closing it ends their sessions at the next request (R-ST-09)."""
    return for_families(_while_open(view))


def open_page(view: View) -> View:
    """For anybody, while the portal is open."""
    return for_anybody(_while_open(view))


def claim_page(view: View) -> View:
    """A page on the way from letter to child, or one whose link carries a secret (R-RD-02). For anybody but the office (R-RD-11).

    With no referrer, browsers send the pages' own forms with "Origin: null": see portal/origin.py.
    """

    @wraps(view)
    def claimed(request: TenantRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.rights:
            response = render(request, "portal/office_here.html", status=403)
        else:
            response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    claimed.sends_no_referrer = True  # type: ignore[attr-defined]
    return for_anybody(_while_open(claimed))


def _while_open(view: View) -> View:
    @wraps(view)
    def opened(request: TenantRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            require_open_portal(request.tenant)
            return view(request, *args, **kwargs)
        except PortalClosed as closed:
            if account_of(request) is not None:
                logout(request)
            return render(request, "portal/closed.html", {"closed": closed}, status=closed.status)
        except (SignUpClosed, RecoveryClosed) as refusal:
            return render(request, "portal/turned_off.html", {"refusal": refusal}, status=refusal.status)

    return opened
