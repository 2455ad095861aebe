"""Which text a letter or mail is made from: the school's own newest version, or the shipped one (R-TP-02)."""

from dataclasses import dataclass

from schoolgate.letters.fields import KINDS, Part
from schoolgate.letters.merge import ParsedTemplate, parse_template
from schoolgate.letters.models import Template
from schoolgate.letters.shipped import shipped_template
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.school_rules import asks_proof_anywhere


@dataclass(frozen=True)
class TemplateInUse:
    """version 0: the shipped text."""

    template: ParsedTemplate
    version: int


def template_in_use(*, tenant: Tenant, kind: str, channel: Part, language: str = "en") -> TemplateInUse:
    """Query: the text for a kind of letter or mail. A saved text was checked when it was saved, so it can be read."""
    saved = (
        Template.objects.for_tenant(tenant)
        .filter(kind=kind, channel=channel.value, language=language)
        .order_by("-version")
        .first()
    )
    if saved is not None and not saved.is_default:
        own = parse_template(kind=KINDS[kind, channel], subject=saved.subject, body=saved.body)
        return TemplateInUse(own, saved.version)
    asks_proof = asks_proof_anywhere(tenant)
    return TemplateInUse(shipped_template(kind, channel, asks_proof=asks_proof), 0)
