"""Which contacts the list holds, in what order, and how many of each state (R-CK-01, R-CK-18, design.md §5)."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.utils import timezone

from schoolgate.console.parent_access.key_pages.counts import count_segments, count_states
from schoolgate.console.parent_access.key_pages.filters import SORTS, Filters, GridView, read_view
from schoolgate.console.parent_access.key_pages.grid import contacts_in, matching
from schoolgate.console.parent_access.key_pages.order import page_of
from schoolgate.console.parent_access.key_pages.pending import PendingStudents
from schoolgate.console.parent_access.key_pages.rows import rows_of
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import GridState, states_of
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.letters.models import Message
from schoolgate.tenancy.dates import day_of
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()


def whole(tenant, schools=None):
    return Scope(tenant=tenant, schools=schools, at=NOW, today=day_of(tenant, NOW))


def found(tenant, **filters):
    return set(matching(whole(tenant), Filters(**filters)))


def key_with(contact, *, made_at=NOW, **columns):
    key = make_key(contact, at=made_at)
    AccessKey.objects.filter(pk=key.pk).update(**columns)
    return key


def mail(key, state, **columns):
    return Message.objects.create(
        tenant_id=key.tenant_id,
        kind="key",
        key=key,
        contact_id=key.subject_id,
        address="a@home.example",
        idempotency_key=f"{key.pk}-{Message.objects.filter(key=key).count()}",
        state=state,
        not_before=NOW,
        queued_at=NOW,
        **columns,
    )


def locked(contact):
    key_with(contact, failures=10, locked_at=NOW, lock_count=1)


def locked_and_connected(contact):
    make_redeemed_key(contact, at=NOW)
    locked(contact)


def bounced(contact):
    mail(key_with(contact, emailed_at=NOW), "bounced")


def bounced_then_sent_again(contact):
    key = key_with(contact, emailed_at=NOW)
    mail(key, "bounced")
    mail(key, "sent")


def connected(contact):
    make_redeemed_key(contact, at=NOW)


def sending(contact):
    mail(key_with(contact), "queued")


def emailed_after_printed(contact):
    key_with(contact, printed_at=NOW - timedelta(days=2), emailed_at=NOW)


def printed_after_emailed(contact):
    key_with(contact, printed_at=NOW, emailed_at=NOW - timedelta(days=2))


def ready(contact):
    key_with(contact)


def ran_out_before_the_sweep(contact):
    key_with(contact, made_at=NOW - timedelta(days=90))


def expired_then_new(contact):
    key_with(contact, made_at=NOW - timedelta(days=90), state="expired", sealed=None)
    key_with(contact)


def revoked(contact):
    key_with(contact, state="revoked", sealed=None, ended_at=NOW)


def replaced_by_nothing(contact):
    key_with(contact, state="replaced", sealed=None, ended_at=NOW)


def unlinked(contact):
    tie = make_redeemed_key(contact, at=NOW)
    Tie.objects.filter(pk=tie.pk).update(ended_at=NOW)


def nothing(contact):
    pass


@pytest.mark.parametrize(
    ("history", "state"),
    [
        (locked, GridState.LOCKED),
        (locked_and_connected, GridState.LOCKED),
        (bounced, GridState.BOUNCED),
        (bounced_then_sent_again, GridState.EMAILED),
        (connected, GridState.CONNECTED),
        (sending, GridState.SENDING),
        (emailed_after_printed, GridState.EMAILED),
        (printed_after_emailed, GridState.PRINTED),
        (ready, GridState.READY),
        (ran_out_before_the_sweep, GridState.EXPIRED),
        (expired_then_new, GridState.READY),
        (revoked, GridState.REVOKED),
        (replaced_by_nothing, GridState.REVOKED),
        (unlinked, GridState.NO_KEY),
        (nothing, GridState.NO_KEY),
    ],
)
def test_one_state_for_a_row_trouble_before_delivery_before_age(history, state):
    """The row, the filter and the count say the same."""
    tenant = make_tenant()
    contact = make_linked_contact(tenant)
    make_linked_contact(make_tenant(name="Other"))
    history(contact)
    [row] = rows_of(whole(tenant), [contact.pk], pending=PendingStudents())
    assert row.state == state
    assert count_states(whole(tenant), Filters()) == {state: 1}
    [segment] = count_segments(whole(tenant), Filters())
    assert state in states_of(segment)
    single = state.value if state != GridState.NO_KEY else "no_key"
    assert found(tenant, state=single) == {contact}


def test_without_a_link_there_are_no_students_but_a_key_or_a_tie_is_told_first():
    tenant = make_tenant()
    contacts = [make_contact(tenant) for _ in range(4)]
    _, with_key, with_tie, barred = contacts
    key_with(with_key)
    connected(with_tie)
    student = make_student(tenant)
    make_link(student, barred)
    make_bar(student, barred)
    rows = rows_of(whole(tenant), [each.pk for each in contacts], pending=PendingStudents())
    assert [row.state for row in rows] == ["no_students", "ready", "connected", "no_students"]


def test_segments_hold_every_contact_once():
    tenant = make_tenant()
    histories = [locked, bounced, connected, sending, ready, revoked, nothing, ran_out_before_the_sweep]
    for history in histories:
        history(make_linked_contact(tenant))
    segments = ["connected", "given_out", "ready", "no_key", "attention"]
    held = [found(tenant, state=segment) for segment in segments]
    assert [len(each) for each in held] == [1, 1, 1, 2, 3]
    assert set().union(*held) == set(contacts_in(whole(tenant)))


@pytest.mark.parametrize(
    "words", ["amara", "OKAFOR amara", "c-77", "a.oka@", "ada", "S-12", "  okafor  "], ids=lambda words: words.strip()
)
def test_words_find_a_contact_by_name_id_email_or_a_students_name_or_id(words):
    tenant = make_tenant()
    amara = make_contact(
        tenant, given_name="Amara", family_name="Okafor", contact_no="C-77", email="a.oka@home.example"
    )
    make_link(make_student(tenant, given_name="Ada", family_name="Reed", student_no="S-12"), amara)
    make_contact(tenant, family_name="Brown", given_name="Bea", email="b@home.example")
    assert found(tenant, q=words) == {amara}


def test_the_start_of_a_key_finds_its_contact_as_long_as_it_lives():
    tenant = make_tenant()
    contact = make_linked_contact(tenant, given_name="Zz", family_name="Zz", email="", contact_no="0")
    key = key_with(contact)
    assert found(tenant, q=key.selector.lower()) == {contact}
    AccessKey.objects.filter(pk=key.pk).update(state="revoked", sealed=None)
    assert found(tenant, q=key.selector) == set()


def test_words_are_plain_and_no_pattern():
    tenant = make_tenant()
    make_linked_contact(tenant)
    assert found(tenant, q="%") == set()
    assert found(tenant, q="_") == set()


def test_school_year_and_class_are_of_one_student():
    tenant = make_tenant()
    senior, junior = make_school(tenant), make_school(tenant)
    mixed, right = make_contact(tenant), make_contact(tenant)
    make_link(make_student(tenant, school=senior, year_level="7"), mixed)
    make_link(make_student(tenant, school=junior, year_level="2"), mixed)
    make_link(make_student(tenant, school=senior, year_level="2", roll_class="2A"), right)
    assert found(tenant, school=senior.number, year="2") == {right}
    assert found(tenant, roll_class="2A") == {right}
    assert found(tenant, school=junior.number) == {mixed}


def test_yes_and_no_filters():
    tenant = make_tenant()
    plain = make_linked_contact(tenant)
    no_email = make_linked_contact(tenant, email="", email_usable=False)
    alone = make_contact(tenant)
    assert found(tenant, email="no") == {no_email}
    assert found(tenant, email="yes") == {plain, alone}
    assert found(tenant, students="no") == {alone}
    assert found(tenant, students="yes") == {plain, no_email}


def test_who_shares_an_email_is_found_without_regard_to_case():
    """E-01."""
    tenant = make_tenant()
    one, other = make_contact(tenant, email="Home@x.example"), make_contact(tenant, email="home@X.example")
    make_contact(tenant)
    make_contact(tenant, email="", email_usable=False)
    make_contact(tenant, email="", email_usable=False)
    make_contact(make_tenant(name="Other"), email="home@x.example")
    assert found(tenant, shared="yes") == {one, other}


def test_delivery_problems_expiry_restrictions_and_language():
    tenant = make_tenant()
    contacts = [make_linked_contact(tenant, language=language) for language in ("ar", "", "", "")]
    arabic, unsure, ending, barred = contacts
    mail(key_with(unsure, emailed_at=NOW), "unknown")
    key_with(ending, expires_at=NOW + timedelta(days=3))
    make_bar(make_student(tenant), barred)
    assert found(tenant, language="ar") == {arabic}
    assert found(tenant, problem="yes") == {unsure}
    assert found(tenant, expires=7) == {ending}
    assert found(tenant, expires=2) == set()
    assert found(tenant, restricted="yes") == {barred}


def test_changes_that_wait_are_told_by_their_ids():
    tenant = make_tenant()
    waits, _ = make_linked_contact(tenant), make_linked_contact(tenant)
    assert set(matching(whole(tenant), Filters(pending="yes"), pending_ids=[waits.pk])) == {waits}


def many(tenant, count=23):
    made = []
    for number in range(count):
        contact = make_linked_contact(
            tenant, given_name=f"N{number * 7 % count:03}", contact_no=str(10 ** (number % 4) + number)
        )
        made.append(contact)
        if number % 3 == 0:
            key_with(contact, printed_at=NOW - timedelta(hours=number), expires_at=NOW + timedelta(days=number + 1))
        elif number % 3 == 1:
            account = make_account(tenant)
            account.last_login = NOW - timedelta(hours=number)
            account.save()
            make_redeemed_key(contact, account=account, at=NOW)
    return made


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{name}" for name in SORTS)])
def test_every_sort_shows_each_contact_on_one_page_only_whichever_end_it_is_read_from(sort):
    tenant = make_tenant()
    made = many(tenant)
    rows = matching(whole(tenant), Filters())
    pages = [
        page_of(rows, GridView(sort=sort, size=5, page=number), scope=whole(tenant), total=len(made))
        for number in range(1, 6)
    ]
    paged = [pk for page in pages for pk in page.object_list]
    [at_once] = [page_of(rows, GridView(sort=sort, size=50), scope=whole(tenant), total=len(made))]
    assert paged == list(at_once.object_list)
    assert sorted(paged) == sorted(each.pk for each in made)
    assert [page.start_index() for page in pages] == [1, 6, 11, 16, 21]


def test_ids_of_different_length_are_sorted_as_numbers():
    tenant = make_tenant()
    by_no = {no: make_contact(tenant, contact_no=no) for no in ("9", "100", "20")}
    ids = page_of(matching(whole(tenant), Filters()), GridView(sort="id"), scope=whole(tenant), total=3).object_list
    assert list(ids) == [by_no[no].pk for no in ("9", "20", "100")]


def test_empty_cells_come_last_in_both_directions():
    tenant = make_tenant()
    blank = make_contact(tenant, email="", given_name="A")
    full = make_contact(tenant, email="x@home.example", given_name="B")
    for sort in ("email", "-email"):
        page = page_of(matching(whole(tenant), Filters()), GridView(sort=sort), scope=whole(tenant), total=2)
        assert list(page.object_list) == [full.pk, blank.pk]


def test_a_page_beyond_the_last_is_the_last():
    tenant = make_tenant()
    make_contact(tenant)
    page = page_of(matching(whole(tenant), Filters()), GridView(page=999_999_999), scope=whole(tenant), total=1)
    assert page.number == 1


def test_counts_are_asked_again_after_five_seconds_only():
    tenant = make_tenant()
    make_linked_contact(tenant)
    assert count_segments(whole(tenant), Filters()) == {"no_key": 1}
    make_linked_contact(tenant)
    assert count_segments(whole(tenant), Filters()) == {"no_key": 1}
    cache.clear()
    assert count_segments(whole(tenant), Filters()) == {"no_key": 2}


def test_counts_of_one_members_schools_are_not_anothers():
    tenant = make_tenant()
    here = make_school(tenant)
    make_link(make_student(tenant, school=here), make_contact(tenant))
    make_linked_contact(tenant)
    assert count_segments(whole(tenant), Filters()) == {"no_key": 2}
    assert count_segments(whole(tenant, frozenset({here.pk})), Filters()) == {"no_key": 1}


def test_the_filter_for_restrictions_is_for_those_who_may_see_them():
    view = read_view(QueryDict("restricted=yes"), may_see_restrictions=False)
    assert view.filters == Filters()
    assert view.notes
    assert read_view(QueryDict("restricted=yes"), may_see_restrictions=True).filters.restricted == "yes"
