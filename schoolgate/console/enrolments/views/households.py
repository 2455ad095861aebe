"""Households: the list, the grid contacts × students, and who is in it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from schoolgate.console.enrolments.access import AccessRow, access_rows
from schoolgate.console.enrolments.forms import HouseholdForm
from schoolgate.console.enrolments.views.saving import refuse
from schoolgate.console.enrolments.views.students import reach
from schoolgate.console.history import history_of
from schoolgate.console.lists import choice_in, paged, whole_number, words_in
from schoolgate.console.once import one_effect
from schoolgate.enrolments.add_household import add_household
from schoolgate.enrolments.edit_household import edit_household
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.join_household import join_household
from schoolgate.enrolments.leave_household import leave_household
from schoolgate.enrolments.models import Contact, Household, Student
from schoolgate.enrolments.queries import (
    HouseholdCard,
    associations_between,
    find_contacts,
    find_households,
    find_students,
    household_by_id,
    household_cards,
    member_by_id,
    person_by_id,
)
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


def household_in(request: TenantRequest, household_id: int, right: Right = Right.ENROLMENTS_READ) -> Household:
    """A household within the reach of a right. Raises NotFound."""
    return household_by_id(tenant=request.tenant, household_id=household_id, school_ids=request.rights[right])


def page_of(household: Household, request: TenantRequest, tab: str, **more: Any) -> dict[str, Any]:
    """What every tab of a household shows."""
    may_edit = Right.ENROLMENTS_EDIT in request.rights
    return {"household": household, "tab": tab, "may_edit": may_edit, "today": timezone.localdate(), **more}


@requires(Right.ENROLMENTS_READ)
@require_safe
def households(request: TenantRequest) -> HttpResponse:
    words = words_in(request)
    context = paged(request, find_households(tenant=request.tenant, words=words, school_ids=reach(request)))
    rows = list(context["page"].object_list)
    context |= {
        "cards": household_cards(tenant=request.tenant, households=rows, school_ids=reach(request)),
        "words": words,
        "may_edit": Right.ENROLMENTS_EDIT in request.rights,
    }
    template = "console/enrolments/_households.html" if request.htmx else "console/enrolments/households.html"
    return render(request, template, context)


@requires(Right.ENROLMENTS_READ)
@require_safe
def household(request: TenantRequest, household_id: int) -> HttpResponse:
    """Who lives here, and the grid of Receives Portal Access (R-PA-01)."""
    found = household_in(request, household_id)
    [card] = household_cards(tenant=request.tenant, households=[found], school_ids=reach(request))
    context = page_of(found, request, "overview", card=card, lines=_grid(request, card))
    return render(request, "console/enrolments/household.html", context)


def _grid(request: TenantRequest, card: HouseholdCard) -> list[tuple[Contact, list[tuple[Student, AccessRow | None]]]]:
    """A line for each contact: a cell for each student, None where the two aren't associated."""
    students = [member.student for member in card.students if member.student]
    contacts = [member.contact for member in card.contacts if member.contact]
    found = associations_between(
        tenant=request.tenant,
        student_ids=[student.pk for student in students],
        contact_ids=[contact.pk for contact in contacts],
    )
    rows = access_rows(tenant=request.tenant, associations=list(found.values()), today=timezone.localdate())
    row_by_pair = {(row.association.student_id, row.association.contact_id): row for row in rows}
    return [
        (contact, [(student, row_by_pair.get((student.pk, contact.pk))) for student in students])
        for contact in contacts
    ]


@requires(Right.ENROLMENTS_READ)
@require_safe
def household_history(request: TenantRequest, household_id: int) -> HttpResponse:
    found = household_in(request, household_id)
    entries = history_of(request, "household", found.pk)
    return render(request, "console/enrolments/household_history.html", page_of(found, request, "history", **entries))


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@one_effect(back=lambda request: resolve_url("console:enrolments:households", request.tenant.code))
def household_add(request: TenantRequest) -> HttpResponse:
    form = HouseholdForm(request.POST or None)
    if form.is_valid():
        made = add_household(tenant=request.tenant, fields=form.fields_given(), by=request.actor, at=timezone.now())
        messages.success(request, _("The household was added. Now put somebody into it."))
        return redirect("console:enrolments:household", request.tenant.code, made.pk)
    return render(request, "console/enrolments/household_form.html", {"form": form}, status=422 if form.errors else 200)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def household_edit(request: TenantRequest, household_id: int) -> HttpResponse:
    found = household_in(request, household_id, Right.ENROLMENTS_EDIT)
    form = HouseholdForm(request.POST) if request.POST else HouseholdForm.of(found)
    if form.is_valid():
        try:
            changed = edit_household(
                household=found,
                fields=form.fields_given(),
                base_no=form.cleaned_data["base_no"] or 0,
                by=request.actor,
                at=timezone.now(),
            )
        except EnrolmentRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request,
                _("Saved. It is published with the next Data Sync.") if changed else _("Nothing was different."),
            )
            return redirect("console:enrolments:household", request.tenant.code, found.pk)
    context = page_of(found, request, "overview", form=form)
    return render(request, "console/enrolments/household_form.html", context, status=422 if form.errors else 200)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def household_join(request: TenantRequest, household_id: int) -> HttpResponse:
    """Look for a student or a contact, and put them into the household."""
    found = household_in(request, household_id, Right.ENROLMENTS_EDIT)
    school_ids = request.rights[Right.ENROLMENTS_EDIT]
    if request.method == "POST":
        person = person_by_id(
            tenant=request.tenant,
            kind="student" if request.POST.get("kind") == "student" else "contact",
            person_id=whole_number(request.POST.get("id", "")) or 0,
            school_ids=school_ids,
        )
        try:
            join_household(household=found, person=person, by=request.actor, at=timezone.now(), school_ids=school_ids)
        except EnrolmentRefused as refusal:
            messages.error(request, refusal.in_full)
        else:
            messages.success(
                request,
                _("%(name)s is in the household now. Receives Portal Access is off until you turn it on.")
                % {"name": person.shown_name},
            )
        return redirect("console:enrolments:household", request.tenant.code, found.pk)
    kind, words = choice_in(request, "kind", ["student", "contact"], "contact"), words_in(request)
    find = find_students if kind == "student" else find_contacts
    people = list(find(tenant=request.tenant, words=words, state="active", school_ids=school_ids)[:20]) if words else []
    context = page_of(found, request, "overview", kind=kind, words=words, people=people)
    template = "console/enrolments/_household_join.html" if request.htmx else "console/enrolments/household_join.html"
    return render(request, template, context)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def household_leave(request: TenantRequest, member_id: int) -> HttpResponse:
    """Take somebody out, after saying what ends with it (R-PA-06)."""
    school_ids = request.rights[Right.ENROLMENTS_EDIT]
    member = member_by_id(tenant=request.tenant, member_id=member_id, school_ids=school_ids)
    if request.method == "POST":
        try:
            ended = leave_household(member=member, by=request.actor, at=timezone.now(), school_ids=school_ids)
        except EnrolmentRefused as refusal:
            messages.error(request, refusal.in_full)
        else:
            messages.success(
                request,
                _("Taken out of the household. %(ended)d associations end with the next Data Sync.") % {"ended": ended},
            )
        return redirect("console:enrolments:household", request.tenant.code, member.household_id)
    person = member.student or member.contact
    context = page_of(member.household, request, "overview", member=member, person=person)
    return render(request, "console/enrolments/household_leave.html", context)
