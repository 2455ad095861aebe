"""Who belongs to whom: add an Associated Contact, change the tie, take it away."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from schoolgate.console.enrolments.forms import AssociationForm, NewContactForm, TieForm
from schoolgate.console.enrolments.views.contacts import contact_in
from schoolgate.console.enrolments.views.saving import refuse
from schoolgate.console.enrolments.views.students import page_of, student_in
from schoolgate.console.lists import words_in
from schoolgate.console.once import one_effect
from schoolgate.enrolments.add_contact import add_contact
from schoolgate.enrolments.associate import associate_contact
from schoolgate.enrolments.edit_association import edit_association
from schoolgate.enrolments.end_association import end_association
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Association
from schoolgate.enrolments.queries import association_by_id, contacts_of, find_contacts, student_names_by_contact
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


def association_in(request: TenantRequest, association_id: int) -> Association:
    """An association of a student within the member's reach. Raises NotFound."""
    return association_by_id(
        tenant=request.tenant,
        association_id=association_id,
        school_ids=request.rights[Right.ENROLMENTS_EDIT],
    )


def contacts_page(request: TenantRequest, student_id: int) -> str:
    """Where Associated Contacts of a student stand."""
    return resolve_url("console:enrolments:student_contacts", request.tenant.code, student_id)


@requires(Right.ENROLMENTS_EDIT)
@require_safe
def association_find(request: TenantRequest, student_id: int) -> HttpResponse:
    """First look for the contact: the same person is never wanted twice (E-11)."""
    student, words = student_in(request, student_id, Right.ENROLMENTS_EDIT), words_in(request)
    rows = []
    if words:
        school_ids = request.rights[Right.ENROLMENTS_EDIT]
        found = list(find_contacts(tenant=request.tenant, words=words, state="active", school_ids=school_ids)[:20])
        known = {row.contact_id for row in contacts_of(student) if row.ended_at is None}
        children = student_names_by_contact(
            tenant=request.tenant, contact_ids=[row.pk for row in found], school_ids=school_ids
        )
        rows = [(row, children.get(row.pk, []), row.pk in known) for row in found]
    context = page_of(student, request, "contacts", words=words, rows=rows)
    template = (
        "console/enrolments/_association_find.html" if request.htmx else "console/enrolments/association_find.html"
    )
    return render(request, template, context)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def association_add(request: TenantRequest, student_id: int, contact_id: int) -> HttpResponse:
    """Tie a known contact to the student."""
    student = student_in(request, student_id, Right.ENROLMENTS_EDIT)
    contact = contact_in(request, contact_id, Right.ENROLMENTS_EDIT)
    form = TieForm(request.POST or None)
    if form.is_valid():
        new = form.association_with(student.pk)
        try:
            associate_contact(contact=contact, new=new, by=request.actor, at=timezone.now())
        except EnrolmentRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, added_words(contact.shown_name, student.shown_name, access=new.access))
            return HttpResponseRedirect(contacts_page(request, student.pk))
    context = page_of(student, request, "contacts", form=form, contact=contact)
    return render(request, "console/enrolments/association_add.html", context, status=422 if form.errors else 200)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@one_effect(back=contacts_page)
def association_new(request: TenantRequest, student_id: int) -> HttpResponse:
    """Add a contact who isn't known yet, tied to the student from the start."""
    student = student_in(request, student_id, Right.ENROLMENTS_EDIT)
    form = NewContactForm(request.POST or None)
    if form.is_valid():
        new = form.association_with(student.pk)
        try:
            contact = add_contact(
                tenant=request.tenant,
                fields=form.fields_given(),
                association=new,
                by=request.actor,
                at=timezone.now(),
            )
        except EnrolmentRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, added_words(contact.shown_name, student.shown_name, access=new.access))
            return HttpResponseRedirect(contacts_page(request, student.pk))
    context = page_of(student, request, "contacts", form=form)
    return render(request, "console/enrolments/association_add.html", context, status=422 if form.errors else 200)


def added_words(contact: str, student: str, *, access: bool) -> str:
    """What adding opens (R-PA-04)."""
    people = {"contact": contact, "student": student}
    if access:
        return _("%(contact)s was added and will see %(student)s from the next Data Sync on.") % people
    return _("%(contact)s was added. Has Portal Access is off: they will not see %(student)s.") % people


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def association_edit(request: TenantRequest, association_id: int) -> HttpResponse:
    association = association_in(request, association_id)
    form = AssociationForm(request.POST) if request.POST else AssociationForm.of(association)
    if form.is_valid():
        edit_association(association=association, fields=form.fields_given(), by=request.actor, at=timezone.now())
        messages.success(request, _("Saved. It is published with the next Data Sync."))
        return HttpResponseRedirect(contacts_page(request, association.student_id))
    context = page_of(association.student, request, "contacts", form=form, association=association)
    return render(request, "console/enrolments/association_edit.html", context, status=422 if form.errors else 200)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def association_end(request: TenantRequest, association_id: int) -> HttpResponse:
    """Take the tie away, after saying what that does (R-PA-06)."""
    association = association_in(request, association_id)
    if request.method == "POST":
        try:
            ended = end_association(association=association, by=request.actor, at=timezone.now())
        except EnrolmentRefused as refusal:
            messages.error(request, refusal.in_full)
        else:
            words = _("%(name)s no longer belongs to this student, from the next Data Sync on.")
            if ended.ended_at is None:
                words = _("%(name)s stays by the household they share.")
            messages.success(request, words % {"name": association.contact.shown_name})
        return redirect(contacts_page(request, association.student_id))
    context = page_of(association.student, request, "contacts", association=association)
    return render(request, "console/enrolments/association_end.html", context)
