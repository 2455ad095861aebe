"""Explain says the same as the access check, and why (B-01)."""

import random
from datetime import timedelta

import pytest

from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryContact, DirectoryStudent
from schoolgate.directory.queries import visible_students
from schoolgate.enrolments.lift_restriction import review_restriction
from schoolgate.sync.explain import explain
from schoolgate.tenancy.settings import change_settings
from tests.factories.directory import make_bar as publish_bar
from tests.factories.directory import make_contact as publish_contact
from tests.factories.directory import make_link as publish_link
from tests.factories.directory import make_student as publish_student
from tests.factories.enrolments import make_association, make_contact, make_restriction, make_student
from tests.factories.sync import crowd, sync, turn
from tests.factories.tenancy import NOW, actor, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = NOW.date()


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def pair(tenant):
    pair, *_ = crowd(tenant, make_school(tenant), pairs=3)
    sync(tenant)
    return pair


def ask(pair, *, with_restrictions=True, today=TODAY):
    return explain(
        tenant=pair.tenant,
        contact_id=pair.contact_id,
        student_id=pair.student_id,
        today=today,
        with_restrictions=with_restrictions,
    )


def codes(explanation):
    return {reason.code for reason in explanation.reasons}


def reason(explanation, code):
    [found] = [reason for reason in explanation.reasons if reason.code == code]
    return found


def test_a_link_has_every_reason_for_it(pair):
    found = ask(pair)
    assert found.sees
    assert codes(found) == {
        "contact.active",
        "student.active",
        "association.published",
        "flag.on",
        "portal.closed",
    }
    assert all(reason.speaks_for for reason in found.reasons if reason.decides)


def test_a_closed_portal_is_told_and_changes_nothing(tenant, pair):
    assert ask(pair).sees
    officer = make_member(tenant)
    change_settings(
        tenant=tenant, changes={"help_line": "02 5550 1234", "portal_open": "yes"}, by=actor(officer), at=NOW
    )
    assert "portal.closed" not in codes(ask(pair))
    change_settings(tenant=tenant, changes={"portal_open": "no"}, by=actor(officer), at=NOW)
    closed = reason(ask(pair), "portal.closed")
    assert (closed.since, closed.by) == (NOW, "Jo Mercer")


def test_who_set_the_flag_and_when(tenant, pair):
    assert reason(ask(pair), "flag.on").by == "import"
    officer = make_member(tenant)
    from schoolgate.enrolments.set_access import set_access

    set_access(tenant=tenant, wanted={pair.pk: False}, by=actor(officer), at=NOW + timedelta(hours=1))
    found = ask(pair)
    assert found.sees
    assert reason(found, "pending.off").by == "Jo Mercer"
    sync(tenant)
    off = reason(ask(pair), "flag.off")
    assert (off.by, off.since) == ("Jo Mercer", NOW + timedelta(hours=1))


def test_a_flag_that_a_rule_set_is_said_to_be_by_rule(tenant, pair):
    """R-PA-07: whoever ran the import or the sync did not choose it."""
    DirectoryAssociation.objects.update(flag_how="rule", flag_by_id=make_member(tenant).pk)
    assert reason(ask(pair), "flag.on").by == "rule"


def test_since_when_somebody_is_inactive(tenant, pair):
    left = NOW + timedelta(days=2)
    type(pair.student).objects.filter(pk=pair.student_id).update(
        state="inactive", changed_no=1000, changed_at=left, changed_how="import"
    )
    from schoolgate.enrolments.clock import tick

    for _ in range(1000):
        tick(tenant=tenant)
    sync(tenant)
    found = reason(ask(pair), "student.inactive")
    assert (found.since, found.by) == (left, "import")


