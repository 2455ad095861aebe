"""Is the database's schema the one this program needs? SQLite is brought up by itself, PostgreSQL is refused with the mend."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from schoolgate.lib.errors import SchoolgateError


class SchemaBehind(SchoolgateError):
    code = "schema.behind"
    message = "The database's schema is behind this version of schoolgate."
    fix = "Make a backup, then run: schoolgate upgrade"


def ensure_schema() -> None:
    """Bring a SQLite database up; raise SchemaBehind for a PostgreSQL one that isn't."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if connection.vendor != "sqlite":
        raise SchemaBehind
    call_command("migrate", verbosity=0, interactive=False)
