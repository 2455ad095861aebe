"""The walk of R6: every address, as somebody of one tenant, with every method, into another tenant."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import get_resolver, reverse

from schoolgate.tenancy.models import Role
from tests.isolation.matrix import FAMILY, OPEN, REDEEM, ROWS, WORDS
from tests.isolation.world import World, digest

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


@dataclass
class Found:
    """asked: how many requests. read: those that were answered, or showed the other tenant's mark. is_written: whether a row there differs."""

    asked: int = 0
    read: list[str] = field(default_factory=list)
    is_written: bool = False


def reach_over(ours: World, theirs: World, methods: list[str], actors: dict[str, Any] | None = None) -> Found:
    """Their address with our sign-in, and our address with their ids: by every role and a family, unless others are named."""
    found = Found()
    before = digest(theirs.tenant)
    for actor, user in (
        actors or {role.value: user for role, user in ours.members.items()} | {"family": ours.family}
    ).items():
        client = signed_in(user)
        for what, method, here in _over_there(ours, theirs, methods):
            answer = getattr(client, method)(here)
            found.asked += 1
            if answer.status_code not in REFUSED or b"Theirmark" in personal(answer, theirs):
                found.read.append(f"{actor} {what}: {answer.status_code}")
    found.is_written = digest(theirs.tenant) != before
    return found


def _over_there(ours: World, theirs: World, methods: list[str]) -> Iterator[tuple[str, str, str]]:
    """(what in words, method, address)"""
    for name, parts in with_rows().items():
        for method in methods:
            if ROWS[name] not in {OPEN, REDEEM}:
                yield f"{method} {name} over there", method, address(name, parts, theirs, theirs.ids)
            if set(parts) - WORDS and not name.endswith(":sign_out"):
                foreign = {**ours.ids, **{part: theirs.ids[part] for part in parts if part in theirs.ids}}
                yield f"{method} {name} with their ids", method, address(name, parts, ours, foreign | {"number": 4})
