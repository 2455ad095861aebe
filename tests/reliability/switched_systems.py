"""R-MG-05, R-ST-01, R-ST-03: the key system changes beside a run of Generate Keys, beside redemptions, and is killed in its middle.

Real processes. At the end no live key and no standing tie belongs to the wrong system, and a killed change has happened wholly or not at
all. Each control takes one protection away: a run that doesn't read the system again, a change that looks for ties before
it has waited for the redemptions, a change in two transactions.

    python -m tests.reliability switched_systems [ROUNDS [KEYS]]
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from typing import Any

from django.db import connections, transaction
from django.utils import timezone

from schoolgate.accounts.redeem import redeem_key
from schoolgate.jobs import registry
from schoolgate.jobs.models import Job, JobItem
from schoolgate.jobs.run import run_job
from schoolgate.keys import generate as generating
from schoolgate.keys import switch_system as switching
from schoolgate.keys.errors import KeyEnded, KeyNotAccepted
from schoolgate.keys.generate import GENERATE
from schoolgate.keys.make_keys import hold_keys_of
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.switch_system import switch_system
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import KeySystem, SecondProof, Tenant, TenantSettings, User
from tests.factories.keys import code_of
from tests.factories.tenancy import actor, make_account
from tests.reliability.interrupted_issue import prepare_issue

SEED = 9
CHUNK = 10
fork = get_context("fork")


@dataclass
class Outcome:
    """wrong_keys, wrong_ties: live keys and standing ties of a system that is not in force. half: killed changes half done.

    met: rounds in which the change fell into the middle of the other work.
    """

    rounds: int = 0
    met: int = 0
    wrong_keys: int = 0
    wrong_ties: int = 0
    kills: int = 0
    half: int = 0
    faults: int = 0


def change(tenant_id: int) -> None:
    tenant = Tenant.objects.select_related("settings").get(pk=tenant_id)
    switch_system(tenant=tenant, to=KeySystem.FAMILY, end_ties_too=True, by=actor(), at=timezone.now())


def change_without_waiting(tenant_id: int) -> None:
    """The control: ties are looked for first, and keys ended afterwards."""
    seen: list[Any] = []
    really = switching._standing

    def early(tenant: Tenant, kinds: list[str]) -> Any:
        return really(tenant, kinds).filter(pk__in=seen)

    def look(*, tenant: Tenant, system: KeySystem, by: Any, at: datetime) -> KeySystem:
        seen.extend(really(tenant, ["contact"]).values_list("pk", flat=True))
        time.sleep(0.05)
        return really_note(tenant=tenant, system=system, by=by, at=at)

    really_note = switching.note_key_system
    switching.note_key_system = look  # type: ignore[assignment]
    switching._standing = early  # type: ignore[assignment]
    change(tenant_id)


def change_in_two_transactions(tenant_id: int) -> None:
    """The control: first the system, then what belongs to the old one."""
    tenant = Tenant.objects.select_related("settings").get(pk=tenant_id)
    with transaction.atomic():
        switching.note_key_system(tenant=tenant, system=KeySystem.FAMILY, by=actor(), at=timezone.now())
    time.sleep(0.05)
    with transaction.atomic():
        AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE).update(state=KeyState.REVOKED, sealed=None)


def issue(job_id: int) -> None:
    registry.register(replace(GENERATE, chunk=CHUNK))
    run_job(job_id)


def issue_without_reading_again(job_id: int) -> None:
    """The control: the system is the one that was in force when the run began."""

    def hold(tenant: Tenant) -> int:
        system = tenant.settings.key_system
        batches = hold_keys_of(tenant)
        tenant.settings.key_system = system
        return batches

    generating.hold_keys_of = hold  # type: ignore[assignment]
    issue(job_id)


def redeem(tenant_id: int, work: list[tuple[int, KeyCode]]) -> None:
    """One account after the other uses its key, until the keys don't work any more."""
    for account_id, code in work:
        tenant = Tenant.objects.select_related("settings").get(pk=tenant_id)  # As each request does.
        account = User.objects.get(pk=account_id)
        try:
            redeem_key(tenant=tenant, account=account, code=code, birth_date=None, by=actor(account), at=timezone.now())
        except (KeyEnded, KeyNotAccepted):
            continue


