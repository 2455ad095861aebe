"""A form that is sent twice (a double click, the back button, two tabs) has one effect, and the second press says so (§12.2).

The page gives each form a number ({% once_field %}); its first successful post uses it up, by one committed statement, so that
two posts at the same moment can't both pass. A refused post gives the number back.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.throttle import count_try, give_back_try

_BUCKET, _WINDOW = "form", timedelta(days=1)


def one_effect(back: Callable[..., str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For a view that adds something: of two posts of one form the second is led to ``back(request, …)``, and told.

    Stands right above the view: what another decorator refuses uses nothing up.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: TenantRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            number = request.POST.get("once", "")
            if request.method != "POST" or not number:
                answer: HttpResponse = view(request, *args, **kwargs)
                return answer
            subject, now = f"{request.user.pk} {number}", timezone.now()
            tenant = request.tenant
            if not count_try(tenant=tenant, bucket=_BUCKET, subject=subject, limit=1, window=_WINDOW, at=now):
                messages.info(request, _("This was done already; nothing was done a second time."))
                there = back(request, *args, **kwargs)
                return HttpResponseClientRedirect(there) if request.htmx else HttpResponseRedirect(there)
            is_done = False
            try:
                answer = view(request, *args, **kwargs)
                is_done = answer.status_code == 302 or "HX-Redirect" in answer.headers
            finally:
                if not is_done:
                    give_back_try(tenant=tenant, bucket=_BUCKET, subject=subject, window=_WINDOW, at=now)
            return answer

        return guarded

    return decorate
