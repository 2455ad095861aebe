"""The acts of Account Maintenance: what each page says, and what it does (R-AM-03 to R-AM-08, R-AM-10, spine §3.3)."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from schoolgate.accounts.disclaim import disclaim_child
from schoolgate.accounts.models import NewAddress, PasswordReset, PrintedCode
from schoolgate.accounts.queries import children_of
from schoolgate.keys.models import Tie
from schoolgate.tenancy.models import Role, User
from schoolgate.tenancy.one_time import one_time_token
from tests.console.account_maintenance.office import address, said, sign_in, text_of
from tests.factories.accounts import family
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_redeemed_key
from tests.factories.tenancy import PASSWORD, make_account, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(portal_open=True)


@pytest.fixture
def home(tenant):
    """An account, its contact Bea, and her child Nell."""

    class Home:
        account = make_account(tenant, email="amara@home.example")
        contact = make_contact(tenant, given_name="Bea")
        child = make_student(tenant, given_name="Nell")
        link = make_link(child, contact)
        tie = make_redeemed_key(contact, account=account)

    return Home


def post(client, tenant, name, /, *ids, follow=True, **fields):
    return client.post(address(tenant, name, *ids), fields, follow=follow)


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("disable", "The account itself: Enable opens it again."),
        ("delete", "The audit log: what was done, by a number, without a name."),
    ],
)
def test_each_verb_says_what_stays_and_asks_for_a_reason(client, tenant, home, name, stays):
    sign_in(client, tenant)
    page = client.get(address(tenant, name, home.account.pk))
    assert "What stays" in page.text
    assert stays in text_of(page)
    refused = post(client, tenant, name, home.account.pk, reason="")
    assert refused.status_code == 422
    home.account.refresh_from_db()
    assert home.account.is_active


def test_disable_then_enable(client, tenant, home):
    sign_in(client, tenant)
    page = post(client, tenant, "disable", home.account.pk, reason="Moved away")
    assert "Nobody signs in with this account until you enable it again." in said(page)
    assert "“Moved away”" in text_of(page)
    assert "Enable…" in page.text
    assert "Unlock" not in text_of(page)
    ask = client.get(address(tenant, "enable", home.account.pk))
    assert "Nell" in ask.text  # What it will see.
    post(client, tenant, "enable", home.account.pk)
    home.account.refresh_from_db()
    assert home.account.is_active


def test_what_the_district_has_stopped_a_member_of_one_school_cannot_enable(client, tenant, home):
    """R-AM-05: nor does the screen offer it, neither on the account nor at a typed-in address."""
    sign_in(client, tenant)
    post(client, tenant, "disable", home.account.pk, reason="Moved away")
    sign_in(client, tenant, school=home.child.school)
    page = client.get(address(tenant, "account", home.account.pk))
    assert "Enable…" not in page.text
    assert "they, or a member for all schools, can lift this" in text_of(page)
    assert "<button" not in client.get(address(tenant, "enable", home.account.pk)).text.partition("<main")[2]
    refused = post(client, tenant, "enable", home.account.pk)
    assert refused.status_code == 422
    assert "Ask them, or a member for all schools." in text_of(refused)
    home.account.refresh_from_db()
    assert not home.account.is_active


def test_what_one_member_of_a_school_has_stopped_another_enables(client, tenant, home):
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=home.child.school)
    post(client, tenant, "disable", home.account.pk, reason="Moved away")
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=home.child.school)
    post(client, tenant, "enable", home.account.pk)
    home.account.refresh_from_db()
    assert home.account.is_active


def test_a_disabled_family_is_out_at_its_next_page(client, tenant, home):
    parent = Client()
    parent.force_login(home.account)
    there = reverse("portal:home", args=[tenant.code])
    assert parent.get(there).status_code == 200
    sign_in(client, tenant)
    post(client, tenant, "disable", home.account.pk, reason="x")
    assert parent.get(there).status_code == 302


def test_unlock_is_offered_for_the_locked_alone_and_for_several_at_once(client, tenant, home):
    until = timezone.now() + timedelta(minutes=10)
    free = make_account(tenant)
    User.objects.filter(pk=home.account.pk).update(locked_until=until)
    sign_in(client, tenant)
    assert address(tenant, "unlock", home.account.pk) in client.get(address(tenant, "account", home.account.pk)).text
    assert address(tenant, "unlock", free.pk) not in client.get(address(tenant, "account", free.pk)).text
    page = post(client, tenant, "unlock_ticked", ticked=[home.account.pk, free.pk, "x"], address="accounts=all")
    assert "Unlocked 1 account. Skipped: 1 not locked." in said(page)
    home.account.refresh_from_db()
    assert home.account.locked_until is None


def test_unlink_names_the_contact_and_the_children_lost(client, tenant, home):
    sign_in(client, tenant)
    ids = (home.account.pk, home.tie.pk)
    ask = client.get(address(tenant, "unlink", *ids))
    assert "Unlink Bea Okafor" in text_of(ask)
    assert "No longer seen Nell Okafor" in text_of(ask)
    post(client, tenant, "unlink", *ids, reason="Wrong person")
    assert not Tie.objects.standing().exists()
    assert client.get(address(tenant, "unlink", *ids)).status_code == 404


def test_unlink_warns_of_a_child_that_comes_into_sight(client, tenant, home):
    barred = make_contact(tenant)
    make_bar(home.child, barred)
    tie = make_redeemed_key(barred, account=home.account)
    sign_in(client, tenant)
    assert "will then see somebody" in text_of(client.get(address(tenant, "unlink", home.account.pk, tie.pk)))


def test_remove_student_offers_its_ways_with_what_else_they_do(client, tenant, home):
    other = make_account(tenant, email="grandma@home.example")
    make_redeemed_key(home.contact, account=other)
    sign_in(client, tenant)
    page = client.get(address(tenant, "remove_student", home.account.pk, home.child.pk))
    assert "These accounts lose the student too: grandma@home.example" in text_of(page)
    for words in ("Turn Has Portal Access off", "End the connection", "Record a restriction"):
        assert words in page.text
    assert "Turn Has Portal Access off, at once" in page.text


def test_a_portal_officer_removes_by_the_connection_alone(client, tenant, home):
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    ids = (home.account.pk, home.child.pk)
    assert "Access off, at once" not in text_of(client.get(address(tenant, "remove_student", *ids)))
    assert post(client, tenant, "remove_student", *ids, way="remove_now", reason="x").status_code == 422
    post(client, tenant, "remove_student", *ids, way="unlink", reason="x")
    assert not children_of(tenant=tenant, account=home.account, at=timezone.now())


def test_a_student_whom_the_account_doesnt_see_isnt_there_to_remove(client, tenant, home):
    sign_in(client, tenant)
    stranger = make_student(tenant)
    assert client.get(address(tenant, "remove_student", home.account.pk, stranger.pk)).status_code == 404


def test_a_disclaimed_child_is_given_back(client, tenant, home):
    disclaim_child(
        tenant=tenant, account=home.account, student_id=home.child.pk, by=family(home.account), at=timezone.now()
    )
    sign_in(client, tenant)
    assert "Said not to be theirs" in client.get(address(tenant, "account", home.account.pk)).text
    post(client, tenant, "restore_child", home.account.pk, home.child.pk)
    assert children_of(tenant=tenant, account=home.account, at=timezone.now()) == [home.child]


def test_the_reset_link_is_nowhere_on_the_office_s_pages(client, tenant, home):
    sign_in(client, tenant)
    page = post(client, tenant, "reset", home.account.pk)
    assert "on its way to the account's own address" in said(page).replace("’", "'")
    token = one_time_token(PasswordReset.objects.get().nonce)
    assert token not in page.text
    assert token not in client.get(address(tenant, "history", home.account.pk)).text


def test_a_code_is_shown_once_for_an_account_without_address_and_opens_it(client, tenant, home):
    pupil = make_account(tenant, email="pupil42")
    User.objects.filter(pk=pupil.pk).update(email="", email_confirmed_at=None)
    sign_in(client, tenant)
    assert post(client, tenant, "code", home.account.pk, checked="in person").status_code == 422  # It has an address.
    slip = post(client, tenant, "code", pupil.pk, checked="in person")
    assert "no-store" in slip["Cache-Control"]
    [code] = re.findall(r"\b\d{4} \d{4}\b", slip.text)
    assert code not in client.get(address(tenant, "history", pupil.pk)).text
    door = Client()
    there = reverse("portal:recover_code", args=[tenant.code])
    fields = {"username": "pupil42", "code": code, "password": "four words that differ"}
    assert door.post(there, fields | {"code": "0000 0000"}).status_code == 422
    assert door.post(there, fields).status_code == 302
    entered = door.post(
        reverse("portal:sign_in", args=[tenant.code]),
        {"username": "pupil42", "password": "four words that differ"},
        follow=True,
    )
    assert "with a code from the school office" in said(entered)


def test_the_code_needs_a_fresh_sign_in(client, tenant, home):
    sign_in(client, tenant, fresh=False)
    for name in ("code", "address", "rename", "delete"):
        assert "/console/fresh/" in client.get(address(tenant, name, home.account.pk)).url


def test_a_code_that_would_open_another_school_s_children_is_not_for_a_member_of_one(client, tenant, home):
    """R-RK-11: whoever holds the code sees all that the account sees."""
    User.objects.filter(pk=home.account.pk).update(email="", email_confirmed_at=None)
    sign_in(client, tenant, Role.PORTAL_OFFICER, school=home.child.school)
    assert "Print a code…" in client.get(address(tenant, "account", home.account.pk)).text
    make_link(make_student(tenant, school=make_school(tenant)), home.contact)
    assert "Print a code…" not in client.get(address(tenant, "account", home.account.pk)).text
    assert post(client, tenant, "code", home.account.pk, checked="in person").status_code == 403
    assert not PrintedCode.objects.exists()


def test_a_new_address_asks_for_the_account_s_password_at_the_link(client, tenant, home):
    sign_in(client, tenant)
    page = post(client, tenant, "address", home.account.pk, email="new@home.example")
    assert "Until its owner confirms it, nothing changes." in said(page)
    asked = NewAddress.objects.get()
    link = f"{asked.pk}.{one_time_token(asked.nonce)}"
    there, door = reverse("portal:new_address", args=[tenant.code]), Client()
    assert door.post(there, {"link": link, "password": "a guess of the office"}).status_code == 422
    home.account.refresh_from_db()
    assert home.account.email == "amara@home.example"
    assert door.post(there, {"link": link, "password": PASSWORD}).status_code == 302
    home.account.refresh_from_db()
    assert home.account.username == "new@home.example"


def test_delete_and_undo(client, tenant, home):
    sign_in(client, tenant)
    page = post(client, tenant, "delete", home.account.pk, reason="Asked for it")
    assert "Undo Delete" in page.text
    post(client, tenant, "keep", home.account.pk)
    home.account.refresh_from_db()
    assert home.account.is_active


def test_deleting_is_for_heads_who_see_all_of_the_account(client, tenant, home):
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    assert post(client, tenant, "delete", home.account.pk, reason="x").status_code == 403
    there = make_school(tenant)
    make_link(make_student(tenant, school=there), stranger := make_contact(tenant))
    make_redeemed_key(stranger, account=home.account)
    sign_in(client, tenant, Role.ADMINISTRATOR, school=home.child.school)
    assert "Delete…" not in client.get(address(tenant, "account", home.account.pk)).text
    assert post(client, tenant, "delete", home.account.pk, reason="x").status_code == 403
    home.account.refresh_from_db()
    assert home.account.is_active


def test_nor_is_taking_back_what_the_district_has_deleted(client, tenant, home):
    make_link(make_student(tenant, school=make_school(tenant)), stranger := make_contact(tenant))
    make_redeemed_key(stranger, account=home.account)
    sign_in(client, tenant)
    post(client, tenant, "delete", home.account.pk, reason="Asked for it")
    sign_in(client, tenant, Role.ADMINISTRATOR, school=home.child.school)
    assert post(client, tenant, "keep", home.account.pk).status_code == 403
    home.account.refresh_from_db()
    assert not home.account.is_active


def test_update_changes_name_and_language(client, tenant, home):
    sign_in(client, tenant)
    post(client, tenant, "update", home.account.pk, name="Amara O.", language="ar")
    home.account.refresh_from_db()
    assert (home.account.name, home.account.language) == ("Amara O.", "ar")


def test_the_history_tells_each_act_in_a_sentence(client, tenant, home):
    """R-AU-02."""
    sign_in(client, tenant)
    post(client, tenant, "disable", home.account.pk, reason="Moved away")
    page = client.get(address(tenant, "history", home.account.pk))
    assert "Jo Mercer stopped the account of Robin Vale." in text_of(page)
    assert "Reason: Moved away" in text_of(page)
