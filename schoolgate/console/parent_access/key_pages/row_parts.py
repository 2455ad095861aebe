"""What hangs on a row of the key pages, as parts of a statement about many rows: students, keys, accounts, bars."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.directory.models import (
    DirectoryAssociation,
    DirectoryAssociationQuerySet,
    DirectoryBar,
    DirectoryStudent,
)
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.tenancy.models import KeySystem


def associations(scope: Scope) -> DirectoryAssociationQuerySet:
    """The students of each row whom the member may see, with access or without."""
    found = DirectoryAssociation.objects.for_tenant(scope.tenant).filter(**{scope.scheme.column: OuterRef("pk")})
    return found.at_schools(scope.schools)


def links_seen(scope: Scope) -> QuerySet[DirectoryAssociation]:
    """The links of each row to students whom the member may see: no filter or sort by a person tells of any other."""
    return (
        DirectoryAssociation.objects.for_tenant(scope.tenant)
        .at_schools(scope.schools)
        .links(today=scope.today)
        .filter(**{scope.scheme.column: OuterRef("pk")})
    )


def links_of(scope: Scope, *, only: Collection[int] | None = None) -> QuerySet[DirectoryAssociation]:
    found = DirectoryAssociation.objects.for_tenant(scope.tenant).links(today=scope.today)
    column = scope.scheme.column
    found = found.filter(**{column: OuterRef("pk")})
    return found if only is None else found.filter(**{f"{column}__in": only})


def bars_of(scope: Scope) -> QuerySet[Any]:
    """The restrictions of each row that close something, as far as the member sees the student."""
    bars = DirectoryBar.objects.for_tenant(scope.tenant).closing(today=scope.today)
    if scope.scheme.system == KeySystem.FAMILY:
        pair = bars.filter(student_id=OuterRef("student_id"), contact_id=OuterRef("contact_id"))
        return associations(scope).filter(Exists(pair))
    if scope.schools is not None:
        there = DirectoryStudent.objects.for_tenant(scope.tenant).at_schools(scope.schools)
        bars = bars.filter(student_id__in=there.values("pk"))
    return bars.filter(**{scope.scheme.column: OuterRef("pk")})


def _keys(scope: Scope, only: Collection[int] | None) -> QuerySet[AccessKey]:
    found = AccessKey.objects.for_tenant(scope.tenant).filter(subject_kind=scope.scheme.kind, subject_id=OuterRef("pk"))
    return found if only is None else found.filter(subject_id__in=only)


def live_keys(scope: Scope, *, only: Collection[int] | None = None) -> QuerySet[AccessKey]:
    """The live keys of each row, locked ones too."""
    return _keys(scope, only).filter(state=KeyState.LIVE, expires_at__gt=scope.at)


def ended_keys(scope: Scope, *, only: Collection[int] | None = None) -> QuerySet[AccessKey]:
    """The newest key of each row and addressee, for those who have no live one."""
    newer = AccessKey.objects.for_tenant(scope.tenant).filter(
        subject_kind=scope.scheme.kind,
        subject_id=OuterRef("subject_id"),
        addressee_id=OuterRef("addressee_id"),
        pk__gt=OuterRef("pk"),
    )
    return _keys(scope, only).exclude(Exists(newer))


def ties_of(scope: Scope, *, only: Collection[int] | None = None) -> QuerySet[Tie]:
    found = Tie.objects.for_tenant(scope.tenant).standing()
    found = found.filter(subject_kind=scope.scheme.kind, subject_id=OuterRef("pk"))
    return found if only is None else found.filter(subject_id__in=only)


def is_connected(scope: Scope, *, only: Collection[int] | None = None) -> Q:
    """A contact: has a tie. A household or student: somebody has one, and nobody who is linked has none."""
    ties = ties_of(scope, only=only)
    if scope.scheme.is_own_addressee:
        return Q(Exists(ties))
    own = Tie.objects.for_tenant(scope.tenant).standing().filter(subject_kind=scope.scheme.kind)
    own = own.filter(subject_id=OuterRef(scope.scheme.column), addressee_id=OuterRef("contact_id"))
    return Q(Exists(ties)) & ~Q(Exists(links_of(scope, only=only).exclude(Exists(own))))
