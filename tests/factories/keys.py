"""The smallest valid keys and ties, made by the real steps and actions."""

from datetime import datetime

from django.db import transaction

from schoolgate.directory.models import DirectoryContact
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import run_job
from schoolgate.jobs.subject import Subject
from schoolgate.keys.claim import claim_key, make_tie
from schoolgate.keys.generate import PLAIN, GenerateOptions, start_generate
from schoolgate.keys.make_keys import hold_keys_of, make_keys
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.keys.reveal import unsealed
from schoolgate.keys.subjects import of_contacts
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import Tenant, User
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.tenancy import NOW, actor, make_account


def make_key(contact: DirectoryContact, *, at: datetime = NOW) -> AccessKey:
    """A live key of this contact, whatever the rules say."""
    return make_key_for(of_contacts([contact.pk])[0], tenant_id=contact.tenant_id, at=at)


def make_key_for(subject: Subject, *, tenant_id: int, at: datetime = NOW) -> AccessKey:
    """A live key of this subject, whatever the rules say."""
    tenant = Tenant.objects.select_related("settings").get(pk=tenant_id)
    with transaction.atomic():
        hold_keys_of(tenant)
        [key_id] = make_keys(tenant=tenant, subjects=[subject], at=at, by_id=None, run_id=None)
    return AccessKey.objects.for_tenant(tenant).get(pk=key_id)


def code_of(key: AccessKey) -> KeyCode:
    """What its letter says."""
    return unsealed([key])[key.pk]


def make_redeemed_key(contact: DirectoryContact, *, account: User | None = None, at: datetime = NOW) -> Tie:
    """A key that was used, and the standing tie that it made."""
    return make_tie_for(of_contacts([contact.pk])[0], tenant_id=contact.tenant_id, account=account, at=at)


def make_tie_for(subject: Subject, *, tenant_id: int, account: User | None = None, at: datetime = NOW) -> Tie:
    """The same for a subject of any kind, under its own system."""
    tenant = Tenant.objects.select_related("settings").get(pk=tenant_id)
    code = code_of(make_key_for(subject, tenant_id=tenant_id, at=at))
    with transaction.atomic():
        key = claim_key(tenant=tenant, code=code, at=at)
        return make_tie(key=key, account=account or make_account(tenant), at=at)


def make_linked_contact(tenant: Tenant, **columns: object) -> DirectoryContact:
    """A contact who sees one student."""
    contact = make_contact(tenant, **columns)
    make_link(make_student(tenant), contact)
    return contact


def generate(
    tenant: Tenant,
    *contacts: DirectoryContact | int,
    options: GenerateOptions = PLAIN,
    by: User | None = None,
) -> Job:
    """Generate Keys for these contacts, to the end."""
    ids = [contact if isinstance(contact, int) else contact.pk for contact in contacts]
    job = start_generate(tenant=tenant, subjects=of_contacts(ids), by=actor(by), at=NOW, options=options, queued=False)
    return run(job)


def run(job: Job, *, at: datetime = NOW) -> Job:
    """Work through a job at a moment that doesn't pass."""
    return run_job(job.pk, clock=lambda: at)
