"""Portal Console › Portal Console Setup › Parent Access › Contact Keys, Family Keys, Student Keys: each under its own system alone."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from schoolgate.console.key_systems import only_under
from schoolgate.console.parent_access.key_pages.schemes import Scheme
from schoolgate.console.parent_access.key_pages.views import acting, exporting, looking, running, showing

_ADDRESSES: list[tuple[str, Callable[..., Any], str]] = [
    ("", looking.key_list, "list"),
    ("filter/", looking.add_filter, "filter"),
    ("select/", looking.select, "select"),
    ("export/", exporting.export, "export"),
    ("actions/", acting.actions, "actions"),
    *((f"{name}/", acting.act, name) for name in ("generate", "print", "email", "replace", "unlock", "revoke")),
    ("show/", showing.show_chosen, "show_chosen"),
    ("show/<int:row_id>/", showing.show, "show"),
    ("hide/<int:row_id>/", showing.hide, "hide"),
    ("runs/<int:job_id>/", running.run, "run"),
    ("runs/<int:job_id>/close/", running.close, "close"),
    ("runs/<int:job_id>/cancel/", running.cancel, "cancel"),
    ("runs/<int:job_id>/letters/<int:file_no>/", running.letters, "letters"),
    ("runs/<int:job_id>/mark/", running.mark, "mark"),
    ("runs/<int:job_id>/undo/", running.undo, "undo"),
]


def key_addresses(scheme: Scheme) -> tuple[list[URLPattern], str]:
    """The addresses of one system's page, for include()."""
    found = [
        path(route, only_under(scheme.system)(view), {"name": name} if view is acting.act else None, name=name)
        for route, view, name in _ADDRESSES
    ]
    return found, scheme.namespace