def beside_a_run(outcome: Outcome, chance: random.Random, *, keys: int, unsafe: bool) -> None:
    job = prepare_issue(keys)
    work = issue_without_reading_again if unsafe else issue
    runner = _started(work, job.pk)
    _wait(lambda: Job.objects.get(pk=job.pk).done > 0)
    time.sleep(chance.uniform(0, 0.1))
    switcher = _started(change, job.tenant_id)
    outcome.faults += _ended(runner, switcher)
    whys = set(JobItem.objects.filter(job=job).values_list("why", flat=True))
    outcome.met += whys == {"", "other_system"}
    _count(outcome, job.tenant_id)


def beside_redemptions(outcome: Outcome, chance: random.Random, *, keys: int, unsafe: bool) -> None:
    job = prepare_issue(keys)
    run_job(job.pk)
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    TenantSettings.objects.filter(tenant=tenant).update(portal_open=True, second_proof=SecondProof.NONE)
    codes = [code_of(key) for key in AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE)]
    work = [(make_account(tenant).pk, code) for code in codes]
    redeemers = [_started(redeem, tenant.pk, work[start::3]) for start in range(3)]
    _wait(lambda: Tie.objects.for_tenant(tenant).exists())
    time.sleep(chance.uniform(0, 0.2))
    switcher = _started(change_without_waiting if unsafe else change, tenant.pk)
    outcome.faults += _ended(switcher, *redeemers)
    ties = Tie.objects.for_tenant(tenant).count()
    outcome.met += 0 < ties < keys
    _count(outcome, tenant.pk)


def killed(outcome: Outcome, chance: random.Random, *, keys: int, unsafe: bool) -> None:
    """The change is killed at a random moment of the time it takes."""
    job = prepare_issue(keys)
    run_job(job.pk)
    switcher = _started(change_in_two_transactions if unsafe else change, job.tenant_id)
    switcher.join(chance.uniform(0, 0.12))
    if switcher.is_alive():
        switcher.kill()
        outcome.kills += 1
    switcher.join()
    system = TenantSettings.objects.get(tenant=job.tenant_id).key_system
    live = AccessKey.objects.filter(tenant=job.tenant_id, state=KeyState.LIVE).count()
    outcome.half += (system, live) not in {("contact", keys), ("family", 0)}


def _started(work: Callable[..., None], *arguments: object) -> Any:
    connections.close_all()  # A connection is one process's alone.
    process = fork.Process(target=_apart, args=(work, *arguments))
    process.start()
    return process


def _apart(work: Callable[..., None], *arguments: object) -> None:
    work(*arguments)
    connections.close_all()


def _ended(*processes: Any) -> int:
    """Wait for all; how many failed."""
    for process in processes:
        process.join()
    return sum(process.exitcode != 0 for process in processes)


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not until() and time.monotonic() < end:
        time.sleep(0.002)
    connections.close_all()


def _count(outcome: Outcome, tenant_id: int) -> None:
    system = TenantSettings.objects.get(tenant=tenant_id).key_system
    outcome.faults += system != "family"
    live = AccessKey.objects.filter(tenant=tenant_id, state=KeyState.LIVE)
    outcome.wrong_keys += live.exclude(subject_kind=system).count()
    ties = Tie.objects.filter(tenant=tenant_id, ended_at=None)
    outcome.wrong_ties += ties.exclude(subject_kind=system).count()


ROUNDS = {"generate": beside_a_run, "redeem": beside_redemptions, "kill": killed}


def run_promise(*, against: str, rounds: int, keys: int, unsafe: bool = False) -> Outcome:
    """against: a name of ROUNDS. unsafe: the control."""
    chance, outcome = random.Random(SEED), Outcome()
    for _ in range(rounds):
        ROUNDS[against](outcome, chance, keys=keys, unsafe=unsafe)
        outcome.rounds += 1
    return outcome


def main(arguments: list[str]) -> int:
    """The full form, with its numbers; 0 when the promises held and each control failed as it must."""
    defaults = [100, 500]
    rounds, keys = [*map(int, arguments), *defaults[len(arguments) :]]
    held = True
    for against, faults in {"generate": "wrong_keys", "redeem": "wrong_ties", "kill": "half"}.items():
        found = run_promise(against=against, rounds=rounds, keys=keys)
        control = run_promise(against=against, rounds=min(rounds, 12), keys=min(keys, 120), unsafe=True)
        print(f"{against}: {found}\ncontrol: {control}")
        held &= not (found.wrong_keys or found.wrong_ties or found.half or found.faults)
        held &= (found.kills if against == "kill" else found.met) > 0 and getattr(control, faults) > 0
    return 0 if held else 1
