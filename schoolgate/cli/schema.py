"""Is the database's schema the one this program needs? SQLite is brought up by itself, PostgreSQL is refused with the mend.

Also `schoolgate upgrade`, which is that mend.
"""

import argparse
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from schoolgate.cli.outcome import Outcome
from schoolgate.lib.errors import SchoolgateError

UPGRADE_LOCK = 7_224_001  # Any number that nobody else uses for PostgreSQL's advisory locks in this database.


class SchemaBehind(SchoolgateError):
    code = "schema.behind"
    status = 503
    message = "The database's schema is behind this version of schoolgate."
    fix = "Make a backup, then run: schoolgate upgrade"


class DatabaseAway(SchoolgateError):
    code = "database.away"
    status = 503
    is_fault = True
    message = "The database can't be reached."
    fix = "See that it runs and that SCHOOLGATE_DATABASE_URL is right; `schoolgate doctor` says more."


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    upgrade = commands.add_parser("upgrade", help="bring the database's schema to this version (make a backup first)")
    upgrade.set_defaults(run=_upgrade, needs_schema=False)


def ensure_schema() -> None:
    """Bring a SQLite database up; raise SchemaBehind for a PostgreSQL one that isn't, DatabaseAway when none answers."""
    if not missing_migrations():
        return
    if connection.vendor != "sqlite":
        raise SchemaBehind
    migrate()


def missing_migrations() -> list[str]:
    """The migrations that this program has and the database lacks, in order: ``keys.0002_expiry``."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as fault:
        raise DatabaseAway from fault
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def migrate() -> list[str]:
    """Apply what is missing, one process at a time: of two, the second finds nothing left to do."""
    with _alone():
        missing = missing_migrations()
        if missing:
            call_command("migrate", verbosity=0, interactive=False)
    return missing


@contextmanager
def _alone() -> Iterator[None]:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [UPGRADE_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [UPGRADE_LOCK])
    elif connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's own
        yield
    else:
        with Path(f"{connection.settings_dict['NAME']}.upgrade").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _upgrade(arguments: argparse.Namespace) -> Outcome:
    applied = migrate()
    text = f"Upgraded: {', '.join(applied)}." if applied else "The schema is this version's already; nothing to do."
    return Outcome({"applied": applied}, text)
