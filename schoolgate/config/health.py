"""For the machine, not for people: does the process live, and may it be sent visitors?"""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from schoolgate.tenancy.roles import for_anybody

_schema_is_current = False  # Once it is, it stays so for this process: a newer schema comes with newer code.


@for_anybody
@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing else, so that a database's trouble restarts no web process."""
    return JsonResponse({"live": True})


@for_anybody
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """The database answers and has the schema that this version needs; else 503 with a word that says which fails."""
    try:
        trouble = "" if _has_current_schema() else "schema"
    except DatabaseError:
        trouble = "database"
    content = {"ready": not trouble} | ({"trouble": trouble} if trouble else {})
    return JsonResponse(content, status=503 if trouble else 200)


def _has_current_schema() -> bool:
    global _schema_is_current  # noqa: PLW0603 - one fact about the process
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if not _schema_is_current:
        executor = MigrationExecutor(connection)
        _schema_is_current = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _schema_is_current
