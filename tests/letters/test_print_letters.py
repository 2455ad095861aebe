"""Print Letters, its files, and what must be pulled from the pile (R-CK-09 to R-CK-11, R-KY-06, R-RN-02 to R-RN-06, R-RX-05)."""

import io
from datetime import date, timedelta
from itertools import count

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryAssociation, DirectoryChange, DirectoryHead
from schoolgate.jobs.models import ItemState, JobItem, JobState
from schoolgate.keys.end_keys import end_keys
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import of_contacts
from schoolgate.letters import pdf, print_letters
from schoolgate.letters.letter_file import (
    FileNotReady,
    fetch_letter_file,
    files_of_run,
    letters_to_pull,
    mark_letters,
)
from schoolgate.letters.models import Delivery, DeliveryState
from schoolgate.letters.print_letters import PrintOptions, forecast_letters, start_print_letters
from schoolgate.lib.errors import NotFound
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key, make_linked_contact, make_redeemed_key, run
from tests.factories.tenancy import NOW, actor, make_school, make_tenant
from tests.letters.pages import codes_in, picture_of, text_of_pages

pytestmark = pytest.mark.django_db(transaction=True)

_seqs = count(1)


@pytest.fixture
def tenant():
    return make_tenant(time_zone="Australia/Sydney", help_line="02 5550 1234")


def start(tenant, *contacts, at=NOW, **options):
    ids = [contact if isinstance(contact, int) else contact.pk for contact in contacts]
    return start_print_letters(
        tenant=tenant, subjects=of_contacts(ids), by=actor(), at=at, options=PrintOptions(**options), queued=False
    )


def printed(tenant, *contacts, at=NOW, **options):
    return run(start(tenant, *contacts, at=at, **options), at=at)


def fetch(tenant, job, *, file_no=1, at=NOW):
    return fetch_letter_file(tenant=tenant, job=job, file_no=file_no, by=actor(), at=at)


def with_key(tenant, **columns):
    contact = make_linked_contact(tenant, **columns)
    make_key(contact)
    return contact


def key_of(contact):
    return AccessKey.objects.get(subject_id=contact.pk, state=KeyState.LIVE)


def end_key(tenant, contact):
    with transaction.atomic():
        end_keys(tenant=tenant, key_ids=[key_of(contact).pk], state=KeyState.REVOKED, by_id=None, at=NOW, why="test")


def ends(job):
    return {item.subject_id: (item.state, item.why) for item in JobItem.objects.filter(job=job)}


def publish(tenant, kind, object_id):
    """What Data Sync leaves in the feed."""
    seq = next(_seqs)
    DirectoryChange.objects.create(tenant=tenant, seq=seq, kind=kind, object_id=object_id, op="added", run_id=1)
    DirectoryHead.objects.update_or_create(tenant=tenant, defaults={"seq": seq})


def test_each_contact_with_a_live_key_gets_one_letter_of_their_own(tenant):
    """R-CK-09: never two contacts on one sheet, one without an e-mail can be printed."""
    contacts = [with_key(tenant, given_name="Abel"), with_key(tenant, given_name="Bea", email="", email_usable=False)]
    job = printed(tenant, *contacts)
    file = fetch(tenant, job)
    pages = text_of_pages(file.pdf)
    assert (file.letters, file.pages, len(pages)) == (2, 3, 3)
    for contact in contacts:
        own = [page for page in pages[:2] if code_of(key_of(contact)).grouped in page]
        assert len(own) == 1
        assert contact.shown_name in own[0]
    assert "Abel" not in next(page for page in pages if "Bea" in page)


def test_the_square_code_opens_the_key_page_of_this_tenant(tenant, settings):
    """R-KY-09."""
    contact = with_key(tenant)
    file = fetch(tenant, printed(tenant, contact))
    key = code_of(key_of(contact)).grouped
    assert codes_in(picture_of(file.pdf)) == [f"{settings.BASE_URL}/s-{tenant.code}/key/#k={key}"]


def test_who_gets_no_letter_is_skipped_with_the_reason(tenant):
    keyless, staff = make_linked_contact(tenant), make_contact(tenant, type="STAFF")
    barred = make_contact(tenant)
    student = make_student(tenant)
    make_link(student, barred)
    make_bar(student, barred)
    make_key(barred)
    tied = make_linked_contact(tenant)
    make_redeemed_key(tied)
    job = printed(tenant, keyless, staff, barred, tied, 999_999)
    assert ends(job) == {
        keyless.pk: (ItemState.SKIPPED, "no_key"),
        staff.pk: (ItemState.SKIPPED, "not_parent"),
        barred.pk: (ItemState.SKIPPED, "restricted"),
        tied.pk: (ItemState.SKIPPED, "no_key"),
        999_999: (ItemState.SKIPPED, "unknown"),
    }
    assert files_of_run(tenant=tenant, job=job) == []


