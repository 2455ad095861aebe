"""Letters and mails with keys for student use: registration-keys §3, R-CK-09 to R-CK-12, R-TP-01 to R-TP-04, R-TP-06, R-RN-06."""

from datetime import timedelta

import pytest

from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.jobs.models import Job
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import of_contacts, of_students, subjects_of
from schoolgate.letters.compose import MailStopped, compose
from schoolgate.letters.edit_template import restore_default, save_template
from schoolgate.letters.fields import KINDS, Part
from schoolgate.letters.follow import BY_WORKER, follow_directory
from schoolgate.letters.letter_file import LetterFile, fetch_letter_file, letters_to_pull
from schoolgate.letters.models import Delivery, Message, MessageState, Template
from schoolgate.letters.preview_template import Draft
from schoolgate.letters.print_letters import PrintOptions, forecast_letters, start_print_letters
from schoolgate.letters.queries import names_of_addressees, outbox_messages, text_in_use
from schoolgate.letters.send_emails import forecast_emails, start_send_emails
from schoolgate.letters.shipped import shipped_text
from schoolgate.tenancy.models import KeySystem, Tenant, TenantSettings
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key, make_key_for, run
from tests.factories.tenancy import NOW, actor, make_school, make_tenant
from tests.letters.pages import text_of_pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant(portal_open=True, help_line="02 5550 1234")


def make_slip(tenant: Tenant, **columns: object) -> tuple[DirectoryStudent, Subject, AccessKey]:
    student = make_student(tenant, **columns)
    [subject] = of_students([student.pk])
    return student, subject, make_key_for(subject, tenant_id=tenant.pk)


def print_these(tenant: Tenant, *subjects: Subject, options: PrintOptions | None = None) -> Job:
    job = start_print_letters(
        tenant=tenant, subjects=subjects, by=actor(), at=NOW, options=options or PrintOptions(), queued=False
    )
    return run(job)


def fetch(tenant: Tenant, job: Job) -> LetterFile:
    return fetch_letter_file(tenant=tenant, job=job, file_no=1, by=actor(), at=NOW)


def mail_these(tenant: Tenant, *subjects: Subject, again: bool = False) -> Job:
    return run(
        start_send_emails(
            tenant=tenant, subjects=subjects, by=actor(), at=NOW, hold=timedelta(0), again=again, queued=False
        )
    )


def whys(job: Job) -> list[str]:
    return list(job.items.order_by("position").values_list("why", flat=True))


