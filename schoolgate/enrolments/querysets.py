"""How rows of the working copy are chosen; the methods chain like English."""

from datetime import date
from typing import TYPE_CHECKING, Self, TypeVar

from django.db.models import Model, OrderBy, Q
from django.db.models.expressions import Expression
from django.db.models.functions import Length

from schoolgate.enrolments.names import fold_name
from schoolgate.tenancy.at_schools import Schools, at_schools
from schoolgate.tenancy.models import TenantQuerySet

if TYPE_CHECKING:
    from schoolgate.enrolments.models import Association, Contact, Restriction, Student  # noqa: F401  (named in text below)

Row = TypeVar("Row", bound=Model)
Columns = list[str | Expression]


class PersonQuerySet(TenantQuerySet[Row]):
    """id_column: what people in the office call the person's id. other_names: columns besides sort_name that hold a name."""

    id_column = ""
    other_names: tuple[str, ...] = ()

    def matching(self, words: str) -> Self:
        """Everybody whose name has a word that begins with each of these words, or whose id begins with it."""
        found = self
        for word in words.split():
            folded = fold_name(word)
            if word.isdigit():  # No name is a number, and an id is found without looking through all names.
                found = found.filter(**{f"{self.id_column}__startswith": word})
                continue
            hit = Q(sort_name__startswith=folded) | Q(sort_name__contains=f" {folded}")
            hit |= Q(**{f"{self.id_column}__istartswith": word})
            for column in self.other_names:
                hit |= Q(**{f"{column}__istartswith": word})
            found = found.filter(hit)
        return found

    def in_state(self, state: str) -> Self:
        """Those in one state; all of them for an empty one."""
        return self.filter(state=state) if state else self


class StudentQuerySet(PersonQuerySet["Student"]):
    id_column = "student_no"
    other_names = ("preferred_name",)

    def at_schools(self, school_ids: Schools) -> Self:
        """Students of these schools, by the main or the second; of every school for None (a member's reach, R-PM-01)."""
        return self if school_ids is None else self.filter(at_schools(school_ids))

    def in_order(self, sort: str) -> Self:
        """sort: name, id, school, year, class or state, with a minus for the other way round. Years count as numbers do."""
        columns: dict[str, Columns] = {
            "name": ["sort_name"],
            "id": [Length("student_no"), "student_no"],
            "school": ["school__name", "sort_name"],
            "year": [Length("year_level"), "year_level", "roll_class", "sort_name"],
            "class": ["roll_class", "sort_name"],
            "state": ["state", "sort_name"],
        }
        return self.order_by(*_directed(columns[sort.lstrip("-")], down=sort.startswith("-")), "pk")


class ContactQuerySet(PersonQuerySet["Contact"]):
    id_column = "contact_no"
    other_names = ("email",)

    def in_order(self, sort: str) -> Self:
        """sort: name, id, email or type, with a minus for the other way round."""
        columns: dict[str, Columns] = {
            "name": ["sort_name"],
            "id": [Length("contact_no"), "contact_no"],
            "email": ["email", "sort_name"],
            "type": ["type", "sort_name"],
        }
        return self.order_by(*_directed(columns[sort.lstrip("-")], down=sort.startswith("-")), "pk")


class AssociationQuerySet(TenantQuerySet["Association"]):
    def standing(self) -> Self:
        """Those that haven't ended."""
        return self.filter(ended_at=None)

    def at_schools(self, school_ids: Schools) -> Self:
        """Of students of these schools; of all for None."""
        return self if school_ids is None else self.filter(at_schools(school_ids, of="student__"))


class RestrictionQuerySet(TenantQuerySet["Restriction"]):
    def at_schools(self, school_ids: Schools) -> Self:
        """Of students of these schools; of all for None."""
        return self if school_ids is None else self.filter(at_schools(school_ids, of="student__"))

    def standing(self) -> Self:
        """Those that bar, or will, or did and haven't been reviewed: nothing opens by itself (R-RX-04)."""
        return self.exclude(kind="note_only").filter(lifted_at=None, reviewed_at=None)

    def closing(self, *, today: date) -> Self:
        """Those that keep their pair closed on this day, in the school's time zone (R-RX-02)."""
        return self.standing().filter(starts_on__lte=today)


def _directed(columns: Columns, *, down: bool) -> list[str | OrderBy]:
    """The order's columns, each turned round when ``down``."""
    if down:
        return [f"-{column}" if isinstance(column, str) else column.desc() for column in columns]
    return [column if isinstance(column, str) else column.asc() for column in columns]
