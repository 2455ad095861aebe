"""Generate Keys (R-CK-06 to R-CK-08, R-CK-14, R-CK-15, R-KY-04, R-RN-01, R-RN-04, R-RN-05)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from schoolgate.audit.models import AuditEntry
from schoolgate.audit.verify import verify_audit
from schoolgate.directory.models import DirectoryContact
from schoolgate.jobs.control import cancel_job
from schoolgate.jobs.models import ItemState, JobItem, JobState
from schoolgate.keys import make_keys
from schoolgate.keys.counted import counted_facts, forecast_counted
from schoolgate.keys.errors import ReasonNeeded, TooManyKeys
from schoolgate.keys.generate import GenerateOptions, start_generate, undo_generate
from schoolgate.keys.keyring import pepper
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import of_contacts
from schoolgate.lib.keycode import proves
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import code_of, generate, make_key, make_linked_contact, make_redeemed_key, run
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(time_zone="Australia/Sydney")


def ends(job):
    """{subject id: what became of it, and why not}."""
    return {item.subject_id: (item.state, item.why) for item in JobItem.objects.filter(job=job)}


def test_a_contact_with_a_student_gets_one_key(tenant):
    contact = make_linked_contact(tenant)
    job = generate(tenant, contact)
    key = AccessKey.objects.get()
    assert (key.subject_kind, key.subject_id, key.addressee_id) == ("contact", contact.pk, contact.pk)
    assert (key.state, key.run_id) == (KeyState.LIVE, job.pk)
    assert (job.state, job.done, job.skipped) == (JobState.DONE, 1, 0)
    assert ends(job) == {contact.pk: (ItemState.DONE, "")}
    assert JobItem.objects.get().result_id == key.pk


def test_the_sealed_copy_is_the_key_whose_mac_stands_beside_it(tenant):
    generate(tenant, make_linked_contact(tenant))
    key = AccessKey.objects.get()
    code = code_of(key)
    assert code.selector == key.selector
    assert proves(code, bytes(key.mac), tenant_id=tenant.pk, pepper=pepper(key.pepper_no))


def test_a_new_key_ends_with_the_day_that_its_letter_would_state(tenant):
    """R-KY-06: sixty days, to the end of the day in the school's time zone; NOW is 24 November, 12:30 in Sydney."""
    generate(tenant, make_linked_contact(tenant))
    assert (
        AccessKey.objects.get().expires_at.isoformat() == "2027-01-23T13:00:00+00:00"
    )  # Midnight after 23 January in Sydney.


def test_running_it_twice_makes_nothing_the_second_time(tenant):
    contacts = [make_linked_contact(tenant) for _ in range(3)]
    generate(tenant, *contacts)
    again = generate(tenant, *contacts)
    assert AccessKey.objects.count() == 3
    assert set(ends(again).values()) == {(ItemState.SKIPPED, "live_key")}
    assert AuditEntry.objects.filter(act="key.generated").count() == 1


def test_who_is_skipped_and_why(tenant):
    student = make_student(tenant)
    live, tied = make_linked_contact(tenant), make_linked_contact(tenant)
    make_key(live)
    make_redeemed_key(tied)
    no_link = make_contact(tenant)
    flag_off = make_contact(tenant)
    make_link(student, flag_off, portal_access=False)
    restricted = make_contact(tenant)
    make_link(student, restricted)
    make_bar(student, restricted)
    inactive = make_contact(tenant, is_active=False)
    make_link(student, inactive)
    colleague = make_contact(tenant, type="STAFF")
    make_link(student, colleague)
    stranger = make_linked_contact(make_tenant())
    job = generate(tenant, live, tied, no_link, flag_off, restricted, inactive, colleague, stranger, 987654)
    assert {pk: why for pk, (state, why) in ends(job).items() if state == ItemState.SKIPPED} == {
        live.pk: "live_key",
        tied.pk: "tied",
        no_link.pk: "no_link",
        flag_off.pk: "no_link",
        restricted.pk: "restricted",
        inactive.pk: "no_link",
        colleague.pk: "not_parent",
        stranger.pk: "unknown",
        987654: "unknown",
    }
    assert (job.done, job.skipped) == (0, 9)


def test_a_contact_barred_from_one_child_of_two_gets_a_key(tenant):
    """E-06: the other child stays visible."""
    contact = make_linked_contact(tenant)
    barred_from = make_student(tenant)
    make_link(barred_from, contact)
    make_bar(barred_from, contact)
    assert generate(tenant, contact).done == 1


