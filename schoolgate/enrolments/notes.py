"""The note of a restriction at rest: sealed, and bound to its tenant and pair."""

from django.conf import settings

from schoolgate.lib.sealed import open_text, seal_text


def seal_note(note: str, *, tenant_id: int, student_id: int, contact_id: int) -> bytes | None:
    """The note sealed; None for an empty one."""
    if not note.strip():
        return None
    return seal_text(note.strip(), keys=settings.SEALING_KEYS, place=_place(tenant_id, student_id, contact_id))


def open_note(sealed: bytes | memoryview | None, *, tenant_id: int, student_id: int, contact_id: int) -> str:
    """The note again; empty where there is none. Raises InvalidTag when the row was moved or altered."""
    if sealed is None:
        return ""
    return open_text(bytes(sealed), keys=settings.SEALING_KEYS, place=_place(tenant_id, student_id, contact_id))


def _place(tenant_id: int, student_id: int, contact_id: int) -> bytes:
    return b"restriction note|%d|%d|%d" % (tenant_id, student_id, contact_id)
