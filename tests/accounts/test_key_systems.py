"""What parents see by a household's or a student's key (R-ST-03, R-ST-05, R-SU-02, R-RD-10; portal-console §4, registration-keys §10)."""

from datetime import date

import pytest

from schoolgate.accounts.errors import NobodyToSee
from schoolgate.accounts.queries import access_of, children_of
from schoolgate.accounts.redeem import redeem_key
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.errors import AlreadyTied, KeyEnded, KeyNotAccepted, ProofNotAccepted
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.subjects import of_contacts
from schoolgate.tenancy.models import Tenant, TenantSettings, User
from tests.factories.accounts import BORN, family
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key_for
from tests.factories.students import Slip
from tests.factories.tenancy import NOW, make_account, make_tenant

pytestmark = pytest.mark.django_db


class Home:
    """Two children in household 77 with both parents; the mother has a third child in household 78."""

    def __init__(self, key_system: str) -> None:
        self.tenant = make_tenant(portal_open=True, key_system=key_system)
        self.mother = make_contact(self.tenant, email="mother@home.example")
        self.father = make_contact(self.tenant, email="father@home.example")
        self.ada = make_student(self.tenant, given_name="Ada", birth_date=BORN)
        self.obi = make_student(self.tenant, given_name="Obi", birth_date=date(2016, 1, 2))
        self.zoe = make_student(self.tenant, given_name="Zoe", birth_date=date(2018, 3, 4))
        for child in (self.ada, self.obi):
            make_link(child, self.mother, basis="household", household_id=77)
            make_link(child, self.father, basis="household", household_id=77)
        make_link(self.zoe, self.mother, basis="household", household_id=78)
        self.account = make_account(self.tenant, email="mother@home.example")

    def key(self, kind: str, pk: int, contact: DirectoryContact) -> AccessKey:
        return make_key_for(Subject(kind, pk, contact.pk), tenant_id=self.tenant.pk)

    def redeem(self, key: AccessKey, *, account: User | None = None, born: date | None = BORN) -> Tie:
        account = account or self.account
        tenant = Tenant.objects.select_related("settings").get(pk=self.tenant.pk)
        return redeem_key(
            tenant=tenant, account=account, code=code_of(key), birth_date=born, by=family(account), at=NOW
        )

    def sees(self, account: User | None = None) -> list[DirectoryStudent]:
        return children_of(tenant=self.tenant, account=account or self.account, at=NOW)

    def my_access(self) -> dict[str, str]:
        """{child: the selector that My Access names}"""
        access = access_of(tenant=self.tenant, account=self.account, at=NOW)
        return {seen.student.given_name: seen.selector for seen in access.seen}


class TestFamily:
    def test_a_family_s_key_shows_that_household_s_children_of_its_addressee_alone(self) -> None:
        home = Home("family")
        key = home.key("family", 77, home.mother)
        home.redeem(key)
        assert home.sees() == [home.ada, home.obi]
        assert home.my_access() == {"Ada": key.selector, "Obi": key.selector}

    def test_the_other_household_comes_by_its_own_key(self) -> None:
        home = Home("family")
        first, second = home.key("family", 77, home.mother), home.key("family", 78, home.mother)
        home.redeem(first)
        home.redeem(second, born=date(2018, 3, 4))
        assert home.sees() == [home.ada, home.obi, home.zoe]
        assert home.my_access() == {"Ada": first.selector, "Obi": first.selector, "Zoe": second.selector}

    def test_the_date_of_a_child_elsewhere_is_no_proof(self) -> None:
        home = Home("family")
        with pytest.raises(ProofNotAccepted):
            home.redeem(home.key("family", 77, home.mother), born=date(2018, 3, 4))

    def test_a_link_taken_away_takes_the_child_away(self) -> None:
        home = Home("family")
        home.redeem(home.key("family", 77, home.mother))
        DirectoryAssociation.objects.filter(student=home.obi, contact=home.mother).update(portal_access=False)
        assert home.sees() == [home.ada]
        assert home.my_access().keys() == {"Ada"}

    def test_a_bar_of_any_addressee_hides_the_child_from_the_whole_account(self) -> None:
        home = Home("family")
        home.redeem(home.key("family", 77, home.mother))
        make_bar(home.obi, home.father)
        assert home.sees() == [home.ada, home.obi], "the father's order is not the mother's"
        home.redeem(home.key("family", 77, home.father))
        assert home.sees() == [home.ada]
        assert home.my_access().keys() == {"Ada"}

    def test_two_parents_of_a_household_have_a_key_and_an_account_each(self) -> None:
        home = Home("family")
        home.redeem(home.key("family", 77, home.mother))
        his = make_account(home.tenant, email="father@home.example")
        home.redeem(home.key("family", 77, home.father), account=his)
        assert home.sees(his) == [home.ada, home.obi]
        assert Tie.objects.standing().count() == 2