def test_a_contact_whom_a_restriction_left_with_nothing_to_see_is_called_restricted(tenant):
    """§3.1: that another child is associated, with the flag off, opens nothing."""
    contact, barred_from = make_contact(tenant), make_student(tenant)
    make_link(barred_from, contact)
    make_bar(barred_from, contact)
    make_link(make_student(tenant), contact, portal_access=False)
    assert ends(generate(tenant, contact)) == {contact.pk: (ItemState.SKIPPED, "restricted")}


def test_a_contact_barred_from_a_child_whose_flag_is_off_has_no_link(tenant):
    contact, barred_from = make_contact(tenant), make_student(tenant)
    make_link(barred_from, contact, portal_access=False)
    make_bar(barred_from, contact)
    make_link(make_student(tenant), contact, portal_access=False)
    assert ends(generate(tenant, contact)) == {contact.pk: (ItemState.SKIPPED, "no_link")}


def test_a_bar_that_begins_tomorrow_stops_nothing_today(tenant):
    contact, student = make_contact(tenant), make_student(tenant)
    make_link(student, contact)
    make_bar(student, contact, starts_on=date(2026, 11, 25))
    assert generate(tenant, contact).done == 1


def test_contacts_with_no_students_yet_get_a_key_when_asked_for(tenant):
    contact, restricted, student = make_contact(tenant), make_contact(tenant), make_student(tenant)
    make_link(student, restricted)
    make_bar(student, restricted)
    job = generate(tenant, contact, restricted, options=GenerateOptions(also_unlinked=True))
    assert ends(job) == {contact.pk: (ItemState.DONE, ""), restricted.pk: (ItemState.SKIPPED, "restricted")}


def test_a_key_for_another_account_needs_a_reason_and_keeps_the_older_tie(tenant):
    """R-CK-14."""
    contact = make_linked_contact(tenant)
    tie = make_redeemed_key(contact)
    with pytest.raises(ReasonNeeded):
        generate(tenant, contact, options=GenerateOptions(another_account=True, reason="  "))
    job = generate(
        tenant, contact, options=GenerateOptions(another_account=True, reason="Two phones, says the father.")
    )
    assert job.done == 1
    tie.refresh_from_db()
    assert tie.ended_at is None
    assert AuditEntry.objects.get(act="key.generated").reason == "Two phones, says the father."


def test_an_overdue_key_that_was_not_swept_yet_makes_way(tenant):
    contact = make_linked_contact(tenant)
    old = make_key(contact, at=NOW - timedelta(days=90))
    assert generate(tenant, contact).done == 1
    old.refresh_from_db()
    assert (old.state, old.sealed) == (KeyState.EXPIRED, None)


def test_the_forecast_is_what_the_act_then_does(tenant):
    """R-CK-07: preview and act run the same code."""
    contacts = [make_linked_contact(tenant), make_linked_contact(tenant), make_contact(tenant)]
    make_key(contacts[1])
    ids = [contact.pk for contact in contacts] + [555555]
    chosen = DirectoryContact.objects.for_tenant(tenant).filter(pk__in=ids)
    groups = counted_facts(tenant=tenant, contacts=chosen, at=NOW)
    found = forecast_counted(groups, GenerateOptions().verdict(), selected=len(ids))
    assert (found.acts_on, found.example) == (1, of_contacts([contacts[0].pk])[0])
    assert found.skipped == {"live_key": 1, "no_link": 1, "unknown": 1}
    job = generate(tenant, *ids)
    assert (job.done, job.skipped) == (found.acts_on, sum(found.skipped.values()))


def test_what_changed_between_preview_and_act_is_skipped_not_forced(tenant):
    contact, student = make_contact(tenant), make_student(tenant)
    make_link(student, contact)
    job = start_generate(tenant=tenant, subjects=of_contacts([contact.pk]), by=actor(), at=NOW, queued=False)
    make_bar(student, contact)
    assert ends(run(job)) == {contact.pk: (ItemState.SKIPPED, "restricted")}


def test_a_selection_is_stored_as_ids_at_that_moment(tenant):
    """R-CK-06: rows that match a filter later are not drawn in; nobody is selected twice."""
    contact = make_linked_contact(tenant)
    job = start_generate(
        tenant=tenant, subjects=of_contacts([contact.pk, contact.pk]), by=actor(), at=NOW, queued=False
    )
    make_linked_contact(tenant)
    run(job)
    assert list(AccessKey.objects.values_list("subject_id", flat=True)) == [contact.pk]


def test_changing_the_students_leaves_the_key_alone(tenant):
    """R-CK-15."""
    contact = make_linked_contact(tenant)
    generate(tenant, contact)
    before = AccessKey.objects.values().get()
    make_link(make_student(tenant), contact)
    generate(tenant, contact)
    assert AccessKey.objects.values().get() == before