def test_the_forecast_is_what_happens(tenant):
    """R-CK-07, B-04."""
    contacts = [with_key(tenant), make_linked_contact(tenant), with_key(tenant, address_1="")]
    ids = [contact.pk for contact in contacts]
    for options in (PrintOptions(), PrintOptions(only_with_address=True), PrintOptions(also_generate=True)):
        found = forecast_letters(tenant=tenant, subjects=of_contacts(ids), at=NOW, options=options)
        job = printed(
            tenant, *contacts, also_generate=options.also_generate, only_with_address=options.only_with_address
        )
        skipped = [why for state, why in ends(job).values() if state == ItemState.SKIPPED]
        assert found.acts_on == job.done
        assert found.skipped == {why: skipped.count(why) for why in skipped}


def test_without_an_address_a_letter_is_for_handing_over_or_skipped(tenant):
    contact = with_key(tenant, address_1="", town="", postcode="")
    file = fetch(tenant, printed(tenant, contact))
    assert contact.shown_name in text_of_pages(file.pdf)[0]
    assert ends(printed(tenant, contact, only_with_address=True)) == {contact.pk: (ItemState.SKIPPED, "no_address")}


def test_also_generate_makes_the_missing_keys_first(tenant):
    contact = make_linked_contact(tenant)
    job = printed(tenant, contact, also_generate=True)
    assert (job.done, key_of(contact).run_id) == (1, job.pk)
    assert fetch(tenant, job).letters == 1


def test_a_letter_goes_to_the_contacts_own_address_and_names_nobody_else(tenant):
    """R-TP-06, R-PA-10, E-04."""
    student = make_student(tenant)
    one = make_contact(tenant, given_name="Ines", address_1="1 North Street", town="Northam")
    other = make_contact(tenant, given_name="Otto", address_1="2 South Street", town="Southam")
    for contact in (one, other):
        make_link(student, contact)
        make_key(contact)
    pages = text_of_pages(fetch(tenant, printed(tenant, one, other)).pdf)
    of_one = next(page for page in pages if "Ines" in page)
    assert "Northam" in of_one
    for word in ("Otto", "South Street", "Southam"):
        assert word not in of_one


def test_a_restricted_child_is_not_named(tenant):
    """R-TP-06, E-06: no hint of the third."""
    contact = with_key(tenant)
    barred = make_student(tenant, given_name="Hidden")
    make_link(barred, contact)
    make_bar(barred, contact)
    page = text_of_pages(fetch(tenant, printed(tenant, contact)).pdf)[0]
    assert "Hidden" not in page
    assert "restrict" not in page.lower()


def test_printing_moves_the_date_and_the_letter_states_it(tenant):
    """R-KY-06: 60 days from printing, never later than 180 days from generation."""
    contact = with_key(tenant)
    later = NOW + timedelta(days=40)
    file = fetch(tenant, printed(tenant, contact, at=later), at=later)
    assert Delivery.objects.get().expires_on == date(2027, 3, 4)
    assert "4 March 2027" in text_of_pages(file.pdf)[0]
    last = NOW + timedelta(days=170)
    AccessKey.objects.update(expires_at=NOW + timedelta(days=175))
    printed(tenant, contact, at=last)
    assert Delivery.objects.latest("pk").expires_on == date(2027, 5, 23)


def test_a_reprint_is_a_copy_of_the_same_key(tenant):
    """R-CK-11, R-CK-15."""
    contact = with_key(tenant)
    first = text_of_pages(fetch(tenant, printed(tenant, contact)).pdf)[0]
    second = text_of_pages(fetch(tenant, printed(tenant, contact)).pdf)[0]
    key = code_of(key_of(contact)).grouped
    assert key in first
    assert key in second
    assert "opy" not in first
    assert "Copy 2 of the same key." in second
    assert list(Delivery.objects.order_by("pk").values_list("copy_no", flat=True)) == [1, 2]


