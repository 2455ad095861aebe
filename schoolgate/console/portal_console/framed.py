"""A mail or letter shown inside a page: a document of its own, that can run nothing and load nothing."""

from django.http import HttpResponse

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


def framed(content: str | bytes, content_type: str) -> HttpResponse:
    """An answer for an <iframe> or <img> of our own pages. Its styles are inline, as mails are; scripts and forms are off."""
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Security-Policy"] = _POLICY
    answer["X-Frame-Options"] = "SAMEORIGIN"
    answer["Cache-Control"] = "private, no-store"
    return answer
