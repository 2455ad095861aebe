"""The window of a student and the Contact Keys page name one state for one contact (registration-keys §1: seen at once on either side)."""

from datetime import timedelta
from random import Random

import pytest

from schoolgate.console.parent_access.key_pages.row_states import state_of
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import GridState
from schoolgate.console.parent_access_administration.registration_keys.lines import key_lines
from schoolgate.directory.models import DirectoryContact
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.subjects import of_contacts
from schoolgate.letters.models import Message, MessageState
from schoolgate.letters.queries import WAITING
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key, make_redeemed_key
from tests.factories.tenancy import NOW, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
CONTACTS = 250
_DONE = [state for state in MessageState.values if state not in WAITING]


def mail(key, state, number):
    Message.objects.create(
        tenant_id=key.tenant_id,
        kind="key",
        key=key,
        contact_id=key.subject_id,
        address="a@x.example",
        idempotency_key=f"{key.pk}-{number}",
        state=state,
        not_before=NOW,
        queued_at=NOW,
    )


def key_in_some_state(contact, some):
    """A key of some past: used, ended, over, or in force, locked, given out."""
    if some.random() < 0.2:
        tie = make_redeemed_key(contact)
        if some.random() < 0.4:
            Tie.objects.filter(pk=tie.pk).update(ended_at=NOW, ended_why="revoked")
        return
    key = make_key(contact)
    columns = {
        "state": some.choice([*[KeyState.LIVE] * 4, KeyState.EXPIRED, KeyState.REVOKED, KeyState.REPLACED]),
        "expires_at": NOW + some.choice([timedelta(0), timedelta(1), timedelta(9), timedelta(30)]),
        "printed_at": some.choice([None, NOW, NOW - timedelta(1)]),
        "emailed_at": some.choice([None, NOW, NOW - timedelta(1)]),
        "locked_at": some.choice([None, None, None, NOW]),
        "failures": some.choice([0, 0, 0, 5, 99]),
    }
    AccessKey.objects.filter(pk=key.pk).update(**columns)
    mails = some.choice([0, 0, 1, 2, 3])
    for number in range(mails):  # While one waits, no other is queued.
        mail(key, some.choice(MessageState.values if number == mails - 1 else _DONE), number)


def some_contact(tenant, student, some):
    contact = make_contact(tenant)
    if some.random() < 0.8:
        make_link(student, contact)
        if some.random() < 0.1:
            make_bar(student, contact)
    for _ in range(some.choice([0, 1, 1, 1, 2])):
        AccessKey.objects.filter(subject_id=contact.pk, state=KeyState.LIVE).update(state=KeyState.REPLACED)
        key_in_some_state(contact, some)
    return contact


@pytest.mark.parametrize("seed", range(2))
def test_both_sides_name_the_same_state(seed):
    some, tenant = Random(seed), make_tenant()
    student = make_student(tenant)
    contacts = [some_contact(tenant, student, some) for _ in range(CONTACTS)]
    at, today = NOW + timedelta(1), (NOW + timedelta(1)).date()
    scope = Scope(tenant=tenant, schools=None, at=at, today=today, act_seq=0)
    rows = DirectoryContact.objects.for_tenant(tenant).annotate(word=state_of(scope))
    on_the_page = dict(rows.values_list("pk", "word"))
    lines = key_lines(tenant=tenant, subjects=of_contacts([each.pk for each in contacts]), at=at)
    in_the_window = {subject.id: line.state.value for subject, line in lines.items()}
    assert in_the_window == on_the_page
    assert set(in_the_window.values()) == set(GridState.values) - {GridState.NOT_PUBLISHED}
