"""What the filter form offers."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.lib.natural import natural
from schoolgate.tenancy.models import School


@dataclass(frozen=True)
class FilterChoices:
    """What the filter form offers: the member's schools by code, and the year levels and roll classes of their students."""

    schools: tuple[tuple[int, str], ...]
    years: tuple[str, ...]
    roll_classes: tuple[str, ...]
    languages: tuple[str, ...]


def filter_choices(scope: Scope) -> FilterChoices:
    """Query: what there is to filter by."""
    schools = School.objects.for_tenant(scope.tenant).filter(is_active=True)
    students = DirectoryStudent.objects.for_tenant(scope.tenant).filter(is_active=True).at_schools(scope.schools)
    if scope.schools is not None:
        schools = schools.filter(pk__in=scope.schools)
    languages = DirectoryContact.objects.for_tenant(scope.tenant).exclude(language="")

    def different(rows: QuerySet[Any], column: str) -> tuple[str, ...]:
        found = rows.exclude(**{column: ""}).order_by().values_list(column, flat=True).distinct()
        return tuple(sorted(found, key=natural))

    return FilterChoices(
        schools=tuple(schools.order_by("name").values_list("number", "name")),
        years=different(students, "year_level"),
        roll_classes=different(students, "roll_class"),
        languages=different(languages, "language"),
    )
