"""Student Key Information and Select a Contact (registration-keys §5, R-SK-01 to R-SK-16, G-01 to G-17)."""

from datetime import timedelta
from random import Random

import pytest
from django.db import transaction
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryContact, DirectoryHousehold, DirectoryStudent
from schoolgate.directory.queries import visible_to
from schoolgate.enrolments.clock import tick
from schoolgate.jobs.subject import Subject
from schoolgate.keys.add_key import add_key
from schoolgate.keys.end_keys import end_ties
from schoolgate.keys.follow import follow_directory
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.subjects import acting_for, of_contacts, of_students, subject_of
from schoolgate.letters.models import Delivery
from schoolgate.tenancy.models import Role, TenantSettings
from tests.console.contact_keys.office import sign_in
from tests.console.registration_keys.office import HTMX, address, post, said, search, window
from tests.factories import enrolments as working
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key, make_key_for, make_redeemed_key
from tests.factories.sync import sync
from tests.factories.tenancy import actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(leaving_grace_days=30)


@pytest.fixture
def school(tenant):
    return make_school(tenant, name="Wattle Creek High")


@pytest.fixture
def mia(tenant, school):
    return make_student(tenant, school=school, given_name="Mia", family_name="Berg")


@pytest.fixture
def office(client, tenant):
    return sign_in(client, tenant)


def parent_of(student, tenant, **columns):
    contact = make_contact(tenant, **columns)
    make_link(student, contact)
    return contact


def choices(client, tenant, student):
    """{contact id: the choice} of Select a Contact."""
    answer = client.get(address(tenant, "select_contact", student.pk), headers=HTMX)
    return {choice.contact.pk: choice for choice in answer.context["choices"]}


def test_a_key_for_student_use_is_made_and_shown_to_who_may_see_keys(client, tenant, mia, office):
    """R-SK-01, R-SK-02."""
    answer = post(client, tenant, "add_own", mia.pk)
    key = AccessKey.objects.get()
    assert code_of(key).grouped in answer.text
    assert "delay:120s" in answer.text
    again = post(client, tenant, "add_own", mia.pk)
    assert "You made this key a moment ago." in said(again.text)
    assert AccessKey.objects.count() == 1
    assert AuditEntry.objects.filter(act="key.shown").count() == 1


@pytest.mark.parametrize("how", ["no right", "an old sign-in"])
def test_the_whole_key_is_not_shown_to_others(client, tenant, mia, how):
    """R-SK-01."""
    sign_in(client, tenant, every_single_right=how != "no right", fresh=how == "no right")
    answer = post(client, tenant, "add_own", mia.pk)
    key = AccessKey.objects.get()
    assert key.selector in answer.text
    assert code_of(key).grouped not in answer.text


def test_a_button_that_is_off_says_why_with_the_way_on(client, tenant, mia, office):
    """R-SK-02."""
    assert window(client, tenant, mia).context["window"].own_why is None
    make_key_for(of_students([mia.pk])[0], tenant_id=tenant.pk, at=timezone.now())
    answer = window(client, tenant, mia)
    assert "disabled" in answer.text.split('id="add-own"')[1][:40]
    assert "Replace it if it is lost" in answer.text


def test_every_contact_has_one_line_with_a_state_or_a_reason(client, tenant, mia, office):
    """R-SK-05, G-05, G-06, C-03."""
    expected = {
        parent_of(mia, tenant).pk: "",
        parent_of(mia, tenant, type="STAFF").pk: "type STAFF",
        parent_of(mia, tenant, is_active=False).pk: "not active",
    }
    off = make_contact(tenant)
    make_link(mia, off, portal_access=False)
    expected[off.pk] = "No published access to any student."
    barred = parent_of(mia, tenant)
    make_bar(mia, barred)
    expected[barred.pk] = "Restricted from this student."
    lines = {each.contact.pk: each for each in window(client, tenant, mia).context["window"].parents}
    assert lines.keys() == expected.keys()
    for pk, told in expected.items():
        assert (told in lines[pk].why.told) if told else lines[pk].why is None
    assert not lines[barred.pk].may_act


