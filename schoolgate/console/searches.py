"""Write down that people were searched for by name or id, once for each search: turning its pages is none (registration-keys §11)."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.note_search import note_search


def note_new_search(
    request: TenantRequest, *, what: str, school: str, words: Mapping[str, str], hits: int, at: datetime
) -> None:
    """what: the page's word in the audit. words: of the fields that hold names and ids, empty ones too; they stay here."""
    filled = {name: text for name, text in words.items() if text}
    if not filled:
        return
    mark = sha256("\0".join([school, *(f"{name} {text}" for name, text in filled.items())]).encode()).hexdigest()[:24]
    place = f"{what}_last_search"
    if request.session.get(place) == mark:
        return
    request.session[place] = mark
    fields = [*(["school"] if school else []), *filled]
    note_search(tenant=request.tenant, what=what, fields=fields, hits=hits, by=request.actor, at=at)
