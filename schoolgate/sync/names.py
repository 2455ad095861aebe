"""Steps that keep the surnames by which published students are looked up (directory/search.py) as the students are."""

from collections.abc import Iterator
from typing import Any

from schoolgate.directory.models import DirectoryStudent, StudentName
from schoolgate.directory.search import name_keys
from schoolgate.jobs.bulk import insert_rows
from schoolgate.sync.diff import run

_NAMES, _STUDENTS = StudentName._meta.db_table, DirectoryStudent._meta.db_table
_AT_ONCE = 50_000  # Students read into memory.


def forget_names() -> None:
    """Step: before the students of ``sync_diff`` are changed or taken away."""
    run(
        f"""DELETE FROM {_NAMES} WHERE student_id IN (SELECT object_id FROM sync_diff
            WHERE kind = 'student' AND op <> 'added' AND NOT left_out)"""
    )


def write_names() -> None:
    """Step: after they have been written."""
    last = 0
    while students := _written(after=last):
        last = students[-1][0]
        insert_rows(StudentName, ["tenant_id", "student_id", "school_id", "is_active", "key"], _rows(students))


def _written(*, after: int) -> list[tuple[Any, ...]]:  # Any: values as the columns have them
    return run(
        f"""SELECT d.id, d.tenant_id, d.school_id, d.is_active, d.family_name, d.given_name
        FROM sync_diff s JOIN {_STUDENTS} d ON d.id = s.object_id
        WHERE s.kind = 'student' AND s.op <> 'removed' AND NOT s.left_out AND s.object_id > %(after)s
        ORDER BY s.object_id LIMIT {_AT_ONCE}""",
        {"after": after},
    )


def _rows(students: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for pk, tenant_id, school_id, is_active, family_name, given_name in students:
        for key in name_keys(family_name=family_name, given_name=given_name):
            yield tenant_id, pk, school_id, is_active, key
