"""Redemption: R-RD-03 to R-RD-07, R-RD-09 to R-RD-12, R-RX-03, R-ST-03, R-ST-09; security.md §2."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from schoolgate.accounts.check import check_key, check_second_proof, children_of_key
from schoolgate.accounts.errors import AccountCantRedeem, NobodyToSee, PortalClosed, ProofWanted
from schoolgate.audit.models import AuditEntry
from schoolgate.audit.verify import verify_audit
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryStudent
from schoolgate.keys.errors import AlreadyTied, KeyEnded, KeyNotAccepted, ProofNotAccepted
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.throttle import counted_try
from schoolgate.letters.models import Message
from schoolgate.lib.errors import SchoolgateError
from schoolgate.lib.keycode import KeyCode, draw_key
from schoolgate.tenancy.models import OfficeNotice, User, UserKind
from tests.factories.accounts import BORN, Letter, family
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key
from tests.factories.tenancy import NOW, make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter() -> Letter:
    return Letter()


def another_link(letter: Letter, **columns: Any) -> tuple[DirectoryContact, DirectoryStudent, KeyCode]:
    contact, child = make_contact(letter.tenant), make_student(letter.tenant, **columns)
    make_link(child, contact)
    return contact, child, code_of(make_key(contact))


def test_a_redemption_makes_the_tie_and_wipes_the_key(letter: Letter) -> None:
    tie = letter.redeem()

    assert (tie.account, tie.subject_kind, tie.subject_id, tie.ended_at) == (
        letter.account,
        "contact",
        letter.contact.pk,
        None,
    )
    letter.key.refresh_from_db()
    assert (letter.key.state, letter.key.sealed, letter.key.ended_at) == (KeyState.REDEEMED, None, NOW)


def test_the_audit_names_key_contact_and_account_and_the_kind_of_proof(letter: Letter) -> None:
    letter.redeem()

    entry = AuditEntry.objects.filter(tenant=letter.tenant, act="key.redeemed").get()
    assert entry.subjects == [["key", letter.key.pk], ["contact", letter.contact.pk], ["account", letter.account.pk]]
    assert entry.detail == {"proof": "date_of_birth", "one_is_missing": False}
    assert entry.actor_id == letter.account.pk
    for secret in [letter.code.symbols, letter.code.grouped, BORN.isoformat()]:
        assert secret not in f"{entry.__dict__}"  # R-AU-03
    assert verify_audit(tenant_id=letter.tenant.pk).first_bad is None


def test_both_addresses_are_told(letter: Letter) -> None:
    letter.redeem()
    messages = Message.objects.for_tenant(letter.tenant)
    assert set(messages.values_list("kind", "address")) == {
        ("connected", "amara@home.example"),
        ("connected", "on.file@home.example"),
    }


def test_one_address_is_told_once_whatever_its_case(letter: Letter) -> None:
    DirectoryContact.objects.filter(pk=letter.contact.pk).update(email="AMARA@home.example")
    letter.redeem()
    assert Message.objects.for_tenant(letter.tenant).count() == 1


def test_an_address_on_file_that_can_t_be_used_is_left_out(letter: Letter) -> None:
    DirectoryContact.objects.filter(pk=letter.contact.pk).update(email="a@b", email_usable=False)
    letter.redeem()
    assert list(Message.objects.values_list("address", flat=True)) == ["amara@home.example"]


def test_no_date_of_birth_is_no_answer_and_binds_nothing(letter: Letter) -> None:
    """R-RD-07: nothing was guessed, so it is no wrong try."""
    with pytest.raises(ProofWanted):
        letter.redeem(born=None)
    assert letter.nothing_happened()


@pytest.mark.parametrize("born", [date(2014, 3, 28), date(2014, 2, 27)])
def test_a_wrong_date_of_birth_binds_nothing(letter: Letter, born: date | None) -> None:
    with pytest.raises(ProofNotAccepted):
        letter.redeem(born=born)
    assert letter.nothing_happened()


def test_the_date_of_any_linked_child_will_do(letter: Letter) -> None:
    make_link(make_student(letter.tenant, birth_date=date(2018, 1, 2)), letter.contact)
    letter.redeem(born=date(2018, 1, 2))


def test_the_date_of_a_child_that_is_not_linked_will_not(letter: Letter) -> None:
    barred = make_student(letter.tenant, birth_date=date(2018, 1, 2))
    make_link(barred, letter.contact)
    make_bar(barred, letter.contact)
    make_link(make_student(letter.tenant, birth_date=date(2019, 1, 2)), letter.contact, portal_access=False)
    for born in (date(2018, 1, 2), date(2019, 1, 2)):
        with pytest.raises(ProofNotAccepted):
            letter.redeem(born=born)


def test_twins_have_one_date_of_birth(letter: Letter) -> None:
    make_link(make_student(letter.tenant, birth_date=BORN), letter.contact)
    letter.redeem()


def test_a_school_may_ask_for_no_second_proof() -> None:
    Letter(second_proof="none").redeem(born=None)


@pytest.mark.parametrize("second_proof", ["none", "date_of_birth"])
def test_without_a_published_child_nothing_is_tied(second_proof: str) -> None:
    letter = Letter(second_proof=second_proof)
    DirectoryAssociation.objects.filter(contact=letter.contact).update(portal_access=False)
    with pytest.raises(NobodyToSee):
        letter.redeem()
    assert letter.nothing_happened()


def test_a_restriction_of_today_is_tested_at_redemption(letter: Letter) -> None:
    make_bar(letter.child, letter.contact, starts_on=NOW.date())
    with pytest.raises(NobodyToSee):
        letter.redeem()


def test_an_unknown_key_and_a_wrong_secret_get_one_sentence(letter: Letter) -> None:
    wrong = KeyCode(letter.code.selector, "0" * 10 if letter.code.secret != "0" * 10 else "1" * 10)
    said = set()
    for code in [draw_key(taken=[letter.code.selector]), wrong]:
        with pytest.raises(KeyNotAccepted) as refusal:
            letter.redeem(code=code)
        said.add((refusal.value.message, refusal.value.status, refusal.value.fix))
    assert len(said) == 1
    assert letter.nothing_happened()


def used_by_another(letter: Letter) -> None:
    letter.redeem(account=make_account(letter.tenant))


def past_its_end(letter: Letter) -> None:
    AccessKey.objects.filter(pk=letter.key.pk).update(expires_at=NOW)


def revoked(letter: Letter) -> None:
    AccessKey.objects.filter(pk=letter.key.pk).update(state=KeyState.REVOKED, ended_at=NOW, sealed=None)


def replaced(letter: Letter) -> None:
    AccessKey.objects.filter(pk=letter.key.pk).update(state=KeyState.REPLACED, ended_at=NOW, sealed=None)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (used_by_another, "used on 24 November 2026"),
        (past_its_end, "ended on"),
        (revoked, "withdrawn"),
        (replaced, "replaced"),
    ],
)
def test_whoever_proves_a_key_that_ended_is_told_what_happened(
    letter: Letter, end: Callable[[Letter], None], words: str
) -> None:
    end(letter)
    ties = Tie.objects.count()
    with pytest.raises(KeyEnded) as refusal:
        letter.redeem()
    assert words in refusal.value.message
    assert "02 5550 1234" in refusal.value.fix
    assert Tie.objects.count() == ties


def test_the_account_that_used_the_key_is_told_that_it_is_added_already(letter: Letter) -> None:
    letter.redeem()
    with pytest.raises(AlreadyTied):
        letter.redeem(at=NOW + timedelta(days=3))
    assert Tie.objects.count() == 1


def test_after_the_tie_has_ended_its_account_is_told_like_anybody(letter: Letter) -> None:
    tie = letter.redeem()
    Tie.objects.filter(pk=tie.pk).update(ended_at=NOW)
    with pytest.raises(KeyEnded):
        letter.redeem()


def test_a_key_of_another_tenant_is_unknown(letter: Letter) -> None:
    with pytest.raises(KeyNotAccepted):
        letter.redeem(code=Letter().code)


@pytest.mark.parametrize("system", ["family", "student"])
def test_a_key_of_a_system_that_is_not_in_force_is_unknown(letter: Letter, system: str) -> None:
    letter.set(key_system=system)
    with pytest.raises(KeyNotAccepted):
        letter.redeem()


def test_a_closed_portal_redeems_nothing(letter: Letter) -> None:
    letter.set(portal_open=False, portal_opens_on=date(2027, 2, 1))
    with pytest.raises(PortalClosed) as refusal:
        letter.redeem()
    assert refusal.value.opens_on == date(2027, 2, 1)
    assert letter.nothing_happened()


@pytest.mark.parametrize("kind", [UserKind.STUDENT, UserKind.STAFF])
def test_students_and_the_office_redeem_nothing(letter: Letter, kind: UserKind) -> None:
    with pytest.raises(AccountCantRedeem):
        letter.redeem(account=make_account(letter.tenant, kind=kind))
    assert letter.nothing_happened()


def test_an_address_that_is_not_proved_redeems_nothing(letter: Letter) -> None:
    with pytest.raises(AccountCantRedeem):
        letter.redeem(account=make_account(letter.tenant, confirmed=False))
    assert letter.nothing_happened()


def test_an_account_that_the_school_made_needs_no_address(letter: Letter) -> None:
    account = make_account(letter.tenant, confirmed=False)
    User.objects.filter(pk=account.pk).update(email="", username="gran")
    letter.redeem(account=User.objects.get(pk=account.pk))


def test_each_key_adds_a_tie_and_none_replaces_another(letter: Letter) -> None:
    _contact, _child, code = another_link(letter, birth_date=date(2018, 1, 2))
    letter.redeem()
    letter.redeem(code=code, born=date(2018, 1, 2))
    assert Tie.objects.standing().filter(account=letter.account).count() == 2


def test_two_contacts_of_one_account_with_a_bar_between_them_are_shown_to_the_office(letter: Letter) -> None:
    other, child, code = another_link(letter)
    make_bar(child, letter.contact)
    make_link(make_student(letter.tenant), other)
    letter.redeem()

    letter.redeem(code=code)

    notice = OfficeNotice.objects.for_tenant(letter.tenant).get(kind="account.two_people")
    assert notice.subjects == [["account", letter.account.pk], ["contact", letter.contact.pk], ["contact", other.pk]]


def test_two_contacts_without_a_bar_raise_no_notice(letter: Letter) -> None:
    _other, _child, code = another_link(letter)
    letter.redeem()
    letter.redeem(code=code)
    assert not OfficeNotice.objects.exists()


def test_a_second_contact_that_would_show_nothing_more_is_not_tied(letter: Letter) -> None:
    _other, child, code = another_link(letter)
    make_bar(child, letter.contact)
    letter.redeem()
    with pytest.raises(NobodyToSee):
        letter.redeem(code=code)
    assert Tie.objects.count() == 1


def test_one_is_missing_connects_and_tells_the_office(letter: Letter) -> None:
    letter.redeem(one_is_missing=True)
    notice = OfficeNotice.objects.for_tenant(letter.tenant).get()
    assert notice.kind == "child.missing"
    assert ["contact", letter.contact.pk] in notice.subjects
    assert Tie.objects.count() == 1


def refused_try(letter: Letter, act: Callable[[], object]) -> SchoolgateError:
    with (
        pytest.raises(SchoolgateError) as refusal,
        counted_try(tenant=letter.tenant, code=letter.code, by=family(letter.account), at=NOW),
    ):
        act()
    letter.key.refresh_from_db()
    return refusal.value


@pytest.mark.parametrize("hidden", [True, False])
def test_a_proved_key_with_nobody_to_see_costs_no_try(letter: Letter, hidden: bool) -> None:
    if hidden:
        make_bar(letter.child, letter.contact)
    else:
        DirectoryStudent.objects.filter(pk=letter.child.pk).update(is_active=False)
    assert isinstance(refused_try(letter, letter.redeem), NobodyToSee)
    assert letter.key.failures == 0


def test_a_wrong_date_of_birth_counts_as_a_failed_try(letter: Letter) -> None:
    refused_try(letter, lambda: letter.redeem(born=date(2000, 1, 1)))
    assert letter.key.failures == 1


def test_the_tenth_wrong_date_locks_and_the_right_one_gets_the_sentence_of_an_unknown_key(letter: Letter) -> None:
    for _ in range(10):
        refused_try(letter, lambda: letter.redeem(born=date(2000, 1, 1)))
    assert letter.key.locked_at is not None
    assert isinstance(refused_try(letter, letter.redeem), KeyNotAccepted)
    assert OfficeNotice.objects.for_tenant(letter.tenant).filter(kind="key.locked").exists()


class TestCheck:
    """The pages before the last one change nothing."""

    def check(self, letter: Letter, born: date | None = BORN) -> AccessKey:
        return check_second_proof(
            tenant=letter.tenant, account=letter.account, code=letter.code, birth_date=born, at=NOW
        )

    def test_a_good_key_and_a_right_answer_change_nothing(self, letter: Letter) -> None:
        assert self.check(letter) == letter.key
        assert letter.nothing_happened()

    def test_a_wrong_answer_is_refused(self, letter: Letter) -> None:
        with pytest.raises(ProofNotAccepted):
            self.check(letter, date(2000, 1, 1))

    def test_the_key_is_told_to_be_added_before_the_question_is_asked(self, letter: Letter) -> None:
        letter.redeem()
        with pytest.raises(AlreadyTied):
            check_key(tenant=letter.tenant, account=letter.account, code=letter.code, at=NOW)

    def test_another_key_for_the_same_contact_stays_unused(self, letter: Letter) -> None:
        letter.redeem()
        second = code_of(make_key(letter.contact))
        with pytest.raises(AlreadyTied):
            check_key(tenant=letter.tenant, account=letter.account, code=second, at=NOW)
        with pytest.raises(AlreadyTied):
            letter.redeem(code=second)
        assert AccessKey.objects.filter(state=KeyState.LIVE).count() == 1

    def test_the_children_are_those_that_the_account_would_see(self, letter: Letter) -> None:
        make_link(make_student(letter.tenant), letter.contact, portal_access=False)
        found = children_of_key(tenant=letter.tenant, account=letter.account, key_id=letter.key.pk, at=NOW)
        assert found == [letter.child]

    def test_a_key_that_ended_meanwhile_names_nobody(self, letter: Letter) -> None:
        revoked(letter)
        assert children_of_key(tenant=letter.tenant, account=letter.account, key_id=letter.key.pk, at=NOW) == []
