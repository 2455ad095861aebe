"""District Settings (registration-keys §9, R-DI-01)."""

import pytest
from django.urls import reverse

from schoolgate.audit.models import AuditEntry
from schoolgate.keys.subjects import of_students
from schoolgate.letters.key_values import portal_url
from schoolgate.tenancy.models import Role, TenantSettings
from tests.console.contact_keys.office import said, sign_in
from tests.factories.directory import make_student
from tests.factories.keys import make_key, make_key_for, make_linked_contact
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
SIGN_UP = {"parent_sign_up": "on", "student_sign_up": "on", "student_minimum_age": "10"}


@pytest.fixture
def tenant():
    return make_tenant()


def page(client, tenant):
    return client.get(reverse("console:district_settings:edit", args=[tenant.code]))


def save(client, tenant, section, **fields):
    return client.post(reverse("console:district_settings:save", args=[tenant.code, section]), fields, follow=True)


def put_back(client, tenant, entry):
    return client.post(reverse("console:district_settings:put_back", args=[tenant.code, entry.pk]), follow=True)


def settings(tenant):
    return TenantSettings.objects.get(tenant=tenant)


def test_sign_up_is_turned_off_for_students_and_for_parents_apart(client, tenant):
    sign_in(client, tenant, Role.OWNER)
    save(client, tenant, "sign-up", parent_sign_up="on", student_minimum_age="12")
    found = settings(tenant)
    assert (found.parent_sign_up, found.student_sign_up, found.student_minimum_age) == (True, False, 12)
    save(client, tenant, "passwords")
    assert settings(tenant).forgot_password is False


def test_the_direct_address_is_shown_with_its_square_code(client, tenant):
    """registration-keys §9."""
    sign_in(client, tenant, Role.OWNER)
    shown = page(client, tenant)
    assert f'dir="ltr">{portal_url(tenant)}<' in shown.text
    assert shown.context["address_code"].startswith("data:image/png;base64,iVBOR")


def test_each_change_names_its_effect_and_count_before_saving(client, tenant):
    """R-DI-01."""
    make_key(make_linked_contact(tenant))
    students = [make_student(tenant, birth_date=born) for born in ("2012-01-01", "2019-01-01", "2020-01-01")]
    make_key_for(of_students([students[0].pk])[0], tenant_id=tenant.pk)
    sign_in(client, tenant, Role.OWNER)
    words = said(page(client, tenant).text)
    assert words.count("Turning it off refuses 1 live key at once.") == 2  # One of each use.
    assert "2 active students are younger now and get no key of their own." in words
    TenantSettings.objects.filter(tenant=tenant).update(parent_sign_up=False)
    assert "Turning it on lets 1 live key be used." in said(page(client, tenant).text)


def test_a_change_is_audited_with_before_and_after_and_put_back_from_the_history(client, tenant):
    """R-DI-01: the way back is a change of its own."""
    sign_in(client, tenant, Role.OWNER)
    save(client, tenant, "sign-up", student_sign_up="on", student_minimum_age="13")
    entry = AuditEntry.objects.get(act="setting.changed")
    assert entry.detail == {
        "before": {"parent_sign_up": True, "student_minimum_age": 10},
        "after": {"parent_sign_up": False, "student_minimum_age": 13},
    }
    assert "Put back" in page(client, tenant).text
    done = put_back(client, tenant, entry)
    assert "2 settings were put back." in said(done.text)
    found = settings(tenant)
    assert (found.parent_sign_up, found.student_minimum_age) == (True, 10)
    newest = AuditEntry.objects.filter(act="setting.changed").latest("seq")
    assert newest.detail["puts_back"] == entry.seq
    assert "It is already as it was." in said(put_back(client, tenant, entry).text)


def test_putting_back_takes_back_what_the_portal_settings_changed_too(client, tenant):
    sign_in(client, tenant, Role.OWNER)
    where = reverse("console:settings:save", args=[tenant.code, "portal"])
    client.post(where, {"portal_open": "on", "help_line": "02 5550 1234", "portal_opens_on": "2026-12-01"})
    opened = AuditEntry.objects.get(act="setting.changed")
    put_back(client, tenant, opened)
    found = settings(tenant)
    assert (found.portal_open, found.help_line, found.portal_opens_on) == (False, "", None)


def test_a_change_that_is_not_allowed_any_more_is_refused_whole(client, tenant):
    """The portal is open by now, and the way back would take its help line away."""
    sign_in(client, tenant, Role.OWNER)
    where = reverse("console:settings:save", args=[tenant.code, "portal"])
    client.post(where, {"help_line": "02 5550 1234"})
    entry = AuditEntry.objects.get(act="setting.changed")
    client.post(where, {"help_line": "02 5550 1234", "portal_open": "on"})
    assert "can&#x27;t open without a help line" in put_back(client, tenant, entry).text
    assert settings(tenant).help_line == "02 5550 1234"


@pytest.mark.parametrize("age", ["-1", "19", "x", ""])
def test_an_age_out_of_range_is_named_and_nothing_of_the_section_is_saved(client, tenant, age):
    sign_in(client, tenant, Role.OWNER)
    refused = save(client, tenant, "sign-up", student_minimum_age=age)
    assert refused.status_code == 422
    assert "Enter a whole number from 0 to 18." in refused.text
    assert settings(tenant).parent_sign_up


def test_who_may_see_keys_is_listed(client, tenant):
    sign_in(client, tenant, Role.OWNER)
    page_of = page(client, tenant)
    assert [each.user.name for each in page_of.context["seers"]] == ["Jo Mercer"]
    sign_in(client, tenant, Role.AUDITOR)  # Whose role doesn't cover it, whatever stands in the column.
    assert len(page(client, tenant).context["seers"]) == 1


def test_who_acts_for_one_school_reads_and_changes_nothing(client, tenant):
    sign_in(client, tenant, Role.ADMINISTRATOR, school=make_school(tenant))
    assert ">Save<" not in page(client, tenant).text
    assert save(client, tenant, "sign-up", **SIGN_UP).status_code == 403
    sign_in(client, tenant, Role.OWNER)
    save(client, tenant, "sign-up", student_minimum_age="11")
    entry = AuditEntry.objects.get(act="setting.changed")
    sign_in(client, tenant, Role.ADMINISTRATOR, school=make_school(tenant))
    assert put_back(client, tenant, entry).status_code == 403


def test_another_tenant_s_change_is_not_found(client, tenant):
    other = make_tenant()
    sign_in(client, other, Role.OWNER)
    save(client, other, "sign-up", student_minimum_age="11")
    entry = AuditEntry.objects.get(act="setting.changed")
    sign_in(client, tenant, Role.OWNER)
    assert put_back(client, tenant, entry).status_code == 404
    assert settings(other).student_minimum_age == 11
