"""A school's own text for letters and mails: what is saved has been proved first, so nothing can fail later for it (R-TP-02 to R-TP-05, R-TP-08)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.letters.addressees import KEY
from schoolgate.letters.errors import EmailRefused, LettersRefused, TemplateFault, TemplateRefused
from schoolgate.letters.fields import KINDS, Part
from schoolgate.letters.merge import parse_template
from schoolgate.letters.models import Template
from schoolgate.letters.preview_template import Draft, compose_preview, draw_preview, longest_values
from schoolgate.letters.queries import newest_version
from schoolgate.lib.errors import NotFound, SchoolgateError
from schoolgate.tenancy.models import Tenant


class TemplateChanged(SchoolgateError):
    """Somebody saved the text while this one was being written."""

    code = "template.changed"
    status = 409
    message = "Somebody else has saved this text since you opened it."
    fix = "Copy your text, open the newest one, and put your changes in again."


@dataclass(frozen=True)
class Saved:
    """version: 1 is the first own text."""

    version: int


def save_template(*, tenant: Tenant, draft: Draft, based_on: int, by: Actor, at: datetime) -> Saved:
    """Action: keep a text as the newest version. based_on: the version it was written over.

    The longest values are set before anything is written, outside of the transaction: a text that overflows its page, or has a
    sign that no font prints, is refused like one with an unknown field. Raises TemplateRefused, TemplateChanged, NotFound.
    """
    prove_template(tenant=tenant, draft=draft, at=at)
    return _write(tenant=tenant, draft=draft, is_default=False, based_on=based_on, by=by, at=at)


def restore_default(*, tenant: Tenant, channel: Part, based_on: int, by: Actor, at: datetime, kind: str = KEY) -> Saved:
    """Action: *Restore default* brings the shipped text back, as a version of its own; older ones stay (R-TP-02)."""
    return _write(tenant=tenant, draft=Draft(channel, "", "", kind), is_default=True, based_on=based_on, by=by, at=at)


def prove_template(*, tenant: Tenant, draft: Draft, at: datetime) -> None:
    """Raise TemplateRefused unless the text can be sent to anybody."""
    kind = KINDS.get((draft.kind, draft.channel))
    if kind is None or not kind.editable:
        raise NotFound
    parse_template(kind=kind, subject=draft.subject, body=draft.body)
    values = longest_values(tenant, channel=draft.channel, at=at)
    try:
        if draft.channel is Part.LETTER:
            draw_preview(tenant=tenant, draft=draft, values=values, at=at)
        else:
            compose_preview(tenant=tenant, draft=draft, values=values)
    except LettersRefused as refusal:
        fault = refusal.faults[0]
        raise TemplateRefused([TemplateFault("body", *_end_of(draft.body), fault.code, fault.message)]) from refusal
    except EmailRefused as refusal:
        raise TemplateRefused([TemplateFault("body", *_end_of(draft.body), refusal.code, refusal.message)]) from refusal


def _end_of(body: str) -> tuple[int, int]:
    lines = body.replace("\r\n", "\n").split("\n")
    return len(lines), len(lines[-1]) + 1


@transaction.atomic(durable=True)
def _write(*, tenant: Tenant, draft: Draft, is_default: bool, based_on: int, by: Actor, at: datetime) -> Saved:
    language = tenant.settings.language
    newest = newest_version(tenant=tenant, kind=draft.kind, channel=draft.channel, language=language)
    if newest != based_on:
        raise TemplateChanged
    try:
        with transaction.atomic():
            row = Template.objects.create(
                tenant=tenant,
                kind=draft.kind,
                channel=draft.channel.value,
                language=language,
                version=newest + 1,
                subject=draft.subject,
                body=draft.body,
                is_default=is_default,
                saved_at=at,
                saved_by_id=by.user_id,
            )
    except IntegrityError as clash:  # Of two who save at once, one is told.
        raise TemplateChanged from clash
    detail = {"kind": draft.kind, "channel": draft.channel.value, "version": row.version, "restored": is_default}
    record("template.saved", tenant_id=tenant.pk, by=by, at=at, subjects=[("template", row.pk)], detail=detail)
    return Saved(row.version)
