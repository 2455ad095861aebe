"""Schools that are stricter than their district (R-DI-01, R-DI-02)."""

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import SchoolSettings, Tenant, TenantSettings
from schoolgate.tenancy.school_rules import STRICTER, Rules, parents_may_sign_up, rules_for, strictest
from schoolgate.tenancy.school_settings import change_school_settings, put_back_school_settings
from schoolgate.tenancy.settings import SettingRefused, change_settings
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
DISTRICT = Rules(60, 7, 10, "none", parent_sign_up=True, student_sign_up=True, student_minimum_age=10)


@pytest.fixture
def tenant():
    return make_tenant(second_proof="none")


@pytest.fixture
def school(tenant):
    return make_school(tenant)


def change(tenant, school, **changes):
    return change_school_settings(tenant=tenant, school=school, changes=changes, by=actor(), at=NOW)


def rules_at(tenant, *schools):
    fresh = Tenant.objects.get(pk=tenant.pk)
    return rules_for(tenant=fresh, school_ids=[school.pk for school in schools])


@pytest.mark.parametrize(
    ("name", "own", "counts"),
    [
        ("letter_life_days", 14, 14),
        ("letter_life_days", 90, 60),
        ("email_life_days", 3, 3),
        ("failed_tries", 5, 5),
        ("second_proof", "date_of_birth", "date_of_birth"),
        ("second_proof", "none", "none"),
        ("parent_sign_up", False, False),
        ("student_sign_up", True, True),
        ("student_minimum_age", 13, 13),
        ("student_minimum_age", 5, 10),
    ],
)
def test_the_stricter_one_of_two_counts(name, own, counts):
    assert getattr(strictest(DISTRICT, [{name: own}]), name) == counts


def test_the_strictest_of_many_counts_setting_by_setting():
    schools = [{"failed_tries": 5, "letter_life_days": 30}, {"failed_tries": 8, "letter_life_days": 14}, {}]
    found = strictest(DISTRICT, schools)
    assert (found.failed_tries, found.letter_life_days, found.email_life_days) == (5, 14, 7)
    assert strictest(DISTRICT, []) == DISTRICT


def test_a_proof_of_the_district_stands_whatever_a_school_has():
    asking = strictest(DISTRICT, [{"second_proof": "date_of_birth"}])
    assert strictest(asking, [{"second_proof": "none"}]) == asking


def test_every_column_has_its_rule():
    columns = {field.name for field in SchoolSettings._meta.get_fields()} - {"school", "tenant", "changed"}
    assert columns == set(STRICTER) == set(Rules.__dataclass_fields__)


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("letter_life_days", "61", "from 7 to 60"),
        ("letter_life_days", "6", "from 7 to 60"),
        ("email_life_days", "8", "from 1 to 7"),
        ("failed_tries", "11", "from 3 to 10"),
        ("failed_tries", "five", "from 3 to 10"),
        ("student_minimum_age", "9", "from 10 to 18"),
        ("second_proof", "none", "date_of_birth"),
        ("parent_sign_up", "yes", "no"),
        ("student_sign_up", "on", "no"),
        ("help_line", "02 5550", "The settings of a school are"),
    ],
)
def test_what_is_laxer_is_refused_with_what_is_allowed_and_nothing_is_saved(tenant, school, name, text, allowed):
    with pytest.raises(SettingRefused) as refused:
        change(tenant, school, **{"letter_life_days": "30", "failed_tries": "3", name: text})
    assert allowed in refused.value.fix
    assert not SchoolSettings.objects.exists()


def test_a_school_may_choose_each_end_of_its_range(tenant, school):
    """Among them 1 and 0, which are no switches."""
    change(tenant, school, email_life_days="1", letter_life_days="60", student_minimum_age="18", parent_sign_up="no")
    assert rules_at(tenant, school) == Rules(60, 1, 10, "none", False, True, 18)
    assert rules_at(tenant, make_school(tenant)) == DISTRICT
    assert rules_at(tenant) == DISTRICT


def test_when_the_district_becomes_stricter_the_stricter_one_counts(tenant, school):
    change(tenant, school, letter_life_days="30", student_minimum_age="12")
    stricter = {"letter_life_days": "20", "student_minimum_age": "14"}
    change_settings(tenant=tenant, changes=stricter, by=actor(), at=NOW)
    assert rules_at(tenant, school).letter_life_days == 20
    assert rules_at(tenant, school).student_minimum_age == 14
    assert change(tenant, school, letter_life_days="30", failed_tries="5") == [
        "failed_tries"
    ]  # Left as it was, and not looked at.
    change_settings(tenant=tenant, changes={"letter_life_days": "90"}, by=actor(), at=NOW)
    assert rules_at(tenant, school).letter_life_days == 30


def test_a_change_is_audited_with_before_and_after_and_put_back(tenant, school):
    change(tenant, school, failed_tries="5", parent_sign_up="no")
    change(tenant, school, failed_tries="", parent_sign_up="")
    assert not SchoolSettings.objects.exists()
    first, second = AuditEntry.objects.filter(act="setting.changed_for_school").order_by("seq")
    assert first.detail["before"] == {"failed_tries": None, "parent_sign_up": None}
    assert first.detail["after"] == {"failed_tries": 5, "parent_sign_up": False}
    assert second.subjects == [["school", school.pk]]
    names = put_back_school_settings(tenant=tenant, entry_id=second.pk, by=actor(), at=NOW)
    assert names == ["failed_tries", "parent_sign_up"]
    assert SchoolSettings.objects.get().values() == {"failed_tries": 5, "parent_sign_up": False}
    assert put_back_school_settings(tenant=tenant, entry_id=second.pk, by=actor(), at=NOW) == []


def test_putting_back_what_is_laxer_by_now_is_refused(tenant, school):
    change(tenant, school, failed_tries="8")
    change(tenant, school, failed_tries="")
    removed = AuditEntry.objects.filter(act="setting.changed_for_school").latest("seq")
    change_settings(tenant=tenant, changes={"failed_tries": "5"}, by=actor(), at=NOW)
    with pytest.raises(SettingRefused, match="failed_tries"):
        put_back_school_settings(tenant=tenant, entry_id=removed.pk, by=actor(), at=NOW)


def test_another_tenant_s_change_is_not_found(tenant):
    other = make_tenant()
    change(other, make_school(other), failed_tries="5")
    entry = AuditEntry.objects.get(act="setting.changed_for_school")
    with pytest.raises(NotFound):
        put_back_school_settings(tenant=tenant, entry_id=entry.pk, by=actor(), at=NOW)


def test_saving_what_is_there_writes_nothing(tenant, school):
    change(tenant, school, failed_tries="5")
    assert change(tenant, school, failed_tries="5", second_proof="") == []
    assert AuditEntry.objects.filter(act="setting.changed_for_school").count() == 1


def test_an_adult_s_key_is_closed_where_sign_up_is_off_at_every_school(tenant, school):
    """R-DI-02: a switch of the door, and no bar between an adult and a child."""
    open_school = make_school(tenant)
    change(tenant, school, parent_sign_up="no")

    def may(*schools):
        fresh = Tenant.objects.get(pk=tenant.pk)
        return parents_may_sign_up(tenant=fresh, school_ids={each.pk for each in schools})

    assert [may(school), may(open_school), may(school, open_school), may()] == [False, True, True, True]
    TenantSettings.objects.update(parent_sign_up=False)
    assert not may(open_school)
