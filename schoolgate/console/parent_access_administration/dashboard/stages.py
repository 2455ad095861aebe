"""How far a parent has come with their key, and how far a student is covered by parents; pure (registration-keys §13, C-04)."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Stage(models.IntegerChoices):
    """Where one subject of a parent's key stands; each is in exactly one. The lower, the further it has come.

    Under the key systems Family and Student a person may stand here several times: once for each household, or child, that
    they may see (keys/subjects.py).
    """

    REGISTERED = 1, _("Registered")
    GIVEN_OUT = 2, _("Given out, never redeemed")
    READY = 3, _("Made, not given out")
    LOCKED = 4, _("Locked")
    BOUNCED = 5, _("Email bounced")
    EXPIRED = 6, _("Expired")
    ENDED = 7, _("Revoked")
    NEVER = 8, _("No key made")
    NOBODY = 9, _("Nobody has access")  # Of students alone: no parent sees them.


NOT_REGISTERED = tuple(stage for stage in Stage if stage not in {Stage.REGISTERED, Stage.NOBODY})
"""The reasons why a parent is not registered, the nearest to it first."""

WORDS = {
    "registered": Stage.REGISTERED,
    "given_out": Stage.GIVEN_OUT,
    "ready": Stage.READY,
    "locked": Stage.LOCKED,
    "bounced": Stage.BOUNCED,
    "expired": Stage.EXPIRED,
    "revoked": Stage.ENDED,
    "never": Stage.NEVER,
}
"""How addresses call the stages of a parent."""
WORD_OF = {stage: word for word, stage in WORDS.items()}

HELP = {
    Stage.GIVEN_OUT: _("Remind them, or replace the key"),
    Stage.READY: _("Print letters or send e-mails"),
    Stage.LOCKED: _("Unlock or replace the key"),
    Stage.BOUNCED: _("Mend the address, or print a letter"),
    Stage.EXPIRED: _("Generate a new key"),
    Stage.ENDED: _("Generate a new key, if they should have one"),
    Stage.NEVER: _("Generate a key"),
}
"""What the office does next."""


@dataclass(frozen=True)
class Coverage:
    """How far a student is covered: by the parent of theirs who has come furthest. Each active student is in exactly one.

    name: as addresses call it. parents: what the same is called of parents. fill: its pattern in _patterns.html, which tells
    it from the others without colour.
    """

    name: str
    label: str | Promise
    parents: str | Promise
    fill: str
    stages: tuple[Stage, ...]


COVERAGES = (
    Coverage("registered", _("A parent is registered"), _("Registered"), "registered", (Stage.REGISTERED,)),
    Coverage("given_out", _("Key given out"), _("Key given out"), "given-out", (Stage.GIVEN_OUT,)),
    Coverage("ready", _("Key ready"), _("Key ready"), "ready", (Stage.READY,)),
    Coverage(
        "attention",
        _("Needs attention"),
        _("Needs attention"),
        "attention",
        (Stage.LOCKED, Stage.BOUNCED, Stage.EXPIRED),
    ),
    Coverage("no_key", _("No key"), _("No key"), "no-key", (Stage.ENDED, Stage.NEVER)),
    Coverage("nobody", _("Nobody has access"), "", "nobody", (Stage.NOBODY,)),
)
COVERAGE_BY_NAME = {coverage.name: coverage for coverage in COVERAGES}
COVERAGE_OF = {stage: coverage for coverage in COVERAGES for stage in coverage.stages}


OWN_COVERAGES = COVERAGES[:-1]
"""How far students have come with the keys for their own use: in the words that parents have, and there is always somebody."""


def stages_of_own(word: str) -> tuple[Stage, ...]:
    """What a word of an address stands for; none if unknown."""
    return COVERAGE_BY_NAME[word].stages if word in {each.name for each in OWN_COVERAGES} else ()


def stages_of_parents(word: str) -> tuple[Stage, ...]:
    """What a word of an address stands for: one stage, or several ("waiting": all that are not registered); none if unknown."""
    if word in WORDS:
        return (WORDS[word],)
    if word == "waiting":
        return NOT_REGISTERED
    return COVERAGE_BY_NAME[word].stages if word in COVERAGE_BY_NAME and word != "nobody" else ()
