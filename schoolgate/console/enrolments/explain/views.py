"""Explain: why this contact sees this student, or not (B-01)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from schoolgate.console.enrolments.explain.chosen import contact_chosen, student_chosen
from schoolgate.sync.explain import explain
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.ENROLMENTS_READ)
@require_safe
def ask(request: TenantRequest) -> HttpResponse:
    """Choose the two, then every condition with its value, since when and by whom."""
    student, contact = student_chosen(request), contact_chosen(request)
    found = None
    if student.person and contact.person:
        found = explain(
            tenant=request.tenant,
            contact_id=contact.person.pk,
            student_id=student.person.pk,
            today=timezone.localdate(),
            with_restrictions=Right.RESTRICTIONS_SEE in request.rights,
        )
    return render(request, "console/explain/ask.html", {"student": student, "contact": contact, "found": found})
