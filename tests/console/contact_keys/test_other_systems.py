"""Family Keys and Student Keys: the same page where a row is a household, or a student (portal-console §4, R-ST-02, R-ST-05)."""

import pytest
from django.urls import reverse

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryHousehold
from schoolgate.jobs.models import Job, JobItem
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.tenancy.models import Role, Tenant, TenantSettings
from tests.console.contact_keys.office import cells, said, sign_in, statements
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_key_for, make_tie_for, run
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


class Family:
    """The Okafors, household H7: Ada and Ben with both parents; an aunt elsewhere sees Ada as well."""

    def __init__(self, system: str = "family", tenant: Tenant | None = None, number: int = 7) -> None:
        self.tenant = tenant or make_tenant(key_system=system)
        self.system = system
        self.school = make_school(self.tenant)
        self.ada = make_student(self.tenant, given_name="Ada", school=self.school)
        self.ben = make_student(self.tenant, given_name="Ben", school=self.school)
        self.mother = make_contact(self.tenant, given_name="Amara")
        self.father = make_contact(self.tenant, given_name="Chidi")
        self.aunt = make_contact(self.tenant, given_name="Zola")
        self.household = DirectoryHousehold.objects.create(
            id=number, tenant=self.tenant, source="sis", source_id=f"H{number}", name="Okafor family"
        )
        for child in (self.ada, self.ben):
            for parent in (self.mother, self.father):
                make_link(child, parent, basis="household", household_id=number)
        make_link(self.ada, self.aunt)

    @property
    def row(self) -> DirectoryHousehold:
        return self.household if self.system == "family" else self.ada  # type: ignore[return-value]

    def subject(self, adult) -> Subject:
        return Subject(self.system, self.row.pk, adult.pk)

    def address(self, name: str = "list", *parts: object) -> str:
        return reverse(f"console:{self.system}_keys:{name}", args=[self.tenant.code, *parts])

    def look(self, client, query=""):
        return client.get(self.address() + query)

    def tick(self, client):
        return client.post(self.address("select"), {"shown": self.row.pk, "ticked": [self.row.pk]})

    def act(self, client, name, **fields):
        """Press the act, and let the worker do it; {subject: (state, why)}."""
        client.post(self.address(name), fields)
        job = run(Job.objects.filter(tenant=self.tenant).latest("pk"))
        return {item.subject: (item.state, item.why) for item in JobItem.objects.filter(job=job)}


SYSTEMS = pytest.mark.parametrize("system", ["family", "student"])


def test_a_household_is_a_row_with_each_adult_and_their_key(client):
    home = Family()
    make_tie_for(home.subject(home.mother), tenant_id=home.tenant.pk)
    key = make_key_for(home.subject(home.father), tenant_id=home.tenant.pk)
    sign_in(client, home.tenant)
    response = home.look(client)
    [row] = cells(response)
    assert row[1:3] == ["H7", "Okafor family"]
    assert row[3] == "Amara Okafor Chidi Okafor"
    assert row[4].replace(" @", "@") == f"{home.mother.email} {home.father.email}"
    assert row[5].replace(" @", "@").startswith(Tie.objects.get().account.username)
    assert row[6] == "Ada Okafor Ben Okafor"
    assert f"{key.selector}… Ready ( Chidi Okafor )" in row[7]
    assert "0 of 1 household is connected" in said(response.text)
    assert "since Monday" not in response.text
    assert row[8] == "Ready 1 of 2 adults connected"


def test_a_student_is_a_row_with_the_adults_who_see_them(client):
    home = Family("student")
    sign_in(client, home.tenant)
    ada, ben = cells(home.look(client))
    assert ada[1:5] == [home.ada.student_no, "Ada Okafor", "7 · 7B", "Amara Okafor Chidi Okafor Zola Okafor"]
    assert ben[4] == "Amara Okafor Chidi Okafor"
    assert ada[8] == "No key"


@SYSTEMS
def test_each_adult_gets_a_key_and_a_letter_of_their_own(client, system):
    """R-CK-08, R-CK-09: never one letter to a household; generated twice nothing is made."""
    home = Family(system)
    adults = [home.mother, home.father] + ([home.aunt] if system == "student" else [])
    sign_in(client, home.tenant)
    home.tick(client)
    assert f"{len(adults)} keys are made." in said(client.get(home.address("generate")).text)
    assert home.act(client, "generate") == {home.subject(adult): ("done", "") for adult in adults}
    assert set(home.act(client, "generate").values()) == {("skipped", "live_key")}
    assert f"{len(adults)} letters" in said(client.get(home.address("print")).text)
    assert set(home.act(client, "print").values()) == {("done", "")}
    assert AccessKey.objects.filter(tenant=home.tenant, printed_at__isnull=False).count() == len(adults)


@SYSTEMS
def test_a_barred_adult_is_no_subject_and_the_other_one_is(client, system):
    """R-ST-05: the check runs on the addressee."""
    home = Family(system)
    for child in (home.ada, home.ben):
        make_bar(child, home.father)
    sign_in(client, home.tenant)
    home.tick(client)
    made = home.act(client, "generate")
    assert home.subject(home.mother) in made
    assert home.subject(home.father) not in made


