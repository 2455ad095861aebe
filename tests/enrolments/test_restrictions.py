"""Restrictions in the working copy: saved with the flag off, changed, lifted, reviewed; nothing opens by itself (R-RX-01 to R-RX-04)."""

from datetime import date, timedelta

import pytest
from cryptography.exceptions import InvalidTag

from schoolgate.audit.models import AuditEntry
from schoolgate.enrolments.change_restriction import change_restriction
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.lift_restriction import lift_restriction, review_restriction
from schoolgate.enrolments.models import How, Restriction, RestrictionKind
from schoolgate.enrolments.notes import open_note, seal_note
from schoolgate.enrolments.queries import closed_pairs, restrictions_to_review
from schoolgate.enrolments.read_restriction import read_note
from schoolgate.enrolments.save_restriction import RestrictionTerms, save_restriction
from tests.factories.enrolments import make_association, make_contact, make_restriction, make_student
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def tie():
    tenant = make_tenant()
    return make_association(make_student(tenant), make_contact(tenant), access=True)


def restrict(tie, *, student_ids=None, **terms):
    [*made] = save_restriction(
        tenant=tie.tenant,
        student_ids=student_ids or [tie.student_id],
        contact_id=tie.contact_id,
        terms=RestrictionTerms(**terms),
        by=actor(),
        at=NOW,
        changed_no=tick(tenant=tie.tenant),
    )
    tie.refresh_from_db()
    return made


def test_saving_bars_from_today_and_turns_the_flag_off(tie):
    """R-RX-02, R-RX-04."""
    [made] = restrict(tie)
    assert (made.starts_on, made.ends_on, made.kind) == (TODAY, None, RestrictionKind.NO_ACCESS_NO_MAIL)
    assert (tie.receives_portal_access, tie.flag_how) == (False, How.HAND)
    assert closed_pairs(tenant=tie.tenant, student_ids=[tie.student_id], today=TODAY) == {
        (tie.student_id, tie.contact_id)
    }


def test_today_is_the_schools_day():
    """R-RX-02: at half past one in the morning UTC it is still yesterday in Chicago."""
    tenant = make_tenant(time_zone="America/Chicago")
    tie = make_association(make_student(tenant), make_contact(tenant), access=True)
    [made] = restrict(tie)
    assert made.starts_on == TODAY - timedelta(days=1)


def test_one_to_come_leaves_the_flag_until_then(tie):
    restrict(tie, starts_on=TODAY + timedelta(days=1))
    assert tie.receives_portal_access


def test_a_note_enforces_nothing(tie):
    restrict(tie, kind=RestrictionKind.NOTE_ONLY)
    assert tie.receives_portal_access
    assert not closed_pairs(tenant=tie.tenant, student_ids=[tie.student_id], today=TODAY)


def test_other_children_stay(tie):
    """R-RX-03."""
    sibling = make_association(make_student(tie.tenant), tie.contact, access=True)
    restrict(tie)
    sibling.refresh_from_db()
    assert sibling.receives_portal_access


def test_one_order_for_all_students_is_one_row_each(tie):
    sibling = make_association(make_student(tie.tenant), tie.contact, access=True)
    made = restrict(tie, student_ids=[tie.student_id, sibling.student_id])
    assert {row.student_id for row in made} == {tie.student_id, sibling.student_id}


@pytest.mark.parametrize("terms", [{"starts_on": TODAY, "ends_on": TODAY - timedelta(days=1)}, {"student": "stranger"}])
def test_nonsense_saves_nothing(tie, terms):
    strangers = [make_student(make_tenant()).pk] if terms.pop("student", "") else None
    with pytest.raises(EnrolmentRefused):
        restrict(tie, student_ids=strangers, **terms)
    assert not Restriction.objects.exists()


def test_an_end_that_has_passed_opens_nothing(tie):
    """R-RX-04: to review, and closed until then."""
    make_restriction(tie.student, tie.contact, ends_on=TODAY - timedelta(days=1))
    assert closed_pairs(tenant=tie.tenant, student_ids=[tie.student_id], today=TODAY)
    assert restrictions_to_review(tenant=tie.tenant, today=TODAY) == 1


