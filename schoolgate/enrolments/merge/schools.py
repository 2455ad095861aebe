"""The schools of an upload: known by the source's id or by their number, made where they are new (``rostering.md`` §10)."""

from collections.abc import Iterable
from dataclasses import dataclass

from schoolgate.enrolments.merge.sql import Import
from schoolgate.enrolments.roster.rows import SchoolRow
from schoolgate.tenancy.models import School


@dataclass(frozen=True)
class SchoolMatch:
    """A school of the file and the one of the tenant that it is; None for a new one. number: its own, or the one it gets."""

    row: SchoolRow
    known: School | None
    number: int


def match_schools(rows: Iterable[SchoolRow], import_: Import) -> list[SchoolMatch]:
    """Each school of the file with its place. No two share one: the second of the same number gets the next free one."""
    schools = list(School.objects.for_tenant(import_.tenant))
    by_source_id = {school.source_id: school for school in schools if school.source == import_.source}
    by_number = {school.number: school for school in schools}
    taken = set(by_number)
    used: set[int] = set()
    matches = []
    # Those known by id first, so that a newcomer with the same number doesn't take their place.
    for row in sorted(rows, key=lambda row: (row.id not in by_source_id, row.line)):
        known = by_source_id.get(row.id)
        if known is None and row.number is not None:
            # A school of another source keeps that source's id, and is still the same school.
            known = by_number.get(row.number)
        if known is not None and known.pk in used:
            known = None
        if known is not None:
            used.add(known.pk)
            matches.append(SchoolMatch(row, known, known.number))
            continue
        number = row.number if row.number is not None and row.number not in taken else max(taken, default=0) + 1
        taken.add(number)
        matches.append(SchoolMatch(row, None, number))
    return matches


def write_schools(matches: Iterable[SchoolMatch], import_: Import) -> dict[str, int]:
    """Make the new ones, give known ones the name the file has. The database's id of each by the source's."""
    made: dict[str, int] = {}
    for match in matches:
        row, known = match.row, match.known
        if known is None:
            made[row.id] = School.objects.create(
                tenant=import_.tenant,
                number=match.number,
                name=row.name or row.id[:200],
                source=import_.source,
                source_id=row.id,
            ).pk
            continue
        made[row.id] = known.pk
        changed = {}
        if not known.source_id:
            changed = {"source": import_.source, "source_id": row.id}
        if row.name and row.name != known.name and known.source in {"", import_.source}:
            changed["name"] = row.name
        if changed:
            School.objects.for_tenant(import_.tenant).filter(pk=known.pk).update(**changed)
    return made