class TestStudent:
    def test_a_student_s_key_shows_one_child(self) -> None:
        home = Home("student")
        key = home.key("student", home.ada.pk, home.mother)
        home.redeem(key)
        assert home.sees() == [home.ada]
        assert home.my_access() == {"Ada": key.selector}

    def test_three_keys_add_up(self) -> None:
        home = Home("student")
        keys = {child: home.key("student", child.pk, home.mother) for child in (home.ada, home.obi, home.zoe)}
        for child, key in keys.items():
            home.redeem(key, born=child.birth_date)
        assert home.sees() == [home.ada, home.obi, home.zoe]
        assert home.my_access() == {child.given_name: key.selector for child, key in keys.items()}

    def test_each_key_asks_for_its_own_child_s_date(self) -> None:
        home = Home("student")
        with pytest.raises(ProofNotAccepted):
            home.redeem(home.key("student", home.obi.pk, home.mother), born=BORN)

    def test_a_bar_of_any_addressee_hides_the_child_from_the_whole_account(self) -> None:
        home = Home("student")
        home.redeem(home.key("student", home.ada.pk, home.mother))
        home.redeem(home.key("student", home.obi.pk, home.father), born=home.obi.birth_date)
        make_bar(home.ada, home.father)
        assert home.sees() == [home.obi]
        access = access_of(tenant=home.tenant, account=home.account, at=NOW)
        assert [seen.student for seen in access.seen] == [home.obi]
        assert [tie.subject_id for tie in access.empty_ties] == [home.ada.pk]

    def test_a_key_whose_addressee_is_barred_opens_nothing_and_stays(self) -> None:
        home = Home("student")
        key = home.key("student", home.ada.pk, home.mother)
        make_bar(home.ada, home.mother)
        with pytest.raises(NobodyToSee):
            home.redeem(key)
        key.refresh_from_db()
        assert key.state == KeyState.LIVE

    def test_nothing_is_tied_where_the_account_s_other_contact_is_barred(self) -> None:
        home = Home("student")
        home.redeem(home.key("student", home.ada.pk, home.mother))
        make_bar(home.obi, home.mother)
        key = home.key("student", home.obi.pk, home.father)
        with pytest.raises(NobodyToSee):
            home.redeem(key, born=home.obi.birth_date)
        assert Tie.objects.count() == 1

    def test_one_child_s_other_parent_s_key_may_join_the_same_account(self) -> None:
        home = Home("student")
        home.redeem(home.key("student", home.ada.pk, home.mother))
        home.redeem(home.key("student", home.ada.pk, home.father))
        assert home.sees() == [home.ada]

    def test_the_same_key_again_is_added_already(self) -> None:
        home = Home("student")
        key = home.key("student", home.ada.pk, home.mother)
        code = code_of(key)
        home.redeem(key)
        tenant = Tenant.objects.select_related("settings").get(pk=home.tenant.pk)
        with pytest.raises(AlreadyTied):
            redeem_key(tenant=tenant, account=home.account, code=code, birth_date=BORN, by=family(home.account), at=NOW)
        other = make_account(home.tenant)
        with pytest.raises(KeyEnded):
            redeem_key(tenant=tenant, account=other, code=code, birth_date=BORN, by=family(other), at=NOW)


@pytest.mark.parametrize("system", ["contact", "family", "student"])
def test_a_key_of_a_system_that_is_not_in_force_looks_unknown(system: str) -> None:
    """R-ST-03"""
    home = Home(system)
    keys = {
        "contact": make_key_for(of_contacts([home.mother.pk])[0], tenant_id=home.tenant.pk),
        "family": home.key("family", 77, home.mother),
        "student": home.key("student", home.ada.pk, home.mother),
    }
    for kind, key in keys.items():
        if kind == system:
            continue
        with pytest.raises(KeyNotAccepted):
            home.redeem(key)
    home.redeem(keys[system])
    assert home.ada in home.sees()


def test_a_switch_of_the_system_doesn_t_touch_what_students_see() -> None:
    """Keys for student use belong to no system."""
    slip = Slip()
    TenantSettings.objects.filter(tenant=slip.tenant).update(key_system="family")
    account = slip.sign_up()
    assert children_of(tenant=slip.tenant, account=account, at=NOW) == [slip.student]
