"""The key system on the Settings page: the three, which is in use, which of them this member may change to (R-ST-04, R-ST-07, R-MG-07)."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.console.key_systems import SYSTEMS, SystemWords
from schoolgate.keys.switch_system import Switched
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import KeySystem
from schoolgate.tenancy.queries import member_name
from schoolgate.tenancy.roles import Right


@dataclass(frozen=True)
class Choice:
    """One system. changed_at, changed_by: of the one in use, if it isn't as shipped."""

    words: SystemWords
    is_in_use: bool
    may_choose: bool
    changed_at: datetime | None
    changed_by: str


def choices_of(request: TenantRequest) -> list[Choice]:
    """All three, in the order of their strength."""
    settings = request.tenant.settings
    stamp = settings.changed.get("key_system")
    changed_at = datetime.fromisoformat(stamp["at"]) if stamp else None
    changed_by = member_name(request.tenant, stamp["by"]) if stamp else ""
    return [
        Choice(
            words=words,
            is_in_use=(is_in_use := value == settings.key_system),
            may_choose=not is_in_use and may_choose(request, value),
            changed_at=changed_at,
            changed_by=changed_by,
        )
        for value, words in SYSTEMS.items()
    ]


def may_choose(request: TenantRequest, system: str) -> bool:
    """An administrator may change to Contact keys; to the weaker ones an owner alone (R-MG-07). Both for all schools."""
    if request.rights.get(Right.SETTINGS_EDIT, set()) is not None:
        return False
    return system == KeySystem.CONTACT or may_end_ties(request)


def may_end_ties(request: TenantRequest) -> bool:
    return request.rights.get(Right.KEY_SYSTEM_CHOOSE, set()) is None


def effects_of(found: Switched) -> list[str]:
    """What the change does, in numbers, before it is done (R-ST-07)."""
    said = []
    if found.live:
        keys = ngettext("%(n)s live key stops working.", "%(n)s live keys stop working.", found.live)
        said.append(keys % {"n": found.live})
    if found.given_out:
        out = ngettext(
            "%(n)s of them is printed or e-mailed: that letter is worth nothing afterwards.",
            "%(n)s of them are printed or e-mailed: those letters are worth nothing afterwards.",
            found.given_out,
        )
        said.append(out % {"n": found.given_out})
    if found.ties:
        people = ngettext(
            "%(n)s account is connected by a key of the old system.",
            "%(n)s accounts are connected by keys of the old system.",
            found.accounts,
        )
        said.append(people % {"n": found.accounts})
    if not found.ends_anything:
        said.append(_("There are no keys and no connections yet: changing the system changes nothing for anybody."))
    said.append(_("Runs under way make no more keys of the old system."))
    said.append(_("Nobody is mailed. New keys are made, printed and sent by runs of their own."))
    return said
