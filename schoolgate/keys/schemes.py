"""Who gets a key, and who doesn't and why, whatever it opens; pure (R-CK-08, R-CK-13, R-CK-14, R-KY-05).

The words for *why not* are stable: pages, job items and the command line show them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schoolgate.jobs.subject import Subject

UNKNOWN = "unknown"  # Nobody of the directory.
NOT_PARENT = "not_parent"
OTHER_SYSTEM = "other_system"  # The tenant uses keys of another kind (R-ST-03).
INACTIVE = "inactive"
UNDER_AGE = "under_age"
NO_BIRTH_DATE = "no_birth_date"  # Nothing to compare the second proof with.
LIVE_KEY = "live_key"
TIED = "tied"
RESTRICTED = "restricted"  # From every student.
NO_LINK = "no_link"
NO_HOUSEHOLD = "no_household"  # Keys open households here, and this contact's link belongs to none.
NO_KEY = "no_key"
IN_RUN = "in_run"  # An earlier run holds this subject (R-RN-05).
TOO_MANY_KEYS = "too_many_keys"
NOT_LOCKED = "not_locked"
LOCKED_TWICE = "locked_twice"


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides about one subject of keys, read at one moment.

    never: why no key is made for it whatever else is true: not_parent, other_system; of a student as themself, inactive,
    under_age, no_birth_date; else empty. key_id: of the live key, locked ones included. lock_count: how often that key
    was locked. has_link: its addressee sees somebody by it (a student as themself: is active). is_barred: it has students,
    and a restriction closes every one of them to the addressee. tie_key_ids: the redeemed keys of its standing ties.
    """

    never: str = ""
    key_id: int | None = None
    is_locked: bool = False
    lock_count: int = 0
    tie_key_ids: tuple[int, ...] = ()
    has_link: bool = False
    is_barred: bool = False
    overdue_key_id: int | None = None


Verdict = Callable[[Facts | None], str]
"""Why an act skips a subject, or "" when it acts on it. None: there is nobody of that id."""


def why_not_generate(facts: Facts | None, *, also_unlinked: bool = False, another_account: bool = False) -> str:
    """Generate fills gaps and never overwrites (R-CK-08).

    also_unlinked: contacts with no students yet as well. another_account: in spite of a standing tie (R-CK-14).
    """
    if facts is None:
        return UNKNOWN
    if facts.never:
        return facts.never
    if facts.key_id is not None:
        return LIVE_KEY
    if facts.tie_key_ids and not another_account:
        return TIED
    if facts.has_link:
        return ""
    if facts.is_barred:
        return RESTRICTED
    return "" if also_unlinked else NO_LINK


def why_not_replace(facts: Facts | None) -> str:
    """Only a live key is replaced, locked or not, and only while its subject may have one."""
    if facts is None:
        return UNKNOWN
    if facts.never and facts.never != NOT_PARENT:
        return facts.never
    if facts.key_id is None:
        return TIED if facts.tie_key_ids else NO_KEY
    if facts.has_link:
        return ""
    return RESTRICTED if facts.is_barred else NO_LINK


def why_not_revoke(facts: Facts | None, *, used: bool = False) -> str:
    """used: redeemed keys as well, whose ties end then (R-CK-13)."""
    if facts is None:
        return UNKNOWN
    if facts.key_id is not None or (used and facts.tie_key_ids):
        return ""
    return TIED if facts.tie_key_ids else NO_KEY


def why_not_unlock(facts: Facts | None) -> str:
    """A key is unlocked once; after its second lock it can only be replaced (R-KY-05)."""
    if facts is None:
        return UNKNOWN
    if facts.key_id is None:
        return NO_KEY
    if not facts.is_locked:
        return NOT_LOCKED
    return LOCKED_TWICE if facts.lock_count > 1 else ""


@dataclass(frozen=True)
class Forecast:
    """What an act would do with a selection. acts_on: how many. example: one of them. skipped: {why: how many}.

    ties_ended: standing ties that Revoke would end.
    """

    acts_on: int
    skipped: dict[str, int] = field(default_factory=dict)
    example: Subject | None = None
    ties_ended: int = 0


def forecast_of(whys: Mapping[Subject, str]) -> Forecast:
    """The forecast of an act, from what its own verdict finds for each subject: why it is skipped, or "" (R-CK-07)."""
    acts_on = [subject for subject, why in whys.items() if not why]
    skipped = Counter(why for why in whys.values() if why)
    return Forecast(len(acts_on), dict(skipped), acts_on[0] if acts_on else None)