def test_keys_made_elsewhere_and_of_an_old_system_are_seen(client, tenant, mia, office):
    """R-SK-05, G-03."""
    contact = parent_of(mia, tenant)
    make_link(make_student(tenant, school=mia.school), contact)
    key = make_key(contact, at=timezone.now())
    page = window(client, tenant, mia).text
    assert key.selector in page
    assert "Shared with 1 other student" in said(page)
    TenantSettings.objects.filter(tenant=tenant).update(key_system="student")
    answer = window(client, tenant, mia)
    assert [each.line.selector for each in answer.context["window"].legacy] == [key.selector]
    assert "Legacy keys" in answer.text


@pytest.mark.parametrize("system", ["family", "student"])
def test_under_another_key_system_the_window_says_so_and_where_to_change_it(client, tenant, mia, system):
    """§3; student-use keys don't depend on it."""
    sign_in(client, tenant, Role.ADMINISTRATOR)
    contact = parent_of(mia, tenant)
    TenantSettings.objects.filter(tenant=tenant).update(key_system=system)
    told = said(window(client, tenant, mia).text)
    assert f"This district uses {system.title()} keys" in told
    assert "Change the key system under Settings" in told
    assert post(client, tenant, "generate", mia.pk, contact=contact.pk).status_code in {200, 422}
    assert not AccessKey.objects.exists()
    post(client, tenant, "add_own", mia.pk)
    assert AccessKey.objects.get().subject_kind == "student_self"


def test_who_can_be_chosen_and_why_the_others_cannot(client, tenant, mia, office):
    """R-SK-11, G-06."""
    free, live, registered, barred, staff, off, gone = (parent_of(mia, tenant) for _ in range(7))
    make_key(live, at=timezone.now())
    tie = make_redeemed_key(registered, at=timezone.now())
    make_bar(mia, barred)
    type(staff).objects.filter(pk=staff.pk).update(type="STAFF")
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    off.associations.update(portal_access=False)
    found = choices(client, tenant, mia)
    assert found[free.pk].why is None
    assert found[live.pk].why.told == "Has a live key."
    assert found[registered.pk].why.told == f"Registered as {tie.account.username}."
    assert found[barred.pk].why.told == "Restricted from this student."
    assert "type STAFF" in found[staff.pk].why.told
    assert found[off.pk].why.told == "No published access to any student."
    assert found[gone.pk].why.told == "The contact is not active."
    for contact in (live, registered, barred, staff, off, gone):
        before = AccessKey.objects.count()
        post(client, tenant, "generate", mia.pk, contact=contact.pk)
        assert AccessKey.objects.count() == before
    assert "is made" in post(client, tenant, "generate", mia.pk, contact=free.pk).text


def test_the_sentence_says_whom_the_key_opens(client, tenant, mia, office):
    """R-SK-13, G-02, G-03."""
    contact = parent_of(mia, tenant, given_name="Amara", family_name="Berg")
    assert choices(client, tenant, mia)[contact.pk].opens == "Amara Berg will see this student."
    other = make_school(tenant, name="Hill School")
    for _ in range(2):
        make_link(make_student(tenant, school=other), contact)
    found = choices(client, tenant, mia)[contact.pk]
    assert found.opens == "Amara Berg will see 3 students: this one and 2 others at Hill School."
    assert found.also_sees == 2


def test_a_member_of_one_school_is_not_told_the_names_of_others(client, tenant, mia, school):
    """R-RK-11."""
    contact = parent_of(mia, tenant, given_name="Amara", family_name="Berg")
    make_link(make_student(tenant, school=make_school(tenant, name="Secret School")), contact)
    sign_in(client, tenant, school=school)
    answer = client.get(address(tenant, "select_contact", mia.pk), headers=HTMX)
    assert "1 other at another school" in answer.text
    assert "Secret School" not in answer.text


