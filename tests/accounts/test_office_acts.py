"""Disable, enable, unlock, unlink, delete, update: four verbs never mixed (spine §3.3, R-AM-04 to R-AM-07, R-AM-10, R-AM-13)."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate

from schoolgate.accounts.delete_account import BIN_LIFE, delete_account, keep_account
from schoolgate.accounts.disable import disable_accounts
from schoolgate.accounts.enable import enable_account
from schoolgate.accounts.erase_account import erase_deleted
from schoolgate.accounts.office_acts import AccountRefused
from schoolgate.accounts.queries import children_of, children_without
from schoolgate.accounts.unlink import unlink_accounts
from schoolgate.accounts.unlock import unlock_accounts
from schoolgate.accounts.update_account import rename_account, update_account
from schoolgate.audit.models import AuditEntry
from schoolgate.keys.errors import ReasonNeeded
from schoolgate.keys.models import KeyState, Tie
from schoolgate.letters.models import Message
from schoolgate.tenancy.models import User
from schoolgate.tenancy.prove_sign_in import TRIES_FOR_A_NAME_FROM_A_SOURCE, WINDOW, prove_sign_in
from tests.factories.directory import make_bar, make_link, make_student
from tests.factories.keys import make_linked_contact, make_redeemed_key
from tests.factories.tenancy import NOW, PASSWORD, actor, make_account, make_member, make_tenant

pytestmark = pytest.mark.django_db


class Home:
    def __init__(self, email="amara@home.example"):
        self.tenant = make_tenant(portal_open=True)
        self.contact = make_linked_contact(self.tenant)
        self.account = make_account(self.tenant, email=email)
        self.tie = make_redeemed_key(self.contact, account=self.account)
        self.member = make_member(self.tenant)

    def common(self, **more):
        return {"tenant": self.tenant, "by": actor(self.member), "at": NOW, **more}

    def fresh(self):
        return User.objects.get(pk=self.account.pk)

    def signs_in(self):
        name = self.fresh().username
        return authenticate(tenant=self.tenant, door="portal", username=name, password=PASSWORD) is not None

    def mails(self):
        return list(Message.objects.for_tenant(self.tenant).order_by("pk").values_list("kind", "address"))

    def disable(self, reason="moved", school_ids=None):
        return disable_accounts(account_ids=[self.account.pk], reason=reason, school_ids=school_ids, **self.common())


@pytest.fixture
def home():
    return Home()


def test_a_disabled_account_signs_in_no_more_and_keeps_its_ties(home):
    before = home.account.get_session_auth_hash()
    acted = home.disable()
    assert acted.done == (home.account.pk,)
    assert not home.signs_in()
    assert home.fresh().get_session_auth_hash() != before
    assert Tie.objects.standing().get() == home.tie
    assert [child.pk for child in children_of(tenant=home.tenant, account=home.account, at=NOW)]
    entry = AuditEntry.objects.get(act="account.disabled")
    assert (entry.reason, entry.actor_id, entry.subjects) == ("moved", home.member.pk, [["account", home.account.pk]])


def test_the_person_is_told_to_ask_the_school_and_not_why(home):
    home.disable("court order 17")
    message = Message.objects.get()
    assert (message.kind, message.address) == ("account_disabled", "amara@home.example")
    assert "court" not in str(message.__dict__)


def test_disabling_needs_a_reason_and_happens_once(home):
    with pytest.raises(ReasonNeeded):
        home.disable(" ")
    home.disable()
    assert home.disable().skipped == {"disabled": 1}


def test_enabling_revives_no_session_and_restores_no_tie(home):
    stolen = home.account.get_session_auth_hash()
    home.disable()
    unlink_accounts(tie_ids=[home.tie.pk], reason="left", **home.common())
    enable_account(school_ids=None, account_id=home.account.pk, **home.common())
    assert home.signs_in()
    assert home.fresh().get_session_auth_hash() != stolen
    assert not children_of(tenant=home.tenant, account=home.account, at=NOW)
    with pytest.raises(AccountRefused):
        enable_account(school_ids=None, account_id=home.account.pk, **home.common())


def lock(home):
    for _ in range(TRIES_FOR_A_NAME_FROM_A_SOURCE):
        prove(home, "wrong")


def prove(home, password, at=NOW):
    return prove_sign_in(
        tenant=home.tenant, door="portal", username=home.account.username, password=password, source="x", at=at
    )


def test_too_many_tries_lock_until_the_window_ends_and_unlock_clears_that_alone(home):
    lock(home)
    until = home.fresh().locked_until
    assert NOW < until <= NOW + WINDOW
    assert prove(home, PASSWORD) is None
    acted = unlock_accounts(account_ids=[home.account.pk], **home.common())
    assert acted.done == (home.account.pk,)
    assert home.fresh().locked_until is None
    assert prove(home, PASSWORD) == home.account
    assert ("account_unlocked", "amara@home.example") in home.mails()


def test_a_lock_ends_by_itself(home):
    lock(home)
    assert prove(home, PASSWORD, at=home.fresh().locked_until + timedelta(seconds=1)) == home.account


def test_the_office_s_own_door_is_no_account_s(home):
    """A member with the same address isn't locked by wrong passwords at the families' door."""
    member = make_member(home.tenant, email="amara@home.example")
    lock(home)
    member.refresh_from_db()
    assert member.locked_until is None


@pytest.mark.parametrize(
    ("set_for", "ends_it", "may"),
    [
        (None, None, True),
        (None, {1}, False),
        ({1}, None, True),
        ({1}, {1, 2}, True),
        ({1, 2}, {1}, False),
        ({1}, {2}, False),
    ],
)
def test_a_stop_is_ended_by_nobody_with_fewer_schools_than_whoever_set_it(home, set_for, ends_it, may):
    """R-AM-05, R-AM-10, R-RK-11."""
    home.disable(school_ids=set_for)
    if may:
        enable_account(account_id=home.account.pk, school_ids=ends_it, **home.common())
    else:
        with pytest.raises(AccountRefused, match="other schools"):
            enable_account(account_id=home.account.pk, school_ids=ends_it, **home.common())
    assert home.signs_in() == may
    delete_account(account_id=home.account.pk, reason="asked", school_ids=set_for, **home.common())
    if may:
        keep_account(account_id=home.account.pk, school_ids=ends_it, **home.common())
    else:
        with pytest.raises(AccountRefused, match="other schools"):
            keep_account(account_id=home.account.pk, school_ids=ends_it, **home.common())
    assert home.signs_in() == may


def test_unlock_never_opens_what_staff_have_stopped(home):
    lock(home)
    home.disable()
    assert unlock_accounts(account_ids=[home.account.pk], **home.common()).skipped == {"disabled": 1}
    assert not home.signs_in()


def test_unlock_skips_the_unlocked_and_strangers(home):
    other = make_account(make_tenant())
    acted = unlock_accounts(account_ids=[home.account.pk, other.pk, 0], **home.common())
    assert acted.skipped == {"not_locked": 1, "unknown": 2}


def test_unlink_ends_one_tie_and_nothing_else(home):
    second = make_linked_contact(home.tenant)
    kept = make_redeemed_key(second, account=home.account)
    acted = unlink_accounts(tie_ids=[home.tie.pk], reason="wrong person", **home.common())
    assert acted.done == (home.tie.pk,)
    assert Tie.objects.standing().get() == kept
    home.tie.key.refresh_from_db()
    assert home.tie.key.state == KeyState.REVOKED
    assert home.signs_in()
    entry = AuditEntry.objects.get(act="account.unlinked")
    assert ["contact", home.contact.pk] in entry.subjects
    assert unlink_accounts(tie_ids=[home.tie.pk], reason="again", **home.common()).skipped == {"no_tie": 1}


def test_the_end_of_a_tie_may_show_whom_a_barred_contact_hid(home):
    """Spine §3.2: the confirmation must say so, and it asks this."""
    child = make_student(home.tenant)
    make_link(child, home.contact)
    barred = make_linked_contact(home.tenant)
    make_bar(child, barred)
    tie = make_redeemed_key(barred, account=home.account)
    seen = {each.pk for each in children_of(tenant=home.tenant, account=home.account, at=NOW)}
    after = {each.pk for each in children_without(tenant=home.tenant, account=home.account, tie_ids=[tie.pk], at=NOW)}
    assert child.pk not in seen
    assert child.pk in after


def test_delete_waits_seven_days_and_undo_restores_it_whole(home):
    delete_account(school_ids=None, account_id=home.account.pk, reason="asked", **home.common())
    assert not home.signs_in()
    assert Tie.objects.standing().get() == home.tie
    assert erase_deleted(tenant=home.tenant, by=actor(), at=NOW + BIN_LIFE - timedelta(seconds=1)) == 0
    keep_account(school_ids=None, account_id=home.account.pk, **home.common())
    assert home.signs_in()
    assert erase_deleted(tenant=home.tenant, by=actor(), at=NOW + BIN_LIFE * 2) == 0


def test_what_was_disabled_before_stays_disabled_when_taken_back(home):
    home.disable()
    delete_account(school_ids=None, account_id=home.account.pk, reason="asked", **home.common())
    with pytest.raises(AccountRefused):
        enable_account(school_ids=None, account_id=home.account.pk, **home.common())
    keep_account(school_ids=None, account_id=home.account.pk, **home.common())
    assert not home.signs_in()
    enable_account(school_ids=None, account_id=home.account.pk, **home.common())
    assert home.signs_in()


def test_an_erased_account_leaves_nothing_personal(home):
    """security.md R19: the row stays without a word about anybody; the contact is a gap again."""
    User.objects.filter(pk=home.account.pk).update(name="Amara Erasable", language="ar")
    delete_account(school_ids=None, account_id=home.account.pk, reason="Amara asked", **home.common())
    assert erase_deleted(tenant=home.tenant, by=actor(), at=NOW + BIN_LIFE) == 1
    row = home.fresh()
    said = str(list(User.objects.filter(pk=row.pk).values())) + str(list(Message.objects.values()))
    assert "amara" not in said.casefold()
    assert row.erased_at
    assert not row.is_active
    assert not row.has_usable_password()
    assert not User.objects.for_tenant(home.tenant).accounts().exists()
    assert not Tie.objects.standing().exists()
    assert AuditEntry.objects.filter(act="account.erased").get().subjects == [["account", row.pk]]
    assert make_account(home.tenant, email="amara@home.example")  # The name is free again.
    assert erase_deleted(tenant=home.tenant, by=actor(), at=NOW + BIN_LIFE) == 0


def test_name_and_language_are_corrected_without_their_values_in_the_audit(home):
    assert update_account(account_id=home.account.pk, name="Amara Okafor", language="ar", **home.common())
    assert (home.fresh().name, home.fresh().language) == ("Amara Okafor", "ar")
    assert AuditEntry.objects.get(act="account.updated").detail == {"fields": ["name", "language"]}
    assert not update_account(account_id=home.account.pk, name="Amara Okafor", language="ar", **home.common())


def test_only_an_account_without_an_address_is_renamed_and_never_to_an_address():
    home = Home(email="amara.o")
    with pytest.raises(AccountRefused):
        rename_account(account_id=home.account.pk, username="new.name", **home.common())
    User.objects.filter(pk=home.account.pk).update(email="")
    with pytest.raises(AccountRefused):
        rename_account(account_id=home.account.pk, username="office@school.example", **home.common())
    rename_account(account_id=home.account.pk, username="new.name", **home.common())
    assert (home.fresh().username, home.signs_in()) == ("new.name", True)
    make_account(home.tenant, email="taken1")
    with pytest.raises(AccountRefused):
        rename_account(account_id=home.account.pk, username="TAKEN1", **home.common())


def test_nobody_of_another_tenant_is_touched(home):
    other = Home("zed@home.example")
    common = {"tenant": other.tenant, "by": actor(), "at": NOW}
    assert disable_accounts(school_ids=None, account_ids=[home.account.pk], reason="x", **common).skipped == {
        "unknown": 1
    }
    assert unlink_accounts(tie_ids=[home.tie.pk], reason="x", **common).skipped == {"no_tie": 1}
    for act, more in ((delete_account, {"reason": "x"}), (enable_account, {}), (keep_account, {})):
        more["school_ids"] = None
        with pytest.raises(AccountRefused):
            act(account_id=home.account.pk, **common, **more)
    assert home.signs_in()