class TestLetters:
    def test_the_letter_is_the_student_s_own_and_names_nobody_else(self, tenant: Tenant) -> None:
        student, subject, key = make_slip(tenant, given_name="Mia", family_name="Cole", roll_class="7B")
        contact = make_contact(tenant, given_name="Dana", family_name="Cole")
        make_link(student, contact)

        file = fetch(tenant, print_these(tenant, subject))

        page, tally = text_of_pages(file.pdf)
        for said in (
            "Mia Cole",
            "7B",
            student.school.name,
            "This key makes your own account",
            code_of(key).grouped,
            "23 January 2027",
            "02 5550 1234",
            f"/s-{tenant.code}/",
        ):
            assert said in page
        assert "Dana" not in page
        assert contact.address_1 not in page
        assert student.student_no in tally
        assert "Student Id" in tally
        assert code_of(key).grouped not in tally

    def test_one_run_prints_each_by_its_own_text_in_the_order_of_the_classes(self, tenant: Tenant) -> None:
        school = make_school(tenant)
        where = {"school": school, "year_level": "7"}
        first, own_a, _key = make_slip(tenant, given_name="Abe", family_name="Abel", roll_class="7A", **where)
        _second, own_b, _key = make_slip(tenant, given_name="Zoe", family_name="Zed", roll_class="7B", **where)
        contact = make_contact(tenant, given_name="Dana", family_name="Abel")
        make_link(first, contact)
        make_key(contact)

        job = print_these(tenant, own_b, *of_contacts([contact.pk]), own_a)
        pages = text_of_pages(fetch(tenant, job).pdf)

        own = ["This key makes your own account" in page for page in pages[:3]]
        assert own == ["Abe Abel" in page and "Dana" not in page for page in pages[:2]] + [True]
        assert sorted(own) == [False, True, True]
        assert "Zoe Zed" in pages[2]
        assert "Number" in pages[3]

    def test_a_contact_and_a_student_of_one_id_are_two_people(self, tenant: Tenant) -> None:
        student, own, _key = make_slip(tenant, given_name="Mia")
        contact = make_contact(tenant, pk=student.pk, given_name="Dana")
        make_link(student, contact)
        make_key(contact)
        pages = text_of_pages(fetch(tenant, print_these(tenant, own, *of_contacts([contact.pk]))).pdf)
        assert sorted("makes your own account" in page for page in pages[:2]) == [False, True]

    def test_a_reprint_is_another_copy_of_the_same_key(self, tenant: Tenant) -> None:
        _student, own, key = make_slip(tenant)
        print_these(tenant, own)
        page, _tally = text_of_pages(fetch(tenant, print_these(tenant, own)).pdf)
        assert "Copy 2 of the same key." in page
        assert code_of(key).grouped in page
        assert list(Delivery.objects.order_by("pk").values_list("copy_no", flat=True)) == [1, 2]

    def test_keys_are_made_on_the_way_where_that_is_asked(self, tenant: Tenant) -> None:
        student = make_student(tenant)
        job = print_these(tenant, *of_students([student.pk]), options=PrintOptions(also_generate=True))
        assert fetch(tenant, job).letters == 1
        assert AccessKey.objects.get().subject_kind == "student_self"

    def test_no_postal_address_is_needed_to_hand_a_letter_over(self, tenant: Tenant) -> None:
        _student, own, _key = make_slip(tenant)
        options = PrintOptions(only_with_address=True)
        assert forecast_letters(tenant=tenant, subjects=[own], at=NOW, options=options).acts_on == 1
        assert whys(print_these(tenant, own, options=options)) == [""]

    @pytest.mark.parametrize(
        ("columns", "why"), [({"is_active": False}, "inactive"), ({"birth_date": None}, "no_birth_date")]
    )
    def test_who_may_not_have_a_key_gets_no_letter(self, tenant: Tenant, columns: dict[str, object], why: str) -> None:
        student, own, _key = make_slip(tenant)
        DirectoryStudent.objects.filter(pk=student.pk).update(**columns)
        assert forecast_letters(tenant=tenant, subjects=[own], at=NOW).skipped == {why: 1}
        assert whys(print_these(tenant, own)) == [why]

    def test_a_student_who_left_since_is_left_out_and_named(self, tenant: Tenant) -> None:
        student, own, _key = make_slip(tenant)
        job = print_these(tenant, own)
        assert letters_to_pull(tenant=tenant, job=job, at=NOW) == []
        fetch(tenant, job)
        DirectoryStudent.objects.filter(pk=student.pk).update(is_active=False)
        file = fetch(tenant, job)
        assert [(left.number, left.why) for left in file.left_out] == [(student.student_no, "inactive")]
        assert student.student_no in text_of_pages(file.pdf)[-1]

    def test_a_letter_whose_key_ended_is_to_be_pulled(self, tenant: Tenant) -> None:
        student, own, _key = make_slip(tenant)
        job = print_these(tenant, own)
        fetch(tenant, job)
        AccessKey.objects.update(state=KeyState.REVOKED)
        [found] = letters_to_pull(tenant=tenant, job=job, at=NOW)
        assert (found.number, found.whom.is_student, found.why) == (student.student_no, True, "no_key")

    def test_a_contact_s_restriction_pulls_no_student_s_letter(self, tenant: Tenant) -> None:
        student, own, _key = make_slip(tenant)
        contact = make_contact(tenant, pk=student.pk)
        job = print_these(tenant, own)
        fetch(tenant, job)
        make_bar(make_student(tenant), contact)
        assert letters_to_pull(tenant=tenant, job=job, at=NOW) == []

    def test_long_names_and_arabic_fit(self, tenant: Tenant) -> None:
        long = "Wilhelmina-Theodora Featherstonehaugh-Cholmondeley-Vandersmit"
        _one, own_a, _key = make_slip(tenant, given_name=long, family_name=long, roll_class="Year 10 Ngarigo Blue")
        _two, own_b, _key = make_slip(tenant, given_name="عبد الرحمن", family_name="الحسيني", roll_class="٧ب")
        file = fetch(tenant, print_these(tenant, own_a, own_b))
        assert (file.letters, file.left_out) == (2, ())


