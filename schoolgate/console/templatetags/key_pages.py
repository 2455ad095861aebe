"""Within the key pages: {% key_scheme as scheme %} and {% keys_url "select" %}, by the key system in force."""

from typing import Any

from django import template
from django.urls import reverse

from schoolgate.console.parent_access.key_pages.schemes import Scheme, scheme_of

register = template.Library()


@register.simple_tag(takes_context=True)
def key_scheme(context: dict[str, Any]) -> Scheme:
    return scheme_of(context["request"].tenant)


@register.simple_tag(takes_context=True)
def keys_url(context: dict[str, Any], name: str, *parts: object) -> str:
    """The address of a page of the list in use."""
    tenant = context["request"].tenant
    return reverse(f"console:{scheme_of(tenant).namespace}:{name}", args=[tenant.code, *parts])
