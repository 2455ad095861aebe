"""The key systems in an office's words, and the pages that exist under one of them alone (portal-console §4, R-ST-02)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import KeySystem


@dataclass(frozen=True)
class SystemWords:
    """title: of the system. keys: within a sentence. means: what a key opens. when: which school has it. page, list_name: its list."""

    value: str
    title: str | Promise
    keys: str | Promise
    means: str | Promise
    when: str | Promise
    page: str | Promise
    list_name: str


SYSTEMS = {
    words.value: words
    for words in (
        SystemWords(
            KeySystem.CONTACT.value,
            _("Contact keys"),
            _("contact keys"),
            _("Each contact gets one key. It opens every student linked to that contact, now and later."),
            _("Suits every school that doesn't come from an older product."),
            _("Contact Keys"),
            "console:contact_keys:list",
        ),
        SystemWords(
            KeySystem.FAMILY.value,
            _("Family keys"),
            _("family keys"),
            _(
                "Each adult of a household gets a key. It opens those students of the household whom this adult may see."
            ),
            _("For schools whose families know one code for the family."),
            _("Family Keys"),
            "console:family_keys:list",
        ),
        SystemWords(
            KeySystem.STUDENT.value,
            _("Student keys"),
            _("student keys"),
            _("Each adult gets a key for each student. A parent of three adds three keys."),
            _("For schools whose families know one code for each child."),
            _("Student Keys"),
            "console:student_keys:list",
        ),
    )
}


def only_under(*systems: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Above @requires: a console view that exists only under these key systems.

    Under another one, whoever holds the view's right reads which system the school uses; for everybody else the page
    doesn't exist.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def asked(request: TenantRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.tenant.settings.key_system in systems:
                answer: HttpResponse = view(request, *args, **kwargs)
                return answer
            if view.right not in request.rights:  # type: ignore[attr-defined]  # Of @requires.
                raise NotFound
            return other_system(request, page=str(SYSTEMS[systems[0]].page))

        return asked

    return decorate


def other_system(request: TenantRequest, *, page: str) -> HttpResponse:
    """*This school uses … keys*, with the way to its own page."""
    context = {"page_name": page, "in_use": SYSTEMS[request.tenant.settings.key_system]}
    return render(request, "console/other_system.html", context, status=404)