def test_files_hold_so_many_letters_and_a_tally_each(tenant, monkeypatch):
    """R-CK-10: at most 500; here three, so that the test is short."""
    monkeypatch.setattr(print_letters, "MAX_LETTERS", 3)
    contacts = [with_key(tenant) for _ in range(7)]
    job = printed(tenant, *contacts)
    assert [(file.file_no, file.letters) for file in files_of_run(tenant=tenant, job=job)] == [(1, 3), (2, 3), (3, 1)]
    keys = {code_of(key_of(contact)).grouped for contact in contacts}
    seen = []
    for number in (1, 2, 3):
        pages = text_of_pages(fetch(tenant, job, file_no=number).pdf)
        assert not any(key in pages[-1] for key in keys)
        for contact in contacts:
            if code_of(key_of(contact)).grouped in "".join(pages[:-1]):
                seen.append(contact.pk)
                assert contact.contact_no in pages[-1]
    assert sorted(seen) == sorted(contact.pk for contact in contacts), "every letter is in exactly one file (R-RN-02)"
    assert pdf.MAX_LETTERS == 500


def test_the_pile_lies_in_the_order_of_the_classes(tenant):
    """R-CK-10."""
    junior, senior = make_school(tenant, number=20), make_school(tenant, number=10)
    contacts = {}
    for name, school, year in [("Last", junior, "1"), ("Second", senior, "10"), ("First", senior, "9")]:
        contact = make_contact(tenant, given_name=name)
        make_link(make_student(tenant, school=school, year_level=year, roll_class=f"{year}A"), contact)
        make_key(contact)
        contacts[name] = contact
    pages = text_of_pages(fetch(tenant, printed(tenant, *contacts.values())).pdf)
    assert [next(name for name in contacts if name in page) for page in pages[:3]] == ["First", "Second", "Last"]


def test_a_file_is_there_when_the_run_has_ended(tenant):
    """R-RN-03."""
    contact = with_key(tenant)
    job = start(tenant, contact)
    assert files_of_run(tenant=tenant, job=job) == []
    with pytest.raises(FileNotReady):
        fetch(tenant, job)


def test_a_key_that_ended_since_is_left_out_and_named(tenant):
    """R-RN-03: made again with the same keys, less those no longer live."""
    gone, stays = with_key(tenant), with_key(tenant)
    job = printed(tenant, gone, stays)
    end_key(tenant, gone)
    file = fetch(tenant, job)
    assert (file.letters, [(left.whom.id, left.why) for left in file.left_out]) == (1, [(gone.pk, "no_key")])
    assert gone.contact_no in text_of_pages(file.pdf)[-1]
    assert gone.shown_name not in "".join(text_of_pages(file.pdf))


def test_a_file_of_which_nothing_is_left_says_so(tenant):
    contact = with_key(tenant)
    job = printed(tenant, contact)
    end_key(tenant, contact)
    file = fetch(tenant, job)
    pages = text_of_pages(file.pdf)
    assert (file.letters, file.pages, len(pages)) == (0, 1, 1)
    assert contact.contact_no in pages[0]


def test_a_restriction_saved_before_its_chunk_is_honoured(tenant):
    """R-RN-06."""
    student = make_student(tenant)
    contact = make_contact(tenant)
    make_link(student, contact)
    make_key(contact)
    job = start(tenant, contact)
    make_bar(student, contact)
    run(job)
    assert ends(job) == {contact.pk: (ItemState.SKIPPED, "restricted")}


def test_letters_that_a_restriction_makes_wrong_are_listed_to_be_pulled(tenant):
    """R-RN-06: Contact ID, page n; B-03: the list is complete and names nobody else."""
    student, other = make_student(tenant), make_student(tenant)
    contact, bystander = make_contact(tenant, family_name="Baker"), with_key(tenant, family_name="Abel")
    for child in (student, other):
        make_link(child, contact)
    make_key(contact)
    job = printed(tenant, contact, bystander)
    assert letters_to_pull(tenant=tenant, job=job, at=NOW) == []
    page = 1 + next(
        n for n, text in enumerate(text_of_pages(fetch(tenant, job).pdf)) if code_of(key_of(contact)).grouped in text
    )
    assert letters_to_pull(tenant=tenant, job=job, at=NOW) == []
    publish(tenant, "bar", make_bar(student, contact).pk)  # One of two children: the key lives on.
    [found] = letters_to_pull(tenant=tenant, job=job, at=NOW)
    assert (found.number, found.page_no, found.file_no, found.why) == (contact.contact_no, page, 1, "restricted")
    fetch(tenant, job)
    assert letters_to_pull(tenant=tenant, job=job, at=NOW) == [], "the newly fetched file is right"


