"""One process of a race: ``python racer.py WHAT …``. Says "ready", waits for a line, does it, says what came of it as JSON."""

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "schoolgate.config.settings.test")
django.setup()

from django.db import IntegrityError, OperationalError, transaction  # noqa: E402

from schoolgate.audit.actor import Actor, ActorKind  # noqa: E402
from schoolgate.directory.feed import changes_after  # noqa: E402
from schoolgate.directory.models import DirectoryContact, DirectoryStudent  # noqa: E402
from schoolgate.enrolments import import_roster  # noqa: E402
from schoolgate.enrolments.clock import clock_now, tick  # noqa: E402
from schoolgate.enrolments.import_options import ImportOptions  # noqa: E402
from schoolgate.enrolments.models import Association, Contact, Student  # noqa: E402
from schoolgate.enrolments.roster.files import RosterFiles  # noqa: E402
from schoolgate.enrolments.roster.findings import Findings  # noqa: E402
from schoolgate.enrolments.save_restriction import RestrictionTerms  # noqa: E402
from schoolgate.enrolments.set_access import set_access  # noqa: E402
from schoolgate.sync import diff, publish  # noqa: E402
from schoolgate.sync.restrict import restrict_contact  # noqa: E402
from schoolgate.tenancy.models import Tenant  # noqa: E402

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
BY = Actor(kind=ActorKind.SYSTEM, via="race")

if os.environ.get("SCHOOLGATE_RACE_WITHOUT_LOCK"):
    # The control: the clock is read and not held, and what is saved meanwhile is not told apart.
    publish.hold_clock = clock_now
    import_roster.tick = lambda *, tenant: clock_now(tenant=tenant) + 1
    parameters = diff.Span.parameters.fget
    diff.Span.parameters = property(lambda span: parameters(span) | {"up_to": 2**62})


def sync(tenant):
    approval = publish.Approval("race")
    return publish.publish_changes(tenant=tenant, by=BY, at=NOW, approval=approval).ending.value


def sync_many(tenant, seconds):
    return sum(sync(tenant) == "applied" for _ in until(seconds))


def edit(tenant, writer, times):
    """Turn flags of a share of the pairs on and off, one save after the other."""
    ids = list(Association.objects.for_tenant(tenant).order_by("pk").values_list("pk", flat=True))[int(writer) :: 3]
    for turn in range(int(times)):
        pk = ids[turn % len(ids)]
        on = not Association.objects.get(pk=pk).receives_portal_access
        set_access(tenant=tenant, wanted={pk: on}, by=BY, at=NOW)
    return times


def until(seconds):
    end = time.monotonic() + float(seconds)
    turn = 0
    while time.monotonic() < end:
        yield turn
        turn += 1


def save_both(tenant, student_id, contact_id, seconds):
    """Each save writes the same number to a student and to a contact."""
    turn = 0
    for turn in until(seconds):
        with transaction.atomic():
            no = tick(tenant=tenant)
            Student.objects.filter(pk=student_id).update(roll_class=str(turn), changed_no=no)
            Contact.objects.filter(pk=contact_id).update(title=str(turn), changed_no=no)
    return turn


def watch_both(tenant, student_id, contact_id, seconds):
    """Look at both, in one statement, again and again; how often they were not of the same save."""
    torn = 0
    for _ in until(seconds):
        students = DirectoryStudent.objects.for_tenant(tenant).filter(pk=student_id).values_list("roll_class")
        contacts = DirectoryContact.objects.for_tenant(tenant).filter(pk=contact_id).values_list("title")
        torn += len(set(students.union(contacts, all=True))) != 1
    return torn


def follow(tenant, seq, seconds):
    """Read the feed with a cursor, as programs do."""
    start, seqs = int(seq), []
    cursor = start
    for _ in until(seconds):
        for change in changes_after(tenant=tenant, seq=cursor, limit=7):
            seqs.append(change.seq)
            cursor = change.seq
    return {"from": start, "to": cursor, "seqs": seqs}


def restrict(tenant, student_id, contact_id):
    withdrawn = restrict_contact(
        tenant=tenant,
        student_ids=[int(student_id)],
        contact_id=int(contact_id),
        terms=RestrictionTerms(),
        reason="race",
        by=BY,
        at=NOW,
    )
    return withdrawn.links


def take_in(tenant, folder):
    """Import the roster of a folder, whatever warns or holds."""
    findings = Findings()
    options = ImportOptions(accepts_warnings=True, approves=True)
    with RosterFiles.at_paths([Path(folder)], findings) as files:
        result = import_roster.import_roster(
            tenant=tenant, files=files, findings=findings, options=options, by=BY, at=NOW
        )
    return result.state.value


ACTS = {
    "import": take_in,
    "sync": sync,
    "sync-many": sync_many,
    "edit": edit,
    "save-both": save_both,
    "watch-both": watch_both,
    "follow": follow,
    "restrict": restrict,
}

if __name__ == "__main__":
    what, tenant_id, *arguments = sys.argv[1:]
    tenant = Tenant.objects.select_related("settings").get(pk=tenant_id)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print(json.dumps(ACTS[what](tenant, *arguments)))
    except (IntegrityError, OperationalError) as fault:
        sys.exit(f"the database refused: {fault}")
