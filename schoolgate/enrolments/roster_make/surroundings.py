"""Addresses, phones and mailboxes that belong to nobody: made-up streets, reserved domains, numbers kept for fiction."""

import re
import unicodedata

from schoolgate.enrolments.roster_make.chance import Chance
from schoolgate.enrolments.roster_make.people import Household

_STREETS = [
    "Lantern", "Kookaburra", "Tidewater", "Bluegum", "Harvest", "Orchard", "Quarry", "Seabreeze", "Windmill", "Ferry",
    "Cobbler", "Lighthouse", "Magpie", "Saddler", "Thornbill", "Currawong", "Miller", "Juniper", "Foundry", "Beacon",
    "Marigold", "Drover", "Cooper", "Lyrebird", "Anchor", "Fiddler", "Tanner", "Chandler", "Bellbird", "Wheelwright",
]  # fmt: skip
_KINDS = ["Street", "Road", "Lane", "Avenue", "Close", "Crescent", "Parade", "Court"]
_TOWNS = [
    "Wattle Creek", "Banksia Flat", "Lantern Hill", "Kestrel Bay", "Stony Ford", "Marlow Reach", "Ironbark Ridge",
    "Pelican Point", "Copper Gully", "Heron Lakes", "Myrtle Vale", "Willow Junction",
]  # fmt: skip
_DOMAINS = ["home.example", "family.example", "mail.example", "post.example", "letters.example"]
# The Australian regulator keeps these for fiction; no telephone answers to them.
_MOBILES = [
    "0491 570 006", "0491 570 156", "0491 570 157", "0491 570 158", "0491 570 159", "0491 570 110", "0491 570 313",
    "0491 570 737", "0491 571 266", "0491 571 491", "0491 571 804", "0491 572 549", "0491 572 665", "0491 572 983",
]  # fmt: skip
_AREAS = ["02", "03", "07", "08"]


def make_household(number: int, chance: Chance) -> Household:
    """A household with an address in a street that doesn't exist."""
    town = chance.below(len(_TOWNS))
    unit = f"Unit {chance.between(1, 24)}" if chance.happens(0.12) else ""
    street = f"{chance.between(1, 240)} {chance.pick(_STREETS)} {chance.pick(_KINDS)}"
    return Household(f"H{number:06d}", street, unit, _TOWNS[town], str(9901 + town))


def landline(chance: Chance) -> str:
    return f"{chance.pick(_AREAS)} {chance.pick(['5550', '7010'])} {chance.below(10_000):04d}"


def mobile(chance: Chance) -> str:
    return chance.pick(_MOBILES)


def mailbox(given_name: str, family_name: str, number: int, chance: Chance) -> str:
    """An address that nobody else has: the name in plain letters, and a number."""
    spelled = ".".join(part for part in (_letters(given_name), _letters(family_name)) if part) or "family"
    return f"{spelled[:40]}{number}@{chance.pick(_DOMAINS)}"


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z]", "", plain.lower())