def test_a_restriction_that_begins_later_is_pulled_from_its_day_on(tenant):
    contact = with_key(tenant)
    student = DirectoryAssociation.objects.get(contact=contact).student
    make_bar(student, contact, starts_on=date(2026, 12, 1))
    job = printed(tenant, contact)
    fetch(tenant, job)
    assert letters_to_pull(tenant=tenant, job=job, at=NOW) == []
    [found] = letters_to_pull(tenant=tenant, job=job, at=NOW + timedelta(days=10))
    assert found.why == "restricted"


def test_a_redeemed_key_is_pulled_too(tenant):
    contact = with_key(tenant)
    job = printed(tenant, contact)
    fetch(tenant, job)
    AccessKey.objects.update(state=KeyState.REDEEMED, sealed=None)
    assert [found.why for found in letters_to_pull(tenant=tenant, job=job, at=NOW)] == ["no_key"]


def test_a_name_that_no_font_prints_fails_by_itself(tenant):
    good, bad = with_key(tenant), with_key(tenant, given_name="Ana 🦄")
    job = printed(tenant, good, bad)
    assert job.state == JobState.DONE_WITH_PROBLEMS
    assert ends(job)[bad.pk] == (ItemState.FAILED, "missing_glyph")
    assert fetch(tenant, job).letters == 1


def test_a_letter_too_long_for_its_page_is_left_out_with_the_reason(tenant):
    """R-TP-08: reported, never cut silently."""
    good, bad = with_key(tenant), with_key(tenant)
    for _ in range(40):
        make_link(make_student(tenant, given_name="Wilhelmina-Theodora " * 6), bad)
    job = printed(tenant, good, bad)
    file = fetch(tenant, job)
    assert (file.letters, [left.why for left in file.left_out]) == (1, ["letter_too_long"])
    assert Delivery.objects.get(key__subject_id=bad.pk).problem == "letter_too_long"


def test_each_act_is_in_the_audit_without_a_key(tenant):
    """R-AU-01, R-AU-03, R-CK-16."""
    contact = with_key(tenant)
    fetch(tenant, printed(tenant, contact))
    entries = AuditEntry.objects.filter(act__in=["key.printed", "letter.fetched"]).order_by("seq")
    assert [entry.act for entry in entries] == ["key.printed", "letter.fetched"]
    assert ["contact", contact.pk] in entries[0].subjects
    code = code_of(key_of(contact))
    assert not any(code.secret in str(entry.__dict__) for entry in entries)


def test_no_secret_is_at_rest(tenant):
    """R13: the rows of a run hold no key and no sheet."""
    contact = with_key(tenant)
    job = printed(tenant, contact)
    fetch(tenant, job)
    code = code_of(key_of(contact))
    rows = [*Delivery.objects.values(), *JobItem.objects.values(), job.options, job.result]
    assert code.secret not in str(rows)


def test_another_tenants_run_and_a_file_that_is_not_there_look_alike(tenant):
    job = printed(tenant, with_key(tenant))
    with pytest.raises(NotFound):
        fetch(make_tenant(), job)
    with pytest.raises(NotFound):
        fetch(tenant, job, file_no=2)


def test_a_later_run_skips_what_an_earlier_one_holds(tenant):
    """R-RN-05."""
    contact = with_key(tenant)
    earlier = start(tenant, contact)
    later = printed(tenant, contact)
    assert ends(later) == {contact.pk: (ItemState.SKIPPED, "in_run")}
    assert JobItem.objects.get(job=later).result_id == earlier.pk


def test_destroyed_letters_are_not_printed_again_from_their_run(tenant):
    contact = with_key(tenant)
    job = printed(tenant, contact)
    assert mark_letters(tenant=tenant, job=job, state=DeliveryState.DESTROYED, by=actor(), at=NOW) == of_contacts(
        [contact.pk]
    )
    assert [left.why for left in fetch(tenant, job).left_out] == ["destroyed"]


def test_the_paper_is_the_tenants_choice():
    tenant = make_tenant(paper="us-letter", help_line="555 0123")
    file = fetch(tenant, printed(tenant, with_key(tenant)))
    assert [round(float(side)) for side in PdfReader(io.BytesIO(file.pdf)).pages[0].mediabox[2:]] == [612, 792]


def test_the_number_of_statements_does_not_grow_with_the_letters(tenant):
    """Spine §3.8: a file of many costs as many statements as a file of few."""
    counts = []
    fetch(
        tenant, printed(tenant, with_key(tenant))
    )  # The schools' exceptions are read once for each settings row in hand.
    for letters in (3, 30):
        job = printed(tenant, *[with_key(tenant) for _ in range(letters)])
        with CaptureQueriesContext(connection) as fetched:
            fetch(tenant, job)
        counts.append(len(fetched))
    assert counts[0] == counts[1]
