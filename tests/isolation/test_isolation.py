"""R6: every address × role × own and other tenant × method: nothing foreign is read, nothing foreign is written."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse

from schoolgate.directory.models import DirectoryHousehold, DirectoryStudent
from schoolgate.tenancy.models import Role, TenantSettings
from tests.factories.tenancy import make_member
from tests.isolation.matrix import FAMILY, MAY_BE_MISSING, OPEN, REDEEM, ROWS, WORDS
from tests.isolation.world import World, digest, make_world, second_school

pytestmark = pytest.mark.django_db(transaction=True)
METHODS = ["get", "head", "post", "put", "patch", "delete"]
MOST_USED = ["get", "post"]
REFUSED = {302, 403, 404, 405}


def addresses() -> dict[str, list[str]]:
    """{name: names of its parts}, of every address under a tenant."""
    found = {}

    def walk(resolver, prefix=""):
        for pattern in resolver.url_patterns:
            if hasattr(pattern, "url_patterns"):
                inside = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                walk(pattern, inside)
            elif ":" in prefix:
                found[prefix + pattern.name] = list(pattern.pattern.converters)

    walk(get_resolver())
    return found


def with_rows() -> dict[str, list[str]]:
    """The addresses that have a row; that all have one is a test of its own."""
    return {name: parts for name, parts in addresses().items() if name in ROWS}


def address(name: str, parts: list[str], world: World, ids: dict[str, object]) -> str:
    missing = [part for part in parts if part != "tenant_code" and ids.get(part) is None]
    assert not missing, f"{name}: tests/isolation/world.py makes no {missing}"
    return reverse(name, args=[world.tenant.code, *(ids[part] for part in parts if part != "tenant_code")])


def is_allowed(row: frozenset[Role] | str, actor: str) -> bool:
    """actor: a role, "family" or "nobody"."""
    if isinstance(row, str):
        return {OPEN: True, REDEEM: actor in {"family", "nobody"}, FAMILY: actor == "family"}[row]
    return actor in row


def personal(answer, world: World) -> bytes:
    """A page without what everybody may read: the school's name and its help line."""
    return answer.content.replace(f"{world.mark} College".encode(), b"").replace(f"{world.mark} help".encode(), b"")


def signed_in(user) -> Client:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


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
    """Their address with our sign-in; our address with their ids: by every role, by a family, with every method."""
    faults = []
    before = digest(theirs.tenant)
    actors = {role.value: user for role, user in ours.members.items()} | {"family": ours.family}
    for actor, user in actors.items():
        client = signed_in(user)
        for name, parts in with_rows().items():
            for method in methods:
                there = address(name, parts, theirs, theirs.ids)
                if ROWS[name] not in {OPEN, REDEEM}:
                    answer = getattr(client, method)(there)
                    if answer.status_code not in REFUSED or b"Theirmark" in personal(answer, theirs):
                        faults.append(f"{actor} {method} {name} over there: {answer.status_code}")
                foreign = {**ours.ids, **{part: theirs.ids[part] for part in parts if part in theirs.ids}}
                if not set(parts) - WORDS or name.endswith(":sign_out"):
                    continue
                answer = getattr(client, method)(address(name, parts, ours, foreign | {"number": 4}))
                if answer.status_code not in REFUSED or b"Theirmark" in answer.content:
                    faults.append(f"{actor} {method} {name} with their ids: {answer.status_code}")
    assert not faults, "\n".join(faults)
    assert digest(theirs.tenant) == before


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
