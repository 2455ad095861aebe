"""Restrictions: record one (it acts at once), read it, change it, lift it, review an ended one (R-RX-01 to R-RX-06)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schoolgate.console.enrolments.forms import ChangeRestrictionForm, ReasonForm, RestrictForm
from schoolgate.console.enrolments.views.associations import association_in, contacts_page
from schoolgate.console.enrolments.views.contacts import contact_in
from schoolgate.console.enrolments.views.saving import refuse
from schoolgate.console.enrolments.views.students import page_of, student_in
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.lists import choice_in, paged
from schoolgate.console.once import one_effect
from schoolgate.enrolments.change_restriction import change_restriction
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.lift_restriction import lift_restriction, review_restriction
from schoolgate.enrolments.models import Restriction
from schoolgate.enrolments.queries import restriction_by_id, restrictions_listed, students_of
from schoolgate.enrolments.read_restriction import read_note
from schoolgate.sync.restrict import Withdrawn, restrict_contact, withdraw_now
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.queries import names_of_users
from schoolgate.tenancy.roles import Right, requires


def restriction_in(request: TenantRequest, restriction_id: int) -> Restriction:
    """A restriction about a student within the member's reach. Raises NotFound."""
    school_ids = request.rights[Right.ENROLMENTS_EDIT]
    return restriction_by_id(tenant=request.tenant, restriction_id=restriction_id, school_ids=school_ids)


@requires(Right.RESTRICTIONS_READ)
@require_safe
def restrictions(request: TenantRequest) -> HttpResponse:
    """In force, to be reviewed, past. Portal officers see badges only, on the pair (R-RX-06)."""
    which, today = choice_in(request, "which", ["in-force", "review", "past"], "in-force"), timezone.localdate()
    rows = restrictions_listed(
        tenant=request.tenant, which=which, today=today, school_ids=request.rights[Right.RESTRICTIONS_READ]
    )
    context = paged(request, rows) | {"which": which, "today": today}
    return render(request, "console/enrolments/restrictions.html", context)


@requires(Right.ENROLMENTS_EDIT)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
@one_effect(back=lambda request, student_id, **_: contacts_page(request, student_id))
def restrict(request: TenantRequest, student_id: int, contact_id: int) -> HttpResponse:
    """Record an order. Saving withdraws at once what families see (R-PA-09)."""
    student = student_in(request, student_id, Right.ENROLMENTS_EDIT)
    contact = contact_in(request, contact_id, Right.ENROLMENTS_EDIT)
    children = [
        row.student
        for row in students_of(contact, school_ids=request.rights[Right.ENROLMENTS_EDIT])[0]
        if row.ended_at is None
    ]
    form = RestrictForm(request.POST or None, initial={"starts_on": timezone.localdate(), "whom": "one"})
    form.fields["whom"].choices = [  # type: ignore[attr-defined]  # A choice field.
        ("one", student.shown_name),
        *(
            [("all", _("All %(count)d students of this contact") % {"count": len(children)})]
            if len(children) > 1
            else []
        ),
    ]
    if form.is_valid():
        wanted = {student.pk, *(child.pk for child in children)} if form.cleaned_data["whom"] == "all" else {student.pk}
        try:
            withdrawn = restrict_contact(
                tenant=request.tenant,
                student_ids=wanted,
                contact_id=contact.pk,
                terms=form.terms(),
                reason=form.cleaned_data["reason"],
                by=request.actor,
                at=timezone.now(),
            )
        except EnrolmentRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _restricted_words(withdrawn))
            return HttpResponseRedirect(contacts_page(request, student.pk))
    context = page_of(student, request, "contacts", form=form, contact=contact, children=children)
    return render(request, "console/enrolments/restrict.html", context, status=422 if form.errors else 200)


def _restricted_words(withdrawn: Withdrawn) -> str:
    saved = _("The restriction is saved and in force from its first day on.")
    if not withdrawn.links:
        return saved
    taken = ngettext("%d link was withdrawn at once.", "%d links were withdrawn at once.", withdrawn.links)
    return f"{saved} {taken % withdrawn.links}"


