"""The Settings page: sections, who changed what, what a change does (R-ST-06, R-ST-07, R-ST-09)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import AccessKey
from schoolgate.tenancy.models import Role, TenantSettings
from tests.console.contact_keys.office import said, sign_in
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_key, make_linked_contact, make_redeemed_key, make_tie_for
from tests.factories.tenancy import make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def page(client, tenant):
    return client.get(reverse("console:settings:edit", args=[tenant.code]))


def save(client, tenant, section, **fields):
    return client.post(reverse("console:settings:save", args=[tenant.code, section]), fields, follow=True)


KEYS = {"letter_life_days": 60, "email_life_days": 7, "failed_tries": 10, "leaving_grace_days": 30}


def test_the_portal_opens_only_with_a_help_line(client, tenant):
    """R-ST-06."""
    sign_in(client, tenant, Role.OWNER)
    refused = save(client, tenant, "portal", portal_open="on", help_line=" ")
    assert refused.status_code == 422
    assert "Enter a help line before the portal opens" in refused.text
    assert not TenantSettings.objects.get(tenant=tenant).portal_open
    saved = save(client, tenant, "portal", portal_open="on", help_line="02 5550 1234")
    assert "Saved: Family portal." in saved.text
    assert TenantSettings.objects.get(tenant=tenant).portal_open


def test_each_setting_says_who_changed_it_last(client, tenant):
    """R-ST-07."""
    sign_in(client, tenant, Role.OWNER)
    save(client, tenant, "keys", **{**KEYS, "letter_life_days": 30})
    words = said(page(client, tenant).text)
    assert "Changed" in words
    assert words.count("by Jo Mercer.") == 1
    assert TenantSettings.objects.get(tenant=tenant).changed.keys() == {"letter_life_days"}


def test_a_change_states_its_effect_on_what_is_there(client, tenant):
    """R-ST-07: numbers before saving; dates that are printed stay."""
    key = make_key(make_linked_contact(tenant), at=timezone.now())
    AccessKey.objects.filter(pk=key.pk).update(printed_at=timezone.now())
    make_redeemed_key(make_linked_contact(tenant), at=timezone.now())
    sign_in(client, tenant, Role.OWNER)
    words = said(page(client, tenant).text)
    assert "1 live key keeps the expiry printed on it" in words
    assert "Opening lets 1 connected account sign in, and 1 live key be used." in words
    before = AccessKey.objects.get(pk=key.pk).expires_at
    save(client, tenant, "keys", **{**KEYS, "letter_life_days": 7})
    assert AccessKey.objects.get(pk=key.pk).expires_at == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("letter_life_days", 6), ("letter_life_days", 181), ("failed_tries", "x"), ("email_life_days", "")],
)
def test_a_value_out_of_range_is_named_and_nothing_of_the_section_is_saved(client, tenant, field, value):
    sign_in(client, tenant, Role.OWNER)
    refused = save(client, tenant, "keys", **{**KEYS, "leaving_grace_days": 99, field: value})
    assert refused.status_code == 422
    assert "Enter a whole number from" in refused.text
    assert TenantSettings.objects.get(tenant=tenant).leaving_grace_days == 30


def test_an_auditor_reads_and_nobody_else_beside_the_heads(client, tenant):
    sign_in(client, tenant, Role.AUDITOR)
    response = page(client, tenant)
    assert response.status_code == 200
    assert ">Save<" not in response.text
    assert save(client, tenant, "keys", **KEYS).status_code == 403
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    assert page(client, tenant).status_code == 403


def test_the_key_system_is_shown_and_cannot_be_sent(client, tenant):
    """R-ST-04."""
    sign_in(client, tenant, Role.OWNER)
    assert "Key system" in page(client, tenant).text
    save(client, tenant, "keys", **KEYS, key_system="family")
    assert TenantSettings.objects.get(tenant=tenant).key_system == "contact"
    assert save(client, tenant, "nonsense").status_code == 404


def change_to(client, tenant, system, **fields):
    return client.post(reverse("console:settings:switch", args=[tenant.code, system]), fields, follow=True)


def test_an_owner_changes_the_key_system_after_reading_what_it_does(client, tenant):
    """R-ST-01, R-ST-04, R-ST-07: numbers first, then the word, then the change; the page says who did it."""
    key = make_key(make_linked_contact(tenant))
    AccessKey.objects.filter(pk=key.pk).update(printed_at=timezone.now())
    sign_in(client, tenant, Role.OWNER)
    words = said(client.get(reverse("console:settings:switch", args=[tenant.code, "family"])).text)
    assert "1 live key stops working." in words
    assert "1 of them is printed or e-mailed" in words
    assert "Identities become weaker" in words  # R-MG-07
    refused = change_to(client, tenant, "family", confirm="contact")
    assert refused.status_code == 422
    assert TenantSettings.objects.get(tenant=tenant).key_system == "contact"
    done = said(change_to(client, tenant, "family", confirm="Family ").text)
    assert "This school uses family keys now. 1 live keys and 0 connections ended." in done
    assert "by Jo Mercer." in done
    assert TenantSettings.objects.get(tenant=tenant).key_system == "family"


def test_connections_end_only_when_an_owner_ticks_it(client, tenant):
    """R-MG-01: otherwise nobody loses a child by a change of the system."""
    tie = make_redeemed_key(make_linked_contact(tenant))
    sign_in(client, tenant, Role.OWNER)
    refused = change_to(client, tenant, "student", confirm="student")
    assert refused.status_code == 422
    assert "Tick this, or leave the key system as it is." in refused.text
    done = change_to(client, tenant, "student", confirm="student", end_ties="on")
    assert "0 live keys and 1 connections ended." in said(done.text)
    tie.refresh_from_db()
    assert tie.ended_why == "key system changed"


def test_an_administrator_changes_to_contact_keys_only(client):
    """R-MG-07; and can't decide that connections end."""
    tenant = make_tenant(key_system="family")
    sign_in(client, tenant, Role.ADMINISTRATOR)
    assert change_to(client, tenant, "student").status_code == 403
    assert "Change to student keys" not in page(client, tenant).text
    assert "Change to contact keys" in page(client, tenant).text
    child, parent = make_student(tenant), make_contact(tenant)
    make_link(child, parent, household_id=7)
    make_tie_for(Subject("family", 7, parent.pk), tenant_id=tenant.pk)
    stopped = change_to(client, tenant, "contact", confirm="contact", end_ties="on")
    assert "only an owner can decide that they end" in said(stopped.text)
    assert TenantSettings.objects.get(tenant=tenant).key_system == "family"