def test_a_contact_who_sees_a_sibling_alone_can_be_chosen_with_a_warning(client, tenant, mia, office):
    """R-SK-12."""
    contact = make_contact(tenant)
    make_link(mia, contact, portal_access=False)
    make_link(make_student(tenant, school=mia.school), contact)
    found = choices(client, tenant, mia)[contact.pk]
    assert found.why is None
    assert "until access is on and published" in found.warning
    assert "and not this one" in found.opens


@pytest.mark.parametrize(
    ("published", "working_copy", "told", "offers"),
    [
        (False, False, "until access is on and published", True),
        (False, True, "until access is on and published", False),
        (True, False, "until the next Data Sync: access is turned off", False),
        (True, True, "", False),
    ],
)
def test_access_that_is_off_or_pending_is_told_beside_the_choice(client, tenant, published, working_copy, told, offers):
    """R-SK-12."""
    sign_in(client, tenant, Role.ADMINISTRATOR)
    mia, sibling, contact = working.make_student(tenant), working.make_student(tenant), working.make_contact(tenant)
    pair = working.make_association(mia, contact, access=published)
    working.make_association(sibling, contact, access=True)
    sync(tenant)
    type(pair).objects.filter(pk=pair.pk).update(receives_portal_access=working_copy, changed_no=tick(tenant=tenant))
    choice = choices(client, tenant, mia)[contact.pk]
    assert choice.why is None
    assert told in choice.warning if told else not choice.warning
    assert choice.may_turn_on is offers
    page = client.get(address(tenant, "select_contact", mia.pk), headers=HTMX).text
    assert ("Turn on (takes effect at the next sync)" in page) is offers


@pytest.mark.parametrize(("days", "may"), [(10, True), (40, False)])
def test_a_student_who_left_within_the_grace(client, tenant, school, office, days, may):
    """R-SK-04."""
    left = timezone.now().date() - timedelta(days=days)
    student = make_student(tenant, school=school, is_active=False, ends_on=left)
    contact = parent_of(student, tenant)
    found = choices(client, tenant, student)[contact.pk]
    assert (found.why is None, "has left" in found.warning) == (may, may)
    post(client, tenant, "generate", student.pk, contact=contact.pk)
    assert AccessKey.objects.exists() == may
    assert "not active" in window(client, tenant, student).context["window"].own_why.told


def test_whom_no_sync_has_published_is_named_and_cannot_be_chosen(client, tenant, office):
    """R-SK-11."""
    student = working.make_student(tenant)
    sync(tenant)
    working.make_association(student, working.make_contact(tenant, given_name="New"), access=True)
    for name in ("student", "select_contact"):
        told = said(client.get(address(tenant, name, student.pk), headers=HTMX).text)
        assert "New Okafor" in told
        assert "Not published" in told


def test_no_contact_at_all(client, tenant, mia):
    """R-SK-15."""
    sign_in(client, tenant, Role.ADMINISTRATOR)
    answer = client.get(address(tenant, "select_contact", mia.pk), headers=HTMX)
    assert "No contacts in enrolments" in answer.text
    assert "Add a contact" in answer.text
    assert "Generate a Parent Key" not in answer.text


def test_nothing_chosen_is_refused(client, tenant, mia, office):
    """R-SK-10."""
    parent_of(mia, tenant)
    answer = post(client, tenant, "generate", mia.pk)
    assert answer.status_code == 422
    assert "Choose a contact." in answer.text


@pytest.mark.parametrize("whose", ["another student's", "another tenant's", "nobody's", "a word"])
def test_a_forged_contact_is_a_404_and_in_the_audit(client, tenant, mia, office, whose):
    """§12."""
    there = make_tenant() if whose == "another tenant's" else tenant
    contact = parent_of(make_student(there), there)
    given = {"nobody's": 10**12, "a word": "x"}.get(whose, contact.pk)
    assert post(client, tenant, "generate", mia.pk, contact=given).status_code == 404
    entry = AuditEntry.objects.get(act="act.refused")
    assert entry.detail == {"page": "console:registration_keys:generate", "code": "not_found"}
    assert not AccessKey.objects.exists()


