"""Two clerks press at once, in processes of their own on the real database: one key (R-SK-16). The control makes two."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from schoolgate.keys.models import AccessKey, KeyState
from tests.factories.directory import make_student
from tests.factories.keys import make_linked_contact
from tests.factories.tenancy import make_member, make_tenant
from tests.processes import Stack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.reliability]
RACER = str(Path(__file__).with_name("key_racer.py"))
CLERKS = 4


def race(tenant, kind, subject_id, **environment):
    """What each clerk is told; None for one whose process ended with a fault."""
    stack = Stack()  # For its environment; nothing of it is started.
    members = [make_member(tenant) for _ in range(CLERKS)]
    processes = [
        subprocess.Popen(
            [sys.executable, RACER, str(tenant.pk), kind, str(subject_id), str(member.pk)],
            env=stack.environment | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )
        for member in members
    ]  # fmt: skip
    try:
        assert all(process.stdout.readline() == "ready\n" for process in processes)
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate(timeout=60)[0] for process in processes]
        return [json.loads(text) if text else None for text in told]
    finally:
        for process in processes:
            process.kill()
            process.wait()
        stack.stop()


@pytest.mark.parametrize("kind", ["student_self", "contact"])
def test_of_several_clerks_who_press_at_once_one_makes_the_key(kind):
    """R-SK-16: the others are told by whom it was made."""
    tenant = make_tenant()
    subject = make_student(tenant) if kind == "student_self" else make_linked_contact(tenant)
    told = race(tenant, kind, subject.pk)
    assert AccessKey.objects.filter(state=KeyState.LIVE).count() == AccessKey.objects.count() == 1
    assert sorted("key" in each for each in told) == [False] * (CLERKS - 1) + [True]
    refusals = {each["refused"] for each in told if "refused" in each}
    assert refusals == {"This key was made a moment ago by Jo Mercer."}


def test_without_the_lock_the_database_alone_still_says_one():
    """The second wall: the partial unique index. Whoever comes second ends with a fault instead of a second key."""
    tenant = make_tenant()
    student = make_student(tenant)
    told = race(tenant, "student_self", student.pk, SCHOOLGATE_RACE_WITHOUT_LOCK="1")
    assert AccessKey.objects.filter(state=KeyState.LIVE).count() == 1
    assert sum(each is not None and "key" in each for each in told) == 1


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time, lock or no lock")
def test_the_control_with_both_walls_down_makes_several():
    """Negative control: the same race, neither lock nor index."""
    tenant = make_tenant()
    student = make_student(tenant)
    constraint = next(each for each in AccessKey._meta.constraints if each.name == "one_live_key_per_subject")
    with connection.schema_editor() as editor:
        editor.remove_constraint(AccessKey, constraint)
    try:
        race(tenant, "student_self", student.pk, SCHOOLGATE_RACE_WITHOUT_LOCK="1")
        assert AccessKey.objects.filter(state=KeyState.LIVE).count() > 1
    finally:
        AccessKey.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(AccessKey, constraint)
