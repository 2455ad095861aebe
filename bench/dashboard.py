"""The district dashboard beside one grouped statement of SQL that gives the same numbers."""

import statistics
import time
from collections import Counter
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from django.utils import timezone

from bench.bare import settle
from bench.district import District
from bench.table import Result, ratio_result, seconds
from schoolgate.console.parent_access_administration.dashboard.figures import count_figures, count_own
from schoolgate.console.parent_access_administration.dashboard.reach import Reach
from schoolgate.console.parent_access_administration.dashboard.stages import COVERAGE_OF, Stage
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant
from tests.factories.tenancy import make_member

ROUNDS = 7
TABLES = ["directory_directorycontact", "directory_directoryassociation", "directory_directorystudent", "directory_directorybar",
          "keys_accesskey", "keys_tie", "letters_message"]  # fmt: skip


def _stages(name: str, kind: str) -> str:
    """SQL: how far each subject of this kind has come."""
    return f"""{name}_newest AS (
    SELECT DISTINCT ON (subject_id) subject_id, id, state, expires_at, locked_at, failures, printed_at, emailed_at
    FROM keys_accesskey WHERE tenant_id = %(tenant)s AND subject_kind = '{kind}' ORDER BY subject_id, id DESC
), {name}_tied AS (
    SELECT DISTINCT subject_id FROM keys_tie WHERE tenant_id = %(tenant)s AND subject_kind = '{kind}' AND ended_at IS NULL
), {name} AS (
    SELECT coalesce(n.subject_id, t.subject_id) AS subject_id, CASE
        WHEN t.subject_id IS NOT NULL THEN 1
        WHEN n.state = 'live' AND n.expires_at > %(at)s THEN CASE
            WHEN n.locked_at IS NOT NULL OR n.failures >= %(tries)s THEN 4
            WHEN m.stuck > coalesce(m.later, 0) THEN 5
            WHEN n.printed_at IS NOT NULL OR n.emailed_at IS NOT NULL OR m.waits THEN 2 ELSE 3 END
        WHEN n.state IN ('live', 'expired') THEN 6 ELSE 7 END AS stage
    FROM {name}_newest n FULL JOIN {name}_tied t USING (subject_id) LEFT JOIN mails m ON m.key_id = n.id
)"""


# Written for PostgreSQL alone, by hand: what somebody with a database client would ask.
BY_HAND = f"""
WITH mails AS (
    SELECT key_id, max(id) FILTER (WHERE state IN ('failed', 'bounced', 'unknown')) AS stuck,
        max(id) FILTER (WHERE state IN ('queued', 'sending', 'sent')) AS later, bool_or(state IN ('queued', 'sending')) AS waits
    FROM letters_message WHERE tenant_id = %(tenant)s AND key_id IS NOT NULL GROUP BY key_id
), {_stages("stages", "contact")}, {_stages("own", "student_self")}, links AS (
    SELECT a.student_id, s.school_id, a.contact_id, lower(c.language) AS language, coalesce(g.stage, 8) AS stage
    FROM directory_directoryassociation a
    JOIN directory_directorystudent s ON s.id = a.student_id AND s.is_active
    JOIN directory_directorycontact c ON c.id = a.contact_id AND c.is_active AND c.type = 'PARENT'
    LEFT JOIN stages g ON g.subject_id = a.contact_id
    WHERE a.tenant_id = %(tenant)s AND a.portal_access AND NOT EXISTS (
        SELECT 1 FROM directory_directorybar b
        WHERE b.student_id = a.student_id AND b.contact_id = a.contact_id AND b.starts_on <= %(today)s)
)
SELECT 'student', s.school_id, s.year_level, coalesce(b.stage, 9), count(*)
    FROM directory_directorystudent s
    LEFT JOIN (SELECT student_id, min(stage) AS stage FROM links GROUP BY student_id) b ON b.student_id = s.id
    WHERE s.tenant_id = %(tenant)s AND s.is_active GROUP BY 2, 3, 4
UNION ALL SELECT 'school', school_id, NULL, stage, count(DISTINCT contact_id) FROM links GROUP BY 2, 4
UNION ALL SELECT 'language', NULL, language, stage, count(DISTINCT contact_id) FROM links GROUP BY 3, 4
UNION ALL SELECT 'own', s.school_id, s.year_level, coalesce(o.stage, 8), count(*)
    FROM directory_directorystudent s LEFT JOIN own o ON o.subject_id = s.id
    WHERE s.tenant_id = %(tenant)s AND s.is_active GROUP BY 2, 3, 4
"""


def measure(district: District) -> list[Result]:
    """The whole page through Django with nothing remembered, and its numbers alone; a first one beforehand, then the median."""
    tenant, _ = district.published
    district.keyed  # noqa: B018 - made now, unless it was before
    settle(TABLES)
    now = timezone.now()
    reach = Reach(tenant, None, now, day_of(tenant, now))
    parameters = parameters_of(reach)
    rows = ask(parameters)
    figures = count_figures(reach)
    if as_counted(rows) != (figures.students, figures.parents, figures.at_schools, count_own(reach)):
        raise RuntimeError("the statement by hand gives other numbers")
    by_hand = median_of(lambda: ask(parameters))
    page = median_of(page_of(tenant))
    students = f"{district.students:,} students"
    return [
        ratio_result(
            f"Dashboard of {students}, whole page",
            took=page,
            yardstick=by_hand,
            most=1.5,
            beside="one grouped statement with the same numbers",
            figure=f"{seconds(page)} (median of {ROUNDS})",
        )
    ]


def parameters_of(reach: Reach) -> dict[str, Any]:
    tries = reach.tenant.settings.failed_tries
    return {"tenant": reach.tenant.pk, "at": reach.at, "today": reach.today, "tries": tries}


def ask(parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, parameters)
        return list(cursor.fetchall())


def as_counted(rows: list[tuple[Any, ...]]) -> tuple[Counter[Any], ...]:
    """As the dashboard has them."""
    students: Counter[Any] = Counter()
    parents: Counter[Any] = Counter()
    at_schools: Counter[Any] = Counter()
    own: Counter[Any] = Counter()
    for which, school_id, word, stage, count in rows:
        if which == "student":
            students[school_id, word, COVERAGE_OF[Stage(stage)].name] += count
        elif which == "own":
            own[school_id, word, Stage(stage)] += count
        elif which == "language":
            parents[word, Stage(stage)] += count
        else:
            at_schools[school_id, Stage(stage)] += count
    return students, parents, at_schools, own


def median_of(ask_once: Any) -> float:
    took = []
    for _ in range(ROUNDS + 1):
        cache.clear()
        began = time.perf_counter()
        ask_once()
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])


def page_of(tenant: Tenant) -> Any:
    """Asks for the page as a member who is signed in."""
    client = Client()
    client.force_login(make_member(tenant))
    url = reverse("console:dashboard:home", args=[tenant.code])

    @override_settings(
        ALLOWED_HOSTS=["*"],
        STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    )
    def look() -> None:
        answer = client.get(url)
        if answer.status_code != 200:
            raise RuntimeError(f"{url} answered {answer.status_code}")

    return look
