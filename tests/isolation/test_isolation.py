"""R6: every address × role × own and other tenant × method: nothing foreign is read, nothing foreign is written."""

import re

import pytest
from django.db import connection
from django.urls import reverse

from schoolgate.directory.models import DirectoryHousehold, DirectoryStudent
from schoolgate.tenancy.models import Role, TenantSettings
from tests.factories.tenancy import make_member
from tests.isolation.matrix import MAY_BE_MISSING, ROWS
from tests.isolation.walk import (
    METHODS,
    MOST_USED,
    REFUSED,
    address,
    addresses,
    is_allowed,
    personal,
    reach_over,
    signed_in,
    with_rows,
)
from tests.isolation.world import World, digest, make_world, second_school

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def methods() -> list[str]:
    """All on PostgreSQL; on SQLite the two that browsers send, as methods are told apart before a database is asked."""
    return MOST_USED if connection.vendor == "sqlite" else METHODS


@pytest.fixture
def ours(tmp_path) -> World:
    return make_world(tmp_path, mark="Oursmark")


@pytest.fixture
def theirs(tmp_path) -> World:
    return make_world(tmp_path, mark="Theirmark", extra_runs=2)


def test_every_address_has_a_row_and_every_row_an_address():
    assert set(addresses()) == set(ROWS)


def test_a_role_opens_exactly_the_pages_of_its_row(ours, methods):
    """GET and HEAD of each page as each role, as nobody and as a family; what is refused shows nothing and writes nothing."""
    faults = []
    before = digest(ours.tenant)
    actors = {role.value: user for role, user in ours.members.items()} | {"family": ours.family, "nobody": None}
    for actor, user in actors.items():
        client = signed_in(user)
        for name, parts in with_rows().items():
            if name.endswith((":sign_out", ":sign_out_everywhere")):
                continue
            row = ROWS[name]
            allowed = is_allowed(row, actor)
            here = address(name, parts, ours, ours.ids)
            statuses = {}
            for method in [known for known in ("get", "head") if known in methods]:
                answer = getattr(client, method)(here)
                statuses[method] = answer.status_code
                if answer.status_code >= 500:
                    faults.append(f"{actor} {method} {name}: {answer.status_code}")
                elif allowed and answer.status_code in {403, 404} and name not in MAY_BE_MISSING:
                    faults.append(f"{actor} {method} {name}: {answer.status_code}, though the row allows it")
                elif not allowed and (answer.status_code not in REFUSED or b"Oursmark" in personal(answer, ours)):
                    faults.append(f"{actor} {method} {name}: {answer.status_code}, though the row refuses it")
            if len(set(statuses.values())) > 1:
                faults.append(f"{actor} {name}: {statuses}")
    assert not faults, "\n".join(faults)
    assert digest(ours.tenant) == before, "A GET has changed something."


@pytest.mark.parametrize("system", ["family", "student"])
def test_under_another_key_system_its_pages_open_to_the_same_roles(ours, system):
    """R-ST-02: those pages are absent in the walk above, whose schools have contact keys."""
    TenantSettings.objects.filter(tenant=ours.tenant).update(key_system=system)
    rows, first = (DirectoryHousehold, "H1") if system == "family" else (DirectoryStudent, "S1")
    ids = {**ours.ids, "row_id": rows.objects.get(tenant=ours.tenant, source_id=first).pk}
    faults = []
    actors = {role.value: user for role, user in ours.members.items()} | {"family": ours.family, "nobody": None}
    for actor, user in actors.items():
        client = signed_in(user)
        for name, parts in with_rows().items():
            if not name.startswith(f"console:{system}_keys:"):
                continue
            answer = client.get(address(name, parts, ours, ids))
            allowed = is_allowed(ROWS[name], actor)
            if answer.status_code >= 500 or (
                allowed and answer.status_code in {403, 404} and not name.endswith(":run")
            ):
                faults.append(f"{actor} {name}: {answer.status_code}, though the row allows it")
            elif not allowed and (answer.status_code not in REFUSED or b"Oursmark" in personal(answer, ours)):
                faults.append(f"{actor} {name}: {answer.status_code}, though the row refuses it")
    assert not faults, "\n".join(faults)


def test_what_a_role_may_not_do_it_cannot_post(ours, methods):
    faults = []
    before = digest(ours.tenant)
    actors = {role.value: user for role, user in ours.members.items()} | {"family": ours.family, "nobody": None}
    for actor, user in actors.items():
        client = signed_in(user)
        for name, parts in with_rows().items():
            if is_allowed(ROWS[name], actor):
                continue
            here = address(name, parts, ours, ours.ids)
            for method in set(methods) - {"get", "head"}:
                answer = getattr(client, method)(here)
                if answer.status_code not in REFUSED:
                    faults.append(f"{actor} {method} {name}: {answer.status_code}")
    assert not faults, "\n".join(faults)
    assert digest(ours.tenant) == before


def test_nobody_reaches_into_another_tenant(ours, theirs, methods):
    """R6 in short form; the full form is tests/reliability/isolation.py."""
    found = reach_over(ours, theirs, methods)
    assert not found.read, "\n".join(found.read)
    assert not found.is_written


def test_the_control_finds_a_page_that_forgets_its_tenant(ours, theirs, monkeypatch):
    """The same walk with the tenant taken out of the queries finds foreign people: the test above can fail."""
    from schoolgate.tenancy.models import TenantQuerySet

    monkeypatch.setattr(TenantQuerySet, "for_tenant", lambda self, tenant: self)
    client = signed_in(ours.members[Role.OWNER])
    page = reverse("console:enrolments:student", args=[ours.tenant.code, theirs.ids["student_id"]])
    assert b"Theirmark" in client.get(page).content


def test_a_member_for_one_school_sees_that_school_alone(ours):
    """Spine §6, R-PM-01: the other school's people are not found, and not counted among names."""
    faults = []
    for role in (Role.ADMINISTRATOR, Role.ENROLMENTS_OFFICER, Role.PORTAL_OFFICER, Role.AUDITOR):
        member = make_member(ours.tenant, role, school=second_school(ours))
        client = signed_in(member)
        for name, parts in with_rows().items():
            row = ROWS[name]
            if isinstance(row, str) or role not in row or name.endswith(":sign_out"):
                continue
            answer = client.get(address(name, parts, ours, ours.ids))
            shown = personal(answer, ours)
            if answer.status_code >= 500:
                faults.append(f"{role} {name}: {answer.status_code}")
            if re.search(rb"\b(Amara|Ada)\b", shown):  # As words: there is a time zone America/Adak.
                faults.append(f"{role} {name}: shows the other school's people")
    assert not faults, "\n".join(faults)
