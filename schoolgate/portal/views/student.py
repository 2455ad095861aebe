"""A student signs up: the key, the date of birth, then username and password (R-SU-03). Nothing is used up before the last press."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from schoolgate.accounts.errors import AccountNotMade, ProofWanted, TooManyTries
from schoolgate.accounts.portal_state import require_sign_up
from schoolgate.accounts.sign_up import count_names_tried, reconnect_student, sign_up_student
from schoolgate.accounts.student_key import check_student_key, student_of_key
from schoolgate.accounts.typed_key import TypedKey
from schoolgate.keys.errors import KeyEnded, ProofNotAccepted
from schoolgate.keys.throttle import counted_try
from schoolgate.portal import claim
from schoolgate.portal.doors import account_of, claim_page, open_page
from schoolgate.portal.forms import BirthDateForm, StudentAccountForm
from schoolgate.portal.views.door import BACKEND, speaking
from schoolgate.portal.views.key import REFUSALS, again, ask_for_proof, refused
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import SecondProof, UserKind


@open_page
@require_safe
def sign_up(request: TenantRequest) -> HttpResponse:
    """*I am a parent or carer* / *I am a student*: both lead to the one field for the key (R-SU-01)."""
    if account_of(request) is not None:
        return redirect("portal:home", request.tenant.code)
    if not request.tenant.settings.student_sign_up:
        require_sign_up(request.tenant, is_for_student=False)
    return render(request, "portal/sign_up.html")


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def key_student(request: TenantRequest) -> HttpResponse:
    """The date of birth, where the school asks for one. Of a sign-up the key is looked up here for the first time.

    A student who is signed in, and whose tie has ended, is connected again by this press.
    """
    require_sign_up(request.tenant, is_for_student=True)
    now = timezone.now()
    typed = claim.typed_key(request, at=now)
    if typed is None:
        return again(request)
    account = account_of(request)
    if account is not None and account.kind != UserKind.STUDENT:
        return redirect("portal:check", request.tenant.code)
    asks = typed.asks_proof or request.tenant.settings.second_proof == SecondProof.DATE_OF_BIRTH
    form = BirthDateForm(request.POST or None, today=day_of(request.tenant, now)) if asks else None
    if request.method != "POST" or (form is not None and not form.is_valid()):
        return render(request, "portal/key_student.html", {"form": form}, status=422 if form and form.errors else 200)
    born = form.cleaned_data["birth_date"] if form is not None else None
    try:
        with counted_try(tenant=request.tenant, code=typed.code, by=request.actor, at=now):
            if account is not None:
                reconnect_student(
                    tenant=request.tenant,
                    account=account,
                    code=typed.code,
                    birth_date=born,
                    by=request.actor,
                    at=now,
                )
                return _connected(request, typed)
            found = check_student_key(tenant=request.tenant, account=None, code=typed.code, birth_date=born, at=now)
    except ProofWanted:
        return ask_for_proof(request, typed, is_for_student=True)
    except ProofNotAccepted:
        assert form is not None
        form.add_error(None, _("This date of birth does not belong to the key. Compare day, month and year."))
        return render(request, "portal/key_student.html", {"form": form}, status=422)
    except REFUSALS as refusal:
        return refused(request, typed, refusal, is_for_student=True)
    claim.keep_checked(request, typed, key_id=found.pk, birth_date=born)
    return redirect("portal:student_account", request.tenant.code)


@claim_page
@require_http_methods(["GET", "HEAD", "POST"])
def student_account(request: TenantRequest) -> HttpResponse:
    """Username and password. The press proves everything again, uses the key up and makes the account, both or neither."""
    require_sign_up(request.tenant, is_for_student=True)
    now = timezone.now()
    if claim.was_answered(request, request.POST.get("number", "")):
        messages.info(request, _("You have answered this already."))
        return redirect("portal:home", request.tenant.code)
    typed = claim.typed_key(request, at=now)
    if typed is None or account_of(request) is not None:
        return again(request)
    student = student_of_key(tenant=request.tenant, key_id=typed.key_id or 0, at=now)
    if student is None:
        return redirect("portal:key_student", request.tenant.code)
    is_other_tab = request.method == "POST" and request.POST.get("number") != typed.number
    form = StudentAccountForm(None if is_other_tab else request.POST or None)
    if form.is_valid():
        try:
            count_names_tried(tenant=request.tenant, code=typed.code, at=now)
            with counted_try(tenant=request.tenant, code=typed.code, by=request.actor, at=now):
                account = sign_up_student(
                    tenant=request.tenant,
                    code=typed.code,
                    birth_date=typed.birth_date,
                    language=get_language() or "en",
                    by=request.actor,
                    at=now,
                    **form.cleaned_data,
                )
        except TooManyTries as refusal:
            form.add_error(None, refusal.message)
        except AccountNotMade as refusal:
            for field, fault in refusal.faults.items():
                form.add_error(field, fault)
        except ProofWanted:
            return ask_for_proof(request, typed, is_for_student=True)
        except ProofNotAccepted:
            return redirect("portal:key_student", request.tenant.code)
        except (
            KeyEnded
        ) as ended:  # Perhaps by the first of two presses, whose session has gone on: this one's stays as it is.
            return render(request, "portal/key_refused.html", {"refusal": ended}, status=ended.status)
        except REFUSALS as refusal:
            return refused(request, typed, refusal, is_for_student=True)
        else:
            claim.keep_answered(request, typed)
            login(request, account, backend=BACKEND)
            messages.success(request, _("Your account is ready. You are signed in."))
            return speaking(redirect("portal:home", request.tenant.code), account)
    context = {"form": form, "student": student, "number": typed.number, "is_other_tab": is_other_tab}
    status = 409 if is_other_tab else 422 if form.errors else 200
    return render(request, "portal/student_account.html", context, status=status)


def _connected(request: TenantRequest, typed: TypedKey) -> HttpResponse:
    claim.keep_answered(request, typed)
    messages.success(request, _("You are connected."))
    return redirect("portal:home", request.tenant.code)