def test_a_contact_removed_since_the_window_was_opened(client, tenant, mia, office):
    """Issue: a contact removed between opening the window and pressing the button."""
    contact = parent_of(mia, tenant)
    assert contact.pk in choices(client, tenant, mia)
    contact.associations.all().delete()
    answer = post(client, tenant, "generate", mia.pk, contact=contact.pk)
    assert answer.status_code == 404
    assert not AccessKey.objects.exists()


def test_the_second_of_two_clerks_reads_who_was_first(client, tenant, mia, office):
    """R-SK-16."""
    contact = parent_of(mia, tenant)
    add_key(tenant=tenant, subject=of_contacts([contact.pk])[0], by=actor(office), at=timezone.now())
    client.logout()
    sign_in(client, tenant)
    answer = post(client, tenant, "generate", mia.pk, contact=contact.pk)
    assert "This key was made a moment ago by Jo Mercer." in said(answer.text)
    assert AccessKey.objects.count() == 1


def test_undo_replace_unlock_revoke_of_a_students_own_key(client, tenant, mia, office):
    """§10.1, R-SK-03."""
    post(client, tenant, "add_own", mia.pk)
    first = AccessKey.objects.get()
    assert "taken back" in post(client, tenant, "undo", mia.pk, first.pk).text
    post(client, tenant, "add_own", mia.pk)
    second = AccessKey.objects.get(state=KeyState.LIVE)
    assert "also if it turns up" in client.get(address(tenant, "own_replace", mia.pk), headers=HTMX).text
    assert "new one is made" in post(client, tenant, "own_replace", mia.pk, reason="slip lost").text
    third = AccessKey.objects.get(state=KeyState.LIVE)
    second.refresh_from_db()
    assert (second.state, second.replaced_by_id) == (KeyState.REPLACED, third.pk)
    AccessKey.objects.filter(pk=third.pk).update(locked_at=timezone.now(), lock_count=1, failures=10)
    assert "can be tried again" in post(client, tenant, "own_unlock", mia.pk).text
    assert post(client, tenant, "own_revoke", mia.pk).status_code == 422
    assert "is revoked" in post(client, tenant, "own_revoke", mia.pk, reason="left").text
    assert not AccessKey.objects.filter(state=KeyState.LIVE).exists()


def test_revoking_a_used_key_says_whose_sight_ends_and_ends_it(client, tenant, mia, office):
    """§10.1."""
    contact = parent_of(mia, tenant)
    tie = make_redeemed_key(contact, at=timezone.now())
    page = client.get(address(tenant, "contact_revoke", mia.pk, contact.pk), headers=HTMX)
    assert f"Ends {tie.account.username}&#x27;s sight of 1 student at once." in page.text
    post(client, tenant, "contact_revoke", mia.pk, contact.pk, reason="wrong person")
    assert not Tie.objects.standing().exists()


def test_a_letter_is_printed_and_fetched_from_the_window(client, tenant, mia, office):
    contact = parent_of(mia, tenant)
    make_key(contact, at=timezone.now())
    answer = post(client, tenant, "contact_print", mia.pk, contact.pk)
    assert "The letter is ready." in answer.text
    job_id = Delivery.objects.get().run_id
    assert address(tenant, "letter", job_id) in answer.text
    client.logout()
    sign_in(client, tenant)
    assert client.post(address(tenant, "letter", job_id)).status_code == 404  # Somebody else's run.


