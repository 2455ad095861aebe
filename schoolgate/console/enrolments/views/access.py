"""The one flag, saved from any of its three places: student, contact, household (R-PA-01, R-PA-03 to R-PA-05)."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from schoolgate.console.lists import whole_number
from schoolgate.directory.queries import published_flags
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.queries import associations_by_id
from schoolgate.enrolments.set_access import AccessSaved, set_access
from schoolgate.sync.pending import what_waits
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


def wanted_in(posted: Mapping[str, str], ticked: list[str]) -> dict[int, bool]:
    """The flags that the person changed on the page: was-ID says how each stood, "on" lists those now on.

    What somebody else changed meanwhile, and this person didn't touch, is left as it is.
    """
    now_on = set(ticked)
    found = {}
    for name, was in posted.items():
        text = name.removeprefix("was-")
        id_ = whole_number(text) if name.startswith("was-") else None
        if id_ is not None and (text in now_on) != (was == "1"):
            found[id_] = text in now_on
    return found


@requires(Right.ENROLMENTS_EDIT)
@require_POST
def access_save(request: TenantRequest) -> HttpResponse:
    """Save the switches of a screen; turning off what families see now is asked about once (§11.1)."""
    wanted = wanted_in(request.POST, request.POST.getlist("on"))
    back = _back(request)
    if not wanted:
        messages.info(request, _("Nothing was different."))
        return HttpResponseRedirect(back)
    school_ids = request.rights[Right.ENROLMENTS_EDIT]
    if "confirmed" not in request.POST:
        off = [id_ for id_, on in wanted.items() if not on]
        seen = [id_ for id_, on in published_flags(tenant=request.tenant, association_ids=off).items() if on]
        if seen:
            losing = associations_by_id(tenant=request.tenant, association_ids=seen, school_ids=school_ids)
            context = {"losing": losing, "posted": request.POST, "ticked": request.POST.getlist("on"), "back": back}
            return render(request, "console/enrolments/access_off.html", context)
    try:
        saved = set_access(
            tenant=request.tenant, wanted=wanted, by=request.actor, at=timezone.now(), school_ids=school_ids
        )
    except EnrolmentRefused as refusal:
        messages.error(request, refusal.in_full)
    else:
        words = [*_saved_words(saved), _waiting_words(request)]
        messages.success(request, " ".join(filter(None, words)))
    return HttpResponseRedirect(back)


def _back(request: TenantRequest) -> str:
    """The page that the switches are on."""
    given = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(given, {request.get_host()}, require_https=request.is_secure())
    return given if safe else resolve_url("console:enrolments:students", request.tenant.code)


def _saved_words(saved: AccessSaved) -> list[str]:
    """What was saved, and what it opens or ends with the next sync (R-PA-04)."""
    words = [ngettext("%d change saved.", "%d changes saved.", saved.count) % saved.count]
    for row in saved.turned_on[:3]:
        people = {"contact": row.contact.shown_name, "student": row.student.shown_name}
        words.append(_("%(contact)s will see %(student)s from the next Data Sync on.") % people)
    for row in saved.turned_off[:3]:
        people = {"contact": row.contact.shown_name, "student": row.student.shown_name}
        words.append(_("%(contact)s will not see %(student)s from the next Data Sync on.") % people)
    return words


def _waiting_words(request: TenantRequest) -> str:
    """How many changes wait for a sync, and by whom (R-PA-03)."""
    waiting = what_waits(tenant=request.tenant, today=timezone.localdate())
    if not waiting.rows:
        return ""
    mine = waiting.rows_by_person.get(request.user.pk, 0)
    counts = {"rows": waiting.rows, "mine": mine, "others": waiting.rows - mine}
    words = ngettext(
        "Waiting for a Data Sync: %(rows)d change, %(mine)d by you, %(others)d by others.",
        "Waiting for a Data Sync: %(rows)d changes, %(mine)d by you, %(others)d by others.",
        waiting.rows,
    )
    return words % counts
