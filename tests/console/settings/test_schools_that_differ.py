"""District Settings › Schools that differ (R-DI-01, R-DI-02)."""

import pytest
from django.urls import reverse

from schoolgate.audit.models import AuditEntry
from schoolgate.keys.subjects import of_students
from schoolgate.tenancy.models import Role, SchoolSettings, TenantSettings
from tests.console.contact_keys.office import said, sign_in
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_key, make_key_for
from tests.factories.tenancy import make_exceptions, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(second_proof="none")


@pytest.fixture
def school(tenant):
    return make_school(tenant, name="Kestrel Primary")


def to(tenant, name, *parts):
    return reverse(f"console:district_settings:{name}", args=[tenant.code, *parts])


def page(client, tenant):
    return said(client.get(to(tenant, "edit")).text)


def save(client, tenant, school, **fields):
    return client.post(to(tenant, "school_save", school.pk), fields, follow=True)


def test_a_school_is_made_stricter_and_listed_beside_the_district_s_value(client, tenant, school):
    sign_in(client, tenant, Role.OWNER)
    assert "None: every school is as the district." in page(client, tenant)
    chosen = client.get(to(tenant, "school_choose"), {"school": school.pk})
    assert chosen.headers["Location"] == to(tenant, "school", school.pk)
    save(client, tenant, school, letter_life_days="14", second_proof="date_of_birth", parent_sign_up="no")
    assert SchoolSettings.objects.get().values() == {
        "letter_life_days": 14,
        "second_proof": "date_of_birth",
        "parent_sign_up": False,
    }
    words = page(client, tenant)
    for line in (
        "14 (district: 60)",
        "a child’s date of birth (district: nothing besides the key)",
        "off (district: on)",
    ):
        assert line.replace("’", "&#x27;") in words or line in words
    opened = client.get(to(tenant, "school", school.pk))
    assert opened.context["form"]["letter_life_days"].value() == 14


def test_each_field_names_its_effect_and_count_at_this_school(client, tenant, school):
    """R-DI-01."""
    adult = make_contact(tenant)
    make_link(make_student(tenant, school=school, birth_date="2019-01-01"), adult)
    make_key(adult)
    make_key_for(of_students([make_student(tenant, school=school).pk])[0], tenant_id=tenant.pk)
    make_student(tenant, birth_date="2019-01-01")  # Young at another school.
    sign_in(client, tenant, Role.OWNER)
    words = said(client.get(to(tenant, "school", school.pk)).text)
    assert "1 live key of an adult opens a student here." in words
    assert "Off refuses 1 live key of a student here at once." in words
    assert "Counts at once for 2 live keys that open students here; letters" in words
    assert "1 active student here is younger now" in words


def test_what_is_laxer_is_refused_with_the_range_and_nothing_is_saved(client, tenant, school):
    sign_in(client, tenant, Role.OWNER)
    refused = save(client, tenant, school, letter_life_days="61", failed_tries="5")
    assert refused.status_code == 422
    assert "Enter a whole number from 7 to 60, or leave it empty." in said(refused.text)
    assert save(client, tenant, school, parent_sign_up="yes").status_code == 422
    assert not SchoolSettings.objects.exists()


def test_what_a_stricter_district_has_overtaken_is_told_and_does_not_stand_in_the_way(client, tenant, school):
    make_exceptions(school, letter_life_days=30)
    TenantSettings.objects.filter(tenant=tenant).update(letter_life_days=20)
    sign_in(client, tenant, Role.OWNER)
    assert "30 (the district is as strict: 20)" in page(client, tenant)
    assert save(client, tenant, school, letter_life_days="30", failed_tries="4").status_code == 200
    assert SchoolSettings.objects.get().values() == {"letter_life_days": 30, "failed_tries": 4}


def test_exceptions_are_removed_and_put_back_from_the_history(client, tenant, school):
    make_exceptions(school, failed_tries=4, student_sign_up=False)
    sign_in(client, tenant, Role.OWNER)
    client.post(to(tenant, "school_remove", school.pk))
    assert not SchoolSettings.objects.exists()
    entry = AuditEntry.objects.get(act="setting.changed_for_school")
    assert f"Jo Mercer changed settings of the school {school.number}." in page(client, tenant)
    client.post(to(tenant, "put_back_at_school", entry.pk))
    assert SchoolSettings.objects.get().values() == {"failed_tries": 4, "student_sign_up": False}


def test_who_acts_for_one_school_reads_the_list_and_changes_nothing(client, tenant, school):
    make_exceptions(school, failed_tries=4)
    sign_in(client, tenant, Role.ADMINISTRATOR, school=school)
    words = page(client, tenant)
    assert "Kestrel Primary" in words
    assert "Make a school stricter" not in words
    assert save(client, tenant, school, failed_tries="3").status_code == 403
    assert client.get(to(tenant, "school", school.pk)).status_code == 403


def test_another_tenant_s_school_is_not_found(client, tenant):
    theirs = make_school(make_tenant())
    sign_in(client, tenant, Role.OWNER)
    assert client.get(to(tenant, "school", theirs.pk)).status_code == 404
    assert save(client, tenant, theirs, failed_tries="3").status_code == 404
    assert client.get(to(tenant, "school_choose"), {"school": "x"}).headers["Location"] == to(tenant, "edit")
