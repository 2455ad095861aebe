"""What counts at a school: the stricter one of the district's setting and the school's own, whichever changed last (R-DI-02)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from schoolgate.tenancy.models import SecondProof, Tenant


@dataclass(frozen=True)
class Rules:
    """The settings that a school may have stricter than its district, as they count; in the words of TenantSettings."""

    letter_life_days: int
    email_life_days: int
    failed_tries: int
    second_proof: str
    parent_sign_up: bool
    student_sign_up: bool
    student_minimum_age: int


def _proof(one: str, other: str) -> str:
    return other if one == SecondProof.NONE else one


# Any: numbers, words and switches, each compared with its own kind. Of two switches the smaller one is off.
STRICTER: Mapping[str, Callable[[Any, Any], Any]] = {
    "letter_life_days": min,
    "email_life_days": min,
    "failed_tries": min,
    "second_proof": _proof,
    "parent_sign_up": min,
    "student_sign_up": min,
    "student_minimum_age": max,
}
"""The stricter one of two values of a setting."""


def strictest(district: Rules, exceptions: Iterable[Mapping[str, Any]]) -> Rules:
    """The strictest of the district and of what schools have of their own, setting by setting; pure."""
    found: dict[str, Any] = {}
    for exception in exceptions:
        for name, value in exception.items():
            found[name] = STRICTER[name](found.get(name, getattr(district, name)), value)
    return replace(district, **found)


def rules_of_district(tenant: Tenant) -> Rules:
    """What counts where a school has nothing of its own."""
    return Rules(**{field.name: getattr(tenant.settings, field.name) for field in fields(Rules)})


def rules_for(*, tenant: Tenant, school_ids: Collection[int]) -> Rules:
    """Query: the strictest of the district and of these schools. One statement for each loaded row of settings, once.

    Of parent_sign_up it is not what a key obeys: see `parents_may_sign_up`.
    """
    exceptions = [each.values() for each in tenant.settings.exceptions if each.school_id in school_ids]
    return strictest(rules_of_district(tenant), exceptions)


def schools_stricter_in(tenant: Tenant, *names: str) -> frozenset[int]:
    """Query: the schools where one of these settings is stricter than the district's now."""
    district = rules_of_district(tenant)
    return frozenset(
        each.school_id
        for each in tenant.settings.exceptions
        if any(getattr(strictest(district, [each.values()]), name) != getattr(district, name) for name in names)
    )


def parents_may_sign_up(*, tenant: Tenant, school_ids: Collection[int]) -> bool:
    """Query: whether a key that opens students of these schools may be used by an adult.

    One school where sign-up is on is enough: it is a switch of the door, and no bar between an adult and a child. Whoever has
    children at two schools would otherwise be kept from one by the other.
    """
    if not tenant.settings.parent_sign_up:
        return False
    closed = schools_stricter_in(tenant, "parent_sign_up")
    return not closed or not school_ids or any(pk not in closed for pk in school_ids)


def asks_proof_anywhere(tenant: Tenant) -> bool:
    """Query: whether the district or one of its schools asks for a second proof; texts for everybody tell of it then."""
    everywhere = rules_for(tenant=tenant, school_ids=[each.school_id for each in tenant.settings.exceptions])
    return everywhere.second_proof != SecondProof.NONE
