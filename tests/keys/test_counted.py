"""A forecast counted in the database says what the act's own, contact by contact, does (R-CK-07)."""

import random
from functools import partial

import pytest

from schoolgate.directory.models import DirectoryContact
from schoolgate.keys.counted import counted_facts, forecast_counted
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import AccessKey
from schoolgate.keys.schemes import (
    forecast_of,
    why_not_generate,
    why_not_replace,
    why_not_revoke,
    why_not_unlock,
)
from schoolgate.keys.subjects import of_contacts
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key, make_redeemed_key
from tests.factories.tenancy import NOW, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

VERDICTS = {
    "generate": why_not_generate,
    "generate for the unlinked too": partial(why_not_generate, also_unlinked=True),
    "generate for another account": partial(why_not_generate, another_account=True),
    "replace": why_not_replace,
    "revoke": why_not_revoke,
    "revoke used ones too": partial(why_not_revoke, used=True),
    "unlock": why_not_unlock,
}


def some_contact(tenant, chance: random.Random):
    contact = make_contact(tenant, type=chance.choice(["PARENT", "PARENT", "PARENT", "STAFF"]))
    for _ in range(chance.choice([0, 1, 1, 2])):
        student = make_student(tenant, is_active=chance.random() < 0.8)
        make_link(student, contact, portal_access=chance.random() < 0.7)
        if chance.random() < 0.4:
            make_bar(student, contact)
    if chance.random() < 0.4:
        make_redeemed_key(contact)
    if chance.random() < 0.5:
        key = make_key(contact)
        if chance.random() < 0.5:
            AccessKey.objects.filter(pk=key.pk).update(failures=10, locked_at=NOW, lock_count=chance.choice([1, 2]))
    return contact


@pytest.mark.parametrize("seed", range(3))
def test_counting_and_listing_agree_for_every_act(seed):
    chance = random.Random(seed)
    tenant = make_tenant()
    ids = [some_contact(tenant, chance).pk for _ in range(25)] + [-1]
    selected = DirectoryContact.objects.for_tenant(tenant).filter(pk__in=ids)
    groups = counted_facts(tenant=tenant, contacts=selected, at=NOW)
    facts_by_subject = facts_of(tenant=tenant, subjects=of_contacts(ids), at=NOW)
    for name, verdict in VERDICTS.items():
        counted = forecast_counted(groups, verdict, selected=len(ids), counts_ties=True)
        whys = {subject: verdict(facts_by_subject.get(subject)) for subject in of_contacts(ids)}
        listed = forecast_of(whys)
        ties = sum(len(facts_by_subject[subject].tie_key_ids) for subject, why in whys.items() if not why)
        assert (counted.acts_on, counted.skipped, counted.ties_ended) == (
            listed.acts_on,
            listed.skipped,
            ties,
        ), name
        assert counted.example is None or not verdict(facts_by_subject[counted.example])


def test_it_is_one_statement(django_assert_num_queries):
    tenant = make_tenant()
    for _ in range(5):
        some_contact(tenant, random.Random(1))
    assert tenant.settings.exceptions == ()  # Read once for all that a request asks.
    with django_assert_num_queries(1):
        counted_facts(tenant=tenant, contacts=DirectoryContact.objects.for_tenant(tenant), at=NOW)
