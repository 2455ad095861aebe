"""The formats that can be read. A new one is a reader in a file of its own and a line here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from schoolgate.enrolments.roster import native, oneroster, oneroster_shape, sds_v1, sds_v2
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.enrolments.roster.left_out import Whose
from schoolgate.enrolments.roster.rows import Reading, ReadOptions


@dataclass(frozen=True, slots=True)
class Format:
    """name: for programs, as the command line takes it. title: for people. files: names in small letters that belong to it.

    recognises: looks at names and headings only. read: the reader. whose: by which column each file's rows say whom they are
    about, for applying an import without some of them.
    """

    name: str
    title: str
    files: frozenset[str]
    recognises: Callable[[RosterFiles], bool]
    read: Callable[[RosterFiles, ReadOptions, Findings], Reading]
    whose: Mapping[str, Whose] = field(default_factory=dict)


def _small(*names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() for group in names for name in group)


def _is_oneroster(version: str) -> Callable[[RosterFiles], bool]:
    # School Data Sync is tried first: it shares file names with OneRoster, and is known by headings of its own.
    return lambda files: sds_v2.recognised_v2(files) is None and oneroster_shape.recognised_version(files) == version


def _oneroster(version: str) -> Format:
    return Format(
        f"oneroster-{version}",
        f"OneRoster {version} CSV",
        _small(oneroster_shape.READ, oneroster_shape.KNOWN),
        _is_oneroster(version),
        oneroster.reader(version),
        oneroster.WHOSE,
    )


_V2_FILES = _small(sds_v2.V2_FILES, sds_v2.KNOWN)
FORMATS = {
    format_.name: format_
    for format_ in (
        Format("native", "schoolgate CSV", _small(native.FILES), native.recognises, native.read, native.WHOSE),
        _oneroster("1.0"),
        _oneroster("1.1"),
        _oneroster("1.2"),
        Format(
            "sds-1",
            "School Data Sync v1",
            _small(sds_v1.V1_FILES),
            sds_v1.recognises_v1,
            sds_v1.read_v1,
            sds_v1.WHOSE,
        ),
        Format(
            "sds-2",
            "School Data Sync v2",
            _V2_FILES,
            lambda files: sds_v2.recognised_v2(files) == "2",
            sds_v2.read_v2,
            sds_v2.WHOSE,
        ),
        Format(
            "sds-2.1",
            "School Data Sync v2.1",
            _V2_FILES,
            lambda files: sds_v2.recognised_v2(files) == "2.1",
            sds_v2.read_v2_1,
            sds_v2.WHOSE,
        ),
    )
}
