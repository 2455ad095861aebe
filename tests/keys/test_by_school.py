"""Keys obey the schools of the students that they open (R-DI-02, R-KY-05, R-KY-06, G-17)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.keys.by_school import SchoolKeys, beyond_tries, count_school_keys, is_locked, stricter_rules
from schoolgate.keys.claim import prove_key
from schoolgate.keys.counted import counted_facts
from schoolgate.keys.errors import KeyNotAccepted
from schoolgate.keys.expiry import note_emailed, note_printed
from schoolgate.keys.facts import facts_of, may_have_own_key
from schoolgate.keys.models import AccessKey
from schoolgate.keys.schemes import UNDER_AGE
from schoolgate.keys.subjects import of_contacts, of_students
from schoolgate.keys.throttle import counted_try
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.dates import last_day_before
from schoolgate.tenancy.models import Tenant
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import code_of, generate, make_key, make_key_for
from tests.factories.tenancy import NOW, actor, make_account, make_exceptions, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
MADE_ON = NOW.date()


@pytest.fixture
def tenant():
    return make_tenant(second_proof="none")


@pytest.fixture
def strict(tenant):
    """A school that is stricter in all that keys obey."""
    school = make_school(tenant)
    make_exceptions(
        school,
        letter_life_days=14,
        email_life_days=2,
        failed_tries=3,
        second_proof="date_of_birth",
        student_minimum_age=13,
    )
    return school


def parent_of(tenant, *schools):
    contact = make_contact(tenant)
    for school in schools:
        make_link(make_student(tenant, school=school), contact)
    return contact


def fresh(tenant):
    return Tenant.objects.select_related("settings").get(pk=tenant.pk)


def days_of(key):
    return (last_day_before(fresh(key.tenant), AccessKey.objects.get(pk=key.pk).expires_at) - MADE_ON).days


def test_a_new_key_lives_as_long_as_the_strictest_of_its_schools_lets_it(tenant, strict):
    mild = make_school(tenant)
    contacts = [parent_of(tenant, strict), parent_of(tenant, mild), parent_of(tenant, mild, strict)]
    generate(tenant, *contacts)
    keys = [AccessKey.objects.get(subject_id=contact.pk) for contact in contacts]
    assert list(map(days_of, keys)) == [14, 60, 14]


@pytest.mark.parametrize("column", ["portal_access", "bar", "inactive"])
def test_a_school_whose_student_the_key_does_not_open_has_no_say(tenant, strict, column):
    contact = parent_of(tenant, make_school(tenant))
    child = make_student(tenant, school=strict, is_active=column != "inactive")
    make_link(child, contact, portal_access=column != "portal_access")
    if column == "bar":
        make_bar(child, contact)
    assert days_of(make_key(contact)) == 60


@pytest.mark.parametrize("system", ["family", "student"])
def test_a_household_s_or_a_student_s_key_obeys_the_schools_of_what_it_opens(system, strict, tenant):
    contact = make_contact(tenant)
    ours, theirs = make_student(tenant, school=strict), make_student(tenant, school=make_school(tenant))
    make_link(ours, contact, household_id=1)
    make_link(theirs, contact, household_id=2)
    type(tenant.settings).objects.filter(tenant=tenant).update(key_system=system)
    ids = (1, 2) if system == "family" else (ours.pk, theirs.pk)
    subjects = [of_contacts([contact.pk])[0]._replace(kind=system, id=pk, addressee_id=contact.pk) for pk in ids]
    assert [days_of(make_key_for(subject, tenant_id=tenant.pk)) for subject in subjects] == [14, 60]


def test_a_student_s_own_key_obeys_their_school(tenant, strict):
    students = [make_student(tenant, school=strict), make_student(tenant)]
    keys = [make_key_for(subject, tenant_id=tenant.pk) for subject in of_students([each.pk for each in students])]
    assert list(map(days_of, keys)) == [14, 60]


def test_printing_and_sending_count_from_that_day_by_the_same_schools(tenant, strict):
    """R-KY-06: never shortened by printing; a mail's date is the mail's."""
    ours, theirs = make_key(parent_of(tenant, strict)), make_key(parent_of(tenant, make_school(tenant)))
    later = NOW + timedelta(days=10)
    with transaction.atomic():
        out = note_printed(tenant=fresh(tenant), key_ids=[ours.pk, theirs.pk], at=later)
    assert [(out[key.pk].last_day - MADE_ON).days for key in (ours, theirs)] == [24, 70]
    mailed = make_key(parent_of(tenant, strict)), make_key(parent_of(tenant, make_school(tenant)))
    with transaction.atomic():
        out = note_emailed(tenant=fresh(tenant), key_ids=[key.pk for key in mailed], at=NOW)
    assert [(out[key.pk].last_day - MADE_ON).days for key in mailed] == [2, 7]


def wrong(key):
    code = code_of(key)
    return KeyCode(code.selector, ("0" if code.secret[0] != "0" else "1") + code.secret[1:])


def guess(tenant, key, *, times):
    by = replace(actor(make_account(tenant)), source="source-1")
    for _ in range(times):
        with pytest.raises(KeyNotAccepted), counted_try(tenant=fresh(tenant), code=wrong(key), by=by, at=NOW):
            prove_key(tenant=tenant, code=wrong(key), at=NOW)


def test_a_key_locks_after_the_fewest_tries_of_its_schools(tenant, strict):
    ours, theirs = make_key(parent_of(tenant, strict)), make_key(parent_of(tenant, make_school(tenant)))
    for key in (ours, theirs):
        guess(tenant, key, times=2)
    assert not AccessKey.objects.exclude(locked_at=None)
    for key in (ours, theirs):
        guess(tenant, key, times=1)
    assert list(AccessKey.objects.exclude(locked_at=None)) == [ours]


def test_an_unknown_selector_costs_the_same_statements_as_a_known_one(tenant, strict):
    """R-RD-05."""
    key = make_key(parent_of(tenant, strict))
    guess(tenant, key, times=1)
    by = replace(actor(make_account(tenant)), source="source-1")

    def statements(code):
        here = fresh(tenant)
        with CaptureQueriesContext(connection) as asked, counted_try(tenant=here, code=code, by=by, at=NOW):
            return len(asked)

    statements(code_of(key))  # Afterwards the throttle's rows of this hour are there for both.
    taken = set(AccessKey.objects.values_list("selector", flat=True))
    unknown = KeyCode(next(each for each in ("0000", "1111") if each not in taken), code_of(key).secret)
    assert statements(unknown) == statements(code_of(key))


def test_tries_made_before_the_exception_lock_a_key_at_once_wherever_it_is_listed(tenant):
    """The page, the forecast and the act agree: unlocking it is possible, before anybody tries it again."""
    school = make_school(tenant)
    contacts = [parent_of(tenant, school), parent_of(tenant, make_school(tenant)), parent_of(tenant, school)]
    keys = [make_key(contact) for contact in contacts]
    AccessKey.objects.filter(pk__in=[key.pk for key in keys[:2]]).update(failures=4)
    make_exceptions(school, failed_tries=4)
    here = fresh(tenant)
    assert beyond_tries(tenant=here, at=NOW) == {keys[0].pk}
    assert list(AccessKey.objects.filter(is_locked(tenant=here, at=NOW))) == [keys[0]]
    subjects = of_contacts([contact.pk for contact in contacts])
    found = facts_of(tenant=here, subjects=subjects, at=NOW)
    assert [found[subject].is_locked for subject in subjects] == [True, False, False]
    groups = counted_facts(tenant=here, contacts=DirectoryContact.objects.for_tenant(tenant), at=NOW)
    assert sum(group.count for group in groups if group.facts.is_locked) == 1
    guess(tenant, keys[0], times=1)
    assert AccessKey.objects.get(pk=keys[0].pk).failures == 4  # Refused, and nothing compared.


def test_students_are_too_young_or_without_a_date_of_birth_by_their_school(tenant, strict):
    """G-17."""
    twelve, none = date(2014, 3, 27), None
    students = [
        make_student(tenant, school=school, birth_date=born)
        for school in (strict, make_school(tenant))
        for born in (twelve, none)
    ]
    subjects = of_students([student.pk for student in students])
    found = facts_of(tenant=fresh(tenant), subjects=subjects, at=NOW)
    assert [found[subject].never for subject in subjects] == ["under_age", "no_birth_date", "", ""]


def test_where_no_school_differs_one_statement_is_paid(tenant):
    """The speed of making keys stays (spine §3.8)."""
    subjects = of_contacts(range(1, 50))
    here = fresh(tenant)
    with CaptureQueriesContext(connection) as asked:
        for _ in range(3):
            assert stricter_rules(tenant=here, subjects=subjects, settings=["letter_life_days"], at=NOW) == {}
        assert beyond_tries(tenant=here, at=NOW) == frozenset()
    assert len(asked) == 1


def test_the_statements_do_not_grow_with_the_subjects(tenant, strict):
    contacts = [parent_of(tenant, strict) for _ in range(12)]

    def statements(some):
        here = fresh(tenant)
        subjects = of_contacts([contact.pk for contact in some])
        with CaptureQueriesContext(connection) as asked:
            found = stricter_rules(tenant=here, subjects=subjects, settings=["letter_life_days"], at=NOW)
        assert len(found) == len(some)
        return len(asked)

    assert statements(contacts[:1]) == statements(contacts)


def test_another_tenant_s_exceptions_count_for_nothing(tenant):
    make_exceptions(make_school(make_tenant()), letter_life_days=7)
    assert days_of(make_key(parent_of(tenant, make_school(tenant)))) == 60


def test_the_keys_of_one_school_are_counted(tenant):
    """R-DI-01."""
    school = make_school(tenant)
    both, ours = parent_of(tenant, school, make_school(tenant)), parent_of(tenant, school)
    make_key(parent_of(tenant, make_school(tenant)))
    keys = [make_key(both), make_key(ours)]
    make_key_for(of_students([make_student(tenant, school=school).pk])[0], tenant_id=tenant.pk)
    with transaction.atomic():
        note_printed(tenant=fresh(tenant), key_ids=[keys[0].pk], at=NOW)
    assert count_school_keys(tenant=fresh(tenant), school_id=school.pk, at=NOW) == SchoolKeys(2, 1, 1, 0)


def test_of_a_student_at_two_schools_the_stricter_rules_of_both_count(tenant):
    """R-DI-02, R-RK-10."""
    mild, strict = make_school(tenant), make_school(tenant)
    make_exceptions(strict, student_minimum_age=18, failed_tries=5)
    student = make_student(tenant, school=mild, second_school=strict)
    other = make_student(tenant, school=mild)
    tenant = Tenant.objects.select_related("settings").get(pk=tenant.pk)
    mine, theirs = of_students([student.pk, other.pk])
    facts = facts_of(tenant=tenant, subjects=[mine, theirs], at=NOW)
    assert (facts[mine].never, facts[theirs].never) == (UNDER_AGE, "")
    may = DirectoryStudent.objects.for_tenant(tenant).filter(may_have_own_key(tenant=tenant, today=NOW.date()))
    assert [each.pk for each in may] == [other.pk]
    rules = stricter_rules(tenant=tenant, subjects=[mine, theirs], settings=["failed_tries"], at=NOW)
    assert {subject: each.failed_tries for subject, each in rules.items()} == {mine: 5}
