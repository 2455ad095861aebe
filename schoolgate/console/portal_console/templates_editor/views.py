"""Portal Console › Portal Console Setup › General › Templates: the text of letters and mails, with a preview that is the letter itself."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget

from schoolgate.console.key_systems import only_under
from schoolgate.console.portal_console.framed import framed
from schoolgate.console.portal_console.templates_editor.drafts import (
    VALUES,
    Shown,
    forget,
    keep,
    kept,
    text_of,
    values_of,
)
from schoolgate.console.portal_console.templates_editor.forms import TemplateForm
from schoolgate.letters.addressees import STUDENT_KEY
from schoolgate.letters.edit_template import TemplateChanged, restore_default, save_template
from schoolgate.letters.errors import EmailRefused, LettersRefused, TemplateRefused
from schoolgate.letters.fields import KEY_EMAIL, KEY_LETTER, STUDENT_EMAIL, STUDENT_LETTER, Part, TemplateKind
from schoolgate.letters.preview_template import compose_preview, draw_preview
from schoolgate.lib.errors import NotAllowed, NotFound
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import KeySystem
from schoolgate.tenancy.queries import member_name
from schoolgate.tenancy.roles import Right, requires

EDITABLE = {"letter": KEY_LETTER, "email": KEY_EMAIL, "student-letter": STUDENT_LETTER, "student-email": STUDENT_EMAIL}
"""By their names in addresses: the texts for parents, and those for students' own keys."""
TITLES = {
    "letter": gettext_lazy("Letter with a key"),
    "email": gettext_lazy("E-mail with a key"),
    "student-letter": gettext_lazy("Letter with a student's own key"),
    "student-email": gettext_lazy("E-mail with a student's own key"),
}


def _kind(name: str) -> TemplateKind:
    if name not in EDITABLE:
        raise NotFound
    return EDITABLE[name]


def _may_edit(request: TenantRequest) -> bool:
    """A text is the whole tenant's: whoever acts for one school alone reads it."""
    return request.rights.get(Right.KEYS_ACT, set()) is None


@only_under(KeySystem.CONTACT)
@requires(Right.KEYS_READ)
@require_safe
def templates(request: TenantRequest) -> HttpResponse:
    texts = [(name, text_of(request, kind)) for name, kind in EDITABLE.items()]
    rows = [(name, TITLES[name], text, member_name(request.tenant, text.saved_by_id)) for name, text in texts]
    return render(request, "console/templates_editor/templates.html", {"rows": rows})


@requires(Right.KEYS_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def template(request: TenantRequest, channel: str) -> HttpResponse:
    """Write a text; saving proves it first, and every save is a version (R-TP-02)."""
    kind = _kind(channel)
    if request.method != "POST":
        forget(request, kind)
        return _editor(request, channel, TemplateForm.of(text_of(request, kind), kind=kind))
    if not _may_edit(request):
        raise NotAllowed
    form = TemplateForm(request.POST, kind=kind)
    if form.is_valid():
        based_on, now = form.cleaned_data["based_on"], timezone.now()
        try:
            save_template(tenant=request.tenant, draft=form.draft, based_on=based_on, by=request.actor, at=now)
        except TemplateRefused as refusal:
            form.refuse(refusal)
        except TemplateChanged as changed:
            form.add_error(None, changed.in_full)
        else:
            messages.success(request, _("Saved. The next letters and mails are made from this text."))
            return redirect("console:portal_console:template", request.tenant.code, channel)
    return _editor(request, channel, form)


def _editor(request: TenantRequest, channel: str, form: TemplateForm) -> HttpResponse:
    kind = _kind(channel)
    text = text_of(request, kind)
    context = {
        "form": form,
        "channel": channel,
        "title": TITLES[channel],
        "is_letter": kind.channel is Part.LETTER,
        "is_for_student": kind.name == STUDENT_KEY,
        "others": [(name, title) for name, title in TITLES.items() if name != channel],
        "text": text,
        "saved_by": member_name(request.tenant, text.saved_by_id),
        "merge_fields": [field for field in kind.fields.values() if kind.channel in field.parts],
        "shown": kept(request, kind),
        "may_edit": _may_edit(request),
    }
    status = 422 if form.errors else 200
    return render(request, "console/templates_editor/template.html", context, status=status)


@requires(Right.KEYS_ACT)
@require_POST
def restore(request: TenantRequest, channel: str) -> HttpResponse:
    """*Restore default*: the shipped text, as a new version."""
    kind = _kind(channel)
    if not _may_edit(request):
        raise NotAllowed
    text = text_of(request, kind)
    if not text.is_shipped:
        now = timezone.now()
        restore_default(
            tenant=request.tenant,
            kind=kind.name,
            channel=kind.channel,
            based_on=text.version,
            by=request.actor,
            at=now,
        )
    messages.success(
        request, _("The text that came with schoolgate is in use again. Yours is kept as an older version.")
    )
    return redirect("console:portal_console:template", request.tenant.code, channel)


@requires(Right.KEYS_READ)
@require_POST
def preview(request: TenantRequest, channel: str) -> HttpResponse:
    """Look at what is being written. A text with a fault leaves the last preview where it is, and names the place."""
    kind = _kind(channel)
    form = TemplateForm(request.POST, kind=kind)
    if form.is_valid():
        _look_at(request, form)
    if not request.htmx:
        return _editor(request, channel, form)
    context = {"form": form, "channel": channel, "is_letter": kind.channel is Part.LETTER, "shown": kept(request, kind)}
    if form.errors:
        faults = render(request, "console/templates_editor/_faults.html", context, status=422)
        return reswap(retarget(faults, "#faults"), "outerHTML")
    return render(request, "console/templates_editor/_preview.html", context)


def _look_at(request: TenantRequest, form: TemplateForm) -> None:
    """Keep the text as the one to be looked at, once it has been drawn; its faults go to the form."""
    values = request.POST.get("values", "")
    contact_no = request.POST.get("contact", "").replace("\0", "").strip()[:100]
    shown = Shown(form.draft, values if values in VALUES else "sample", contact_no)
    try:
        _made(request, shown)
    except TemplateRefused as refusal:
        form.refuse(refusal)
    except (LettersRefused, EmailRefused) as refusal:
        form.add_error("body", refusal.message)
    except NotFound:
        is_student = form.kind.name == STUDENT_KEY
        said = (
            _("There is no student with this Student Id.")
            if is_student
            else _("There is no contact with this Contact ID.")
        )
        form.add_error(None, said)
    else:
        keep(request, shown)


@requires(Right.KEYS_READ)
@require_safe
def drawn(request: TenantRequest, channel: str) -> HttpResponse:
    """The letter as a picture, or the mail, of the text that was looked at last."""
    shown = kept(request, _kind(channel))
    content, content_type = _made(request, shown, as_text=request.GET.get("as") == "text")
    return framed(content, content_type)


def _made(request: TenantRequest, shown: Shown, *, as_text: bool = False) -> tuple[str | bytes, str]:
    at = timezone.now()
    values = values_of(request, shown, at=at)
    if shown.draft.channel is Part.LETTER:
        return draw_preview(tenant=request.tenant, draft=shown.draft, values=values, at=at), "image/svg+xml"
    mail = compose_preview(tenant=request.tenant, draft=shown.draft, values=values)
    if as_text:
        return str(mail.body), "text/plain; charset=utf-8"
    return str(mail.alternatives[0][0]), "text/html; charset=utf-8"
