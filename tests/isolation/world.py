"""Two schools that know nothing of each other, made by the commands that a school would use, with a mark in every name."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils import timezone

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.cli import run
from schoolgate.directory.models import DirectoryContact
from schoolgate.keys.id_list import Entry
from schoolgate.keys.keep_group import add_list_group
from schoolgate.keys.models import AccessKey, SubjectKind, Tie
from schoolgate.tenancy.models import Role, School, Tenant, User
from schoolgate.tenancy.notify_office import notify_office
from tests.factories.tenancy import make_account, make_member

STUDENTS = """student_id,school_code,family_name,given_name,birth_date,year_level,roll_class,household_id
S1,1,{mark},Ada,2014-03-27,7,7B,H1
S2,2,{mark}Elsewhere,Theo,2013-05-01,8,8A,H2
"""
CONTACTS = """contact_id,type,family_name,given_name,email,household_id,address_1,town,postcode
C1,PARENT,{mark},Amara,{mark}1@home.example,H1,1 {mark} Street,{mark}ville,2999
C2,PARENT,{mark}Elsewhere,Ben,{mark}2@home.example,H2,2 {mark} Street,{mark}ville,2999
C3,PARENT,{mark},Chloe,{mark}3@home.example,H1,1 {mark} Street,{mark}ville,2999
"""
RELATIONSHIPS = """student_id,contact_id,relationship,receives_portal_access,restriction
S1,C1,mother,yes,
S2,C2,father,yes,
S1,C3,aunt,no,no_access
"""


@dataclass
class World:
    """One tenant with something of everything. ids: {name of a part of an address: id of such a thing here}."""

    tenant: Tenant
    mark: str
    members: dict[Role, User] = field(default_factory=dict)
    family: User | None = None
    ids: dict[str, Any] = field(default_factory=dict)


def make_world(folder: Path, *, mark: str, extra_runs: int = 0) -> World:
    """A tenant with two schools, two families, a restriction, keys, letters, mails, jobs, runs and a redeemed key."""
    roster = folder / mark
    roster.mkdir()
    for name, text in [("students", STUDENTS), ("contacts", CONTACTS), ("relationships", RELATIONSHIPS)]:
        (roster / f"{name}.csv").write_text(text.format(mark=mark))
    code = mark[:6].ljust(6, "0")
    command("tenant", "create", "--name", f"{mark} College", "--code", code)
    command("settings", "set", "--tenant", code, f"help_line={mark} help", "portal_open=yes", "second_proof=none")
    command("import", str(roster), "--tenant", code, "--accept-warnings")
    command("sync", "--tenant", code)
    command("keys", "generate", "--tenant", code, "--all")
    command("keys", "email", "--tenant", code, "--contact", "C2")
    for _ in range(extra_runs):
        for word in ("--off", "--on"):
            command("access", "set", "--tenant", code, "--student", "S2", "--contact", "C2", word)
            command("sync", "--tenant", code, "--approve")
    tenant = Tenant.objects.select_related("settings").get(code_folded=code.casefold())
    world = World(tenant, mark)
    for role in Role:
        world.members[role] = make_member(tenant, role, email=f"{role}@{mark}.example".casefold())
    world.family = make_account(tenant, email=f"{mark}@home.example")
    first = DirectoryContact.objects.for_tenant(tenant).get(source_id="C1")
    key = AccessKey.objects.for_tenant(tenant).get(subject_id=first.pk)
    AccessKey.objects.for_tenant(tenant).filter(pk=key.pk).update(state="redeemed", sealed=None)
    Tie.objects.create(
        tenant=tenant,
        key=key,
        account=world.family,
        subject_kind=SubjectKind.CONTACT,
        subject_id=first.pk,
        addressee_id=first.pk,
        since=timezone.now(),
    )
    notify_office("key.guesses", tenant=tenant, at=timezone.now())
    officer = Actor(kind=ActorKind.STAFF, user_id=world.members[Role.PORTAL_OFFICER].pk)
    entries = [Entry(1, "S1"), Entry(2, f"{mark}7")]
    add_list_group(tenant=tenant, entries=entries, by=officer, at=timezone.now())
    world.ids = _ids(world)
    return world


def command(*words: str) -> None:
    """One command line that must succeed, on the database of the test."""
    assert run(["--json", *words]) == 0, words


def _ids(world: World) -> dict[str, Any]:
    named = {
        "student_id": ("directory.DirectoryStudent", {"source_id": "S1"}),
        "row_id": ("directory.DirectoryContact", {"source_id": "C1"}),
        "contact_id": ("directory.DirectoryContact", {"source_id": "C1"}),
        "association_id": ("enrolments.Association", {"student__source_id": "S1", "contact__source_id": "C1"}),
        "household_id": ("enrolments.Household", {"source_id": "H1"}),
        "member_id": ("enrolments.HouseholdMember", {"student__source_id": "S1"}),
        "restriction_id": ("enrolments.Restriction", {}),
        "school_id": ("tenancy.School", {"number": 1}),
        "membership_id": ("tenancy.Membership", {"role": Role.AUDITOR}),
        "job_id": ("jobs.Job", {}),
        "entry_id": ("audit.AuditEntry", {"act": "setting.changed"}),
        "notice_id": ("tenancy.OfficeNotice", {}),
        "import_id": ("enrolments.RosterImport", {}),
        "account_id": ("tenancy.User", {"kind": "family"}),
        "tie_id": ("keys.Tie", {}),
        "message_id": ("letters.Message", {}),
        "key_id": ("keys.AccessKey", {"state": "live"}),
        "group_id": ("keys.StudentGroup", {}),
    }
    found: dict[str, Any] = {"number": 1, "file_no": 1, "section": "portal", "channel": "letter", "system": "family"}
    for name, (label, lookup) in named.items():
        row = apps.get_model(label)._default_manager.filter(tenant=world.tenant, **lookup).order_by("-pk").first()
        found[name] = row.pk if row else None
    return found


def second_school(world: World) -> School:
    return School.objects.get(tenant=world.tenant, number=2)


# What asking may change, without anything of the tenant's being different: counts, sessions, and the audit of refusals.
_MAY_CHANGE = {"tenancy.ThrottleCount", "audit.SearchNote", "audit.AuditEntry", "audit.AuditSubject", "audit.AuditHead"}


def digest(tenant: Tenant) -> dict[str, str]:
    """{table: hash of the tenant's rows}: two equal ones mean that nothing of the tenant's was written."""
    found = {}
    for model in apps.get_models():
        if model._meta.label in _MAY_CHANGE or not model._meta.app_config.name.startswith("schoolgate."):
            continue
        rows = _rows_of(model, tenant)
        if rows is not None:
            found[model._meta.label] = hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()
    return found


def _rows_of(model: type[Model], tenant: Tenant) -> list[Any] | None:
    names = {f.name for f in model._meta.get_fields()}
    if model is Tenant:
        found = Tenant.objects.filter(pk=tenant.pk)
    elif "tenant" in names:
        found = model._default_manager.filter(tenant=tenant)
    elif model._meta.label == "jobs.JobItem":
        found = model._default_manager.filter(job__tenant=tenant)
    else:
        return None
    columns = [f.attname for f in model._meta.concrete_fields if f.attname != "last_login"]
    return [
        [bytes(v).hex() if isinstance(v, memoryview | bytes) else v for v in row]
        for row in found.order_by("pk").values_list(*columns)
    ]
