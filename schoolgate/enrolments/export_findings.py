"""Hand out an import's findings as CSV: for whoever mends the files (``rostering.md`` §10)."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.models import RosterImport
from schoolgate.enrolments.roster.findings import CSV_HEADINGS
from schoolgate.lib.csvfile import csv_bytes


@transaction.atomic(durable=True)
def export_findings(*, entry: RosterImport, by: Actor, at: datetime) -> Iterator[bytes]:
    """One line for each place kept, in the files' order, every cell made safe (R-CK-17); the export is in the audit."""
    rows = [
        (
            finding.severity,
            finding.code,
            finding.file,
            line or None,
            finding.column,
            value,
            finding.why,
            finding.fix,
            finding.count if number == 0 else None,
        )
        for finding in entry.findings.order_by("position")
        for number, (line, value) in enumerate(finding.places or [[finding.line, finding.value]])
    ]
    record(
        "findings.exported",
        tenant_id=entry.tenant_id,
        by=by,
        at=at,
        subjects=[("import", entry.pk)],
        detail={"rows": len(rows)},
    )
    return csv_bytes(CSV_HEADINGS, rows)