@pytest.mark.parametrize("system", ["family", "student"])
def test_its_letter_is_fetched_under_the_other_key_systems_too(client, tenant, mia, school, system):
    """R-RK-11: asked of the addressee, whatever the key opens."""
    TenantSettings.objects.filter(tenant=tenant).update(key_system=system)
    DirectoryHousehold.objects.create(id=900_001, tenant=tenant, source="sis", source_id="H1")
    contact = make_contact(tenant)
    make_link(mia, contact, basis="household", household_id=900_001)
    subject = Subject(system, 900_001 if system == "family" else mia.pk, contact.pk)
    make_key_for(subject, tenant_id=tenant.pk, at=timezone.now())
    sign_in(client, tenant, school=school)
    answer = post(client, tenant, "contact_print", mia.pk, contact.pk)
    assert "The letter is ready." in answer.text
    letter = address(tenant, "letter", Delivery.objects.get().run_id)
    assert client.post(letter)["Content-Type"] == "application/pdf"
    DirectoryStudent.objects.filter(pk=mia.pk).update(school=make_school(tenant))
    assert client.post(letter).status_code == 404


def test_an_act_that_finds_nothing_to_do_says_why(client, tenant, mia, office):
    contact = parent_of(mia, tenant)
    answer = post(client, tenant, "contact_replace", mia.pk, contact.pk)
    assert "Not done: has no live key." in said(answer.text)


def test_a_barred_pair_is_not_acted_on_from_this_window(client, tenant, mia, office):
    """G-05: the same contact may still be served from a sibling's window."""
    contact = parent_of(mia, tenant)
    sibling = make_student(tenant, school=mia.school)
    make_link(sibling, contact)
    make_bar(mia, contact)
    make_key(contact, at=timezone.now())
    assert post(client, tenant, "contact_revoke", mia.pk, contact.pk, reason="x").status_code == 404
    assert post(client, tenant, "contact_revoke", sibling.pk, contact.pk, reason="x").status_code == 200


def test_opening_the_window_of_somebody_with_a_restriction_is_in_the_audit(client, tenant, mia, office):
    """§11."""
    window(client, tenant, mia)
    assert not AuditEntry.objects.filter(act="keys.opened").exists()
    make_bar(mia, parent_of(mia, tenant))
    window(client, tenant, mia)
    assert AuditEntry.objects.get(act="keys.opened").subjects == [["student", mia.pk]]


def test_an_auditor_reads_and_acts_on_nothing(client, tenant, mia):
    """§11."""
    sign_in(client, tenant, Role.AUDITOR)
    contact = parent_of(mia, tenant)
    key = make_key(contact, at=timezone.now())
    text = window(client, tenant, mia).text
    assert key.selector in text
    assert "<form" not in text.split('id="window-keys"')[1]
    assert post(client, tenant, "add_own", mia.pk).status_code == 403


def test_history_tells_past_keys_in_sentences(client, tenant, office):
    """R-SK-07."""
    mia = working.make_student(tenant, given_name="Mia", family_name="Berg")
    sync(tenant)
    post(client, tenant, "add_own", mia.pk)
    post(client, tenant, "own_replace", mia.pk, reason="slip lost")
    told = said(client.get(address(tenant, "history", mia.pk), headers=HTMX).text)
    assert "Jo Mercer made a key for Mia Berg." in told
    assert "Jo Mercer replaced the key of Mia Berg." in told


def test_send_is_off_with_the_reason_where_there_is_no_address(client, tenant, mia, office):
    """G-08."""
    contact = parent_of(mia, tenant, email_usable=False)
    make_key(contact, at=timezone.now())
    make_key_for(of_students([mia.pk])[0], tenant_id=tenant.pk, at=timezone.now())
    told = said(window(client, tenant, mia).text)
    assert "Send e-mail No usable e-mail address." in told
    assert "Send e-mail No e-mail address of the student's own." in told.replace("&#x27;", "'")
    DirectoryContact.objects.filter(pk=contact.pk).update(email_usable=True)
    page = window(client, tenant, mia)
    assert address(tenant, "contact_email", mia.pk, contact.pk) in page.text
    assert address(tenant, "own_email", mia.pk) not in page.text