def test_a_restriction_is_named_to_those_who_may_know(tenant, pair):
    make_restriction(pair.student, pair.contact)
    sync(tenant)
    found = ask(pair)
    assert not found.sees
    assert reason(found, "bar.in_force").text == "A restriction is in force."
    assert "restriction" in reason(found, "flag.off").text
    hidden = reason(ask(pair, with_restrictions=False), "bar.in_force")
    assert (hidden.text, hidden.since, hidden.by) == ("Restricted.", None, "")


def test_an_ended_restriction_says_that_it_waits_for_a_review(tenant, pair):
    restriction = make_restriction(pair.student, pair.contact, ends_on=TODAY)
    sync(tenant)
    later = NOW + timedelta(days=5)
    found = ask(pair, today=later.date())
    assert codes(found) >= {"bar.ended", "flag.off"}
    review_restriction(restriction=restriction, by=actor(), at=later)
    sync(tenant, at=later)
    assert not [code for code in codes(ask(pair, today=later.date())) if code.startswith("bar")]


def test_people_who_were_never_published(tenant):
    pair = make_association(make_student(tenant), make_contact(tenant), access=True)
    found = ask(pair)
    assert not found.sees
    assert codes(found) >= {"contact.not_published", "student.not_published", "association.not_published", "pending.on"}


def test_what_the_command_prints(pair):
    turn(pair, on=False)
    content = ask(pair).as_json()
    assert content["sees"] is True
    assert {frozenset(reason) for reason in content["reasons"]} == {frozenset({"for", "code", "text", "since", "by"})}


def world(tenant, school, seed):
    """A published world of a few people, every condition of the access rule at random."""
    chance = random.Random(seed)
    students = [publish_student(tenant, school=school, is_active=chance.random() < 0.8) for _ in range(2)]
    contacts = [publish_contact(tenant, is_active=chance.random() < 0.8) for _ in range(2)]
    for student in students:
        for contact in contacts:
            if chance.random() < 0.8:
                publish_link(student, contact, portal_access=chance.random() < 0.7)
            for _ in range(chance.choice([0, 0, 0, 1, 2])):
                starts_on = TODAY + timedelta(days=chance.randint(-3, 3))
                ends_on = chance.choice([None, starts_on + timedelta(days=chance.randint(0, 3))])
                publish_bar(student, contact, starts_on=starts_on, ends_on=ends_on)
    return students, contacts


def mend(tenant, student, contact, code):
    """Change the one condition that a reason names."""
    word = code.partition(".")[0]
    if code == "student.inactive":
        DirectoryStudent.objects.filter(pk=student.pk).update(is_active=True)
    elif code == "contact.inactive":
        DirectoryContact.objects.filter(pk=contact.pk).update(is_active=True)
    elif code == "association.not_published":
        publish_link(student, contact)
    elif code == "flag.off":
        DirectoryAssociation.objects.filter(student=student, contact=contact).update(portal_access=True)
    elif word == "bar":
        DirectoryBar.objects.filter(student=student, contact=contact, starts_on__lte=TODAY).delete()
    else:
        raise AssertionError(code)


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(5))
def test_500_generated_worlds_explained_as_they_are(tenant, part):
    school = make_school(tenant)
    answers = {True: 0, False: 0}
    for seed in range(part * 100, part * 100 + 100):
        students, contacts = world(tenant, school, seed)
        for contact in contacts:
            for student in students:
                seen = {s.pk for s in visible_students(tenant=tenant, contact_ids=[contact.pk], today=TODAY)}
                question = {"tenant": tenant, "contact_id": contact.pk, "student_id": student.pk, "today": TODAY}
                found = explain(**question, with_restrictions=True)
                assert found.sees == (student.pk in seen), f"world {seed}: {found}"
                answers[found.sees] += 1
                if not found.sees:
                    # Each "no" names conditions, and changing what it names makes it a "yes".
                    against = [r.code for r in found.reasons if r.decides and not r.speaks_for]
                    assert against
                    for code in against:
                        mend(tenant, student, contact, code)
                    assert explain(**question, with_restrictions=True).sees
    assert min(answers.values()) > 50
