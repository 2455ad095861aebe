"""Import roster: bring files in, read what was found, look at the preview, apply it or let it be (rostering.md §10)."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from schoolgate.console.downloads import csv_file
from schoolgate.console.enrolments.imports.forms import UndoForm, UploadForm
from schoolgate.console.enrolments.imports.page import counts_of, import_in, page_of
from schoolgate.console.enrolments.views.saving import refuse
from schoolgate.console.lists import paged
from schoolgate.console.once import one_effect
from schoolgate.enrolments.apply_import import apply_import, cancel_import
from schoolgate.enrolments.errors import ImportRefused
from schoolgate.enrolments.export_findings import export_findings
from schoolgate.enrolments.import_queries import imports_of
from schoolgate.enrolments.undo_import import undo_import
from schoolgate.enrolments.upload_roster import leave_out_rows, upload_roster
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.queries import names_of_users
from schoolgate.tenancy.roles import Right, requires


def _to(request: TenantRequest, import_id: int) -> HttpResponse:
    """The import's page, whole, whoever asks."""
    address = resolve_url("console:imports:import", request.tenant.code, import_id)
    return HttpResponseClientRedirect(address) if request.htmx else HttpResponseRedirect(address)


@requires(Right.RESTRICTIONS_READ)
@require_safe
def imports(request: TenantRequest) -> HttpResponse:
    """The history. Findings may be about restrictions, so it is for those who may read them."""
    rows = imports_of(tenant=request.tenant, school_ids=request.rights[Right.RESTRICTIONS_READ])
    context = paged(request, rows)
    shown = list(context["page"].object_list)
    names = names_of_users(request.tenant, [row.actor_id for row in shown if row.actor_id])
    context["rows"] = [(row, names.get(row.actor_id or 0, "")) for row in shown]
    context["may_import"] = Right.ENROLMENTS_EDIT in request.rights
    return render(request, "console/imports/list.html", context)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@one_effect(back=lambda request: resolve_url("console:imports:list", request.tenant.code))
def upload(request: TenantRequest) -> HttpResponse:
    """Step 1: the files. They are checked by a job; nothing of them is in force before somebody applies it."""
    reach = request.rights[Right.ENROLMENTS_EDIT]
    form = UploadForm(request.POST or None, request.FILES or None, tenant=request.tenant, school_ids=reach)
    if request.method == "POST" and form.is_valid():
        files = form.given
        try:
            entry = upload_roster(
                tenant=request.tenant,
                files=files,
                sizes=[file.size or 0 for file in files],
                options=form.options(),
                by=request.actor,
                at=timezone.now(),
            )
        except ImportRefused as refusal:
            refuse(form, refusal)
        else:
            return _to(request, entry.pk)
    template = "console/imports/_upload.html" if request.htmx else "console/imports/upload.html"
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


@requires(Right.RESTRICTIONS_READ)
@require_safe
def roster_import(request: TenantRequest, import_id: int) -> HttpResponse:
    """Steps 2 and 3: findings and preview. While a job is at work the page asks for itself."""
    entry = import_in(request, import_id, Right.RESTRICTIONS_READ)
    look = page_of(request, entry, at=timezone.now())
    template = "console/imports/_import.html" if request.htmx else "console/imports/import.html"
    return render(request, template, {"look": look})


@requires(Right.ENROLMENTS_EDIT)
@require_POST
def apply_roster(request: TenantRequest, import_id: int) -> HttpResponse:
    """Step 4: apply it as it was previewed; held or warned ones want a word first."""
    entry = import_in(request, import_id, Right.ENROLMENTS_EDIT)
    look = page_of(request, entry, at=timezone.now(), posted=True)
    if look.form.is_valid():
        said = look.form.cleaned_data
        try:
            apply_import(
                entry=entry,
                accepts_warnings=said.get("accepts", False),
                approves=bool(said.get("reason")),
                reason=said.get("reason", ""),
                by=request.actor,
                at=timezone.now(),
            )
        except ImportRefused as refusal:
            messages.error(request, refusal.message)
        return _to(request, entry.pk)
    return render(request, "console/imports/import.html", {"look": look, "form": look.form}, status=422)


@requires(Right.ENROLMENTS_EDIT)
@require_POST
def cancel(request: TenantRequest, import_id: int) -> HttpResponse:
    """Let it be: nothing is applied, and the files go."""
    entry = import_in(request, import_id, Right.ENROLMENTS_EDIT)
    try:
        cancel_import(entry=entry, by=request.actor, at=timezone.now())
    except ImportRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The import was cancelled. Nothing was changed."))
    return _to(request, entry.pk)


@requires(Right.ENROLMENTS_EDIT)
@require_POST
def leave_out(request: TenantRequest, import_id: int) -> HttpResponse:
    """Check a refused one again without its bad rows; then it is previewed and applied as any other."""
    entry = import_in(request, import_id, Right.ENROLMENTS_EDIT)
    try:
        leave_out_rows(entry=entry, by=request.actor, at=timezone.now())
    except ImportRefused as refusal:
        messages.error(request, refusal.in_full)
    return _to(request, entry.pk)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: TenantRequest, import_id: int) -> HttpResponse:
    """Put the working copy back to what it was before the last import, after saying what that does."""
    entry = import_in(request, import_id, Right.ENROLMENTS_EDIT)
    form = UndoForm(request.POST or None)
    if form.is_valid():
        try:
            undo_import(entry=entry, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
        except ImportRefused as refusal:
            messages.error(request, refusal.in_full)
        return _to(request, entry.pk)
    context = {"entry": entry, "form": form, "counts": counts_of(entry)}
    return render(request, "console/imports/undo.html", context, status=422 if form.errors else 200)


@requires(Right.RESTRICTIONS_READ)
@require_safe
def findings_csv(request: TenantRequest, import_id: int) -> StreamingHttpResponse:
    """What was found, with a reason in each line, for whoever mends the files."""
    entry = import_in(request, import_id, Right.RESTRICTIONS_READ)
    content = export_findings(entry=entry, by=request.actor, at=timezone.now())
    return csv_file(content, name=f"findings-{entry.pk}")
