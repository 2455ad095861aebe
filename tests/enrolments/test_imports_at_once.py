"""Two imports into one tenant at the same moment, by two processes on the real database: one after the other, nothing half done."""

import pytest
from django.db import connection

from schoolgate.enrolments.models import Association, Contact, ImportState, RosterImport, Student
from tests.enrolments.test_import_properties import world
from tests.enrolments.test_import_roster import take
from tests.factories.rosters import many, without
from tests.factories.tenancy import make_tenant
from tests.sync.test_at_once import Racers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.reliability]
ROUNDS = 4
FIRST = many(150)
SECOND = {
    **without(many(170), *(f"S{n}" for n in range(10)), *(f"C{n}" for n in range(10))),
}
SECOND["students.csv"] = SECOND["students.csv"].replace(",Family", ",Other")


@pytest.fixture
def folders(tmp_path):
    for name, files in (("first", FIRST), ("second", SECOND)):
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text, encoding="utf-8")
    return [tmp_path / "first", tmp_path / "second"]


def race(folders, **environment):
    """The tenant afterwards, and what each process says of its import."""
    tenant, racers = make_tenant(), Racers()
    try:
        for folder in folders:
            racers.add("import", tenant.pk, folder, **environment)
        return tenant, racers.go()
    finally:
        racers.end()
        racers.stack.stop()


def alone(*rosters):
    tenant = make_tenant()
    for files in rosters:
        take(tenant, files)
    return world(tenant)


def test_one_waits_for_the_other_and_the_last_is_the_truth(folders):
    in_turn = [alone(FIRST, SECOND), alone(SECOND, FIRST)]
    for _ in range(ROUNDS):
        tenant, said = race(folders)
        assert said == [ImportState.APPLIED, ImportState.APPLIED]
        assert world(tenant) in in_turn
        assert RosterImport.objects.for_tenant(tenant).filter(state=ImportState.APPLIED).count() == 2


def test_the_same_file_twice_at_once_brings_everybody_once(folders):
    tenant, said = race([folders[0], folders[0]])
    assert said == [ImportState.APPLIED, ImportState.APPLIED]
    assert [model.objects.for_tenant(tenant).count() for model in (Student, Contact, Association)] == [150] * 3


def test_the_control_goes_wrong_without_the_clock(folders):
    """Two that don't wait for each other: one breaks off, or what comes of both is neither's."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer in at a time, clock or not.")
    in_turn = [alone(FIRST, SECOND), alone(SECOND, FIRST)]
    for _ in range(ROUNDS):
        tenant, said = race(folders, SCHOOLGATE_RACE_WITHOUT_LOCK="1")
        if None in said or world(tenant) not in in_turn:
            return
    pytest.fail("Without the clock the race should go wrong.")
