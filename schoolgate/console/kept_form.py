"""A form that came too late for its fresh sign-in: sealed in the session, and sent again only on a press (design.md §7)."""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from django.conf import settings

from schoolgate.lib.sealed import open_text, seal_text
from schoolgate.tenancy.http import TenantRequest

KEPT_FOR = timedelta(minutes=30)
AT_MOST = 50_000  # Symbols; a longer form (a file, a list of thousands) is made again.
_NAME = "kept_form"
_OWN = {"csrfmiddlewaretoken"}


@dataclass(frozen=True)
class KeptForm:
    """Where it was going, and what was typed: (name, value) in order."""

    path: str
    fields: list[tuple[str, str]]


def keep_form(request: TenantRequest, *, at: datetime) -> bool:
    """Keep what was posted, for 30 minutes; False for a form that can't be kept. The newest one replaces an older."""
    fields = [(name, value) for name in request.POST if name not in _OWN for value in request.POST.getlist(name)]
    text = json.dumps({"path": request.get_full_path(), "fields": fields, "at": at.isoformat()})
    if request.FILES or len(text) > AT_MOST:
        return False
    sealed = seal_text(text, keys=settings.SEALING_KEYS, place=_place(request))
    request.session[_NAME] = b64encode(sealed).decode()
    return True


def take_form(request: TenantRequest, *, at: datetime) -> KeptForm | None:
    """The kept form, which is then forgotten; None where there is none, or it is too old, or another person's."""
    sealed = request.session.pop(_NAME, None)
    if sealed is None:
        return None
    try:
        kept = json.loads(open_text(b64decode(sealed), keys=settings.SEALING_KEYS, place=_place(request)))
    except (InvalidTag, KeyError, ValueError):
        return None
    if at - datetime.fromisoformat(kept["at"]) > KEPT_FOR:
        return None
    return KeptForm(path=kept["path"], fields=[(name, value) for name, value in kept["fields"]])


def _place(request: TenantRequest) -> bytes:
    return b"kept form|%d|%d" % (request.tenant.pk, request.user.pk)
