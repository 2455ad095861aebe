"""The few pieces that every comparison shares: values, who owns a column, and running a statement.

The statements are put together from constants of this package; what comes from outside is always a parameter. Values of
the upload are told from what is known with IS DISTINCT FROM, and a value that is NULL says nothing (rows.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from schoolgate.audit.actor import Actor
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class Import:
    """What an import stands on. changed_no: the clock's number for its rows; 0 in a preview, which writes nothing.

    today: in the school's time zone. school_number: the one school it is limited to. has_role_words: see Coverage.
    import_id: the import's own row, under which what it changes is kept as it was; None: it can't be undone.
    """

    tenant: Tenant
    source: str
    by: Actor
    at: datetime
    today: date
    changed_no: int = 0
    school_number: int | None = None
    has_role_words: bool = False
    import_id: int | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What statements may name."""
        return {
            "tenant": self.tenant.pk,
            "source": self.source,
            "at": connection.ops.adapt_datetimefield_value(self.at),
            "today": connection.ops.adapt_datefield_value(self.today),
            "no": self.changed_no,
            "by": self.by.user_id,
            "role_words": self.has_role_words,
            "import": self.import_id,
        }


@dataclass(frozen=True)
class Column:
    """A column that an import writes. value: SQL over ``s``, the staged row, and the kind's joins.

    blank: SQL for a new row where nothing is said. said: SQL: the file says something; where empty, a value that isn't
    NULL. hand: the names in hand_fields that protect it; its own when empty.
    """

    name: str
    value: str
    blank: str = "''"
    said: str = ""
    hand: tuple[str, ...] = ()

    @property
    def quoted(self) -> str:
        """The column, for SQL: one is called order."""
        return f'"{self.name}"'

    @property
    def after(self) -> str:
        """SQL: what a known row ``t`` gets."""
        if self.said:
            return f"CASE WHEN {self.said} THEN {self.value} ELSE t.{self.quoted} END"
        return f"COALESCE({self.value}, t.{self.quoted})"

    @property
    def differs(self) -> str:
        """SQL: the file says something else than the known row ``t``."""
        return f"({self.said or f'{self.value} IS NOT NULL'} AND {self.value} IS DISTINCT FROM t.{self.quoted})"

    @property
    def is_hand(self) -> str:
        """SQL: a person of the office owns it."""
        names = self.hand or (self.name,)
        held = " OR ".join(f"CAST(t.hand_fields AS text) LIKE '%%\"{name}\"%%'" for name in names)
        return f"(t.hand_fields <> '[]' AND ({held}))"


def rows_of(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Everything a query finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def row_of(statement: str, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
    """The one row of a query that counts."""
    return rows_of(statement, parameters)[0]


def run(statement: str, parameters: Mapping[str, Any]) -> int:
    """Write; the number of rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return max(int(cursor.rowcount), 0)
