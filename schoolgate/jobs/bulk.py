"""Many rows at once, on both databases: COPY on PostgreSQL, executemany on SQLite (spine §3.8)."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler


@models.Field.register_lookup
@models.ForeignKey.register_lookup
class Among(models.Lookup[Any]):
    """``pk__among=ids``: as ``pk__in``, with all values in one parameter, so that thousands cost no more to send than one.

    Values are whole numbers, or texts; give a set or a view of a dict, since Django looks at each member of a list.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:  # Any: as the base class has it
        column, parameters = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if not values:
            raise EmptyResultSet
        if connection.vendor == "postgresql":
            if isinstance(values[0], str):
                return f"{column} = ANY(%s::text[])", [*parameters, _array(map(_in_quotes, values))]
            return f"{column} = ANY(%s::bigint[])", [*parameters, _array(map(str, values))]
        listed = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608  (a column of our own)
        return listed, [*parameters, json.dumps(values)]


def _array(texts: Iterable[str]) -> str:
    """An array as PostgreSQL writes it; the driver's own way takes, for thousands of values, longer than the query."""
    return "{" + ",".join(texts) + "}"


def _in_quotes(value: str) -> str:
    """One text of an array: quoted, so that nothing in it means anything to the array."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Step: insert rows whose values stand in the order of ``columns`` (names of columns, not of fields).

    Nothing of Django's fields is asked: no defaults, no checks. Dates and times may be given as such.
    """
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        copy_rows(table, columns, rows)
    else:
        places = ", ".join(["%s"] * len(columns))
        with connection.cursor() as cursor:
            insert = f"INSERT INTO {table} ({_named(columns)}) VALUES ({places})"  # noqa: S608  (names of our own models)
            cursor.executemany(insert, map(_for_sqlite, rows))  # type: ignore[arg-type]  # SQLite takes any iterable.


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Step, on PostgreSQL alone: the same for any table, a temporary one too. Both names are our own, never a person's words."""
    copy_in = f"COPY {table} ({_named(columns)}) FROM STDIN"
    # COPY is the driver's own: its errors are told as Django's, like everybody else's.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(copy_in, writer=_in_blocks(cursor.cursor)) as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _named(columns: Sequence[str]) -> str:
    return ", ".join(map(connection.ops.quote_name, columns))


def _in_blocks(cursor: Any) -> Any:  # Any: psycopg is there only where PostgreSQL is.
    """A writer that sends some 64 kB at a time: the driver's own sends each row by itself, which takes longer than the rest."""
    from psycopg.copy import LibpqWriter

    class InBlocks(LibpqWriter):
        def __init__(self) -> None:
            super().__init__(cursor)
            self.block = bytearray()

        def write(self, data: Any) -> None:
            self.block += data
            if len(self.block) > 1 << 16:
                self.flush()

        def flush(self) -> None:
            super().write(bytes(self.block))
            self.block.clear()

        def finish(self, exc: BaseException | None = None) -> None:
            if exc is None and self.block:
                self.flush()
            super().finish(exc)

    return InBlocks()


def _for_sqlite(row: Sequence[Any]) -> list[Any]:
    """Times as Django writes them there, in UTC, since they are compared as text."""
    return [
        connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, datetime)
        else value.isoformat()
        if isinstance(value, date)
        else value
        for value in row
    ]


def next_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """Step: draw ``count`` new ids of a table, for rows whose id must be known before they are written.

    PostgreSQL: from the column's sequence, never given twice. SQLite: the next ones, which are this writer's alone
    until its transaction ends, since a writing transaction holds the whole database.
    """
    meta = model._meta
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                # A query of its own for the sequence's name: it is looked up once and not for each id.
                """SELECT array_agg(nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass)))
                   FROM generate_series(1, %s)""",
                [meta.db_table, meta.pk.column, count],
            )
            drawn: list[int] = cursor.fetchone()[0] or []
            return drawn
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [meta.db_table])
        found = cursor.fetchone()
        first = (found[0] if found else 0) + 1
        return range(first, first + count)
