"""Which format an upload is in: recognised, never guessed (``rostering.md`` §1)."""

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings, Severity
from schoolgate.enrolments.roster.registry import FORMATS, Format


def detect(files: RosterFiles, findings: Findings, *, named: str = "") -> Format | None:
    """The format that was named, or the one that the files are of; None, with a finding, when there isn't exactly one.

    Files that are no part of it are noted as ignored.
    """
    found = FORMATS.get(named) if named else _recognised(files, findings)
    if found is not None:
        for name in files.names:
            if name.casefold() not in found.files:
                findings.add(messages.FILE_IGNORED, file=name)
    return found


def _recognised(files: RosterFiles, findings: Findings) -> Format | None:
    fitting = [format_ for format_ in FORMATS.values() if format_.recognises(files)]
    if len(fitting) == 1:
        return fitting[0]
    if len(fitting) > 1:
        findings.add(messages.FORMAT_UNSURE, gaps={"formats": ", ".join(format_.name for format_ in fitting)})
    elif not findings.has(Severity.ERROR):
        empty = [name for name in files.names if not files.heading_of(name).strip()]
        for name in empty:
            findings.add(messages.FILE_EMPTY, file=name)
        if not empty:
            findings.add(messages.FORMAT_UNKNOWN, value=", ".join(files.names))
    return None
