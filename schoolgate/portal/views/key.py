"""From letter to child: the key, the check, the children. A GET shows, only a press acts (R-RD-01)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from schoolgate.accounts.check import check_second_proof, children_of_key
from schoolgate.accounts.disclaim import disclaim_key
from schoolgate.accounts.errors import AccountCantRedeem, ProofWanted
from schoolgate.accounts.portal_state import require_sign_up
from schoolgate.accounts.redeem import redeem_key
from schoolgate.accounts.student_key import prove_student_key
from schoolgate.accounts.typed_key import TypedKey
from schoolgate.keys.errors import AlreadyTied, KeyNotAccepted, KeyProved, ProofNotAccepted
from schoolgate.keys.throttle import counted_try
from schoolgate.lib.errors import SchoolgateError
from schoolgate.portal import claim
from schoolgate.portal.doors import account_of, claim_page
from schoolgate.portal.forms import BirthDateForm, KeyForm
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import SecondProof, User, UserKind

REFUSALS = (KeyNotAccepted, KeyProved, AccountCantRedeem)


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def key(request: TenantRequest) -> HttpResponse:
    """Ask for the key, whosever it is. Until an account stands behind it, it is kept and not looked up (R-RD-03)."""
    account = account_of(request)
    is_for_student = signs_up_as_student(request, account)
    here = (request.get_host(), request.tenant.code)
    form = KeyForm(request.POST or None, here=here, is_for_student=is_for_student)
    if not form.is_valid():
        context = {"form": form, "is_for_student": is_for_student}
        return render(request, "portal/key.html", context, status=422 if form.errors else 200)
    now = timezone.now()
    typed = claim.keep_typed_key(request, form.cleaned_data["key"], at=now)
    if account is None:
        return redirect("portal:key_student" if is_for_student else "portal:key_account", request.tenant.code)
    tenant, code = request.tenant, typed.code
    try:
        with counted_try(tenant=tenant, code=code, by=request.actor, at=now):
            if is_for_student:
                prove_student_key(tenant=tenant, account=account, code=code, at=now)
                return redirect("portal:key_student", tenant.code)
            found = check_second_proof(tenant=tenant, account=account, code=code, birth_date=None, at=now)
    except ProofWanted:
        return ask_for_proof(request, typed)
    except REFUSALS as refusal:
        return refused(request, typed, refusal, is_for_student=is_for_student)
    claim.keep_checked(request, typed, key_id=found.pk, birth_date=None)
    return redirect("portal:key_children", request.tenant.code)


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: TenantRequest) -> HttpResponse:
    """The second proof; where the district asks for none, one press to go on with, which tells what the key's schools ask for."""
    now = timezone.now()
    typed = claim.typed_key(request, at=now)
    if typed is None:
        return again(request)
    account = account_of(request)
    if account is None:
        return redirect("portal:key_account", request.tenant.code)
    if account.kind == UserKind.STUDENT:
        return redirect("portal:key_student", request.tenant.code)
    asks = typed.asks_proof or request.tenant.settings.second_proof == SecondProof.DATE_OF_BIRTH
    form = BirthDateForm(request.POST or None, today=day_of(request.tenant, now)) if asks else None
    if request.method != "POST" or (form is not None and not form.is_valid()):
        return render(request, "portal/check.html", {"form": form}, status=422 if form and form.errors else 200)
    born = form.cleaned_data["birth_date"] if form is not None else None
    try:
        with counted_try(tenant=request.tenant, code=typed.code, by=request.actor, at=now):
            found = check_second_proof(tenant=request.tenant, account=account, code=typed.code, birth_date=born, at=now)
    except ProofWanted:
        return ask_for_proof(request, typed)
    except ProofNotAccepted:
        assert form is not None
        form.add_error(None, _("This date of birth does not belong to the key. Compare day, month and year."))
        return render(request, "portal/check.html", {"form": form}, status=422)
    except REFUSALS as refusal:
        return refused(request, typed, refusal)
    claim.keep_checked(request, typed, key_id=found.pk, birth_date=born)
    return redirect("portal:key_children", request.tenant.code)


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def children(request: TenantRequest) -> HttpResponse:
    """*Are these your children?* The answer uses the key up, or locks it; all that was proved before is proved again."""
    now = timezone.now()
    typed = claim.typed_key(request, at=now)
    if claim.was_answered(request, request.POST.get("number", "")):
        messages.info(request, _("You have answered this already."))
        return redirect("portal:home", request.tenant.code)
    account = account_of(request)
    if typed is None or account is None:
        return again(request)
    if typed.key_id is None:
        return redirect("portal:check", request.tenant.code)
    answer = request.POST.get("answer", "")
    # A page of another tab may show another key's children: its answer is not for this key.
    if answer not in {"yes", "missing", "disclaim"} or request.POST.get("number") != typed.number:
        return _ask(request, typed, account)
    act = disclaim_key if answer == "disclaim" else redeem_key
    more = {"one_is_missing": True} if answer == "missing" else {}
    try:
        with counted_try(tenant=request.tenant, code=typed.code, by=request.actor, at=now):
            act(
                tenant=request.tenant,
                account=account,
                code=typed.code,
                birth_date=typed.birth_date,
                by=request.actor,
                at=now,
                **more,
            )
    except ProofWanted:
        return ask_for_proof(request, typed)
    except ProofNotAccepted:
        return redirect("portal:check", request.tenant.code)
    except REFUSALS as refusal:
        return refused(request, typed, refusal)
    claim.keep_answered(request, typed)
    messages.success(request, _words_after(answer))
    return redirect("portal:home", request.tenant.code)


