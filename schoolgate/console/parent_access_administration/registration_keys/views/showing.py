"""Show one key for two minutes; fetch the letter that was just printed."""

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.downloads import pdf_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.parent_access_administration.registration_keys.acts import target_of
from schoolgate.console.parent_access_administration.registration_keys.answer import window_again
from schoolgate.console.parent_access_administration.registration_keys.letters import letter_job
from schoolgate.console.parent_access_administration.registration_keys.scope import scope_of
from schoolgate.console.parent_access_administration.registration_keys.window import window_of
from schoolgate.keys.reveal import reveal_keys
from schoolgate.letters.letter_file import fetch_letter_file
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_SEE)
@requires_fresh
@require_POST
def show(request: TenantRequest, student_id: int, contact_id: int | None = None) -> HttpResponse:
    """One key in clear, with an entry in the audit (R-CK-05)."""
    scope = scope_of(request, Right.KEYS_SEE, at=timezone.now())
    target = target_of(window_of(scope, student_id), contact_id)
    found = reveal_keys(tenant=scope.tenant, subjects=[target.line.subject], by=request.actor, at=scope.at)
    if not found:
        return window_again(request, scope, student_id, _("There is no live key any more."), is_refused=True)
    said = _("The key of %(name)s, for 2 minutes.") % {"name": target.name}
    return window_again(request, scope, student_id, said, shown=found[0].code.grouped)


@requires(Right.KEYS_READ)
@require_safe
def cover(request: TenantRequest) -> HttpResponse:
    """Nothing, in the place of a key that was shown."""
    return HttpResponse()


@requires(Right.KEYS_SEE)
@requires_fresh
@require_POST
def letter(request: TenantRequest, job_id: int) -> HttpResponse:
    """The letter or slip of one key, set now from its sealed copy; by POST, since it shows the key (R-CK-16)."""
    now = timezone.now()
    job = letter_job(scope_of(request, Right.KEYS_SEE, at=now), job_id, user_id=request.user.pk)
    made = fetch_letter_file(tenant=request.tenant, job=job, file_no=1, by=request.actor, at=now)
    return pdf_file(made.pdf, name=f"letter-{job.pk}")