@SYSTEMS
def test_keys_of_adults_who_are_no_longer_linked_can_still_be_revoked(client, system):
    home = Family(system)
    key = make_key_for(home.subject(make_contact(home.tenant, given_name="Old")), tenant_id=home.tenant.pk)
    sign_in(client, home.tenant)
    home.tick(client)
    home.act(client, "revoke", reason="Moved out.")
    key.refresh_from_db()
    assert key.state == KeyState.REVOKED


@SYSTEMS
def test_revoking_used_keys_names_who_loses_what(client, system):
    """R-CK-13."""
    home = Family(system)
    tie = make_tie_for(home.subject(home.mother), tenant_id=home.tenant.pk)
    sign_in(client, home.tenant)
    home.tick(client)
    students = "2 students" if system == "family" else "1 student"
    words = said(client.get(home.address("revoke")).text)
    assert f"Ends the access of {tie.account.username} (Amara Okafor) to {students}" in words
    home.act(client, "revoke", reason="Moved out.", used="on")
    tie.refresh_from_db()
    assert tie.ended_at is not None


def test_nobody_of_another_school_is_named_as_a_loser(client):
    """R-PM-01: an adult of the household whose only student is at another school is not the member's to act on."""
    home = Family()
    elsewhere = make_contact(home.tenant, given_name="Elsewhere")
    make_link(
        make_student(home.tenant, school=make_school(home.tenant)),
        elsewhere,
        basis="household",
        household_id=home.household.pk,
    )
    theirs = make_tie_for(home.subject(elsewhere), tenant_id=home.tenant.pk)
    ours = make_tie_for(home.subject(home.mother), tenant_id=home.tenant.pk)
    sign_in(client, home.tenant, school=home.school)
    home.tick(client)
    words = said(client.get(home.address("revoke")).text)
    assert ours.account.username in words
    assert theirs.account.username not in words


@SYSTEMS
def test_keys_are_shown_with_the_adult_they_were_made_for(client, system):
    """R-CK-05: one audit entry names them."""
    home = Family(system)
    keys = [make_key_for(home.subject(adult), tenant_id=home.tenant.pk) for adult in (home.mother, home.father)]
    sign_in(client, home.tenant)
    shown = said(client.post(home.address("show", home.row.pk)).text)
    assert "Amara Okafor" in shown
    entry = AuditEntry.objects.get(act="key.shown")
    assert {subject[1] for subject in entry.subjects if subject[0] == "key"} == {key.pk for key in keys}
    assert home.look(client).status_code == 200


@SYSTEMS
@pytest.mark.parametrize(
    ("query", "found"),
    [("?q=chidi", True), ("?q=ada", True), ("?q=nobody", False), ("?state=no_key", True), ("?state=connected", False)],
)
def test_the_list_is_searched_and_filtered(client, system, query, found):
    home = Family(system)
    sign_in(client, home.tenant)
    assert bool(cells(home.look(client, query))) == found


@SYSTEMS
@pytest.mark.parametrize("sort", ["id", "-name", "key", "state", "expires", "email", "nonsense"])
def test_every_sort_gives_a_list(client, system, sort):
    home = Family(system)
    sign_in(client, home.tenant)
    assert cells(home.look(client, f"?sort={sort}"))


@SYSTEMS
def test_a_member_of_another_school_sees_and_does_nothing(client, system):
    """R-PM-01, R-RK-11."""
    home = Family(system)
    key = make_key_for(home.subject(home.mother), tenant_id=home.tenant.pk)
    sign_in(client, home.tenant, school=make_school(home.tenant))
    assert cells(home.look(client)) == []
    assert home.tick(client).status_code == 404
    assert client.post(home.address("show", home.row.pk)).status_code == 404
    key.refresh_from_db()
    assert key.state == KeyState.LIVE


@SYSTEMS
def test_the_pages_of_the_other_systems_say_which_is_in_use(client, system):
    """R-ST-02: with the way there; to somebody without the right they don't exist."""
    home = Family(system)
    sign_in(client, home.tenant)
    menu = said(home.look(client).text)
    assert "Letter Setup" in menu
    for absent in ("contact_keys:list", "contact_keys:generate", "portal_console:templates"):
        response = client.get(reverse(f"console:{absent}", args=[home.tenant.code]))
        assert response.status_code == 404
        assert f"This school uses {system} keys" in response.text
    sign_in(client, home.tenant, Role.INTEGRATIONS_OFFICER)
    response = client.get(reverse("console:contact_keys:list", args=[home.tenant.code]))
    assert response.status_code == 404
    assert "This school uses" not in response.text
    TenantSettings.objects.filter(tenant=home.tenant).update(key_system="contact")
    sign_in(client, home.tenant)
    assert "This school uses contact keys" in home.look(client).text


@SYSTEMS
def test_the_list_is_downloaded_with_a_line_for_each_adult(client, system):
    """R-CK-17: never a whole key."""
    home = Family(system)
    key = make_key_for(home.subject(home.mother), tenant_id=home.tenant.pk)
    sign_in(client, home.tenant)
    answer = client.post(home.address("export"), {"address": ""})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == (3 if system == "family" else 6)
    assert key.selector in lines[1]


@SYSTEMS
def test_the_number_of_statements_does_not_grow_with_the_rows(client, system):
    """R-CK-18."""
    home = Family(system)
    sign_in(client, home.tenant)
    home.look(client)
    few = statements(lambda: home.look(client, "?rows=100"))
    for number in range(8, 20):
        Family(system, home.tenant, number)
    assert statements(lambda: home.look(client, "?rows=250")) <= few
