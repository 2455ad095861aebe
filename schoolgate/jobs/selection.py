"""Tick rows of a list, all that match, or none; the ticks outlive paging, sorting and filtering (R-CK-06)."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet, Value

from schoolgate.jobs.models import SelectedRow, Selection
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Tenant, User


class NotInTheList(SchoolgateError):
    """A ticked id that the member's list doesn't hold: forged, or of another tenant (portal-console §12.2)."""

    code = "selection.not_in_list"
    status = 404


def selection_of(*, tenant: Tenant, user: User, list_name: str) -> Selection:
    """Query: what the member has ticked in this list; an empty, unsaved one when they never ticked anything."""
    found = Selection.objects.for_tenant(tenant).filter(user=user, list_name=list_name).first()
    return found or Selection(tenant=tenant, user=user, list_name=list_name)


def selected_among(selection: Selection, row_ids: Collection[int]) -> set[int]:
    """Query: which of these rows are ticked."""
    if not selection.count:
        return set()
    return set(SelectedRow.objects.filter(selection=selection, row_id__in=row_ids).values_list("row_id", flat=True))


def selected_ids(selection: Selection) -> QuerySet[SelectedRow, int]:
    """Query: the ids of all ticked rows, as a subquery for whatever acts on them."""
    return SelectedRow.objects.filter(selection_id=selection.pk).values_list("row_id", flat=True)


@transaction.atomic(durable=True)
def tick_rows(
    *, tenant: Tenant, user: User, list_name: str, rows: QuerySet[Any], shown: Collection[int], ticked: Collection[int]
) -> Selection:
    """Of the rows shown on a page, exactly ``ticked`` are selected afterwards; rows on other pages stay as they were.

    rows: all that the member may see in the list. Raises NotInTheList when an id is none of them.
    """
    asked = set(shown) | set(ticked)
    if rows.filter(pk__in=asked).count() != len(asked):
        raise NotInTheList
    selection = _for_writing(tenant=tenant, user=user, list_name=list_name)
    SelectedRow.objects.filter(selection=selection, row_id__in=set(shown) - set(ticked)).delete()
    SelectedRow.objects.bulk_create(
        [SelectedRow(selection=selection, row_id=row_id) for row_id in sorted(set(ticked))], ignore_conflicts=True
    )
    return _recount(selection)


@transaction.atomic(durable=True)
def select_all(*, tenant: Tenant, user: User, list_name: str, rows: QuerySet[Any]) -> Selection:
    """Add every row of ``rows`` as it is now, in one statement; ids, so that later matches are not drawn in."""
    selection = _for_writing(tenant=tenant, user=user, list_name=list_name)
    try:
        found, params = rows.order_by().values_list(Value(selection.pk), "pk").query.sql_with_params()
    except EmptyResultSet:  # Django knows without asking that there is no such row.
        return _recount(selection)
    table = connection.ops.quote_name(SelectedRow._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} (selection_id, row_id) {found} ON CONFLICT DO NOTHING", params)
    return _recount(selection)


@transaction.atomic(durable=True)
def unselect_all(*, tenant: Tenant, user: User, list_name: str) -> Selection:
    """Clear every tick of the list, also on other pages."""
    selection = _for_writing(tenant=tenant, user=user, list_name=list_name)
    SelectedRow.objects.filter(selection=selection).delete()
    return _recount(selection)


def _for_writing(*, tenant: Tenant, user: User, list_name: str) -> Selection:
    """The member's row, taken for this transaction so that two tabs write one after the other."""
    Selection.objects.get_or_create(tenant=tenant, user=user, list_name=list_name)
    return Selection.objects.for_tenant(tenant).select_for_update().get(user=user, list_name=list_name)


def _recount(selection: Selection) -> Selection:
    selection.count = SelectedRow.objects.filter(selection=selection).count()
    selection.save(update_fields=["count"])
    return selection
