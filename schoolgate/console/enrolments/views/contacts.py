"""Contacts: the list, the card, adding and editing."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from schoolgate.console.enrolments.access import access_rows
from schoolgate.console.enrolments.forms import ContactForm
from schoolgate.console.enrolments.views.saving import refuse
from schoolgate.console.enrolments.views.students import reach
from schoolgate.console.history import history_of
from schoolgate.console.lists import choice_in, paged, sort_in, words_in
from schoolgate.console.once import one_effect
from schoolgate.enrolments.add_contact import add_contact
from schoolgate.enrolments.edit_contact import edit_contact
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Contact, ContactType, PersonState
from schoolgate.enrolments.queries import (
    contact_by_id,
    find_contacts,
    household_cards,
    households_of_contact,
    student_names_by_contact,
    students_of,
)
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires

SORTS = {"name", "id", "email", "type"}


def contact_in(request: TenantRequest, contact_id: int, right: Right = Right.ENROLMENTS_READ) -> Contact:
    """A contact within the reach of a right. Raises NotFound."""
    return contact_by_id(tenant=request.tenant, contact_id=contact_id, school_ids=request.rights[right])


def page_of(contact: Contact, request: TenantRequest, tab: str, **more: Any) -> dict[str, Any]:
    """What every tab of a contact shows."""
    may_edit = Right.ENROLMENTS_EDIT in request.rights
    return {"contact": contact, "tab": tab, "may_edit": may_edit, "today": timezone.localdate(), **more}


@requires(Right.ENROLMENTS_READ)
@require_safe
def contacts(request: TenantRequest) -> HttpResponse:
    words, sort = words_in(request), sort_in(request, SORTS)
    type_ = choice_in(request, "type", ContactType.values)
    state = choice_in(request, "state", PersonState.values)
    found = find_contacts(
        tenant=request.tenant, words=words, type_=type_, state=state, sort=sort, school_ids=reach(request)
    )
    context = paged(request, found)
    rows = list(context["page"].object_list)
    students = student_names_by_contact(
        tenant=request.tenant, contact_ids=[row.pk for row in rows], school_ids=reach(request)
    )
    context |= {
        "sort": sort,
        "rows": [(row, students.get(row.pk, [])) for row in rows],
        "words": words,
        "type": type_,
        "state": state,
        "is_filtered": bool(words or type_ or state),
        "types": ContactType.values,
        "may_edit": Right.ENROLMENTS_EDIT in request.rights,
    }
    template = "console/enrolments/_contacts.html" if request.htmx else "console/enrolments/contacts.html"
    return render(request, template, context)


@requires(Right.ENROLMENTS_READ)
@require_safe
def contact(request: TenantRequest, contact_id: int) -> HttpResponse:
    """Who this is, and the students they may see: Receives Portal Access."""
    found = contact_in(request, contact_id)
    associations, beyond = students_of(found, school_ids=reach(request))
    rows = access_rows(tenant=request.tenant, associations=associations, today=timezone.localdate())
    homes = household_cards(tenant=request.tenant, households=households_of_contact(found), school_ids=reach(request))
    context = page_of(found, request, "overview", rows=rows, beyond=beyond, homes=homes)
    return render(request, "console/enrolments/contact.html", context)


@requires(Right.ENROLMENTS_READ)
@require_safe
def contact_history(request: TenantRequest, contact_id: int) -> HttpResponse:
    found = contact_in(request, contact_id)
    entries = history_of(request, "contact", found.pk)
    return render(request, "console/enrolments/contact_history.html", page_of(found, request, "history", **entries))


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@one_effect(back=lambda request: resolve_url("console:enrolments:contacts", request.tenant.code))
def contact_add(request: TenantRequest) -> HttpResponse:
    form = ContactForm(request.POST or None)
    if form.is_valid():
        try:
            made = add_contact(tenant=request.tenant, fields=form.fields_given(), by=request.actor, at=timezone.now())
        except EnrolmentRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request,
                _("%(name)s was added with the Contact ID %(id)s.") % {"name": made.shown_name, "id": made.contact_no},
            )
            return redirect("console:enrolments:contact", request.tenant.code, made.pk)
    return render(request, "console/enrolments/contact_form.html", {"form": form}, status=422 if form.errors else 200)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_edit(request: TenantRequest, contact_id: int) -> HttpResponse:
    found = contact_in(request, contact_id, Right.ENROLMENTS_EDIT)
    form = ContactForm(request.POST) if request.POST else ContactForm.of(found)
    if form.is_valid():
        try:
            changed = edit_contact(
                contact=found,
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
            return redirect("console:enrolments:contact", request.tenant.code, found.pk)
    context = page_of(found, request, "overview", form=form)
    return render(request, "console/enrolments/contact_form.html", context, status=422 if form.errors else 200)
