"""Keys of every kind by one engine: a contact's, a household's, a student's, a student's own (portal-console §4, registration-keys §3)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.jobs.models import JobItem
from schoolgate.jobs.subject import Subject, packed, unpacked
from schoolgate.keys.facts import age_on, facts_of, latest_birth
from schoolgate.keys.follow import follow_directory, review_keys
from schoolgate.keys.generate import start_generate
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.replace import start_replace
from schoolgate.keys.subjects import of_contacts, of_students, parent_subjects, students_by_subject, subjects_of
from schoolgate.tenancy.models import Tenant, TenantSettings
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key_for, run
from tests.factories.tenancy import NOW, actor, make_tenant
from tests.keys.test_follow import publish

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = NOW.date()


class Household:
    """Two children in household 77 with both parents; the mother has a third child in another household."""

    def __init__(self, system: str) -> None:
        self.tenant = make_tenant(key_system=system)
        self.mother, self.father = make_contact(self.tenant), make_contact(self.tenant)
        self.one, self.two, self.elsewhere = (make_student(self.tenant) for _ in range(3))
        for child in (self.one, self.two):
            make_link(child, self.mother, basis="household", household_id=77)
            make_link(child, self.father, basis="household", household_id=77)
        make_link(self.elsewhere, self.mother, basis="household", household_id=78)

    def subjects(self) -> list[Subject]:
        parents = [self.mother.pk, self.father.pk]
        return parent_subjects(tenant=self.tenant, contact_ids=parents, today=TODAY)

    def generate(self, subjects: list[Subject]) -> dict[Subject, tuple[str, str]]:
        job = start_generate(tenant=self.tenant, subjects=subjects, by=actor(), at=NOW, queued=False)
        return {item.subject: (item.state, item.why) for item in JobItem.objects.filter(job=run(job))}


@pytest.mark.parametrize(
    ("system", "opened"),
    [("contact", [3, 2]), ("family", [2, 1, 2]), ("student", [1, 1, 1, 1, 1])],
)
def test_the_key_system_says_what_a_parent_s_key_is_tied_to(system, opened):
    """R-ST-01, R-ST-05: every key carries its addressee, and opens that contact's own links there and no others."""
    home = Household(system)
    subjects = home.subjects()
    students = students_by_subject(tenant=home.tenant, subjects=subjects, today=TODAY)
    assert sorted(len(students[subject]) for subject in subjects) == sorted(opened)
    assert set(home.generate(subjects).values()) == {("done", "")}
    assert set(home.generate(subjects).values()) == {("skipped", "live_key")}
    keys = AccessKey.objects.filter(tenant=home.tenant, state=KeyState.LIVE)
    assert {(key.subject_kind, key.subject_id, key.addressee_id) for key in keys} == {
        (subject.kind, subject.id, subject.addressee) for subject in subjects
    }


def test_keys_of_another_system_are_not_made_and_not_replaced():
    """R-ST-03."""
    home = Household("family")
    subjects = home.subjects()
    home.generate(subjects)
    TenantSettings.objects.filter(tenant=home.tenant).update(key_system="contact")
    home.tenant = Tenant.objects.select_related("settings").get(pk=home.tenant.pk)
    assert {why for _, why in home.generate(subjects).values()} == {"other_system"}
    job = run(start_replace(tenant=home.tenant, subjects=subjects, by=actor(), at=NOW, queued=False))
    assert (job.done, job.skipped) == (0, len(subjects))
    assert {state for state, _ in home.generate(of_contacts([home.mother.pk])).values()} == {"done"}


