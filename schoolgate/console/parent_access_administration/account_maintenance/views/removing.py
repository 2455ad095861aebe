"""Unlink, remove a student, give back a child that a family had disclaimed (R-AM-07, B-07)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from schoolgate.accounts.disclaim import restore_child
from schoolgate.accounts.queries import child_of, children_of, children_without
from schoolgate.accounts.ties import Behind, behind, disclaimed_by
from schoolgate.accounts.unlink import unlink_accounts
from schoolgate.console.parent_access_administration.account_maintenance.forms import ReasonForm, RemoveStudentForm
from schoolgate.console.parent_access_administration.account_maintenance.reach import account_in, tie_in
from schoolgate.console.parent_access_administration.account_maintenance.views.acting import answer
from schoolgate.console.parent_access_administration.account_maintenance.views.looking import back_to
from schoolgate.directory.models import DirectoryStudent
from schoolgate.enrolments.set_access import set_access
from schoolgate.lib.errors import NotFound
from schoolgate.sync.restrict import withdraw_now
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import User
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def unlink(request: TenantRequest, account_id: int, tie_id: int) -> HttpResponse:
    """Names the contact, and the students who are lost, or seen again, by the end of this tie (R-MU-02)."""
    account = account_in(request, account_id, Right.KEYS_ACT)
    line = tie_in(request, account, tie_id)
    form = ReasonForm(request.POST or None)

    def act() -> str:
        unlink_accounts(
            tenant=request.tenant, tie_ids=[line.tie.pk], by=request.actor, at=timezone.now(), **form.cleaned_data
        )
        return _("Unlinked. The account stays; a new key can be made for this person.")

    return answer(request, account, "unlink", form, act, line=line, **_consequences(request, account, [line.tie.pk]))


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def remove_student(request: TenantRequest, account_id: int, student_id: int) -> HttpResponse:
    """In derived access a child isn't taken from an account alone: the page offers the ways there are, with what else they do."""
    account = account_in(request, account_id, Right.KEYS_ACT)
    student = _student_in(request, account, student_id)
    found = behind(tenant=request.tenant, account=account, student_id=student.pk, at=timezone.now())
    form = RemoveStudentForm(request.POST or None, ways=_ways(request, student, found))

    def act() -> str:
        return _remove(request, student, found, way=form.cleaned_data["way"], reason=form.cleaned_data["reason"])

    may_restrict = _may_edit(request, student)
    tie_ids = [tie.pk for tie in found.ties]
    more = {"student": student, "behind": found, "may_restrict": may_restrict}
    return answer(request, account, "remove_student", form, act, **more, **_consequences(request, account, tie_ids))


@requires(Right.KEYS_ACT)
@require_POST
def restore(request: TenantRequest, account_id: int, student_id: int) -> HttpResponse:
    """The family had said: not my child. It sees the child again, if a link still shows it. Pressed twice it is once."""
    account = account_in(request, account_id, Right.KEYS_ACT)
    reach = request.rights[Right.KEYS_ACT]
    offered = disclaimed_by(tenant=request.tenant, account=account, school_ids=reach)
    if student_id in {student.pk for student in offered} and restore_child(
        tenant=request.tenant, account=account, student_id=student_id, by=request.actor, at=timezone.now()
    ):
        messages.success(request, _("Given back. The account sees this student wherever a link shows them."))
    return back_to(request, account)


def _student_in(request: TenantRequest, account: User, student_id: int) -> DirectoryStudent:
    """A student whom the account sees, at one of the member's schools. Raises NotFound."""
    student = child_of(tenant=request.tenant, account=account, student_id=student_id, at=timezone.now())
    if not student.is_at(request.rights[Right.KEYS_ACT]):
        raise NotFound
    return student


def _may_edit(request: TenantRequest, student: DirectoryStudent) -> bool:
    """Flags and restrictions are the enrolments' own right (spine §6)."""
    return student.is_at(request.rights.get(Right.ENROLMENTS_EDIT, set()))


def _ways(request: TenantRequest, student: DirectoryStudent, found: Behind) -> list[tuple[str, Any]]:
    ways = []
    if found.pairs and _may_edit(request, student):
        ways.append(("access_off", _("Turn Has Portal Access off, with the next Data Sync")))
        ways.append(("remove_now", _("Turn Has Portal Access off, at once")))
    return [*ways, ("unlink", _("End the connection with the contact"))]


def _remove(request: TenantRequest, student: DirectoryStudent, found: Behind, *, way: str, reason: str) -> str:
    tenant, by, now = request.tenant, request.actor, timezone.now()
    association_ids = [pair.pk for pair in found.pairs]
    if way == "unlink":
        unlink_accounts(tenant=tenant, tie_ids=[tie.pk for tie in found.ties], reason=reason, by=by, at=now)
        return _("Unlinked. The account stays, without this student.")
    if way == "remove_now":
        withdraw_now(tenant=tenant, association_ids=association_ids, reason=reason, by=by, at=now)
        return _("Withdrawn at once: the account no longer sees this student.")
    reach = request.rights[Right.ENROLMENTS_EDIT]
    wanted = dict.fromkeys(association_ids, False)
    set_access(tenant=tenant, wanted=wanted, by=by, at=now, school_ids=reach)
    return _("Has Portal Access is off. The account loses the student with the next Data Sync.")


def _consequences(request: TenantRequest, account: User, tie_ids: list[int]) -> dict[str, Any]:
    """lost, gained: students at the member's schools; lost_elsewhere, gained_elsewhere: how many at others (R-PM-01)."""
    now, reach = timezone.now(), request.rights[Right.KEYS_ACT]
    before = {child.pk: child for child in children_of(tenant=request.tenant, account=account, at=now)}
    after = {
        child.pk: child for child in children_without(tenant=request.tenant, account=account, tie_ids=tie_ids, at=now)
    }
    told: dict[str, Any] = {}
    for word, children in (
        ("lost", [child for pk, child in before.items() if pk not in after]),
        ("gained", [child for pk, child in after.items() if pk not in before]),
    ):
        near = [child for child in children if child.is_at(reach)]
        told |= {word: near, f"{word}_elsewhere": len(children) - len(near)}
    return told
