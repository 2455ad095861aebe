"""The side bar's tag: {% load console_menu %}{% console_menu as menu %}."""

from typing import Any

from django import template

from schoolgate.console.menu import Group, menu_of

register = template.Library()


@register.simple_tag(takes_context=True)
def console_menu(context: dict[str, Any]) -> list[Group]:
    return menu_of(context["request"])