def test_with_no_keys_and_no_connections_a_press_is_enough(client):
    tenant = make_tenant(key_system="family")
    sign_in(client, tenant, Role.ADMINISTRATOR)
    assert "changes nothing for anybody" in said(
        client.get(reverse("console:settings:switch", args=[tenant.code, "contact"])).text
    )
    change_to(client, tenant, "contact")
    assert TenantSettings.objects.get(tenant=tenant).key_system == "contact"


def test_changing_the_key_system_asks_for_a_fresh_sign_in(client, tenant):
    sign_in(client, tenant, Role.OWNER, fresh=False)
    assert "/console/fresh/" in change_to(client, tenant, "family").redirect_chain[0][0]
    assert TenantSettings.objects.get(tenant=tenant).key_system == "contact"


def test_every_section_saves_what_it_shows_without_changing_anything(client, tenant):
    sign_in(client, tenant, Role.OWNER)
    sections = page(client, tenant).context["sections"]
    for section in sections:
        fields = {line.field.name: line.field.value() for line in section.lines}
        sent = {name: value for name, value in fields.items() if value not in (None, False)}
        assert save(client, tenant, section.name, **sent).status_code == 200
    assert TenantSettings.objects.get(tenant=tenant).changed == {}
    assert not AuditEntry.objects.filter(act="setting.changed")


def test_the_senders_domain_is_looked_up_when_asked_and_only_where_mail_leaves(client, tenant, settings):
    """R-TP-11."""
    settings.DEFAULT_FROM_EMAIL = "no-reply@localhost"
    sign_in(client, tenant, Role.OWNER)
    check = reverse("console:settings:check_sender", args=[tenant.code])
    assert "nothing leaves" in client.post(check, {}).text
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    assert "no-reply@localhost" in page(client, tenant).text
    assert "is no domain that mail can come from" in client.post(check, {"selector": "s1"}).text
    refused = client.post(check, {"selector": "a b"})
    assert (refused.status_code, "Letters, digits, dots and hyphens only" in refused.text) == (422, True)
