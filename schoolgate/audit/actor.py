"""Who does something: the one value that every action takes, so that the audit can say who, and from where."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    STAFF = "staff"
    FAMILY = "family"
    STUDENT = "student"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """user_id: the sign-in, None for somebody not signed in. via: the door, such as "console", "portal", "cli:", "worker".

    source: a keyed hash of the network address, never the address itself; empty where there is none.
    """

    kind: ActorKind
    user_id: int | None = None
    via: str = ""
    source: str = ""
