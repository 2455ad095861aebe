"""Disable and enable, unlock, delete and keep: each says first what it does and what stays (spine §3.3)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from schoolgate.accounts.delete_account import BIN_LIFE, delete_account, keep_account
from schoolgate.accounts.disable import disable_accounts
from schoolgate.accounts.enable import enable_account
from schoolgate.accounts.find import accounts_in
from schoolgate.accounts.office_acts import Acted
from schoolgate.accounts.unlock import unlock_accounts
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.lists import whole_number
from schoolgate.console.parent_access_administration.account_maintenance.forms import ConfirmForm, ReasonForm
from schoolgate.console.parent_access_administration.account_maintenance.reach import account_in, is_wholly_in_reach
from schoolgate.console.parent_access_administration.account_maintenance.views.looking import account_context, back_to
from schoolgate.console.parent_access_administration.account_maintenance.words import SKIPS
from schoolgate.lib.errors import NotAllowed, SchoolgateError
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import User
from schoolgate.tenancy.roles import Right, requires


def answer(
    request: TenantRequest, account: User, template: str, form: Any, act: Callable[[], str], **more: Any
) -> HttpResponse:
    """A page that asks, and its act: afterwards the account again, or the same page with what was refused."""
    if form.is_valid():
        try:
            messages.success(request, act())
        except SchoolgateError as refusal:
            form.add_error(None, refusal.in_full)
        else:
            return back_to(request, account)
    context = account_context(request, account, "act") | {"form": form} | more
    status = 422 if form.errors else 200
    return render(request, f"console/account_maintenance/{template}.html", context, status=status)


def _why_skipped(acted: Acted) -> None:
    """One account alone: that it was left out is a refusal."""
    if not acted.done:
        why = next(iter(acted.skipped))
        raise SchoolgateError(_("Nothing was changed: %(why)s.") % {"why": SKIPS[why]}, code=f"account.{why}")


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def disable(request: TenantRequest, account_id: int) -> HttpResponse:
    account = account_in(request, account_id, Right.KEYS_ACT)
    form = ReasonForm(request.POST or None)

    def act() -> str:
        _why_skipped(
            disable_accounts(
                tenant=request.tenant,
                account_ids=[account.pk],
                school_ids=request.rights[Right.KEYS_ACT],
                by=request.actor,
                at=timezone.now(),
                **form.cleaned_data,
            )
        )
        return _("Disabled. Nobody signs in with this account until you enable it again.")

    return answer(request, account, "disable", form, act)


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def enable(request: TenantRequest, account_id: int) -> HttpResponse:
    """Names the students that the account sees afterwards: read from the directory now, nothing old is restored.

    Not by a member with fewer schools than whoever stopped it.
    """
    account = account_in(request, account_id, Right.KEYS_ACT)
    form = ConfirmForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        enable_account(
            tenant=request.tenant,
            account_id=account.pk,
            school_ids=request.rights[Right.KEYS_ACT],
            by=request.actor,
            at=timezone.now(),
        )
        return _("Enabled. The account signs in with its own password again.")

    return answer(request, account, "enable", form, act)


@requires(Right.KEYS_ACT)
@require_POST
def unlock(request: TenantRequest, account_id: int) -> HttpResponse:
    account = account_in(request, account_id, Right.KEYS_ACT)
    _say_unlocked(request, [account.pk])
    return back_to(request, account)


@requires(Right.KEYS_ACT)
@require_POST
def unlock_ticked(request: TenantRequest) -> HttpResponse:
    """The one act that is allowed over several rows (R-AM-06). Ids beyond the member's reach count as unknown."""
    asked = {id_ for text in request.POST.getlist("ticked") if (id_ := whole_number(text)) is not None}
    reach = request.rights[Right.KEYS_ACT]
    near = accounts_in(tenant=request.tenant, school_ids=reach).in_bulk(list(asked))
    _say_unlocked(request, [pk if pk in near else 0 for pk in sorted(asked)])
    here = resolve_url("console:account_maintenance:search", request.tenant.code)
    return HttpResponseRedirect(f"{here}?{request.POST.get('address', '')}")


def _say_unlocked(request: TenantRequest, account_ids: list[int]) -> None:
    acted = unlock_accounts(tenant=request.tenant, account_ids=account_ids, by=request.actor, at=timezone.now())
    n = len(acted.done)
    if n:
        messages.success(request, ngettext("Unlocked %(n)s account.", "Unlocked %(n)s accounts.", n) % {"n": n})
    if acted.skipped:
        whys = ", ".join(f"{count} {SKIPS[why]}" for why, count in acted.skipped.items())
        messages.warning(request, _("Skipped: %(whys)s.") % {"whys": whys})
    if not account_ids:
        messages.warning(request, _("Tick the accounts to unlock first."))


@requires(Right.ACCOUNTS_DELETE)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: TenantRequest, account_id: int) -> HttpResponse:
    """Into the bin for seven days (R-AM-10). Not by a member who can't see everybody for whom the account acts."""
    account = account_in(request, account_id, Right.ACCOUNTS_DELETE)
    if not is_wholly_in_reach(request, account, Right.ACCOUNTS_DELETE):
        raise NotAllowed(_("This account is connected to people of another school as well."))
    form = ReasonForm(request.POST or None)

    def act() -> str:
        delete_account(
            tenant=request.tenant,
            account_id=account.pk,
            school_ids=request.rights[Right.ACCOUNTS_DELETE],
            by=request.actor,
            at=timezone.now(),
            **form.cleaned_data,
        )
        return _("Deleted. For seven days you can take it back here.")

    return answer(request, account, "delete", form, act, days=BIN_LIFE.days)


@requires(Right.ACCOUNTS_DELETE)
@require_POST
def keep(request: TenantRequest, account_id: int) -> HttpResponse:
    """Undo of Delete, by whoever could have deleted it."""
    account = account_in(request, account_id, Right.ACCOUNTS_DELETE)
    if not is_wholly_in_reach(request, account, Right.ACCOUNTS_DELETE):
        raise NotAllowed(_("This account is connected to people of another school as well."))
    try:
        keep_account(
            tenant=request.tenant,
            account_id=account.pk,
            school_ids=request.rights[Right.ACCOUNTS_DELETE],
            by=request.actor,
            at=timezone.now(),
        )
    except SchoolgateError as refusal:
        messages.error(request, refusal.in_full)
    else:
        messages.success(request, _("Taken back. The account is as it was."))
    return back_to(request, account)
