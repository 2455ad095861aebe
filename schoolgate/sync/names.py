"""Steps that keep the surnames by which published students are looked up (directory/search.py) as the students are."""

from collections.abc import Iterator
from typing import Any

from schoolgate.directory.models import DirectoryStudent, FormerName, StudentName
from schoolgate.directory.search import former_name_keys, name_keys
from schoolgate.jobs.bulk import insert_rows
from schoolgate.lib.names import surname_parts
from schoolgate.sync.diff import run
from schoolgate.sync.kinds import STUDENT
from schoolgate.sync.models import SyncRun

_NAMES, _STUDENTS, _FORMER = (each._meta.db_table for each in (StudentName, DirectoryStudent, FormerName))
_COLUMNS = ["tenant_id", "student_id", "school_id", "second_school_id", "is_active", "key"]
_AT_ONCE = 50_000  # Students read into memory.


def forget_names() -> None:
    """Step: before the students of ``sync_diff`` are changed or taken away."""
    run(
        f"""DELETE FROM {_NAMES} WHERE student_id IN (SELECT object_id FROM sync_diff
            WHERE kind = 'student' AND op <> 'added' AND NOT left_out)"""
    )
    run(
        f"""DELETE FROM {_FORMER} WHERE student_id IN (SELECT object_id FROM sync_diff
            WHERE kind = 'student' AND op = 'removed' AND NOT left_out)"""
    )


def keep_former_names(sync_run: SyncRun) -> None:
    """Step: before the students of ``sync_diff`` are changed: the surnames that they had until now (G-21).

    Another spelling of the same letters is no other name. A name that is kept already is not kept twice.
    """
    renamed = run(
        f"""SELECT d.id, d.tenant_id, d.family_name, e.family_name
        FROM sync_diff s JOIN {_STUDENTS} d ON d.id = s.object_id JOIN {STUDENT.working_table} e ON e.id = s.object_id
        WHERE s.kind = 'student' AND s.op = 'changed' AND NOT s.left_out AND d.family_name <> e.family_name"""
    )
    left = [row for row in renamed if surname_parts(row[2]) != surname_parts(row[3])]
    known = FormerName.objects.filter(tenant_id=sync_run.tenant_id, student_id__among=frozenset(row[0] for row in left))
    kept = (
        {(pk, *surname_parts(name)) for pk, name in known.values_list("student_id", "family_name")} if left else set()
    )
    insert_rows(
        FormerName,
        ["tenant_id", "student_id", "family_name", "key", "run_id"],
        (
            (tenant_id, pk, before, key, sync_run.pk)
            for pk, tenant_id, before, _now in left
            if (pk, *surname_parts(before)) not in kept
            for key in former_name_keys(before)
        ),
    )


def take_back_former_names(undone: SyncRun) -> None:
    """Step: what this run has made a former name is the name again, or was never one."""
    FormerName.objects.filter(tenant_id=undone.tenant_id, run_id=undone.pk).delete()


def write_names() -> None:
    """Step: after they have been written."""
    last = 0
    while students := _written(after=last):
        last = students[-1][0]
        insert_rows(StudentName, _COLUMNS, _rows(students))


def _written(*, after: int) -> list[tuple[Any, ...]]:  # Any: values as the columns have them
    return run(
        f"""SELECT d.id, d.tenant_id, d.school_id, d.second_school_id, d.is_active, d.family_name, d.given_name
        FROM sync_diff s JOIN {_STUDENTS} d ON d.id = s.object_id
        WHERE s.kind = 'student' AND s.op <> 'removed' AND NOT s.left_out AND s.object_id > %(after)s
        ORDER BY s.object_id LIMIT {_AT_ONCE}""",
        {"after": after},
    )


def _rows(students: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for pk, tenant_id, school_id, second_school_id, is_active, family_name, given_name in students:
        for key in name_keys(family_name=family_name, given_name=given_name):
            yield tenant_id, pk, school_id, second_school_id, is_active, key
