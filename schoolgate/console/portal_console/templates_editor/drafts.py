"""The text that a preview shows, kept in the reader's session while they write: nothing of it is in an address."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from schoolgate.letters.addressees import STUDENT_KEY
from schoolgate.letters.fields import TemplateKind
from schoolgate.letters.preview_template import (
    Draft,
    contact_values,
    longest_values,
    sample_values,
    student_values,
)
from schoolgate.letters.queries import TextInUse, contact_for_preview, student_for_preview, text_in_use
from schoolgate.letters.values import MergeValues
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right

VALUES = ("sample", "longest", "contact")
_KEPT = "template_drafts"


@dataclass(frozen=True)
class Shown:
    """What a preview shows. values: one of VALUES; contact_no: whose, for "contact"; of a student's text the Student Id. mark: changes with all of it."""

    draft: Draft
    values: str = "sample"
    contact_no: str = ""

    @property
    def mark(self) -> str:
        told = repr((self.draft.subject, self.draft.body, self.values, self.contact_no))
        return hashlib.sha256(told.encode()).hexdigest()[:12]


def keep(request: TenantRequest, shown: Shown) -> None:
    drafts = request.session.get(_KEPT, {})
    drafts[_name(shown.draft.of)] = [shown.draft.subject, shown.draft.body, shown.values, shown.contact_no]
    request.session[_KEPT] = drafts


def forget(request: TenantRequest, kind: TemplateKind) -> None:
    drafts = request.session.get(_KEPT, {})
    if drafts.pop(_name(kind), None) is not None:
        request.session[_KEPT] = drafts


def text_of(request: TenantRequest, kind: TemplateKind) -> TextInUse:
    """The text in force."""
    return text_in_use(tenant=request.tenant, kind=kind.name, channel=kind.channel)


def _name(kind: TemplateKind) -> str:
    return f"{kind.name}.{kind.channel}"


def kept(request: TenantRequest, kind: TemplateKind) -> Shown:
    """What was shown last; the text in force when nothing was."""
    found = request.session.get(_KEPT, {}).get(_name(kind))
    if found is None:
        text = text_of(request, kind)
        return Shown(Draft(kind.channel, text.subject, text.body, kind.name))
    subject, body, values, contact_no = found
    return Shown(Draft(kind.channel, subject, body, kind.name), values, contact_no)


def values_of(request: TenantRequest, shown: Shown, *, at: datetime) -> MergeValues:
    """The facts that fill the fields. Raises NotFound for a contact or student beyond the member's list."""
    channel = shown.draft.channel
    if shown.values == "longest":
        return longest_values(request.tenant, channel=channel, at=at)
    if shown.values == "contact" and shown.contact_no:
        schools = request.rights[Right.KEYS_READ]
        if shown.draft.kind == STUDENT_KEY:
            student = student_for_preview(tenant=request.tenant, student_no=shown.contact_no, school_ids=schools)
            return student_values(request.tenant, student, channel=channel, at=at)
        contact = contact_for_preview(tenant=request.tenant, contact_no=shown.contact_no, school_ids=schools)
        return contact_values(request.tenant, contact, channel=channel, at=at)
    return sample_values(request.tenant, channel=channel, at=at)
