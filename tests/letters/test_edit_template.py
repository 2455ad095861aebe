"""A school's own text: versions, proofs, and what is refused (R-TP-02 to R-TP-05, R-TP-07, R-TP-08)."""

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryAssociation
from schoolgate.letters.edit_template import TemplateChanged, restore_default, save_template
from schoolgate.letters.errors import TemplateRefused
from schoolgate.letters.fields import Part
from schoolgate.letters.in_use import template_in_use
from schoolgate.letters.models import Template
from schoolgate.letters.preview_template import Draft, compose_preview, contact_values, draw_preview, sample_values
from schoolgate.letters.queries import text_in_use
from schoolgate.lib.keycode import dummy_key, is_well_formed
from tests.factories.keys import code_of, make_key, make_linked_contact
from tests.factories.tenancy import NOW, actor, make_exceptions, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

LETTER = "{school.logo} · {contact.postal_address}\n\nOur own words.\n\n{key} {key.qr}\n\n{expires_on}"


@pytest.fixture
def tenant():
    return make_tenant(help_line="02 5550 1234")


def save(tenant, body=LETTER, *, channel=Part.LETTER, subject="", based_on=0):
    draft = Draft(channel, subject, body)
    return save_template(tenant=tenant, draft=draft, based_on=based_on, by=actor(), at=NOW)


def refused(tenant, body, **options):
    with pytest.raises(TemplateRefused) as refusal:
        save(tenant, body, **options)
    assert not Template.objects.exists(), "nothing was saved"
    return [(fault.line, fault.code) for fault in refusal.value.faults]


def test_every_save_is_a_version_and_the_newest_is_used(tenant):
    assert save(tenant).version == 1
    assert save(tenant, LETTER.replace("Our own", "Other"), based_on=1).version == 2
    used = template_in_use(tenant=tenant, kind="key", channel=Part.LETTER)
    assert (used.version, "Other words" in used.template.body) == (2, True)
    assert Template.objects.count() == 2
    assert AuditEntry.objects.filter(act="template.saved").count() == 2


def test_restore_default_brings_the_shipped_text_back_and_keeps_ones_own(tenant):
    save(tenant)
    restore_default(tenant=tenant, channel=Part.LETTER, based_on=1, by=actor(), at=NOW)
    text = text_in_use(tenant=tenant, channel=Part.LETTER)
    assert (text.is_shipped, text.version) == (True, 2)
    assert "follow school life online" in text.body
    assert Template.objects.filter(body__contains="Our own").exists()
    assert template_in_use(tenant=tenant, kind="key", channel=Part.LETTER).version == 0


def test_a_text_with_a_fault_is_refused_with_its_place(tenant):
    assert refused(tenant, LETTER + "\n\n{nobody}") == [(9, "field.unknown")]


def test_a_text_that_overflows_with_the_longest_values_is_refused(tenant):
    """R-TP-08."""
    long = LETTER.replace("Our own words.", "\n\n".join(["A paragraph that takes a whole line of the paper."] * 40))
    assert [code for _line, code in refused(tenant, long)] == ["letter_too_long"]


def test_a_text_with_a_sign_that_no_font_prints_is_refused(tenant):
    assert [code for _line, code in refused(tenant, LETTER + "\n\n🦄")] == ["missing_glyph"]


def test_a_mail_over_the_limit_is_refused(tenant):
    body = "{key} {expires_on}\n\n" + "\n\n".join(["{students.with_class} and so on."] * 60)
    assert [code for _line, code in refused(tenant, body, channel=Part.EMAIL, subject="Key")] == ["email.too_large"]


def test_of_two_who_write_at_once_the_second_is_told(tenant):
    save(tenant)
    with pytest.raises(TemplateChanged):
        save(tenant, based_on=0)
    assert Template.objects.count() == 1


def test_another_tenants_text_stays_theirs(tenant):
    save(tenant)
    assert text_in_use(tenant=make_tenant(), channel=Part.LETTER).version == 0


def test_a_preview_opens_nothing(tenant):
    """R-TP-07: a real contact, and a dummy key that fails its check symbol."""
    contact = make_linked_contact(tenant, given_name="Ines")
    key = make_key(contact)
    facts = contact_values(tenant, contact, channel=Part.LETTER, at=NOW)
    text = text_in_use(tenant=tenant, channel=Part.EMAIL)
    mail = compose_preview(tenant=tenant, draft=Draft(Part.EMAIL, text.subject, text.body), values=facts)
    assert "Ines" in mail.body
    assert dummy_key() in mail.body
    assert not is_well_formed(dummy_key().replace("-", ""))
    assert code_of(key).grouped not in mail.body + str(mail.alternatives[0][0])


@pytest.mark.parametrize(
    ("channel", "day"), [(Part.LETTER, "8 December 2026"), (Part.EMAIL, "27 November 2026")], ids=["letter", "mail"]
)
def test_a_preview_states_the_day_that_a_new_key_of_theirs_would_have(tenant, channel, day):
    """R-DI-02: by the stricter one of district and school, and of the mail by its own life (R-KY-06)."""
    contact = make_linked_contact(tenant)
    [pair] = DirectoryAssociation.objects.filter(contact=contact)
    make_exceptions(pair.student.school, letter_life_days=14, email_life_days=3)
    assert contact_values(tenant, contact, channel=channel, at=NOW).expires_on == day
    assert sample_values(tenant, channel=channel, at=NOW).expires_on != day


def test_the_preview_of_a_letter_is_the_sheet_itself(tenant):
    svg = draw_preview(
        tenant=tenant,
        draft=Draft(Part.LETTER, "", LETTER),
        values=sample_values(tenant, channel=Part.LETTER, at=NOW),
        at=NOW,
    )
    assert svg.startswith(b"<svg")