def signs_up_as_student(request: TenantRequest, account: User | None) -> bool:
    """Whose sign-up this visit to the key's door is. Raises SignUpClosed where theirs is turned off.

    Whoever followed the link of a letter has not said who they are, and is asked after the key.
    """
    allowed = request.tenant.settings
    if account is not None:
        is_student = account.kind == UserKind.STUDENT
        require_sign_up(request.tenant, is_for_student=is_student)
        return is_student
    says_student = (request.POST.get("as") or request.GET.get("as")) == "student"
    is_for_student = allowed.student_sign_up and (says_student or not allowed.parent_sign_up)
    if not is_for_student:
        require_sign_up(request.tenant, is_for_student=says_student)
    return is_for_student


def _ask(request: TenantRequest, typed: TypedKey, account: User) -> HttpResponse:
    assert typed.key_id is not None
    found = children_of_key(tenant=request.tenant, account=account, key_id=typed.key_id, at=timezone.now())
    if not found:
        return redirect("portal:check", request.tenant.code)
    context = {"children": found, "number": typed.number, "is_other_tab": request.method == "POST"}
    return render(request, "portal/key_children.html", context, status=409 if request.method == "POST" else 200)


def _words_after(answer: str) -> str:
    return {
        "yes": _("You are connected."),
        "missing": _("You are connected. The school office has been told that one child is missing."),
        "disclaim": _("Nothing was connected, and this key can no longer be used. The school office has been told."),
    }[answer]


def ask_for_proof(request: TenantRequest, typed: TypedKey, *, is_for_student: bool = False) -> HttpResponse:
    """To the page that asks for the date of birth, which shows its field from now on."""
    claim.keep_asked(request, typed)
    return redirect("portal:key_student" if is_for_student else "portal:check", request.tenant.code)


def again(request: TenantRequest) -> HttpResponse:
    messages.info(request, _("Enter your key once more. It is kept for half an hour only."))
    return redirect("portal:key", request.tenant.code)


def refused(
    request: TenantRequest, typed: TypedKey, refusal: SchoolgateError, *, is_for_student: bool = False
) -> HttpResponse:
    """Unproved: back to the field, one sentence for every cause (R-RD-05). Proved: what happened, and whom to ask."""
    claim.forget_typed_key(request)
    if isinstance(refusal, AlreadyTied):
        messages.info(request, _("You have added this key already. Nothing has changed."))
        return redirect("portal:home", request.tenant.code)
    if isinstance(refusal, KeyNotAccepted):
        here = (request.get_host(), request.tenant.code)
        form = KeyForm({"key": typed.code.grouped}, here=here, is_for_student=is_for_student)
        of_slip = _(
            "We could not use this key. Check it against the paper that you were given, or ask the school office for a new one."
        )
        form.add_error("key", of_slip if is_for_student else refusal.message)
        context = {"form": form, "is_for_student": is_for_student}
        return render(request, "portal/key.html", context, status=refusal.status)
    return render(request, "portal/key_refused.html", {"refusal": refusal}, status=refusal.status)