def test_the_later_of_two_runs_skips_what_the_first_holds(tenant):
    """R-RN-05."""
    contact = make_linked_contact(tenant)
    first = start_generate(tenant=tenant, subjects=of_contacts([contact.pk]), by=actor(), at=NOW, queued=False)
    second = generate(tenant, contact)
    assert ends(second) == {contact.pk: (ItemState.SKIPPED, "in_run")}
    assert JobItem.objects.get(job=second).result_id == first.pk
    assert run(first).done == 1


def test_cancelling_leaves_whole_items(tenant):
    """R-RN-04."""
    job = start_generate(
        tenant=tenant, subjects=of_contacts([make_linked_contact(tenant).pk]), by=actor(), at=NOW, queued=False
    )
    cancel_job(job=job, by=actor(), at=NOW)
    assert run(job).state == JobState.CANCELLED
    assert not AccessKey.objects.exists()


def test_undoing_a_run_revokes_what_has_not_left_the_building(tenant):
    contacts = [make_linked_contact(tenant) for _ in range(4)]
    job = generate(tenant, *contacts)
    indoors, printed, mailed, _ = AccessKey.objects.order_by("pk")
    AccessKey.objects.filter(pk=printed.pk).update(printed_at=NOW)
    AccessKey.objects.filter(pk=mailed.pk).update(emailed_at=NOW)
    assert undo_generate(tenant=tenant, job=job, by=actor(), at=NOW) == 2
    states = list(AccessKey.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["revoked", "live", "live", "revoked"]
    indoors.refresh_from_db()
    assert indoors.sealed is None


def test_every_key_stands_in_the_audit_of_its_own_transaction(tenant):
    """R-AU-01, R-AU-02, R-AU-03."""
    contact = make_linked_contact(tenant)
    job = generate(tenant, contact)
    key = AccessKey.objects.get()
    entry = AuditEntry.objects.get(act="key.generated")
    assert entry.subjects == [["job", job.pk], ["contact", contact.pk], ["key", key.pk]]
    assert code_of(key).secret not in str(entry.detail)
    assert verify_audit(tenant_id=tenant.pk).ok


class TestSelectors:
    def test_a_living_or_lately_dead_selector_is_not_drawn_again(self, tenant, monkeypatch):
        """R-KY-04: it may return after ninety days."""
        for selector, days in (("AAAA", 89), ("CCCC", 91)):
            dead = make_key_with_selector(tenant, selector)
            ended_at = NOW - timedelta(days=days)
            AccessKey.objects.filter(pk=dead).update(state="revoked", sealed=None, ended_at=ended_at)
        make_key_with_selector(tenant, "BBBB")
        drawn = iter([["AAAA", "BBBB"], ["BBBB", "CCCC"]])
        monkeypatch.setattr(make_keys, "draw_selectors", lambda count, taken: next(drawn))
        generate(tenant, make_linked_contact(tenant))
        assert AccessKey.objects.order_by("-pk").first().selector == "CCCC"

    def test_the_database_refuses_a_second_live_key_with_the_same_selector(self, tenant):
        make_key_with_selector(tenant, "AAAA")
        with pytest.raises(IntegrityError):
            make_key_with_selector(tenant, "AAAA")

    def test_the_database_refuses_a_second_live_key_for_one_contact(self, tenant):
        contact = make_linked_contact(tenant)
        make_key(contact)
        with pytest.raises(IntegrityError):
            make_key(contact)

    def test_two_tenants_may_use_the_same_selector(self, tenant):
        make_key_with_selector(tenant, "AAAA")
        make_key_with_selector(make_tenant(), "AAAA")

    def test_too_many_live_keys_are_refused(self, tenant, monkeypatch):
        contact = make_linked_contact(tenant)
        make_key(make_linked_contact(tenant))
        monkeypatch.setattr("schoolgate.keys.generate.MOST_KEYS", 0)
        with pytest.raises(TooManyKeys, match="500,000"):
            generate(tenant, contact)

    def test_a_run_that_comes_to_the_limit_says_so_of_the_rest(self, tenant, monkeypatch):
        monkeypatch.setattr("schoolgate.keys.generate.MOST_KEYS", 2)
        contacts = [make_linked_contact(tenant) for _ in range(3)]
        assert list(ends(generate(tenant, *contacts)).values())[-1] == (ItemState.SKIPPED, "too_many_keys")


def make_key_with_selector(tenant, selector):
    with transaction.atomic():
        key = make_key(make_linked_contact(tenant))
        AccessKey.objects.filter(pk=key.pk).update(selector=selector)
    return key.pk
