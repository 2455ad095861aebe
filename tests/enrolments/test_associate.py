"""Who belongs to whom: any contact to any student (R-PA-02), and what ends with the last basis (R-PA-06)."""

from datetime import date

import pytest

from schoolgate.enrolments.add_contact import add_contact
from schoolgate.enrolments.associate import NewAssociation, associate_contact
from schoolgate.enrolments.edit_association import AssociationFields, edit_association
from schoolgate.enrolments.end_association import end_association
from schoolgate.enrolments.errors import EnrolmentRefused, Restricted
from schoolgate.enrolments.join_household import join_household
from schoolgate.enrolments.leave_household import leave_household
from schoolgate.enrolments.models import Association, Basis, Contact, HouseholdMember
from schoolgate.enrolments.people import ContactFields
from tests.factories.enrolments import (
    make_association,
    make_contact,
    make_household,
    make_restriction,
    make_student,
)
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db


def associate(contact, student, **more):
    new = NewAssociation(student_id=student.pk, relationship="Grandmother", **more)
    return associate_contact(contact=contact, new=new, by=actor(), at=NOW)


def end(tie):
    end_association(association=tie, by=actor(), at=NOW)
    tie.refresh_from_db()
    return tie


def member_of(household, person):
    return HouseholdMember.objects.get(household=household, **{type(person).__name__.lower(): person})


def test_a_grandmother_is_added_with_access_in_one_act():
    tenant = make_tenant()
    student = make_student(tenant)
    contact = add_contact(
        tenant=tenant,
        fields=ContactFields(family_name="Abara", given_name="Ngozi"),
        association=NewAssociation(student_id=student.pk, relationship="Grandmother", access=True),
        by=actor(),
        at=NOW,
    )
    tie = Association.objects.get(student=student, contact=contact)
    assert (tie.receives_portal_access, tie.basis, tie.relationship) == (True, Basis.ASSOCIATED, "Grandmother")
    assert (contact.contact_no, contact.source, contact.source_id) == ("O1", "office", "O1")


def test_the_office_gives_ids_that_nobody_has():
    tenant = make_tenant()
    make_contact(tenant, contact_no="O1", source_id="x")
    made = [add_contact(tenant=tenant, fields=ContactFields(family_name="Abara"), by=actor(), at=NOW) for _ in range(3)]
    assert len({contact.contact_no for contact in made} | {"O1"}) == 4


def test_a_pair_has_one_association():
    tenant = make_tenant()
    student, contact = make_student(tenant), make_contact(tenant)
    associate(contact, student)
    with pytest.raises(EnrolmentRefused, match="already"):
        associate(contact, student)


def test_an_ended_association_begins_anew_with_the_flag_as_given_now():
    tenant = make_tenant()
    tie = make_association(make_student(tenant), make_contact(tenant), access=True)
    end(tie)
    again = associate(tie.contact, tie.student)
    assert again.pk == tie.pk
    assert again.ended_at is None
    assert not again.receives_portal_access


