"""One clerk of a race: ``python key_racer.py TENANT KIND SUBJECT MEMBER``. Says "ready", waits for a line, presses, says what came of it.

SCHOOLGATE_RACE_WITHOUT_LOCK: the control. Keys are made without being the only one who makes them, and a moment after the look.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "schoolgate.config.settings.test")
django.setup()

from schoolgate.audit.actor import Actor, ActorKind  # noqa: E402
from schoolgate.jobs.subject import Subject  # noqa: E402
from schoolgate.keys import add_key as action  # noqa: E402
from schoolgate.keys.errors import KeyNotAdded  # noqa: E402
from schoolgate.tenancy.models import Tenant  # noqa: E402

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)

if os.environ.get("SCHOOLGATE_RACE_WITHOUT_LOCK"):
    action.hold_keys_of = lambda _tenant: 0
    make = action.make_keys

    def make_late(**given):
        time.sleep(0.5)
        return make(**given)

    action.make_keys = make_late


def press(tenant_id, kind, subject_id, member_id):
    tenant = Tenant.objects.select_related("settings").get(pk=tenant_id)
    by = Actor(kind=ActorKind.STAFF, user_id=int(member_id), via="race")
    try:
        return {"key": action.add_key(tenant=tenant, subject=Subject(kind, int(subject_id)), by=by, at=NOW)}
    except KeyNotAdded as refusal:
        return {"refused": refusal.message}


print("ready", flush=True)
sys.stdin.readline()
print(json.dumps(press(*sys.argv[1:])), flush=True)
