"""What a tenant chooses (R-ST-06, R-ST-07)."""

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.tenancy.models import TenantSettings
from schoolgate.tenancy.settings import SETTINGS, SettingRefused, change_settings
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def change(tenant, **changes):
    return change_settings(tenant=tenant, changes=changes, by=actor(), at=NOW)


def test_the_portal_opens_only_with_a_help_line():
    tenant = make_tenant()
    with pytest.raises(SettingRefused, match="help line"):
        change(tenant, portal_open="yes")
    assert change(tenant, portal_open="yes", help_line="02 5550 1234")["portal_open"] is True


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("letter_life_days", "6"),
        ("letter_life_days", "181"),
        ("letter_life_days", "٦٠"),
        ("email_life_days", "0"),
        ("failed_tries", "11"),
        ("leaving_grace_days", "-1"),
        ("second_proof", "name"),
        ("portal_open", "perhaps"),
        ("reply_to", "office@school.example\nBcc: all@example.org"),
        ("help_line", "two\nlines"),
        ("portal_opens_on", "31/12/2026"),
        ("time_zone", "Moon/Base"),
        ("key_system", "family"),
        ("colour", "red"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name_and_changes_nothing(name, text):
    tenant = make_tenant()
    with pytest.raises(SettingRefused, match=name):
        change(tenant, help_address="office@school.example", **{name: text})
    assert TenantSettings.objects.get(tenant=tenant).help_address == ""


def test_a_change_says_who_and_when_and_is_audited():
    """R-ST-07, R-AU-01."""
    tenant = make_tenant()
    change(tenant, letter_life_days="30")
    row = TenantSettings.objects.get(tenant=tenant)
    assert row.changed["letter_life_days"]["at"] == NOW.isoformat()
    entry = AuditEntry.objects.get(tenant=tenant, act="setting.changed")
    assert entry.detail == {"before": {"letter_life_days": 60}, "after": {"letter_life_days": 30}}


def test_setting_what_is_set_writes_nothing():
    tenant = make_tenant()
    change(tenant, letter_life_days="60")
    assert not AuditEntry.objects.filter(tenant=tenant, act="setting.changed").exists()


def test_every_setting_is_a_column_or_the_time_zone():
    columns = {field.name for field in TenantSettings._meta.get_fields()}
    assert set(SETTINGS) <= columns | {"time_zone"}
