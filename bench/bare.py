"""The yardsticks: the same rows into tables of the same shape, by nothing but PostgreSQL itself.

A bare copy of a table has its columns, defaults, indexes, checks and foreign keys, under the schema ``bare``.
"""

import io
import time
from collections.abc import Iterable
from typing import Any, Self

from django.db import connection, models


class BareTables:
    """Empty copies of some models' tables; a context manager that drops them."""

    def __init__(self, *tables: type[models.Model]) -> None:
        self.names = [table._meta.db_table for table in tables]

    def __enter__(self) -> Self:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare")
            for name in self.names:
                cursor.execute(f"CREATE TABLE bare.{name} (LIKE public.{name} INCLUDING ALL)")
                cursor.execute(
                    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
                    [f"public.{name}"],
                )
                for constraint, definition in cursor.fetchall():
                    cursor.execute(f'ALTER TABLE bare.{name} ADD CONSTRAINT "{constraint}" {definition}')
        return self

    def __exit__(self, *exception: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA bare CASCADE")

    def time_insert_select(self) -> float:
        """Seconds for INSERT … SELECT of all rows of the real tables, in one transaction."""
        settle(self.names)
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("; ".join(["BEGIN", *(self._insert(name) for name in self.names), "COMMIT"]))
        return time.perf_counter() - began

    def time_copy(self, conditions: dict[str, str] | None = None) -> float:
        """Seconds for COPY of the real tables' rows (those of ``conditions``, where given), read from memory, in one transaction."""
        texts = {name: self._rows(name, (conditions or {}).get(name, "true")) for name in self.names}
        settle(self.names)
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for name, text in texts.items():
                with cursor.copy(f"COPY bare.{name} FROM STDIN") as copy:
                    while block := text.read(1 << 20):
                        copy.write(block)
            cursor.execute("COMMIT")
        return time.perf_counter() - began

    def empty(self) -> None:
        """Take the rows out again, for one more run."""
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(f'bare.{name}' for name in self.names)}")

    def count(self) -> int:
        """How many rows the bare tables hold."""
        return sum(one(f"SELECT count(*) FROM bare.{name}") for name in self.names)

    def _insert(self, name: str) -> str:
        return f"INSERT INTO bare.{name} SELECT * FROM public.{name}"

    def _rows(self, name: str, where: str) -> io.BytesIO:
        text = io.BytesIO()
        copy_out = f"COPY (SELECT * FROM public.{name} WHERE {where}) TO STDOUT"
        with connection.cursor() as cursor, cursor.copy(copy_out) as copy:
            for block in copy:
                text.write(block)
        text.seek(0)
        return text


def settle(names: Iterable[str] = ()) -> None:
    """Before a clock starts: what the last measure left for later is done now, for us and for the yardstick alike."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        for name in names:
            cursor.execute(f"VACUUM ANALYZE public.{name}")


def one(query: str, parameters: list[Any] | None = None) -> Any:
    """The one value of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone()[0]
