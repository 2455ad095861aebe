"""Rows as they were before an import, kept so that it can be undone until the next one (``rostering.md`` §10).

``keep_before`` stands in front of each statement that changes known rows, with that statement's own FROM and WHERE. A row that an
import has written and that has no ``before`` is one it has added.
"""

from django.db import connection, models

from schoolgate.enrolments.merge.sql import Import, row_of, run
from schoolgate.enrolments.models import Association, Contact, Household, HouseholdMember, RosterBefore, Staff, Student
from schoolgate.tenancy.models import Tenant

KINDS: dict[str, type[models.Model]] = {
    "household": Household,
    "student": Student,
    "contact": Contact,
    "staff": Staff,
    "member": HouseholdMember,
    "association": Association,
}
_KIND_BY_TABLE = {model._meta.db_table: kind for kind, model in KINDS.items()}
_BEFORE = RosterBefore._meta.db_table
_STAMP = {"changed_no": "%(no)s", "changed_at": "%(at)s", "changed_how": "'hand'", "changed_by_id": "%(by)s"}
# The import wrote the row ``t``, and nobody has since.
_WRITTEN = "t.tenant_id = %(tenant)s AND t.changed_no = %(import_no)s"
# A restriction that closes the pair of ``t`` today (querysets.py): nothing opens by an undo (R-RX-01).
_CLOSED = """EXISTS (SELECT 1 FROM enrolments_restriction x WHERE x.student_id = t.student_id AND x.contact_id = t.contact_id
    AND x.kind <> 'note_only' AND x.lifted_at IS NULL AND x.starts_on <= %(today)s
    AND (x.reviewed_at IS NULL OR x.ends_on IS NULL OR x.ends_on >= %(today)s))"""


def keep_before(table: str, alias: str, others: str, where: str, import_: Import) -> None:
    """Step: the rows ``alias`` of a table that the statement to come will change. others: what else its FROM names."""
    kind = _KIND_BY_TABLE[table]
    run(
        f"""INSERT INTO {_BEFORE} (roster_import_id, kind, object_id, before)
            SELECT %(import)s, '{kind}', {alias}.id, {_as_json(kind, alias)}
            FROM {table} {alias}{f", {others}" if others else ""} WHERE %(import)s IS NOT NULL AND ({where})
            ON CONFLICT (roster_import_id, kind, object_id) DO NOTHING""",
        import_.parameters,
    )


def forget_before(tenant: Tenant) -> None:
    """Step: the next import has come; the ones before it can't be undone any more."""
    RosterBefore.objects.filter(roster_import__tenant=tenant).delete()


def put_back(import_: Import, *, import_no: int) -> dict[str, int]:
    """Step: undo the import, but for rows that somebody has saved since. import_no: the clock's number of its rows.

    restored: rows as they were before it. ended: rows that it had added, now inactive or ended; a household stays, empty. kept:
    rows saved since, as they are. Restrictions and schools that it brought stay.
    """
    parameters = {**import_.parameters, "import_no": import_no}
    restored = ended = kept = 0
    for kind, model in KINDS.items():
        saved_since = f"""SELECT COUNT(*) FROM {_BEFORE} b JOIN {model._meta.db_table} t ON t.id = b.object_id
            WHERE b.roster_import_id = %(import)s AND b.kind = '{kind}' AND t.changed_no > %(import_no)s"""
        kept += row_of(saved_since, parameters)[0]
        if kind == "student":
            run(_free_ids(), parameters)
        if kind != "household":
            ended += run(_end_added(kind), parameters)
        restored += run(_restore(kind), parameters)
    return {"restored": restored, "ended": ended, "kept": kept}


def _is_new(kind: str) -> str:
    """SQL: the import has added the row ``t``."""
    return f"""NOT EXISTS (SELECT 1 FROM {_BEFORE} b
        WHERE b.roster_import_id = %(import)s AND b.kind = '{kind}' AND b.object_id = t.id)"""


def _free_ids() -> str:
    """SQL: whoever took over the id of a student who gets it back (guard 3) stays readable behind a number sign."""
    return f"""UPDATE enrolments_student AS t SET source_id = SUBSTR(t.source_id, 1, 230) || ' #' || CAST(t.id AS text)
        WHERE {_WRITTEN} AND {_is_new("student")} AND EXISTS (
            SELECT 1 FROM {_BEFORE} o JOIN enrolments_student p ON p.id = o.object_id
            WHERE o.roster_import_id = %(import)s AND o.kind = 'student' AND p.source_id <> t.source_id
              AND {_column("student", "source_id", "o")} = t.source_id)"""


def _end_added(kind: str) -> str:
    """SQL: what the import has added is inactive, or ends."""
    sets = {"state": "'inactive'"} if kind in {"student", "contact", "staff"} else {"ended_at": "%(at)s"}
    if kind == "association":
        # As with a tie that a file doesn't name any more (absent.py): should it come again, its flag is the file's.
        for name, value in {"flag_how": "'import'", "flag_at": "%(at)s", "flag_by_id": "%(by)s"}.items():
            sets[name] = f"CASE WHEN t.receives_portal_access THEN {value} ELSE t.{name} END"
        sets["receives_portal_access"] = "FALSE"
    return f"UPDATE {_table(kind)} AS t SET {_sets(kind, sets)} WHERE {_WRITTEN} AND {_is_new(kind)}"


def _restore(kind: str) -> str:
    """SQL: every column as it was, but for who changed it when; a flag stays off beside a restriction."""
    sets = {name: _column(kind, name, "b") for name in _columns(kind) if name not in {"id", "tenant_id", *_STAMP}}
    if kind == "association":
        sets["receives_portal_access"] = f"({sets['receives_portal_access']} AND NOT {_CLOSED})"
    return f"""UPDATE {_table(kind)} AS t SET {_sets(kind, sets)} FROM {_BEFORE} b
        WHERE b.roster_import_id = %(import)s AND b.kind = '{kind}' AND b.object_id = t.id AND {_WRITTEN}"""


def _sets(kind: str, values: dict[str, str]) -> str:
    stamp = {name: value for name, value in _STAMP.items() if name in _columns(kind)}
    return ", ".join(f'"{name}" = {value}' for name, value in {**values, **stamp}.items())


def _table(kind: str) -> str:
    return KINDS[kind]._meta.db_table


def _columns(kind: str) -> list[str]:
    return [str(column.column) for column in KINDS[kind]._meta.concrete_fields]


def _as_json(kind: str, alias: str) -> str:
    """SQL for a row as JSON of its columns."""
    if connection.vendor == "postgresql":
        return f"to_jsonb({alias})"
    pairs = []
    for column in KINDS[kind]._meta.concrete_fields:
        value = f'{alias}."{column.column}"'
        if isinstance(column, models.BooleanField):
            value = f"CASE WHEN {value} IS NULL THEN NULL WHEN {value} THEN json('true') ELSE json('false') END"
        pairs.append(f"'{column.column}', {value}")
    return f"json_object({', '.join(pairs)})"


def _column(kind: str, column: str, alias: str) -> str:
    """SQL for a column as it was, out of ``before``: the counterpart of _as_json."""
    if connection.vendor == "postgresql":
        return f'(jsonb_populate_record(NULL::{_table(kind)}, {alias}.before))."{column}"'
    return f"json_extract({alias}.before, '$.\"{column}\"')"
