"""Update, another address or name, and the two ways to a new password. The office never comes by the password itself."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from schoolgate.accounts.new_address import ask_new_address
from schoolgate.accounts.reset_by_office import CODE_LIFE, print_code, send_reset_link
from schoolgate.accounts.update_account import rename_account, update_account
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.parent_access_administration.account_maintenance.forms import (
    AddressForm,
    CodeForm,
    ConfirmForm,
    UpdateForm,
    UsernameForm,
)
from schoolgate.console.parent_access_administration.account_maintenance.reach import account_in, sees_nobody_beyond
from schoolgate.console.parent_access_administration.account_maintenance.views.acting import answer
from schoolgate.console.parent_access_administration.account_maintenance.views.looking import account_context
from schoolgate.lib.errors import NotAllowed, SchoolgateError
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def update(request: TenantRequest, account_id: int) -> HttpResponse:
    """Name shown and language (R-AM-04). What the student system knows of the person isn't changed from here."""
    account = account_in(request, account_id, Right.KEYS_ACT)
    form = UpdateForm(request.POST or None, account=account)

    def act() -> str:
        update_account(
            tenant=request.tenant, account_id=account.pk, by=request.actor, at=timezone.now(), **form.cleaned_data
        )
        return _("Saved.")

    return answer(request, account, "update", form, act)


@requires(Right.KEYS_ACT)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: TenantRequest, account_id: int) -> HttpResponse:
    account = account_in(request, account_id, Right.KEYS_ACT)
    form = AddressForm(request.POST or None)

    def act() -> str:
        ask_new_address(
            tenant=request.tenant, account_id=account.pk, by=request.actor, at=timezone.now(), **form.cleaned_data
        )
        return _("A link is on its way to the new address. Until its owner confirms it, nothing changes.")

    return answer(request, account, "address", form, act)


@requires(Right.KEYS_ACT)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: TenantRequest, account_id: int) -> HttpResponse:
    account = account_in(request, account_id, Right.KEYS_ACT)
    form = UsernameForm(request.POST or None)

    def act() -> str:
        rename_account(
            tenant=request.tenant, account_id=account.pk, by=request.actor, at=timezone.now(), **form.cleaned_data
        )
        return _("The new name counts from now on. Tell the person; the password is the same.")

    return answer(request, account, "rename", form, act)


@requires(Right.KEYS_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: TenantRequest, account_id: int) -> HttpResponse:
    """A link of one hour to the account's own address; nothing of it is shown here (R-AM-08)."""
    account = account_in(request, account_id, Right.KEYS_ACT)
    form = ConfirmForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        send_reset_link(tenant=request.tenant, account_id=account.pk, by=request.actor, at=timezone.now())
        return _("A link is on its way to the account's own address. It works once, for an hour.")

    return answer(request, account, "reset", form, act)


@requires(Right.KEYS_ACT)
@requires_fresh
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: TenantRequest, account_id: int) -> HttpResponse:
    """For those without e-mail: the one page that ever shows the code, made to be printed and handed over (R-AM-08).

    Whoever holds it sees what the account sees: so not by a member who may not see all of that (R-RK-11).
    """
    account = account_in(request, account_id, Right.KEYS_ACT)
    if not sees_nobody_beyond(request, account, Right.KEYS_ACT):
        raise NotAllowed(_("This account is connected to people of another school as well."))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        now = timezone.now()
        try:
            made = print_code(
                tenant=request.tenant, account_id=account.pk, by=request.actor, at=now, **form.cleaned_data
            )
        except SchoolgateError as refusal:
            form.add_error(None, refusal.in_full)
        else:
            messages.info(request, _("This code is shown only now. The audit log names you and the account."))
            context = {"account": account, "code": f"{made[:4]} {made[4:]}", "ends_at": now + CODE_LIFE}
            return render(request, "console/account_maintenance/slip.html", context)
    context = account_context(request, account, "act") | {"form": form}
    return render(request, "console/account_maintenance/code.html", context, status=422 if form.errors else 200)
