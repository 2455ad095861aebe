"""Several processes at once, on the real database: two syncs, an edit during a sync, a reader with a cursor (R-DS-04, R-DS-05).

Each has its control: the same race with the protection taken out goes wrong.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from schoolgate.directory.feed import changes_after, feed_end
from schoolgate.directory.models import DirectoryAssociation, DirectoryChange
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.models import Association
from schoolgate.sync.models import SyncRun
from schoolgate.sync.publish import Approval, Ending
from tests.factories.sync import crowd, sees, sync
from tests.factories.tenancy import make_school, make_tenant
from tests.processes import Stack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.reliability]
SECONDS = 3
RACER = str(Path(__file__).with_name("racer.py"))


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def pairs(tenant):
    pairs = crowd(tenant, make_school(tenant), pairs=40)
    sync(tenant)
    return pairs


class Racers:
    """Processes of our own that all wait for one word."""

    def __init__(self) -> None:
        self.stack = Stack()  # For its environment; nothing of it is started.
        self.processes: list[subprocess.Popen[str]] = []

    def add(self, what: str, *arguments: object, **environment: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, RACER, what, *map(str, arguments)],
            env=self.stack.environment | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.processes.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    def go(self) -> list[object]:
        """Let all go at the same moment; what each says, None for one that ended with a fault."""
        for process in self.processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate(timeout=120)[0] for process in self.processes]
        return [json.loads(text) if text else None for text in told]

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
        self.processes.clear()


@pytest.fixture
def racers():
    racers = Racers()
    yield racers
    racers.end()
    racers.stack.stop()


def gaps(tenant):
    seqs = list(DirectoryChange.objects.filter(tenant=tenant).order_by("seq").values_list("seq", flat=True))
    return seqs != list(range(1, len(seqs) + 1))


def turn_raw(pairs, *, on):
    """As an import does: many flags in one write."""
    tenant = pairs[0].tenant
    ids = [pair.pk for pair in pairs]
    Association.objects.filter(pk__in=ids).update(receives_portal_access=on, changed_no=tick(tenant=tenant))


def test_of_two_syncs_at_once_one_publishes_and_the_other_finds_nothing(tenant, pairs, racers):
    turn_raw(pairs[:2], on=False)
    for _ in range(3):
        racers.add("sync", tenant.pk)
    endings = racers.go()
    assert sorted(endings) == ["applied", "nothing", "nothing"]
    assert SyncRun.objects.filter(tenant=tenant).count() == 2
    assert not gaps(tenant)
    assert DirectoryChange.objects.filter(tenant=tenant, run_id=SyncRun.objects.get(number=2).pk).count() == 2


def test_syncs_and_edits_at_once_lose_no_edit(tenant, pairs, racers):
    """Writers save while syncs run; in the end one more sync publishes whatever the others came too early for."""
    for writer in range(3):
        racers.add("edit", tenant.pk, writer, 15)
    for _ in range(2):
        racers.add("sync-many", tenant.pk, SECONDS)
    assert None not in racers.go()
    sync(tenant, approval=Approval("Yes"))
    published = dict(DirectoryAssociation.objects.values_list("pk", "portal_access"))
    saved = dict(Association.objects.values_list("pk", "receives_portal_access"))
    assert published == saved
    assert sync(tenant).ending is Ending.NOTHING
    assert not gaps(tenant)


def race_of_whole_saves(tenant, pair, racers, **environment):
    """One process saves a student and a contact together, one publishes, one looks; how often it saw half of a save."""
    people = (pair.student_id, pair.contact_id)
    type(pair.student).objects.filter(pk=pair.student_id).update(roll_class="0")
    type(pair.contact).objects.filter(pk=pair.contact_id).update(title="0", changed_no=tick(tenant=tenant))
    turn_raw([pair], on=False)
    type(pair.student).objects.filter(pk=pair.student_id).update(changed_no=tick(tenant=tenant))
    sync(tenant)
    racers.add("save-both", tenant.pk, *people, SECONDS)
    racers.add("sync-many", tenant.pk, SECONDS, **environment)
    racers.add("watch-both", tenant.pk, *people, SECONDS)
    saves, syncs, torn = racers.go()
    if connection.vendor == "postgresql":  # On SQLite one of the two may well wait for its turn all the time.
        assert min(saves, syncs) > 3
    return torn


def test_a_save_of_several_rows_is_published_whole(tenant, pairs, racers):
    assert race_of_whole_saves(tenant, pairs[0], racers) == 0


def test_without_the_clock_held_a_save_is_torn_apart(tenant, pairs, racers):
    """The control: the same race with the protection taken out publishes half of a save."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time, whatever we do")
    torn = 0
    for _ in range(5):
        torn += race_of_whole_saves(tenant, pairs[0], racers, SCHOOLGATE_RACE_WITHOUT_LOCK="1")
        racers.end()
        if torn:
            break
    assert torn


def test_a_reader_with_a_cursor_never_misses_a_change(tenant, pairs, racers):
    racers.add("edit", tenant.pk, 0, 20)
    racers.add("edit", tenant.pk, 1, 20)
    racers.add("sync-many", tenant.pk, SECONDS)
    racers.add("sync-many", tenant.pk, SECONDS)
    racers.add("follow", tenant.pk, feed_end(tenant=tenant), SECONDS)
    *_, followed = racers.go()
    sync(tenant, approval=Approval("Yes"))
    start = followed["from"]
    rest = [change.seq for change in changes_after(tenant=tenant, seq=followed["to"])]
    assert followed["seqs"] + rest == list(range(start + 1, feed_end(tenant=tenant) + 1))


def test_a_sync_that_is_killed_has_published_all_or_nothing(tenant, racers):
    """R-DS-04, in the short form: killed at several moments; the next one carries on."""
    pairs = crowd(tenant, make_school(tenant), pairs=150)
    seen = set()
    for moment in (0.0, 0.02, 0.05, 0.1, 0.2):
        process = racers.add("sync", tenant.pk)
        process.stdin.write("go\n")
        process.stdin.flush()
        time.sleep(moment)
        process.kill()
        process.wait()
        published = DirectoryAssociation.objects.filter(tenant=tenant).count()
        assert published in {0, len(pairs)}
        assert SyncRun.objects.filter(tenant=tenant).count() == (published > 0)
        assert DirectoryChange.objects.filter(tenant=tenant).count() == 3 * published
        seen.add(published)
    sync(tenant)
    assert all(sees(pair) for pair in pairs[::50])
    assert not gaps(tenant)
    assert 0 in seen  # At least the first was killed before its commit.


def test_a_restriction_beats_a_sync_that_runs_at_the_same_moment(tenant, pairs, racers):
    """However they fall: once the restriction is saved, nobody sees."""
    for pair in pairs[:3]:
        turn_raw([pair], on=False)
        sync(tenant)
        turn_raw([pair], on=True)
        racers.end()
        racers.add("restrict", tenant.pk, pair.student_id, pair.contact_id)
        racers.add("sync", tenant.pk)
        racers.add("sync", tenant.pk)
        assert None not in racers.go()
        assert not sees(pair)
        sync(tenant)
        assert not sees(pair)