def test_a_key_that_was_mailed_to_an_older_address_says_so(client, tenant, office):
    """G-09: replaced, and not sent again by itself."""
    mia, contact = working.make_student(tenant), working.make_contact(tenant, email="old@home.example")
    working.make_association(mia, contact, access=True)
    sync(tenant)
    old = make_key(DirectoryContact.objects.get(pk=contact.pk), at=timezone.now())
    AccessKey.objects.filter(pk=old.pk).update(emailed_at=timezone.now())
    assert "Address changed" not in window(client, tenant, mia).text
    type(contact).objects.filter(pk=contact.pk).update(email="new@home.example", changed_no=tick(tenant=tenant))
    sync(tenant)
    follow_directory(tenant=tenant, by=actor(), at=timezone.now())
    assert "Address changed: a new key, not sent yet" in window(client, tenant, mia).text
    AccessKey.objects.filter(state=KeyState.LIVE).update(emailed_at=timezone.now())
    assert "Address changed" not in window(client, tenant, mia).text


def test_contacts_of_one_name_may_be_one_person(client, tenant, mia, office):
    """G-10, and G-06: who is of the staff as well stands there twice and rightly so."""
    twins = [parent_of(mia, tenant, given_name=name, family_name="Berg") for name in ("Zoë", "ZOE")]
    parent_of(mia, tenant, given_name="Zoe", family_name="Berg", type="STAFF")
    lines = {each.contact.pk: each.twin for each in window(client, tenant, mia).context["window"].parents}
    assert [bool(lines.pop(each.pk)) for each in twins] == [True, True]
    assert set(lines.values()) == {""}
    make_key(twins[0], at=timezone.now())
    found = choices(client, tenant, mia)
    assert "who has a key or an account" in found[twins[1].pk].twin
    assert "who has a key" not in found[twins[0].pk].twin


def test_a_student_who_moves_to_another_school_keeps_every_key(client, tenant, school, office):
    """G-12."""
    mia, contact = working.make_student(tenant, school=school), working.make_contact(tenant)
    working.make_association(mia, contact, access=True)
    sync(tenant)
    make_redeemed_key(DirectoryContact.objects.get(pk=contact.pk), at=timezone.now())
    make_key_for(of_students([mia.pk])[0], tenant_id=tenant.pk, at=timezone.now())
    there = make_school(tenant)
    type(mia).objects.filter(pk=mia.pk).update(school=there, changed_no=tick(tenant=tenant))
    sync(tenant)
    follow_directory(tenant=tenant, by=actor(), at=timezone.now())
    assert Tie.objects.standing().count() == AccessKey.objects.filter(state=KeyState.LIVE).count() == 1
    listed = {where.pk: search(client, tenant, school=where.pk).context["result"].hits for where in (school, there)}
    assert listed == {school.pk: 0, there.pk: 1}


def test_what_the_sentence_counts_is_what_the_account_sees_once_the_key_is_used(client, tenant, school, office):
    """R-SK-13, C-02: families of every make, with bars, flags off and children who have left."""
    chance = Random(13)
    contacts = [make_contact(tenant) for _ in range(12)]
    students = [make_student(tenant, school=school, is_active=chance.random() > 0.2) for _ in range(10)]
    for student in students:
        for contact in chance.sample(contacts, 4):
            make_link(student, contact, portal_access=chance.random() > 0.3)
            if chance.random() < 0.15:
                make_bar(student, contact)
    checked = 0
    for student in students:
        for contact_id, choice in choices(client, tenant, student).items():
            if choice.why is not None:
                continue
            make_redeemed_key(choice.contact, at=timezone.now())
            [account] = Tie.objects.standing().filter(addressee_id=contact_id).values_list("account", flat=True)
            ties = Tie.objects.standing().filter(account=account)
            acts_for = acting_for(map(subject_of, ties))
            sees = {each.pk for each in visible_to(acts_for, tenant=tenant, today=timezone.now().date())}
            assert choice.also_sees == len(sees - {student.pk})
            says_not = "not this one" in choice.opens or "no student yet" in choice.opens
            assert says_not is (student.pk not in sees)
            checked += 1
            with transaction.atomic():
                end_ties(tenant=tenant, key_ids=[tie.key_id for tie in ties], by_id=None, at=timezone.now(), why="test")
    assert checked > 15