class TestEmails:
    SCHOOL = {"email": "mia.cole@school.example"}

    def test_a_mail_goes_to_the_school_s_own_address_only(self, tenant: Tenant) -> None:
        student, own, key = make_slip(tenant, given_name="Mia", family_name="Cole", **self.SCHOOL)
        contact = make_contact(tenant, email="dana@home.example")
        make_link(student, contact)

        mail_these(tenant, own)

        [message] = Message.objects.for_tenant(tenant).select_related("tenant__settings", "key")
        assert (message.kind, message.address, message.student_id, message.contact_id) == (
            "student_key",
            "mia.cole@school.example",
            student.pk,
            None,
        )
        mail = compose(message, last_day=NOW.date(), at=NOW)
        assert mail.to == ["mia.cole@school.example"]
        assert code_of(key).grouped in mail.body
        assert "makes your own account" in mail.body
        assert "Mia Cole" in mail.body
        assert "Dana" not in mail.body

    @pytest.mark.parametrize("address", ["", "not an address", "a@b"])
    def test_without_a_usable_address_there_is_no_mail(self, tenant: Tenant, address: str) -> None:
        _student, own, _key = make_slip(tenant, email=address)
        assert forecast_emails(tenant=tenant, subjects=[own], at=NOW).skipped == {"no_email": 1}
        assert whys(mail_these(tenant, own)) == ["no_email"]

    def test_an_address_that_an_adult_has_too_is_none_of_the_school_s(self, tenant: Tenant) -> None:
        _student, own, _key = make_slip(tenant, **self.SCHOOL)
        mail_these(tenant, own)
        make_contact(tenant, email="Mia.Cole@School.example")
        assert whys(mail_these(tenant, own, again=True)) == ["shared_email"]
        message = Message.objects.select_related("tenant__settings", "key").get()
        with pytest.raises(MailStopped, match="shared"):
            compose(message, last_day=NOW.date(), at=NOW)

    def test_a_mail_once_sent_or_bounced_is_not_sent_again_by_itself(self, tenant: Tenant) -> None:
        _student, own, _key = make_slip(tenant, **self.SCHOOL)
        mail_these(tenant, own)
        assert whys(mail_these(tenant, own)) == ["already_sent"]
        Message.objects.update(state=MessageState.BOUNCED)
        assert whys(mail_these(tenant, own, again=True)) == ["bounced"]

    def test_what_waits_is_stopped_when_the_student_leaves(self, tenant: Tenant) -> None:
        student, own, _key = make_slip(tenant, **self.SCHOOL)
        mail_these(tenant, own)
        assert follow_directory(tenant=tenant, by=BY_WORKER, at=NOW) == 0
        DirectoryStudent.objects.filter(pk=student.pk).update(is_active=False)
        message = Message.objects.select_related("tenant__settings", "key").get()
        with pytest.raises(MailStopped, match="student has left"):
            compose(message, last_day=NOW.date(), at=NOW)
        assert follow_directory(tenant=tenant, by=BY_WORKER, at=NOW) == 1
        assert Message.objects.get().problem == "inactive"

    def test_the_outbox_names_the_student_to_members_of_the_school(self, tenant: Tenant) -> None:
        here, elsewhere = make_school(tenant), make_school(tenant)
        student, own, _key = make_slip(tenant, given_name="Mia", school=here, **self.SCHOOL)
        mail_these(tenant, own)
        [message] = outbox_messages(tenant=tenant, school_ids=[here.pk])
        assert names_of_addressees(tenant=tenant, messages=[message]) == {message.pk: student.shown_name}
        assert not outbox_messages(tenant=tenant, school_ids=[elsewhere.pk]).exists()

    def test_a_parent_of_three_gets_a_mail_for_each_of_three_keys(self) -> None:
        """Under the Student key system one key's mail says nothing about another's."""
        tenant = make_tenant(portal_open=True, key_system=KeySystem.STUDENT)
        contact = make_contact(tenant, email="dana@home.example")
        children = [make_student(tenant) for _ in range(3)]
        for child in children:
            make_link(child, contact)
        subjects = subjects_of(tenant=tenant, kind="student", ids=[child.pk for child in children], today=NOW.date())
        for subject in subjects:
            make_key_for(subject, tenant_id=tenant.pk)
        mail_these(tenant, subjects[0])
        assert whys(mail_these(tenant, *subjects)) == ["already_sent", "", ""]
        assert Message.objects.count() == 3


