"""Change the key system: a page that says what it does, and the change (portal-console §4)."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from schoolgate.console.fresh import requires_fresh
from schoolgate.console.key_systems import SYSTEMS
from schoolgate.console.portal_console.settings.key_system import effects_of, may_choose, may_end_ties
from schoolgate.keys.switch_system import Switched, TiesStand, forecast_switch, switch_system
from schoolgate.lib.errors import NotAllowed, NotFound
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import KeySystem
from schoolgate.tenancy.roles import Right, requires


class SwitchForm(forms.Form):
    """What has to be ticked and typed; only what the change asks for is there."""

    end_ties = forms.BooleanField(
        label="",
        help_text=gettext_lazy("These people see nobody until they use a new key. Their accounts stay."),
        error_messages={"required": gettext_lazy("Tick this, or leave the key system as it is.")},
    )
    confirm = forms.CharField(
        label="", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"})
    )

    def __init__(self, sent: QueryDict | None, *, found: Switched) -> None:
        super().__init__(sent, label_suffix="")
        self.word = found.after
        ends = ngettext("End %(n)s connection", "End %(n)s connections", found.ties) % {"n": found.ties}
        self.fields["end_ties"].label = ends
        typed = _("Type “%(word)s” to change the key system") % {"word": self.word}
        self.fields["confirm"].label = typed
        self.fields["confirm"].error_messages["required"] = typed + "."
        if not found.ties:
            del self.fields["end_ties"]
        if not found.ends_anything:
            del self.fields["confirm"]

    def clean_confirm(self) -> str:
        typed = str(self.cleaned_data["confirm"]).strip().casefold()
        if typed != self.word:
            raise forms.ValidationError(_("Type “%(word)s”, or leave the key system as it is.") % {"word": self.word})
        return typed


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@requires_fresh
@require_http_methods(["GET", "POST"])
def switch(request: TenantRequest, system: str) -> HttpResponse:
    """The preview with its numbers, and the change; connections end only if an owner ticks and types it."""
    if system not in KeySystem.values:
        raise NotFound
    if not may_choose(request, system):
        raise NotAllowed
    found = forecast_switch(tenant=request.tenant, to=KeySystem(system))
    if found.is_same:
        return redirect("console:settings:edit", request.tenant.code)
    form = SwitchForm(request.POST if request.method == "POST" else None, found=found)
    is_stopped = bool(found.ties) and not may_end_ties(request)
    if form.is_valid() and not is_stopped:
        answer = _change(request, form, found)
        if answer is not None:
            return answer
    context = {"found": found, "effects": effects_of(found), "form": form, "is_stopped": is_stopped}
    context |= {"words": SYSTEMS[system], "was": SYSTEMS[found.before], "is_weaker": system != KeySystem.CONTACT}
    return render(request, "console/settings/switch.html", context, status=422 if form.errors else 200)


def _change(request: TenantRequest, form: SwitchForm, found: Switched) -> HttpResponse | None:
    """None when it was refused; the form then says why."""
    try:
        done = switch_system(
            tenant=request.tenant,
            to=KeySystem(found.after),
            end_ties_too=bool(form.cleaned_data.get("end_ties")),
            by=request.actor,
            at=timezone.now(),
        )
    except TiesStand as refusal:  # A key was redeemed while the page was read.
        form.add_error(None, refusal.in_full)
        return None
    ended = _("%(keys)s live keys and %(ties)s connections ended.") % {"keys": done.live, "ties": done.ties}
    messages.success(request, _("This school uses %(keys)s now.") % {"keys": SYSTEMS[done.after].keys} + f" {ended}")
    return redirect("console:settings:edit", request.tenant.code)