@requires(Right.RESTRICTIONS_SEE)
@requires_fresh
@require_safe
def restriction(request: TenantRequest, restriction_id: int) -> HttpResponse:
    """The whole of it, note included; reading is in the audit (R-AU-01)."""
    found = restriction_in(request, restriction_id)
    note = read_note(restriction=found, by=request.actor, at=timezone.now())
    names = names_of_users(request.tenant, [id_ for id_ in (found.recorded_by_id, found.lifted_by_id) if id_])
    context = {
        "restriction": found,
        "note": note,
        "recorded_by": names.get(found.recorded_by_id or 0, ""),
        "lifted_by": names.get(found.lifted_by_id or 0, ""),
        "today": timezone.localdate(),
        "is_open": found.lifted_at is None and found.reviewed_at is None,
    }
    return render(request, "console/enrolments/restriction.html", context)


@requires(Right.RESTRICTIONS_SEE)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def restriction_change(request: TenantRequest, restriction_id: int) -> HttpResponse:
    found = restriction_in(request, restriction_id)
    if request.method == "POST":
        form = ChangeRestrictionForm(request.POST)
    else:
        note = read_note(restriction=found, by=request.actor, at=timezone.now())
        form = ChangeRestrictionForm(initial={"ends_on": found.ends_on, "review_on": found.review_on, "note": note})
    return _reasoned(
        request,
        found,
        form,
        template="console/enrolments/restriction_change.html",
        act=lambda: change_restriction(restriction=found, **form.cleaned_data, by=request.actor, at=timezone.now()),
        done=_("The restriction was changed."),
    )


@requires(Right.ENROLMENTS_EDIT)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def restriction_lift(request: TenantRequest, restriction_id: int) -> HttpResponse:
    """End it by decision, with a reason. Nothing opens: Has Portal Access stays off (R-RX-04)."""
    found = restriction_in(request, restriction_id)
    form = ReasonForm(request.POST or None)
    return _reasoned(
        request,
        found,
        form,
        template="console/enrolments/restriction_lift.html",
        act=lambda: lift_restriction(
            restriction=found, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now()
        ),
        done=_(
            "The restriction is lifted. Has Portal Access is off; turn it on if the contact may see the student again."
        ),
    )


def _reasoned(
    request: TenantRequest, found: Restriction, form: Any, *, template: str, act: Callable[[], None], done: str
) -> HttpResponse:
    """A form whose act may be refused; afterwards the student's Associated Contacts."""
    if form.is_valid():
        try:
            act()
        except EnrolmentRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, done)
            return HttpResponseRedirect(contacts_page(request, found.student_id))
    return render(request, template, {"form": form, "restriction": found}, status=422 if form.errors else 200)


@requires(Right.ENROLMENTS_EDIT)
@requires_fresh
@require_POST
def restriction_review(request: TenantRequest, restriction_id: int) -> HttpResponse:
    """Somebody has looked at an ended one; the flag stays off."""
    found = restriction_in(request, restriction_id)
    try:
        review_restriction(restriction=found, by=request.actor, at=timezone.now())
    except EnrolmentRefused as refusal:
        messages.error(request, refusal.in_full)
    else:
        messages.success(
            request, _("Reviewed. Has Portal Access is off; turn it on if the contact may see the student.")
        )
    return redirect("console:enrolments:student_contacts", request.tenant.code, found.student_id)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def remove_now(request: TenantRequest, association_id: int) -> HttpResponse:
    """Turn one published pair off without waiting for a Data Sync (R-PA-09)."""
    association = association_in(request, association_id)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            withdraw_now(
                tenant=request.tenant,
                association_ids=[association.pk],
                reason=form.cleaned_data["reason"],
                by=request.actor,
                at=timezone.now(),
            )
        except EnrolmentRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request,
                _("Withdrawn at once: %(contact)s no longer sees %(student)s.")
                % {"contact": association.contact.shown_name, "student": association.student.shown_name},
            )
            return HttpResponseRedirect(contacts_page(request, association.student_id))
    context = page_of(association.student, request, "contacts", form=form, association=association)
    return render(request, "console/enrolments/remove_now.html", context, status=422 if form.errors else 200)
