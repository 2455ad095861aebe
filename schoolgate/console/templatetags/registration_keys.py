"""What the window of Student Key Information asks for each key: {% load registration_keys %}."""

from typing import Any

from django import template
from django.urls import reverse

from schoolgate.console.parent_access_administration.registration_keys.acts import Verb
from schoolgate.console.parent_access_administration.registration_keys.lines import KeyLine
from schoolgate.keys.subjects import STUDENT_SELF

register = template.Library()


@register.simple_tag(takes_context=True)
def key_address(context: dict[str, Any], verb: str, line: KeyLine) -> str:
    """Where an act on this key is asked for."""
    code, student_id = context["request"].tenant.code, context["student"].pk
    if line.subject.kind == STUDENT_SELF:
        return reverse(f"console:registration_keys:own_{verb}", args=[code, student_id])
    return reverse(f"console:registration_keys:contact_{verb}", args=[code, student_id, line.subject.addressee])


@register.filter
def is_offered(verb: Verb, line: KeyLine) -> bool:
    """Is there anything that this act could do with the key?"""
    if verb.name == "revoke":
        return line.is_live or line.is_registered
    if verb.name == "unlock":
        return line.is_live and line.facts.is_locked
    return line.is_live
