"""Family Keys and Student Keys mark what waits for a Data Sync, and are filtered as Contact Keys is (portal-console §4, R-CK-01, R-CK-04)."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.models import Association
from schoolgate.enrolments.set_access import set_access
from schoolgate.jobs.subject import Subject
from schoolgate.sync.publish import Approval
from schoolgate.tenancy.models import Role
from tests.console.contact_keys.office import cells, said, sign_in
from tests.factories.directory import make_bar
from tests.factories.enrolments import make_association, make_contact, make_household, make_student
from tests.factories.keys import make_key_for
from tests.factories.sync import sync
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEMS = pytest.mark.parametrize("system", ["family", "student"])


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()


class Home:
    """Ada with her mother in household H7; her father belongs there too, without access."""

    def __init__(self, system: str) -> None:
        self.tenant = make_tenant(key_system=system)
        self.system = system
        self.school = make_school(self.tenant)
        self.ada = make_student(self.tenant, given_name="Ada", school=self.school)
        self.mother = make_contact(self.tenant, given_name="Amara", email="shared@home.example", language="ig")
        self.father = make_contact(self.tenant, given_name="Chidi", email="", email_usable=False)
        self.household = make_household(self.tenant, self.ada, self.mother, self.father, source_id="H7", name="Okafor")
        at_home = {"basis": "household", "household": self.household}
        self.mothers = make_association(self.ada, self.mother, access=True, **at_home)
        self.fathers = make_association(self.ada, self.father, **at_home)
        sync(self.tenant)

    @property
    def row(self):
        return self.household if self.system == "family" else self.ada

    def turn(self, pair, *, on):
        set_access(tenant=self.tenant, wanted={pair.pk: on}, by=actor(), at=NOW)
        cache.clear()

    def rows(self, client, query=""):
        address = reverse(f"console:{self.system}_keys:list", args=[self.tenant.code])
        return cells(client.get(address + query))

    def adults(self, row):
        return row[3 if self.system == "family" else 4]


@SYSTEMS
def test_an_adult_who_is_to_come_or_to_go_is_marked(client, system):
    home = Home(system)
    sign_in(client, home.tenant)
    [row] = home.rows(client)
    assert home.adults(row) == "Amara Okafor"
    assert home.rows(client, "?pending=yes") == []
    home.turn(home.fathers, on=True)
    home.turn(home.mothers, on=False)
    [row] = home.rows(client, "?pending=yes")
    assert home.adults(row) == (
        "Amara Okafor (taken away by the next Data Sync) + Chidi Okafor (added by the next Data Sync)"
    )
    if system == "family":
        assert row[6] == "Ada Okafor"  # Seen by one today, and by the other after it.
    sync(home.tenant)
    [row] = home.rows(client)
    assert home.adults(row) == "Chidi Okafor"


@SYSTEMS
def test_an_adult_who_only_holds_a_key_there_is_told_apart(client, system):
    home = Home(system)
    sign_in(client, home.tenant)
    home.turn(home.mothers, on=False)
    sync(home.tenant, approval=Approval("Yes"))
    make_key_for(Subject(system, home.row.pk, home.mother.pk), tenant_id=home.tenant.pk)
    [row] = home.rows(client, "?students=no")
    assert home.adults(row) == "Amara Okafor (no access now)"
    home.turn(home.mothers, on=True)
    [row] = home.rows(client)
    assert home.adults(row) == "+ Amara Okafor (added by the next Data Sync)"


@SYSTEMS
def test_access_that_waits_in_an_empty_row_makes_it_not_published(client, system):
    home = Home(system)
    sign_in(client, home.tenant)
    home.turn(home.mothers, on=False)
    sync(home.tenant, approval=Approval("Yes"))
    [row] = home.rows(client)
    assert row[-1] == "Nobody with access No access turned on"
    home.turn(home.fathers, on=True)
    [row] = home.rows(client)
    assert row[-1] == "Not published Waits for a Data Sync"
    if system == "family":
        assert row[6] == "+ Ada Okafor (added by the next Data Sync)"


def test_an_association_that_moves_house_goes_from_one_row_to_the_other(client):
    """It stays a link, and yet the family's key will open somebody else."""
    home = Home("family")
    other = make_household(home.tenant, home.ada, home.mother, source_id="H8", name="Obi")
    make_association(
        make_student(home.tenant, given_name="Ben", school=home.school),
        home.mother,
        access=True,
        basis="household",
        household=other,
    )
    sync(home.tenant)
    Association.objects.filter(pk=home.mothers.pk).update(household=other, changed_no=tick(tenant=home.tenant))
    cache.clear()
    sign_in(client, home.tenant)
    obi, okafor = home.rows(client, "?pending=yes")
    assert obi[6] == "Ben Okafor + Ada Okafor (added by the next Data Sync)"
    assert okafor[6] == "Ada Okafor (taken away by the next Data Sync)"


