"""Take UPDATE and DELETE on the audit's entries from the role that runs schoolgate (security.md §4). PostgreSQL only.

Instant; locks nothing for long. A superuser isn't bound by it, so production runs as a plain role.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = ["audit_auditentry", "audit_auditsubject"]


def take_away(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM PUBLIC, CURRENT_USER")


def give_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"GRANT UPDATE, DELETE ON {table} TO CURRENT_USER")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(take_away, give_back)]