def test_a_bar_takes_a_student_out_of_a_household_s_key_and_ends_a_student_s():
    """R-ST-05: a restriction binds keys that name a household or a student, by their addressee."""
    home = Household("family")
    make_bar(home.one, home.father)
    [household] = subjects_of(tenant=home.tenant, kind="family", ids=[77], today=TODAY)[1:]
    assert household == Subject("family", 77, home.father.pk)
    seen = students_by_subject(tenant=home.tenant, subjects=[household], today=TODAY)
    assert seen[household] == [home.two]
    pair = Subject("student", home.one.pk, home.father.pk)
    TenantSettings.objects.filter(tenant=home.tenant).update(key_system="student")
    home.tenant = Tenant.objects.select_related("settings").get(pk=home.tenant.pk)
    facts = facts_of(tenant=home.tenant, subjects=[pair], at=NOW)[pair]
    assert (facts.has_link, facts.is_barred) == (False, True)
    assert home.generate([pair]) == {pair: ("skipped", "restricted")}


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({}, ""),
        ({"is_active": False}, "inactive"),
        ({"birth_date": None}, "no_birth_date"),
        ({"birth_date": date(2017, 11, 25)}, "under_age"),
        ({"birth_date": date(2016, 11, 24)}, ""),
    ],
)
def test_who_may_have_a_key_for_student_use(columns, why):
    """registration-keys §3, G-17."""
    tenant = make_tenant(key_system="family")  # Student use doesn't depend on the system.
    [subject] = of_students([make_student(tenant, **columns).pk])
    job = start_generate(tenant=tenant, subjects=[subject], by=actor(), at=NOW, queued=False)
    assert [item.why for item in JobItem.objects.filter(job=run(job))] == [why]
    assert AccessKey.objects.filter(tenant=tenant).count() == (not why)


def test_a_student_s_own_key_ends_when_the_student_leaves():
    tenant = make_tenant()
    student = make_student(tenant)
    key = make_key_for(of_students([student.pk])[0], tenant_id=tenant.pk)
    student.is_active = False
    student.save()
    publish(student, kind="student", before={"is_active": True})
    assert follow_directory(tenant=tenant, by=actor(), at=NOW)["revoked"] == 1
    key.refresh_from_db()
    assert (key.state, key.sealed, key.ended_why) == (KeyState.REVOKED, None, "student left")


def test_a_student_s_own_key_ends_when_their_school_becomes_inactive():
    """G-13: found by the review, since no feed tells of a school."""
    tenant = make_tenant()
    students = [make_student(tenant) for _ in range(2)]
    keys = [make_key_for(of_students([each.pk])[0], tenant_id=tenant.pk) for each in students]
    type(students[0].school).objects.filter(pk=students[0].school_id).update(is_active=False)
    review_keys(tenant=tenant, by=actor(), at=NOW)
    states = dict(AccessKey.objects.values_list("pk", "state"))
    assert [states[key.pk] for key in keys] == [KeyState.REVOKED, KeyState.LIVE]


def test_a_household_s_key_starts_its_grace_when_its_adult_has_no_link_there_any_more():
    home = Household("student")
    pair = Subject("student", home.elsewhere.pk, home.mother.pk)
    other = Subject("student", home.one.pk, home.mother.pk)
    keys = {subject: make_key_for(subject, tenant_id=home.tenant.pk) for subject in (pair, other)}
    link = home.elsewhere.associations.get()
    link.portal_access = False
    link.save()
    publish(link, kind="association", before={"contact_id": home.mother.pk, "portal_access": True})
    follow_directory(tenant=home.tenant, by=actor(), at=NOW)
    for key in keys.values():
        key.refresh_from_db()
    assert keys[pair].no_link_since == NOW
    assert keys[other].no_link_since is None


def test_a_packed_backlog_keeps_kinds_addressees_and_order():
    subjects = [
        *of_contacts([3, 1]),
        Subject("family", 7, 3),
        Subject("family", 7, 1),
        *of_students([3]),
        *of_contacts([9]),
    ]
    assert unpacked(packed(subjects)) == subjects


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2016, 2, 29), date(2026, 2, 28), 9),
        (date(2016, 2, 29), date(2026, 3, 1), 10),
        (date(2016, 11, 24), date(2026, 11, 24), 10),
    ],
)
def test_ages_in_whole_years(born, day, age):
    assert age_on(day, born) == age


@given(
    st.dates(date(2020, 1, 1), date(2032, 12, 31)), st.dates(date(1996, 1, 1), date(2024, 12, 31)), st.integers(0, 20)
)
def test_the_last_birth_date_of_an_age_divides_those_of_the_age_from_the_others(day, born, age):
    """As keys/facts.py counts one by one, so the filter counts them all."""
    assert (born <= latest_birth(day, age)) == (age_on(day, born) >= age)