@SYSTEMS
def test_rows_never_published_are_counted_above_the_list(client, system):
    home = Home(system)
    ben = make_student(home.tenant, school=home.school)
    made = make_household(home.tenant, ben, home.mother)
    make_association(ben, home.mother, access=True, basis="household", household=made)
    sign_in(client, home.tenant)
    noun = {"family": "household", "student": "student"}[system]
    address = reverse(f"console:{system}_keys:list", args=[home.tenant.code])
    assert f"1 {noun} waits to be published and is not in this list yet." in said(client.get(address).text)


@SYSTEMS
def test_a_one_school_member_is_not_told_of_what_waits_elsewhere(client, system):
    """R-PM-01."""
    home = Home(system)
    elsewhere = make_student(home.tenant, given_name="Zedekiah", school=make_school(home.tenant))
    away = make_association(elsewhere, home.mother, basis="household", household=home.household)
    sync(home.tenant)
    home.turn(away, on=True)
    sign_in(client, home.tenant, Role.PORTAL_OFFICER, school=home.school)
    address = reverse(f"console:{system}_keys:list", args=[home.tenant.code])
    assert "Zedekiah" not in client.get(address).text


@SYSTEMS
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("email=yes", True),
        ("email=no", False),
        ("shared=yes", True),
        ("students=yes", True),
        ("students=no", False),
        ("language=IG", True),
        ("language=fr", False),
        ("restricted=yes", False),
    ],
)
def test_filters_ask_for_an_adult_with_access(client, system, query, found):
    home = Home(system)
    make_contact(home.tenant, given_name="Zola", email="SHARED@home.example")
    sync(home.tenant)
    sign_in(client, home.tenant, Role.OWNER)
    assert bool(home.rows(client, f"?{query}")) == found


@SYSTEMS
def test_the_filter_for_restrictions_finds_the_barred_pair(client, system):
    home = Home(system)
    home.turn(home.fathers, on=True)
    sync(home.tenant)
    ada, father = DirectoryStudent.objects.get(), DirectoryContact.objects.get(pk=home.father.pk)
    make_bar(ada, father)
    sign_in(client, home.tenant, Role.OWNER)
    assert len(home.rows(client, "?restricted=yes")) == 1


@SYSTEMS
def test_the_columns_that_can_be_hidden_say_it_of_each_adult(client, system):
    home = Home(system)
    home.turn(home.fathers, on=True)
    sync(home.tenant)
    make_key_for(Subject(system, home.row.pk, home.mother.pk), tenant_id=home.tenant.pk)
    sign_in(client, home.tenant)
    [row] = home.rows(client, "?columns=expires&columns=seen&columns=delivered")
    assert all("( Amara Okafor )" in cell for cell in row[8:11])
    assert len(row) == 12


def test_no_filter_tells_a_member_of_adults_and_changes_at_another_school(client):
    """R-PM-01: the household is theirs by Ada alone; Bo's guardian is of another school."""
    home = Home("family")
    far = make_student(home.tenant, given_name="Bo", school=make_school(home.tenant))
    guardian = make_contact(home.tenant, given_name="Zola", email="zola@home.example", language="so")
    pair = make_association(far, guardian, access=True, basis="household", household=home.household)
    sync(home.tenant)
    sign_in(client, home.tenant)
    assert len(home.rows(client, "?language=so")) == 1
    home.turn(pair, on=False)
    assert len(home.rows(client, "?pending=yes")) == 1
    near = Client()
    sign_in(near, home.tenant, school=home.school)
    assert len(home.rows(near, "?language=ig")) == 1
    assert home.rows(near, "?language=so") == []
    assert home.rows(near, "?pending=yes") == []
