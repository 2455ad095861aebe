"""Add a Key for Student Use; Add a Key for Parent Use, by Select a Contact; keys for all gaps; undo."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.fresh import is_fresh
from schoolgate.console.lists import whole_number
from schoolgate.console.parent_access_administration.registration_keys.answer import (
    FOLDER,
    back_to_list,
    draw,
    sought_surname,
    window_again,
    window_context,
)
from schoolgate.console.parent_access_administration.registration_keys.choosing import choice_by_id, choices_of
from schoolgate.console.parent_access_administration.registration_keys.people import (
    keys_of_students,
    left_within_grace,
    student_by_id,
)
from schoolgate.console.parent_access_administration.registration_keys.rows import rows_of
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope, scope_of
from schoolgate.console.parent_access_administration.registration_keys.ticks import ticks_among
from schoolgate.console.parent_access_administration.registration_keys.window import window_of
from schoolgate.jobs.subject import Subject
from schoolgate.keys.add_key import add_key, fill_gaps, undo_add_key
from schoolgate.keys.reveal import reveal_keys
from schoolgate.keys.subjects import of_contacts, of_students
from schoolgate.lib.errors import NotFound, SchoolgateError
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.note_refusal import note_refusal
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_ACT)
@require_POST
def add_own(request: TenantRequest, student_id: int) -> HttpResponse:
    """*Add a Key for Student Use*: made at once, and shown for two minutes to whoever may see keys (R-SK-01)."""
    scope = scope_of(request, Right.KEYS_ACT, at=timezone.now())
    student_by_id(scope, student_id)
    [subject] = of_students([student_id])
    return _add(request, scope, student_id, subject, said=_("The key for student use is made."))


@requires(Right.KEYS_ACT)
@require_safe
def select_contact(request: TenantRequest, student_id: int) -> HttpResponse:
    """*Add a Key for Parent Use*: choose whose (R-SK-10 to R-SK-15)."""
    return _choosing(request, scope_of(request, Right.KEYS_ACT, at=timezone.now()), student_id)


@requires(Right.KEYS_ACT)
@require_POST
def generate(request: TenantRequest, student_id: int) -> HttpResponse:
    """*Generate a Parent Key* for the contact that was chosen."""
    now = timezone.now()
    scope = scope_of(request, Right.KEYS_ACT, at=now)
    window = window_of(scope, student_id)
    given = request.POST.get("contact", "")
    if not given:
        return _choosing(request, scope, student_id, fault=_("Choose a contact."))
    try:
        choice = choice_by_id(scope, window, whole_number(given) or 0)
    except NotFound as refusal:
        # Gone since the window was opened, or never a contact of this student: to tell them apart would tell who exists.
        page = "console:registration_keys:generate"
        note_refusal(tenant=request.tenant, page=page, code=refusal.code, by=request.actor, at=now)
        raise
    if choice.why is not None and choice.parent.line is None:
        return _choosing(request, scope, student_id, fault=choice.why.told)
    if choice.parent.is_barred:
        return _choosing(request, scope, student_id, fault=_("Restricted from this student."))
    in_grace = left_within_grace(scope.tenant, window.student, at=now, today=scope.today)
    [subject] = of_contacts([choice.contact.pk])
    said = _("The parent key of %(contact)s is made.") % {"contact": choice.contact.shown_name}
    return _add(request, scope, student_id, subject, said=said, also_unlinked=in_grace)


@requires(Right.KEYS_ACT)
@require_POST
def gaps(request: TenantRequest, student_id: int) -> HttpResponse:
    """*Keys for all gaps of this student* (R-RK-13), or, with ``own``, the student's own alone: from the row, without opening it."""
    scope = scope_of(request, Right.KEYS_ACT, at=timezone.now())
    [keys] = keys_of_students(scope, [student_by_id(scope, student_id)])
    wanted = of_students([student_id]) if request.POST.get("only") == "own" else keys.gaps()
    made = fill_gaps(tenant=scope.tenant, subjects=wanted, by=request.actor, at=scope.at)
    said = ngettext("%(n)s key made for %(name)s.", "%(n)s keys made for %(name)s.", made) % {
        "n": made,
        "name": keys.student.shown_name,
    }
    if not request.htmx:
        return redirect(back_to_list(request))
    [row] = rows_of(scope, [student_id], surname=sought_surname(request))
    context = {"row": row, "may_act": True, "said": said, "ticks": ticks_among(request, [student_id])}
    return render(request, f"{FOLDER}/_row_again.html", context)


@requires(Right.KEYS_ACT)
@require_POST
def undo(request: TenantRequest, student_id: int, key_id: int) -> HttpResponse:
    """*Undo*, for ten minutes: take a new key back that nobody has printed, sent or used."""
    scope = scope_of(request, Right.KEYS_ACT, at=timezone.now())
    window = window_of(scope, student_id)
    lines = [window.own, *(each.line for each in window.parents if each.line is not None and each.may_act)]
    if not any(line.key is not None and line.key.pk == key_id for line in lines):
        raise NotFound
    try:
        undo_add_key(tenant=scope.tenant, key_id=key_id, by=request.actor, at=scope.at)
    except NotFound:
        said = _("It is too late to undo this: the key was printed, sent or used, or ten minutes are over.")
        return window_again(request, scope, student_id, said, is_refused=True)
    return window_again(request, scope, student_id, _("The new key is taken back."))


def _add(
    request: TenantRequest, scope: Scope, student_id: int, subject: Subject, *, said: str, also_unlinked: bool = False
) -> HttpResponse:
    try:
        add_key(tenant=scope.tenant, subject=subject, by=request.actor, at=scope.at, also_unlinked=also_unlinked)
    except SchoolgateError as refusal:
        return window_again(request, scope, student_id, refusal.in_full, is_refused=True)
    more: dict[str, Any] = {}
    if Right.KEYS_SEE in request.rights and is_fresh(request, at=scope.at):
        found = reveal_keys(tenant=scope.tenant, subjects=[subject], by=request.actor, at=scope.at)
        more = {"shown": found[0].code.grouped} if found else {}
    return window_again(request, scope, student_id, said, **more)


def _choosing(request: TenantRequest, scope: Scope, student_id: int, *, fault: str = "") -> HttpResponse:
    window = window_of(scope, student_id)
    context = window_context(request, window) | {"choices": choices_of(scope, window), "fault": fault}
    return draw(request, "select_contact", context, status=422 if fault else 200)
