"""Who it is that an import would add, change or end: the first of each, by name, for the preview (``rostering.md`` §10)."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from schoolgate.enrolments.merge import ties
from schoolgate.enrolments.merge.people import CONTACT, STUDENT, PersonKind
from schoolgate.enrolments.merge.sql import Import, rows_of

NAMED = 50  # Of each kind and act.


class Act(StrEnum):
    """What becomes of a row."""

    ADDED = "added"
    CHANGED = "changed"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True)
class NamedRow:
    """kind: students, contacts or associations. name: of the person, of a tie the student's and the contact's.

    columns: those that differ. access: of a tie, its flag after the import.
    """

    kind: str
    act: str
    id: str
    name: str
    columns: tuple[str, ...] = ()
    access: bool | None = None

    def content(self) -> dict[str, Any]:  # Any: as JSON has it
        """To be kept with the import."""
        return asdict(self)


def named_rows(import_: Import) -> list[NamedRow]:
    """Query, after the plan: at most NAMED of each kind and act, in the files' order."""
    return [*_people("students", STUDENT, import_), *_people("contacts", CONTACT, import_), *_ties(import_)]


def _people(word: str, kind: PersonKind, import_: Import) -> Iterator[NamedRow]:
    known = f"LEFT JOIN {kind.table} t ON {kind.match}"
    staged = f"FROM {kind.stage} s {kind.joins} {known} WHERE s.keep"
    for sid, name in _first(f"SELECT s.sid, {_name('s')} {staged} AND t.id IS NULL ORDER BY s.line", import_):
        yield NamedRow(word, Act.ADDED, sid, name)
    told = [column for column in kind.columns if column.name not in {"sort_name", "email_usable"}]
    differs = ", ".join(kind.differs(column) for column in told)
    changed = f"SELECT s.sid, {_name('s')}, {differs} {staged} AND {kind.is_changed} ORDER BY s.line"
    for sid, name, *flags in _first(changed, import_):
        columns = tuple(column.name for column, is_told in zip(told, flags, strict=True) if is_told)
        yield NamedRow(word, Act.CHANGED, sid, name, columns)
    gone = f"""SELECT t.source_id, {_name("t")} FROM {kind.table} t WHERE t.id IN (SELECT pk FROM gone_{kind.stage.removeprefix("stage_")})
        OR t.id IN (SELECT t.id {staged} AND {kind.is_deactivated}) ORDER BY t.sort_name, t.id"""
    for sid, name in _first(gone, import_):
        yield NamedRow(word, Act.DEACTIVATED, sid, name)


def _ties(import_: Import) -> Iterator[NamedRow]:
    known = """FROM enrolments_association t JOIN enrolments_student st ON st.id = t.student_id
        JOIN enrolments_contact ct ON ct.id = t.contact_id"""
    pair = f"st.source_id || ' · ' || ct.source_id, {_name('st')} || ' · ' || {_name('ct')}"
    # Whoever is new in these files is staged only.
    student = "COALESCE(" + _name("ss") + ", " + _name("st") + ")"
    contact = "COALESCE(" + _name("sc") + ", " + _name("ct") + ")"
    added = f"""SELECT s.student_sid || ' · ' || s.contact_sid, {student} || ' · ' || {contact}, {ties.OPENS_FOR_NEW}
        FROM stage_tie s {ties.MAYBE_PEOPLE} LEFT JOIN stage_student ss ON ss.sid = s.student_sid
        LEFT JOIN stage_contact sc ON sc.sid = s.contact_sid {ties.BAR} LEFT JOIN {ties.TIE}
        WHERE t.id IS NULL OR t.ended_at IS NOT NULL ORDER BY s.line"""
    for sid, name, access in _first(added, import_):
        yield NamedRow("associations", Act.ADDED, sid, name, access=bool(access))
    for sid, name, turns, before in _first(f"SELECT {pair}, {ties.CHANGES} ORDER BY s.line", import_):
        columns = ("receives_portal_access",) if turns else ()
        yield NamedRow("associations", Act.CHANGED, sid, name, columns, access=bool(before) != bool(turns))
    ended = f"SELECT {pair} {known} WHERE t.id IN (SELECT pk FROM gone_tie) ORDER BY st.sort_name, ct.sort_name, t.id"
    for sid, name in _first(ended, import_):
        yield NamedRow("associations", Act.DEACTIVATED, sid, name)


def _name(alias: str) -> str:
    return f"TRIM({alias}.given_name || ' ' || {alias}.family_name)"


def _first(statement: str, import_: Import) -> list[tuple[Any, ...]]:
    return rows_of(f"{statement} LIMIT {NAMED}", import_.parameters)
