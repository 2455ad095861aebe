"""Restrictions that a file states: always added, never ended by an import (R-RX-08)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from schoolgate.enrolments.merge.sql import Import, rows_of
from schoolgate.enrolments.merge.staging import insert
from schoolgate.enrolments.models import Contact, How, Restriction, RestrictionKind, Student
from schoolgate.enrolments.notes import seal_note
from schoolgate.enrolments.roster.rows import RestrictionRow, RestrictionWord

Pair = tuple[str, str]  # The source's ids of the student and the contact.


@dataclass(frozen=True)
class Standing:
    """A restriction recorded before, neither lifted nor reviewed, of a pair of this source. is_read: an import wrote it."""

    pair: Pair
    kind: str
    starts_on: date
    ends_on: date | None
    is_read: bool
    in_scope: bool


def kind_of(row: RestrictionRow) -> RestrictionKind:
    """What a roster's word bars (portal-console §8.1)."""
    is_no_contact = row.word == RestrictionWord.NO_CONTACT
    return RestrictionKind.NO_ACCESS_NO_MAIL if is_no_contact else RestrictionKind.NO_ACCESS


def dates_of(row: RestrictionRow, *, today: date) -> tuple[date, date | None]:
    """From when until when; one without a beginning is in force from the day it is read."""
    starts = row.starts_on or (min(today, row.ends_on) if row.ends_on else today)
    return starts, row.ends_on


def is_covered(row: RestrictionRow, standing: Iterable[Standing], *, today: date) -> bool:
    """A restriction recorded before bars at least as much, from no later and until no earlier."""
    starts, ends = dates_of(row, today=today)
    strict = {RestrictionKind.NO_ACCESS_NO_MAIL} | {kind_of(row)}
    return any(
        known.kind in strict
        and known.starts_on <= starts
        and (known.ends_on is None or (ends is not None and known.ends_on >= ends))
        for known in standing
    )


def is_dropped(known: Standing, rows: Iterable[RestrictionRow], *, today: date) -> bool:
    """An import read it, it is or will be in force, and this file lets it end, or end earlier."""
    if not known.is_read or not known.in_scope or (known.ends_on is not None and known.ends_on < today):
        return False
    return not any(row.ends_on is None or (known.ends_on is not None and row.ends_on >= known.ends_on) for row in rows)


@dataclass(frozen=True)
class RestrictionPlan:
    """new: to be recorded. dropped: pairs whose restriction the file lacks."""

    new: Sequence[RestrictionRow]
    dropped: Sequence[Pair]

    @property
    def unclear(self) -> list[RestrictionRow]:
        """New ones whose word we don't know."""
        return [row for row in self.new if not row.is_clear]


def plan_restrictions(
    rows: Iterable[RestrictionRow], standing: Iterable[Standing], *, today: date, file_has_them: bool
) -> RestrictionPlan:
    """What to add, and what the file would end if it could; a file without the column ends nothing. Pure."""
    known_by_pair: dict[Pair, list[Standing]] = defaultdict(list)
    for known in standing:
        known_by_pair[known.pair].append(known)
    rows_by_pair: dict[Pair, list[RestrictionRow]] = defaultdict(list)
    for row in rows:
        rows_by_pair[row.student_id, row.contact_id].append(row)
    return RestrictionPlan(
        new=[
            row
            for pair, given in rows_by_pair.items()
            for row in given
            if not is_covered(row, known_by_pair.get(pair, ()), today=today)
        ],
        dropped=[
            pair
            for pair, recorded in known_by_pair.items()
            if file_has_them and any(is_dropped(known, rows_by_pair.get(pair, ()), today=today) for known in recorded)
        ],
    )


def find_standing(import_: Import, *, is_whole: bool) -> list[Standing]:
    """Restrictions of this source's pairs that nobody has lifted or reviewed. is_whole: the file covers every school."""
    scope = "TRUE" if is_whole else (
        "st.school_id IN (SELECT pk FROM stage_school WHERE is_covered AND pk IS NOT NULL)"
        " OR st.source_id IN (SELECT sid FROM stage_student WHERE keep)"
    )  # fmt: skip
    found = rows_of(
        f"""SELECT st.source_id, ct.source_id, x.kind, x.starts_on, x.ends_on,
                   x.recorded_how = 'import' AND x.source = %(source)s, {scope}
            FROM enrolments_restriction x
            JOIN enrolments_student st ON st.id = x.student_id JOIN enrolments_contact ct ON ct.id = x.contact_id
            WHERE x.tenant_id = %(tenant)s AND x.kind <> 'note_only' AND x.lifted_at IS NULL AND x.reviewed_at IS NULL
              AND st.source = %(source)s AND ct.source = %(source)s""",
        import_.parameters,
    )
    return [
        Standing((student, contact), kind, _day(starts), _day(ends) if ends else None, bool(read), bool(inside))
        for student, contact, kind, starts, ends, read, inside in found
    ]


def _day(value: date | str) -> date:
    """SQLite gives dates as text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def stage_bars(rows: Iterable[RestrictionRow], standing: Iterable[Standing], *, today: date) -> None:
    """Step: the pairs that are closed today, by the file or by what was recorded before (decision 4)."""
    closed = {known.pair for known in standing if known.starts_on <= today}
    closed |= {(row.student_id, row.contact_id) for row in rows if dates_of(row, today=today)[0] <= today}
    insert("stage_bar", sorted(closed))


def write_restrictions(rows: Collection[RestrictionRow], import_: Import) -> list[Restriction]:
    """Record them, notes sealed; the pairs' flags turn off with their ties (ties.py)."""
    students = _ids_of(Student, {row.student_id for row in rows}, import_)
    contacts = _ids_of(Contact, {row.contact_id for row in rows}, import_)
    made = []
    for row in rows:
        starts_on, ends_on = dates_of(row, today=import_.today)
        student_id, contact_id = students[row.student_id], contacts[row.contact_id]
        note = seal_note(row.note or "", tenant_id=import_.tenant.pk, student_id=student_id, contact_id=contact_id)
        made.append(
            Restriction(
                tenant=import_.tenant,
                source=import_.source,
                student_id=student_id,
                contact_id=contact_id,
                kind=kind_of(row),
                source_word=row.said[:40],
                starts_on=starts_on,
                ends_on=ends_on,
                note_sealed=note,
                recorded_at=import_.at,
                recorded_by_id=import_.by.user_id,
                recorded_how=How.IMPORT,
                changed_no=import_.changed_no,
            )
        )
    return Restriction.objects.bulk_create(made, batch_size=500)


def _ids_of(model: type[Student] | type[Contact], source_ids: Collection[str], import_: Import) -> dict[str, int]:
    """The database's ids by the source's."""
    wanted = sorted(source_ids)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        some = model.objects.for_tenant(import_.tenant).filter(
            source=import_.source, source_id__in=wanted[start : start + 500]
        )
        found.update(some.values_list("source_id", "pk"))
    return found
