"""Imports for their pages: the history, one of them, what it found. school_ids: a member's reach, None for every school."""

from collections.abc import Collection

from django.db.models import Case, IntegerField, QuerySet, Value, When

from schoolgate.enrolments.models import ImportState, RosterFinding, RosterImport
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import School, Tenant

OPEN_STATES = (ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING)


def imports_of(*, tenant: Tenant, school_ids: Collection[int] | None = None) -> QuerySet[RosterImport]:
    """All imports, newest first; a member of some schools sees those limited to one of them."""
    found = RosterImport.objects.for_tenant(tenant).select_related("school", "job").order_by("-created_at", "-pk")
    # one school: what the import is limited to
    return found if school_ids is None else found.filter(school_id__in=school_ids)


def import_by_id(*, tenant: Tenant, import_id: int, school_ids: Collection[int] | None = None) -> RosterImport:
    """Raises NotFound, also for one out of reach."""
    found = imports_of(tenant=tenant, school_ids=school_ids).filter(pk=import_id).first()
    if found is None:
        raise NotFound
    return found


def findings_of(entry: RosterImport) -> QuerySet[RosterFinding]:
    """As a person wants to read them: errors, holds, warnings, notes; of each, the files' order."""
    severities = ["error", "hold", "warning", "note"]
    worst = Case(
        *(When(severity=severity, then=Value(n)) for n, severity in enumerate(severities)),
        output_field=IntegerField(),
    )
    return entry.findings.annotate(worst=worst).order_by("worst", "position")


def usual_source(*, tenant: Tenant) -> str:
    """Whose ids the last import had; empty before the first."""
    newest = RosterImport.objects.for_tenant(tenant).order_by("-created_at", "-pk").first()
    return newest.source if newest else ""


def schools_to_import(*, tenant: Tenant, school_ids: Collection[int] | None = None) -> QuerySet[School]:
    """The schools that an upload may be limited to."""
    found = School.objects.for_tenant(tenant).filter(is_active=True).order_by("name", "number")
    return found if school_ids is None else found.filter(pk__in=school_ids)


def last_applied(*, tenant: Tenant, source: str) -> RosterImport | None:
    """Query: the newest import of a source that was applied."""
    found = RosterImport.objects.for_tenant(tenant).filter(source=source, state=ImportState.APPLIED)
    return found.order_by("-applied_at", "-pk").first()
