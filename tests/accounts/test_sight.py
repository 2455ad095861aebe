"""What a list says of each account is what the account's own home shows (R-AM-02, spine §3.2, R-RX-03)."""

import random
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schoolgate.accounts.models import Disclaimer
from schoolgate.accounts.queries import children_of
from schoolgate.accounts.sight import sees_somebody, sights_of
from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.tenancy.models import User
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key_for
from tests.factories.tenancy import NOW, make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db


def tie(account, subject):
    key = make_key_for(subject, tenant_id=account.tenant_id)
    AccessKey.objects.filter(pk=key.pk).update(state="redeemed", sealed=None)
    return Tie.objects.create(
        tenant_id=account.tenant_id,
        key=key,
        account=account,
        subject_kind=subject.kind,
        subject_id=subject.id,
        addressee_id=subject.addressee,
        since=NOW,
    )


def make_world(seed):
    """A few of everything, at random: flags, bars, disclaimers, leavers, ended ties, keys of all four kinds."""
    chance = random.Random(seed)
    tenant = make_tenant()
    school = make_school(tenant)
    students = [make_student(tenant, school=school) for _ in range(5)]
    contacts = [make_contact(tenant) for _ in range(5)]
    accounts = [make_account(tenant) for _ in range(8)]
    pairs = []
    for student in students:
        for contact in chance.sample(contacts, 2):
            household = chance.choice([None, 71, 72])
            pairs.append(make_link(student, contact, portal_access=chance.random() < 0.7, household_id=household))
            if chance.random() < 0.25:
                make_bar(student, contact, starts_on=chance.choice([date(2026, 1, 1), date(2027, 1, 1)]))
    DirectoryStudent.objects.filter(pk=chance.choice(students).pk).update(is_active=chance.random() < 0.5)
    DirectoryContact.objects.filter(pk=chance.choice(contacts).pk).update(is_active=chance.random() < 0.5)
    for account in accounts[:-1]:
        for pair in chance.sample(pairs, chance.randint(1, 2)):
            kind = chance.choice(["contact", "contact", "student", "family", "student_self"])
            id_ = {"contact": pair.contact_id, "student": pair.student_id, "family": pair.household_id or 71}
            subject = Subject(
                kind,
                id_.get(kind, pair.student_id),
                pair.contact_id if kind in {"student", "family"} else None,
            )
            if Tie.objects.filter(account=account, subject_kind=kind, subject_id=subject.id).exists():
                continue
            AccessKey.objects.filter(state="live").update(state="revoked")
            made = tie(account, subject)
            if chance.random() < 0.15:
                Tie.objects.filter(pk=made.pk).update(ended_at=NOW, ended_why="left")
        if chance.random() < 0.3:
            Disclaimer.objects.create(
                tenant=tenant, account=account, student_id=chance.choice(students).pk, said_at=NOW
            )
    return tenant, accounts


@pytest.mark.parametrize("seed", range(25))
def test_the_list_the_filter_and_the_home_agree(seed):
    tenant, accounts = make_world(seed)
    sights = sights_of(tenant=tenant, account_ids=[account.pk for account in accounts], at=NOW)
    seeing = set(User.objects.filter(sees_somebody(tenant=tenant, at=NOW)).values_list("pk", flat=True))
    for account in accounts:
        home = [child.pk for child in children_of(tenant=tenant, account=account, at=NOW)]
        assert [student.pk for student in sights[account.pk].students] == home
        assert (account.pk in seeing) == bool(home)
        assert bool(sights[account.pk].whys) == (not home)


def test_the_statements_dont_grow_with_the_accounts():
    tenant, accounts = make_world(1)
    counts = []
    for some in (accounts[:2], accounts):
        with CaptureQueriesContext(connection) as queries:
            sights_of(tenant=tenant, account_ids=[account.pk for account in some], at=NOW)
        counts.append(len(queries))
    assert max(counts) <= 7


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("nothing", None),
        ("flag", "access_off"),
        ("bar", "restricted"),
        ("left", "student_left"),
        ("contact", "contact_left"),
        ("pair", "no_student"),
        ("tie", "tie_ended"),
    ],
)
def test_each_reason_has_its_word(change, why):
    tenant = make_tenant()
    account, contact, child = make_account(tenant), make_contact(tenant), make_student(tenant)
    pair = make_link(child, contact)
    made = tie(account, Subject("contact", contact.pk))
    if change == "flag":
        type(pair).objects.filter(pk=pair.pk).update(portal_access=False)
    if change == "bar":
        make_bar(child, contact)
    if change == "left":
        DirectoryStudent.objects.filter(pk=child.pk).update(is_active=False)
    if change == "contact":
        DirectoryContact.objects.filter(pk=contact.pk).update(is_active=False)
    if change == "pair":
        pair.delete()
    if change == "tie":
        Tie.objects.filter(pk=made.pk).update(ended_at=NOW, ended_why="left")
    sight = sights_of(tenant=tenant, account_ids=[account.pk], at=NOW)[account.pk]
    assert sight.whys == ((why,) if why else ())
