"""At which schools a student is: the one rule of it, for the working copy and for the published truth (R-RK-10, R-RK-11).

A student has a school, under which they are grouped, sorted and counted, and may have a second. Whoever may see, or looks for,
either school's students finds them. Why two and not a list: docs/decisions/0024-a-second-school-is-a-column.md.
"""

from collections.abc import Collection

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext as _

from schoolgate.tenancy.models import School

Schools = Collection[int] | None  # Ids of schools; None for every school.


def at_schools(school_ids: Collection[int], *, of: str = "") -> Q:
    """The rows whose student is at one of these schools. of: the path from the row to the student, as "student__"."""
    return Q(**{f"{of}school_id__in": school_ids}) | Q(**{f"{of}second_school_id__in": school_ids})


def beyond_schools(school_ids: Collection[int]) -> Q:
    """The students who are at another school than these, too or only."""
    second_beyond = Q(second_school_id__isnull=False) & ~Q(second_school_id__in=school_ids)
    return ~Q(school_id__in=school_ids) | second_beyond


def school_within(school_ids: Schools, *, of: str = "") -> Case | F:
    """Of students at these schools, the one of them under which each is counted: the main one if it is among them."""
    main = F(f"{of}school_id")
    if school_ids is None:
        return main
    return Case(When(**{f"{of}school_id__in": school_ids}, then=main), default=F(f"{of}second_school_id"))


class AtSchools(models.Model):
    """school: the main one. second_school: where they are besides; an import may make it the main one while it stands here."""

    school = models.ForeignKey(School, models.PROTECT)
    # Few have one: an index of those alone stands beside each table's others.
    second_school = models.ForeignKey(School, models.PROTECT, null=True, db_index=False, related_name="+")

    class Meta:
        abstract = True

    @property
    def school_ids(self) -> frozenset[int]:
        """One, or two."""
        return frozenset(filter(None, (self.school_id, self.second_school_id)))

    def is_at(self, school_ids: Schools) -> bool:
        """At one of these schools."""
        return school_ids is None or not self.school_ids.isdisjoint(school_ids)

    @property
    def schools(self) -> list[School]:
        """The main one first. Rows that are shown want both with them: select_related("school", "second_school")."""
        if self.second_school is None or self.second_school_id == self.school_id:
            return [self.school]
        return [self.school, self.second_school]

    @property
    def has_active_school(self) -> bool:
        """Nobody counts as active whose every school is inactive (G-13)."""
        return any(school.is_active for school in self.schools)

    @property
    def school_names(self) -> str:
        """The school, or "Hill School and Lake School"."""
        if len(self.schools) == 1:
            return self.school.name
        return _("%(school)s and %(second)s") % {"school": self.schools[0].name, "second": self.schools[1].name}