def test_an_association_begun_anew_by_hand_is_the_office_s_and_keeps_no_old_dates():
    """The roster that had made and ended it neither ends it again nor dates it out (R-PA-02, R-PA-08)."""
    tenant = make_tenant()
    tie = make_association(make_student(tenant), make_contact(tenant))
    Association.objects.filter(pk=tie.pk).update(source="sis", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    again = associate(end(tie).contact, tie.student)
    assert (again.source, again.starts_on, again.ends_on) == ("office", None, None)


def test_a_restricted_contact_is_not_added_with_access():
    """R-PA-05."""
    tenant = make_tenant()
    student, contact = make_student(tenant), make_contact(tenant)
    make_restriction(student, contact)
    with pytest.raises(Restricted):
        associate(contact, student, access=True)
    assert not associate(contact, student).receives_portal_access


def test_a_student_of_another_tenant_is_unknown():
    contact, stranger = make_contact(make_tenant()), make_student(make_tenant())
    with pytest.raises(EnrolmentRefused):
        associate(contact, stranger)


def test_a_refused_association_leaves_no_new_contact_behind():
    tenant, stranger = make_tenant(), make_student(make_tenant())
    with pytest.raises(EnrolmentRefused):
        add_contact(
            tenant=tenant,
            fields=ContactFields(family_name="Abara"),
            association=NewAssociation(student_id=stranger.pk),
            by=actor(),
            at=NOW,
        )
    assert not Contact.objects.filter(tenant=tenant).exists()


def test_taking_the_tie_away_turns_the_flag_off():
    """R-PA-06."""
    tenant = make_tenant()
    tie = end(make_association(make_student(tenant), make_contact(tenant), access=True))
    assert tie.ended_at == NOW
    assert not tie.receives_portal_access


def test_a_pair_that_shares_a_household_stays_by_that_with_its_flag():
    """R-PA-06: another basis keeps it."""
    tenant = make_tenant()
    tie = make_association(make_student(tenant), make_contact(tenant), access=True)
    household = make_household(tenant, tie.student, tie.contact)
    end(tie)
    assert (tie.ended_at, tie.basis, tie.household_id) == (None, Basis.HOUSEHOLD, household.pk)
    assert tie.receives_portal_access


def test_a_tie_by_household_alone_is_ended_by_leaving_it():
    tenant = make_tenant()
    tie = make_association(make_student(tenant), make_contact(tenant), basis="household")
    make_household(tenant, tie.student, tie.contact)
    with pytest.raises(EnrolmentRefused, match="household"):
        end_association(association=tie, by=actor(), at=NOW)


def test_joining_a_household_ties_to_each_member_of_the_other_kind_flags_off():
    tenant = make_tenant()
    student, mother, father = make_student(tenant), make_contact(tenant), make_contact(tenant)
    known = make_association(student, mother, access=True)
    household = make_household(tenant, mother, father)
    join_household(household=household, person=student, by=actor(), at=NOW)
    known.refresh_from_db()
    new = Association.objects.get(student=student, contact=father)
    assert known.receives_portal_access
    assert (new.basis, new.household_id, new.receives_portal_access) == (Basis.HOUSEHOLD, household.pk, False)


def test_somebody_in_the_household_is_not_put_in_twice():
    tenant = make_tenant()
    student = make_student(tenant)
    household = make_household(tenant, student)
    with pytest.raises(EnrolmentRefused):
        join_household(household=household, person=student, by=actor(), at=NOW)


def test_leaving_ends_what_had_no_other_basis():
    """R-PA-06, E-04: the other household's flags stay."""
    tenant = make_tenant()
    student, mother, aunt = make_student(tenant), make_contact(tenant), make_contact(tenant)
    home = make_household(tenant, student, mother, aunt)
    make_household(tenant, student, aunt)
    by_home = make_association(student, mother, access=True, basis="household", household=home)
    by_two = make_association(student, aunt, access=True, basis="household", household=home)
    other_way = make_association(make_student(tenant), mother, access=True)
    assert leave_household(member=member_of(home, student), by=actor(), at=NOW) == 1
    for tie in (by_home, by_two, other_way):
        tie.refresh_from_db()
    assert (by_home.ended_at, by_home.receives_portal_access) == (NOW, False)
    assert (by_two.ended_at, by_two.receives_portal_access) == (None, True)
    assert other_way.receives_portal_access


def test_an_associated_contact_stays_when_the_household_is_left():
    tenant = make_tenant()
    student, mother = make_student(tenant), make_contact(tenant)
    home = make_household(tenant, student, mother)
    tie = make_association(student, mother, access=True)
    leave_household(member=member_of(home, mother), by=actor(), at=NOW)
    tie.refresh_from_db()
    assert tie.ended_at is None
    assert tie.receives_portal_access


def test_a_member_for_one_school_moves_no_contact_of_another_schools_student():
    """Spine §6: who works for one school acts on that school's people only."""
    tenant = make_tenant()
    mother, uncle, mine = make_contact(tenant), make_contact(tenant), make_student(tenant)
    home = make_household(tenant, mother, mine)
    make_association(mine, mother, access=True, basis="household", household=home)
    mine_alone = [mine.school_id]
    join_household(household=home, person=uncle, by=actor(), at=NOW, school_ids=mine_alone)
    leave_household(member=member_of(home, uncle), by=actor(), at=NOW, school_ids=mine_alone)
    theirs = make_student(tenant)
    join_household(household=home, person=theirs, by=actor(), at=NOW)
    with pytest.raises(EnrolmentRefused, match="another school"):
        join_household(household=home, person=uncle, by=actor(), at=NOW, school_ids=mine_alone)
    with pytest.raises(EnrolmentRefused, match="another school"):
        leave_household(member=member_of(home, mother), by=actor(), at=NOW, school_ids=mine_alone)
    assert member_of(home, mother).ended_at is None
    assert not Association.objects.get(student=mine, contact=mother).ended_at


def test_coming_back_to_a_household_opens_nothing():
    tenant = make_tenant()
    student, mother = make_student(tenant), make_contact(tenant)
    home = make_household(tenant, student, mother)
    tie = make_association(student, mother, access=True, basis="household", household=home)
    leave_household(member=member_of(home, student), by=actor(), at=NOW)
    join_household(household=home, person=student, by=actor(), at=NOW)
    tie.refresh_from_db()
    assert tie.ended_at is None
    assert not tie.receives_portal_access


def test_editing_the_tie_leaves_the_flag():
    tenant = make_tenant()
    tie = make_association(make_student(tenant), make_contact(tenant), access=True)
    fields = AssociationFields(
        relationship="Aunt", order=2, lives_with=False, is_emergency=True, is_legal_guardian=None
    )
    assert edit_association(association=tie, fields=fields, by=actor(), at=NOW) == [
        "relationship",
        "order",
        "lives_with",
        "is_emergency",
    ]
    tie.refresh_from_db()
    assert (tie.relationship, tie.receives_portal_access) == ("Aunt", True)
