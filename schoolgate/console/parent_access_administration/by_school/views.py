"""Generate Registration Keys by School: choose, look at what it would do, start it (registration-keys §6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.downloads import csv_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.parent_access_administration.by_school.export import csv_of, lines_before
from schoolgate.console.parent_access_administration.by_school.forms import BySchoolForm, StartForm
from schoolgate.console.parent_access_administration.by_school.preview import RunPreview, preview_of
from schoolgate.console.parent_access_administration.by_school.reach import (
    is_district_wide,
    may_print,
    may_run_district_wide,
    my_schools,
    require_district_wide,
)
from schoolgate.console.parent_access_administration.by_school.runs import last_runs
from schoolgate.jobs.models import Job
from schoolgate.keys.generate import start_generate
from schoolgate.keys.plan_run import RunAsked
from schoolgate.keys.run_choices import relationships_of, years_of
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.note_export import note_export
from schoolgate.tenancy.roles import Right, requires

PAGE = "by_school"


@dataclass(frozen=True)
class Asked:
    """What an address, or a form that was sent, asks for. preview: None where it asks for nothing that can be done."""

    form: BySchoolForm
    preview: RunPreview | None
    is_district_wide: bool = False


def asked_by(request: TenantRequest, words: QueryDict | None, *, at: datetime) -> Asked:
    """Query: the form with its choices; and, of words that make sense, what a run would do."""
    schools = my_schools(request)
    form = BySchoolForm(
        words,
        initial={"parents": True, "students": True, "way": ""},
        schools=schools,
        years=years_of(tenant=request.tenant, school_ids=[school.pk for school in schools]),
        relationships=relationships_of(tenant=request.tenant),
        may_print=may_print(request),
        today=day_of(request.tenant, at),
    )
    if words is None or not form.is_valid():
        return Asked(form, None)
    asked = RunAsked(
        for_students=form.cleaned_data["students"],
        for_parents=form.cleaned_data["parents"],
        school_ids=form.school_ids(),
        year_levels=frozenset(form.cleaned_data.get("years", ())),
        contacts=form.contacts(),
        starting_before=form.cleaned_data["starting_before"],
    )
    preview = preview_of(tenant=request.tenant, asked=asked, at=at, held_until=form.held_until())
    return Asked(form, preview, is_district_wide(request, preview))


def page_of(request: TenantRequest, asked: Asked, start: StartForm | None = None) -> HttpResponse:
    """The page; 422 with a problem told."""
    preview = asked.preview
    if preview is not None and start is None:
        start = StartForm(
            initial={"shown": preview.to_make}, to_make=preview.to_make, is_district_wide=asked.is_district_wide
        )
    words = request.POST if request.method == "POST" else request.GET
    context: dict[str, Any] = {
        "form": start if start is not None and start.is_bound else asked.form,
        "plan_form": asked.form,
        "start": start,
        "preview": preview,
        "kept": kept_words(words),
        "is_district_wide": asked.is_district_wide,
        "may_start": not asked.is_district_wide or may_run_district_wide(request),
        "may_export": Right.EXPORT in request.rights,
        "runs": last_runs(request, page=PAGE),
    }
    problem = asked.form.errors or (start is not None and start.errors)
    return render(request, "console/by_school/plan.html", context, status=422 if problem else 200)


def kept_words(words: QueryDict) -> list[tuple[str, str]]:
    """What the form that starts the run says again, so that it needs nothing remembered."""
    own = {"csrfmiddlewaretoken", "shown", "typed"}
    return [(name, value) for name in words if name not in own for value in words.getlist(name)]


@requires(Right.KEYS_ACT)
@require_safe
def plan(request: TenantRequest) -> HttpResponse:
    """The form; with Preview pressed, what the run would do."""
    return page_of(request, asked_by(request, request.GET or None, at=timezone.now()))


@requires(Right.KEYS_ACT)
@require_POST
def start(request: TenantRequest) -> HttpResponse:
    """Start the run as it was previewed; a run of the whole district needs a fresh sign-in and its number typed (R-GS-06)."""
    asked = asked_by(request, request.POST, at=timezone.now())
    if asked.preview is None:
        return page_of(request, asked)
    if asked.is_district_wide:
        require_district_wide(request)
        answer: HttpResponse = start_fresh(request, asked)
        return answer
    return start_asked(request, asked)


def start_asked(request: TenantRequest, asked: Asked) -> HttpResponse:
    assert asked.preview is not None
    preview = asked.preview
    form = StartForm(request.POST, to_make=preview.to_make, is_district_wide=asked.is_district_wide)
    if not form.is_valid():
        return page_of(request, asked, form)
    try:
        job = start_run(request, preview, way=asked.form.cleaned_data.get("way", ""), page=PAGE)
    except SchoolgateError as refusal:
        form.add_error(None, refusal.in_full)
        return page_of(request, asked, form)
    return redirect("console:by_school:run", request.tenant.code, job.pk)


start_fresh = requires_fresh(start_asked)


def start_run(request: TenantRequest, preview: RunPreview, *, way: str, page: str) -> Job:
    """Start what was previewed: exactly these subjects (R-CK-06)."""
    return start_generate(
        tenant=request.tenant,
        subjects=preview.plan.subjects,
        by=request.actor,
        at=timezone.now(),
        then=way,
        held_until=preview.held_until,
        page=page,
    )


@requires(Right.EXPORT)
@requires(Right.KEYS_ACT)
@requires_fresh
@require_POST
def download(request: TenantRequest) -> HttpResponseBase:
    """The preview as CSV, a line for each person, without keys."""
    now = timezone.now()
    asked = asked_by(request, request.POST, at=now)
    if asked.preview is None:
        return page_of(request, asked)
    return csv_of_preview(request, asked.preview, at=now, name="keys-by-school")


def csv_of_preview(request: TenantRequest, preview: RunPreview, *, at: datetime, name: str) -> HttpResponseBase:
    """Audited before its first line is sent."""
    lines = lines_before(preview, at=at)
    note_export(tenant=request.tenant, what="key_plan", filters={}, rows=len(lines), by=request.actor, at=at)
    return csv_file(csv_of(request.tenant, lines), name=f"{name}-{at:%Y-%m-%d}")
