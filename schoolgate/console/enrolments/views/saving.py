"""How a refusal of enrolments comes back to its form."""

from django import forms
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from schoolgate.enrolments.edit import ChangedMeanwhile
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.tenancy.queries import member_name


def refuse(form: forms.Form, refusal: EnrolmentRefused) -> None:
    """Put the refusal where the person can mend it. A conflict says who saved what; pressing Save once more overwrites."""
    if isinstance(refusal, ChangedMeanwhile):
        _show_conflict(form, refusal)
        return
    message = refusal.in_full
    form.add_error(refusal.field if refusal.field in form.fields else None, message)


def _show_conflict(form: forms.Form, refusal: ChangedMeanwhile) -> None:
    row = refusal.row
    clock = formats.date_format(timezone.localtime(row.changed_at), "j M, g:i a")
    who = member_name(row.tenant, row.changed_by_id) or _("An import")
    form.add_error(
        None,
        _(
            "%(who)s saved this on %(clock)s, after you opened it. Below stand your entries; where they differ, the saved value is named. Save once more to keep yours."
        )
        % {"who": who, "clock": clock},
    )
    for name, value in list(form.cleaned_data.items()):
        saved = getattr(row, name, None)
        if name in form.fields and name != "base_no" and saved != value:
            form.add_error(
                name, _("Saved meanwhile: %(value)s") % {"value": saved if saved not in {None, ""} else _("nothing")}
            )
    form.data = {**form.data.dict(), "base_no": str(row.changed_no)}  # type: ignore[attr-defined]  # What was posted.
