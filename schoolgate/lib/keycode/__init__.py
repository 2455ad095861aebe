"""Access keys as symbols and bytes: their form, how they are read, drawn and kept. Pure; no clock, no database.

Format and rules: R-KY-01 to R-KY-03, R-TP-07 (portal-console spec), security spec §1. `docs/explanation/keys.md` tells why.
"""

from schoolgate.lib.keycode.code import ALPHABET, KEY_LENGTH, SELECTOR_LENGTH, KeyCode, dummy_key, is_well_formed
from schoolgate.lib.keycode.draw import SELECTOR_SPACE, draw_key, draw_secrets, draw_selectors
from schoolgate.lib.keycode.parse import (
    KeyCheckFailed,
    KeyLengthWrong,
    KeyMissing,
    KeyMistyped,
    KeySymbolRefused,
    SeveralKeys,
    parse_key,
)
from schoolgate.lib.keycode.protect import (
    NO_MAC,
    Pepper,
    SealBroken,
    SealingKey,
    mac_of,
    protect_many,
    proves,
    seal,
    unseal,
)

__all__ = [
    "ALPHABET",
    "KEY_LENGTH",
    "NO_MAC",
    "SELECTOR_LENGTH",
    "SELECTOR_SPACE",
    "KeyCheckFailed",
    "KeyCode",
    "KeyLengthWrong",
    "KeyMissing",
    "KeyMistyped",
    "KeySymbolRefused",
    "Pepper",
    "SealBroken",
    "SealingKey",
    "SeveralKeys",
    "draw_key",
    "draw_secrets",
    "draw_selectors",
    "dummy_key",
    "is_well_formed",
    "mac_of",
    "parse_key",
    "protect_many",
    "proves",
    "seal",
    "unseal",
]
