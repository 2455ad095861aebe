"""What a page hands over as a file."""

from collections.abc import Iterable

from django.http import HttpResponse, StreamingHttpResponse


def csv_file(pieces: Iterable[bytes], *, name: str) -> StreamingHttpResponse:
    """A list as lib/csvfile makes it. name: without its ending."""
    answer = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def pdf_file(pdf: bytes, *, name: str) -> HttpResponse:
    """Letters. name: without its ending."""
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer
