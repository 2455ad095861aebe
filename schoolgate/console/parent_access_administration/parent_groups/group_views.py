"""One group: what of its list was found, what a run for its parents would do, and the run (R-GP-02 to R-GP-05)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.downloads import csv_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.parent_access_administration.by_school.forms import ContactsForm, StartForm
from schoolgate.console.parent_access_administration.by_school.preview import RunPreview, preview_of
from schoolgate.console.parent_access_administration.by_school.reach import (
    is_district_wide,
    may_print,
    may_run_district_wide,
    require_district_wide,
)
from schoolgate.console.parent_access_administration.by_school.views import csv_of_preview, kept_words, start_run
from schoolgate.console.parent_access_administration.parent_groups.checks import csv_of_lines, list_lines
from schoolgate.console.parent_access_administration.parent_groups.forms import NameForm
from schoolgate.console.parent_access_administration.parent_groups.views import PAGE, own_of
from schoolgate.keys.group_queries import GroupFound, find_group, group_by_id
from schoolgate.keys.keep_group import delete_group, name_group
from schoolgate.keys.models import StudentGroup
from schoolgate.keys.run_choices import relationships_of
from schoolgate.lib.errors import NotFound, SchoolgateError
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@dataclass(frozen=True)
class GroupAsked:
    """A group, and what an address or a form asks of its contacts. preview: None where that makes no sense."""

    group: StudentGroup
    form: ContactsForm
    found: GroupFound
    preview: RunPreview | None
    is_district_wide: bool


def group_of(request: TenantRequest, group_id: int) -> StudentGroup:
    """Raises NotFound."""
    return group_by_id(tenant=request.tenant, group_id=group_id, own_of=own_of(request))


def asked_by(request: TenantRequest, group_id: int, words: QueryDict, *, at: datetime) -> GroupAsked:
    """Query: the group's students among the member's schools, and what a run would do for their parents."""
    group = group_of(request, group_id)
    form = ContactsForm(
        words or QueryDict(""),
        relationships=relationships_of(tenant=request.tenant),
        may_print=may_print(request),
    )
    schools, today = request.rights[Right.KEYS_ACT], day_of(request.tenant, at)
    if not form.is_valid():
        found = find_group(tenant=request.tenant, group=group, school_ids=schools, today=today)
        return GroupAsked(group, form, found, None, False)
    found = find_group(tenant=request.tenant, group=group, school_ids=schools, today=today, contacts=form.contacts())
    preview = preview_of(tenant=request.tenant, asked=found.asked, at=at)
    return GroupAsked(group, form, found, preview, is_district_wide(request, preview))


def page_of(
    request: TenantRequest, asked: GroupAsked, start: StartForm | None = None, named: NameForm | None = None
) -> HttpResponse:
    """The page; 422 with a problem told."""
    preview = asked.preview
    if preview is not None and start is None:
        start = StartForm(
            initial={"shown": preview.to_make}, to_make=preview.to_make, is_district_wide=asked.is_district_wide
        )
    forms = [form for form in (start, named) if form is not None and form.is_bound]
    problem = next((form for form in [*forms, asked.form] if form.errors), None)
    context: dict[str, Any] = {
        "form": problem,
        "group": asked.group,
        "found": asked.found,
        "lists": list_lines(asked.found.check) if asked.found.check is not None else [],
        "contacts_form": asked.form,
        "name_form": named or NameForm(initial={"name": asked.group.name}),
        "start": start,
        "preview": preview,
        "kept": kept_words(request.POST if request.method == "POST" else request.GET),
        "is_district_wide": asked.is_district_wide,
        "may_start": not asked.is_district_wide or may_run_district_wide(request),
        "may_export": Right.EXPORT in request.rights,
    }
    return render(request, "console/parent_groups/group.html", context, status=422 if problem else 200)


@requires(Right.KEYS_ACT)
@require_safe
def group(request: TenantRequest, group_id: int) -> HttpResponse:
    """The group, checked, with the preview for all its contacts, or for some."""
    return page_of(request, asked_by(request, group_id, request.GET, at=timezone.now()))


@requires(Right.KEYS_ACT)
@require_POST
def start(request: TenantRequest, group_id: int) -> HttpResponse:
    """Start the run as it was previewed; parents' keys alone (R-GP-04)."""
    asked = asked_by(request, group_id, request.POST, at=timezone.now())
    if not asked.is_district_wide:
        return start_asked(request, asked)
    require_district_wide(request)
    answer: HttpResponse = start_fresh(request, asked)
    return answer


def start_asked(request: TenantRequest, asked: GroupAsked) -> HttpResponse:
    if asked.preview is None:
        return page_of(request, asked)
    form = StartForm(request.POST, to_make=asked.preview.to_make, is_district_wide=asked.is_district_wide)
    if not form.is_valid():
        return page_of(request, asked, form)
    try:
        job = start_run(request, asked.preview, way=asked.form.cleaned_data.get("way", ""), page=PAGE)
    except SchoolgateError as refusal:
        form.add_error(None, refusal.in_full)
        return page_of(request, asked, form)
    return redirect("console:by_school:run", request.tenant.code, job.pk)


start_fresh = requires_fresh(start_asked)


@requires(Right.EXPORT)
@requires(Right.KEYS_ACT)
@requires_fresh
@require_POST
def download(request: TenantRequest, group_id: int) -> HttpResponseBase:
    """The preview as CSV, a line for each person, without keys."""
    now = timezone.now()
    asked = asked_by(request, group_id, request.POST, at=now)
    if asked.preview is None:
        return page_of(request, asked)
    return csv_of_preview(request, asked.preview, at=now, name="parent-keys")


@requires(Right.KEYS_ACT)
@require_safe
def left_out(request: TenantRequest, group_id: int) -> HttpResponseBase:
    """Every line of a list that the run leaves out, as CSV: what the member has given, and nothing of the directory (R-GP-02)."""
    found = find_group(
        tenant=request.tenant,
        group=group_of(request, group_id),
        school_ids=request.rights[Right.KEYS_ACT],
        today=day_of(request.tenant, timezone.now()),
    )
    check = found.check
    if check is None:
        raise NotFound
    return csv_file(csv_of_lines(check), name=f"lines-left-out-{group_id}")


@requires(Right.KEYS_ACT)
@require_POST
def name(request: TenantRequest, group_id: int) -> HttpResponse:
    """Keep the group under a name, to run it again."""
    form = NameForm(request.POST)
    found = group_of(request, group_id)
    if form.is_valid():
        try:
            name_group(
                tenant=request.tenant,
                group=found,
                name=form.cleaned_data["name"],
                by=request.actor,
                at=timezone.now(),
            )
        except SchoolgateError as refusal:
            form.add_error("name", refusal.message)
        else:
            messages.success(request, _("The group is kept under this name."))
            return redirect("console:parent_groups:group", request.tenant.code, group_id)
    return page_of(request, asked_by(request, group_id, QueryDict(""), at=timezone.now()), named=form)


@requires(Right.KEYS_ACT)
@require_POST
def delete(request: TenantRequest, group_id: int) -> HttpResponse:
    """Forget the group; keys that its runs have made stay."""
    delete_group(tenant=request.tenant, group=group_of(request, group_id), by=request.actor, at=timezone.now())
    messages.success(request, _("The group is forgotten. Keys that its runs have made stay."))
    return redirect("console:parent_groups:plan", request.tenant.code)