def test_reviewing_turns_the_flag_off_and_says_who(tie):
    made = make_restriction(tie.student, tie.contact, ends_on=TODAY - timedelta(days=1))
    review_restriction(restriction=made, by=actor(), at=NOW)
    tie.refresh_from_db()
    assert not tie.receives_portal_access
    assert not closed_pairs(tenant=tie.tenant, student_ids=[tie.student_id], today=TODAY)
    assert AuditEntry.objects.filter(act="restriction.reviewed").exists()


@pytest.mark.parametrize("ends_on", [None, TODAY, TODAY + timedelta(days=1)])
def test_one_in_force_is_not_reviewed_away(tie, ends_on):
    """In force to the end of its last day (R-RX-02)."""
    made = make_restriction(tie.student, tie.contact, ends_on=ends_on)
    with pytest.raises(EnrolmentRefused):
        review_restriction(restriction=made, by=actor(), at=NOW)


def test_lifting_needs_a_reason_and_opens_nothing(tie):
    made = make_restriction(tie.student, tie.contact)
    with pytest.raises(EnrolmentRefused):
        lift_restriction(restriction=made, reason="  ", by=actor(), at=NOW)
    lift_restriction(restriction=made, reason="Court of 3 May", by=actor(), at=NOW)
    made.refresh_from_db()
    tie.refresh_from_db()
    assert (made.lifted_at, made.lift_reason) == (NOW, "Court of 3 May")
    assert not tie.receives_portal_access
    assert AuditEntry.objects.get(act="restriction.lifted").reason == "Court of 3 May"


def test_two_people_lift_it_once(tie):
    made = make_restriction(tie.student, tie.contact)
    lift_restriction(restriction=made, reason="one", by=actor(), at=NOW)
    with pytest.raises(EnrolmentRefused):
        lift_restriction(restriction=made, reason="two", by=actor(), at=NOW)
    made.refresh_from_db()
    assert made.lift_reason == "one"


def test_another_restriction_of_the_pair_still_closes_it(tie):
    lifted, other = make_restriction(tie.student, tie.contact), make_restriction(tie.student, tie.contact)
    lift_restriction(restriction=lifted, reason="superseded", by=actor(), at=NOW)
    assert closed_pairs(tenant=tie.tenant, student_ids=[tie.student_id], today=TODAY)
    assert other.lifted_at is None


def change(made, **fields):
    given = {"ends_on": made.ends_on, "review_on": None, "note": None, "reason": ""} | fields
    change_restriction(restriction=made, **given, by=actor(), at=NOW)
    made.refresh_from_db()


def test_an_earlier_end_needs_a_reason(tie):
    made = make_restriction(tie.student, tie.contact)
    with pytest.raises(EnrolmentRefused) as refusal:
        change(made, ends_on=date(2027, 1, 1))
    assert refusal.value.field == "reason"
    change(made, ends_on=date(2027, 1, 1), reason="Order varied")
    change(made, ends_on=date(2027, 6, 1))
    assert made.ends_on == date(2027, 6, 1)
    assert AuditEntry.objects.filter(act="restriction.changed").count() == 2


def test_the_note_is_sealed_and_reading_it_is_recorded(tie):
    """R-AU-01, security.md §1."""
    [made] = restrict(tie, note="Order 4711, see the paper file")
    assert b"4711" not in bytes(made.note_sealed)
    assert read_note(restriction=made, by=actor(), at=NOW) == "Order 4711, see the paper file"
    entry = AuditEntry.objects.get(act="restriction.read")
    assert "4711" not in str(entry.detail) + entry.reason
    change(made, note="Order 4712")
    assert read_note(restriction=made, by=actor(), at=NOW) == "Order 4712"


def test_a_note_moved_to_another_pair_does_not_open():
    sealed = seal_note("secret", tenant_id=1, student_id=2, contact_id=3)
    assert open_note(sealed, tenant_id=1, student_id=2, contact_id=3) == "secret"
    for place in ((2, 2, 3), (1, 9, 3), (1, 2, 9)):
        with pytest.raises(InvalidTag):
            open_note(sealed, tenant_id=place[0], student_id=place[1], contact_id=place[2])


def test_no_note_is_kept_as_none():
    assert seal_note("  ", tenant_id=1, student_id=2, contact_id=3) is None
    assert open_note(None, tenant_id=1, student_id=2, contact_id=3) == ""
