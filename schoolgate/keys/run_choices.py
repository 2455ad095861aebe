"""What a run from the students' side can be asked for: schools, years, classes, relationships that there are."""

from collections.abc import Collection

from django.db.models import Count
from django.db.models.functions import Lower

from schoolgate.directory.models import DirectoryAssociation, DirectoryStudent
from schoolgate.lib.natural import natural
from schoolgate.tenancy.models import School, Tenant

_MOST_RELATIONSHIPS = 30


def active_schools(*, tenant: Tenant, school_ids: Collection[int] | None) -> list[School]:
    """Query: the active schools among these (None: all), by name. Inactive ones are never offered (registration-keys §6)."""
    found = School.objects.for_tenant(tenant).filter(is_active=True)
    if school_ids is not None:
        found = found.filter(pk__in=school_ids)
    return list(found.order_by("name", "number"))


def years_of(*, tenant: Tenant, school_ids: Collection[int]) -> list[str]:
    """Query: the year levels of active students there, as people count them."""
    return _distinct(tenant, school_ids, "year_level")


def classes_of(*, tenant: Tenant, school_ids: Collection[int]) -> list[str]:
    """Query: their roll classes."""
    return _distinct(tenant, school_ids, "roll_class")


def _distinct(tenant: Tenant, school_ids: Collection[int], column: str) -> list[str]:
    students = DirectoryStudent.objects.for_tenant(tenant).filter(is_active=True).at_schools(school_ids)
    found = students.exclude(**{column: ""}).order_by().values_list(column, flat=True).distinct()
    return sorted(found, key=natural)


def relationships_of(*, tenant: Tenant) -> list[str]:
    """Query: what contacts are to students, in small letters; the commonest, by the alphabet."""
    rows = DirectoryAssociation.objects.for_tenant(tenant).exclude(relationship="").annotate(word=Lower("relationship"))
    counted = rows.order_by().values_list("word").annotate(n=Count("pk")).order_by("-n", "word")
    return sorted(word for word, _n in counted[:_MOST_RELATIONSHIPS])