class TestTemplate:
    OWN = "{student.label}\n\nHello {student.full_name} of {student.class}, {student.school}: {key} {key.qr}\n\n{expires_on}"

    def test_the_school_s_own_text_is_of_students_letters_alone(self, tenant: Tenant) -> None:
        draft = Draft(Part.LETTER, "", self.OWN, "student_key")
        save_template(tenant=tenant, draft=draft, based_on=0, by=actor(), at=NOW)
        assert text_in_use(tenant=tenant, channel=Part.LETTER).version == 0
        assert text_in_use(tenant=tenant, channel=Part.LETTER, kind="student_key").version == 1

        student, own, _key = make_slip(tenant, given_name="Mia", roll_class="7B")
        contact = make_contact(tenant)
        make_link(student, contact)
        make_key(contact)
        pages = text_of_pages(fetch(tenant, print_these(tenant, own, *of_contacts([contact.pk]))).pdf)
        assert sorted("Hello Mia" in page for page in pages[:2]) == [False, True]
        versions = dict(Delivery.objects.values_list("key__subject_kind", "template_version"))
        assert versions == {"student_self": 1, "contact": 0}

        restore_default(tenant=tenant, kind="student_key", channel=Part.LETTER, based_on=1, by=actor(), at=NOW)
        assert text_in_use(tenant=tenant, channel=Part.LETTER, kind="student_key").is_shipped
        assert Template.objects.filter(kind="key").count() == 0

    @pytest.mark.parametrize("field", ["contact.full_name", "contact.postal_address", "students", "letter.ref"])
    def test_a_student_s_text_can_name_no_contact(self, field: str) -> None:
        for channel in (Part.LETTER, Part.EMAIL):
            assert field not in KINDS["student_key", channel].fields

    @pytest.mark.parametrize("channel", [Part.LETTER, Part.EMAIL])
    def test_the_shipped_text_asks_for_the_birth_date_where_the_school_does(self, channel: Part) -> None:
        _subject, asked = shipped_text("student_key", channel, asks_proof=True)
        _subject, not_asked = shipped_text("student_key", channel, asks_proof=False)
        assert "date of birth" not in not_asked
        assert ("date of birth" in asked) == (channel is Part.LETTER)


def test_settings_of_another_tenant_are_another_s(tenant: Tenant) -> None:
    """Students of another tenant are nobody here."""
    other = make_tenant()
    TenantSettings.objects.filter(tenant=other).update(portal_open=True)
    _student, own, _key = make_slip(other)
    assert whys(print_these(tenant, own)) == ["unknown"]
    assert not Delivery.objects.exists()
    assert not DirectoryContact.objects.exists()
