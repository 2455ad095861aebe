"""The bare address: nobody's page, so it says where the pages are."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.roles import for_anybody


@for_anybody
@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Where one school alone is served, its portal; else a word to whoever left the school out of the address.

    Which schools are served here is told to nobody.
    """
    codes = list(Tenant.objects.order_by("pk").values_list("code", flat=True)[:2])
    if len(codes) == 1:
        return redirect("portal:welcome", codes[0])
    return render(request, "front.html")
