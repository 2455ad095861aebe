"""A student's own account: R-SU-01, R-SU-03 to R-SU-08, R-RD-04, R-RD-05, R-RD-09, R-KY-05, G-17; registration-keys §3, §9."""

from datetime import date, timedelta

import pytest

from schoolgate.accounts.errors import (
    AccountCantRedeem,
    AccountNotMade,
    KeyForOtherUse,
    PortalClosed,
    ProofWanted,
    SignUpClosed,
    StudentNotReady,
)
from schoolgate.accounts.models import EmailProof
from schoolgate.accounts.queries import own_record
from schoolgate.accounts.sign_up import reconnect_student
from schoolgate.accounts.student_key import check_student_key, prove_student_key, student_of_key
from schoolgate.accounts.usernames import why_not_username
from schoolgate.audit.models import AuditEntry
from schoolgate.audit.verify import verify_audit
from schoolgate.directory.models import DirectoryStudent
from schoolgate.keys.errors import AlreadyTied, KeyEnded, KeyNotAccepted, ProofNotAccepted
from schoolgate.keys.models import AccessKey, KeyAttempt, KeyState, Tie
from schoolgate.keys.throttle import counted_try
from schoolgate.letters.models import Message
from schoolgate.lib.keycode import KeyCode, draw_key
from schoolgate.tenancy.models import User, UserKind
from schoolgate.tenancy.prove_sign_in import prove_sign_in
from tests.factories.accounts import BORN, Letter, family, somebody
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_key
from tests.factories.students import PASSWORD, USERNAME, Slip
from tests.factories.tenancy import NOW, make_account, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def slip() -> Slip:
    return Slip()


def counted(slip: Slip, **more: object) -> User:
    with counted_try(tenant=slip.tenant, code=slip.code, by=somebody(), at=NOW):
        return slip.sign_up(**more)  # type: ignore[arg-type]  # The test names them.


def test_key_birth_date_username_and_password_make_the_account_its_tie_and_use_the_key_up(slip: Slip) -> None:
    account = slip.sign_up()

    assert (account.kind, account.username, account.email, account.name) == (
        UserKind.STUDENT,
        USERNAME,
        "",
        "Ada Okafor",
    )
    tie = Tie.objects.get()
    assert (tie.account, tie.subject_kind, tie.subject_id) == (account, "student_self", slip.student.pk)
    slip.key.refresh_from_db()
    assert (slip.key.state, slip.key.sealed, slip.key.ended_at) == (KeyState.REDEEMED, None, NOW)
    own = own_record(tenant=slip.tenant, account=account, at=NOW)
    assert (own.student, own.is_ended) == (slip.student, False)


def test_a_student_signs_in_by_a_username_that_is_no_address_without_regard_to_case(slip: Slip) -> None:
    account = slip.sign_up()
    proved = prove_sign_in(
        tenant=slip.tenant, door="portal", username="ADA2014", password=PASSWORD, source="phone", at=NOW
    )
    assert proved == account


def test_the_audit_names_key_student_and_account_and_no_secret(slip: Slip) -> None:
    account = slip.sign_up(email="ada@home.example")

    entry = AuditEntry.objects.get(tenant=slip.tenant, act="key.redeemed")
    assert entry.subjects == [["key", slip.key.pk], ["student", slip.student.pk], ["account", account.pk]]
    assert (entry.actor_kind, entry.actor_id) == ("student", account.pk)
    assert AuditEntry.objects.filter(tenant=slip.tenant, act="account.completed").exists()
    for entry in AuditEntry.objects.filter(tenant=slip.tenant):
        for secret in [slip.code.symbols, slip.code.grouped, BORN.isoformat(), PASSWORD]:
            assert secret not in f"{entry.__dict__}"  # R-AU-03
    assert verify_audit(tenant_id=slip.tenant.pk).first_bad is None


def test_no_date_makes_nothing_and_costs_no_try(slip: Slip) -> None:
    with pytest.raises(ProofWanted):
        counted(slip, born=None)
    assert slip.nothing_happened()
    assert slip.key.failures == 0


def test_a_wrong_date_makes_nothing_and_costs_a_try(slip: Slip) -> None:
    with pytest.raises(ProofNotAccepted):
        counted(slip, born=date(2014, 3, 28))
    assert slip.nothing_happened()
    slip.key.refresh_from_db()
    assert slip.key.failures == 1
    assert KeyAttempt.objects.get().kind == "wrong_proof"


def test_ten_wrong_dates_lock_the_key_and_then_the_right_one_looks_like_a_wrong_key(slip: Slip) -> None:
    for _ in range(10):
        with pytest.raises(ProofNotAccepted):
            counted(slip, born=date(2000, 1, 1))
    with pytest.raises(KeyNotAccepted):
        counted(slip)
    assert not Tie.objects.exists()
    entry = AuditEntry.objects.get(act="key.locked")
    assert entry.subjects == [["key", slip.key.pk], ["student", slip.student.pk]]


def test_a_wrong_secret_is_the_one_sentence_whatever_else_is_typed(slip: Slip) -> None:
    guess = next(g for g in iter(lambda: draw_key(taken=[]), None) if g.secret != slip.code.secret)
    for code in (KeyCode(slip.code.selector, guess.secret), draw_key(taken=[slip.code.selector])):
        with pytest.raises(KeyNotAccepted):
            slip.sign_up(code=code, username="no", password="short")
    assert slip.nothing_happened()


def test_where_no_second_proof_is_asked_the_key_alone_will_do(slip: Slip) -> None:
    slip.set(second_proof="none")
    assert slip.sign_up(born=None).kind == UserKind.STUDENT


def test_a_used_key_says_so_to_its_holder(slip: Slip) -> None:
    slip.sign_up()
    with pytest.raises(KeyEnded, match="used on"):
        slip.sign_up(username="another1")
    assert User.objects.filter(kind=UserKind.STUDENT).count() == 1


def test_a_parent_s_key_is_refused_by_its_kind_only_once_it_is_proved(slip: Slip) -> None:
    letter = Letter()
    slip.tenant = letter.tenant
    with pytest.raises(KeyForOtherUse, match="for a parent or carer"):
        slip.sign_up(code=letter.code)
    assert letter.nothing_happened()
    with pytest.raises(KeyForOtherUse):
        check_student_key(tenant=letter.tenant, account=None, code=letter.code, birth_date=None, at=NOW)


def test_a_student_s_key_in_a_parent_s_account_is_refused_and_stays(slip: Slip) -> None:
    letter = Letter()
    slip = Slip(letter.tenant)
    with pytest.raises(KeyForOtherUse, match="student's own account"):
        letter.redeem(code=slip.code)
    assert slip.nothing_happened()


@pytest.mark.parametrize(
    ("columns", "settings", "why"),
    [
        ({"birth_date": None}, {}, "no_birth_date"),  # G-17
        ({}, {"student_minimum_age": 18}, "under_age"),
        ({"is_active": False}, {}, "inactive"),
    ],
)
def test_a_record_that_allows_no_account_is_told_and_costs_no_try(
    slip: Slip, columns: dict[str, object], settings: dict[str, object], why: str
) -> None:
    DirectoryStudent.objects.filter(pk=slip.student.pk).update(**columns)
    slip.set(**settings)
    slip.tenant.refresh_from_db()
    with pytest.raises(StudentNotReady) as refused:
        counted(slip)
    assert refused.value.why == why
    assert slip.nothing_happened()
    assert slip.key.failures == 0


def test_one_student_has_one_account(slip: Slip) -> None:
    """registration-keys §3: one live key or one standing tie; a key that exists in spite of it makes no second account."""
    slip.sign_up()
    slip.new_key()
    with pytest.raises(StudentNotReady, match="have an account"):
        slip.sign_up(username="another1")


class TestAgain:
    """R-SU-06: a student's account takes its own student's key, when the tie before it has ended, and no other."""

    def reconnect(self, slip: Slip, account: User, *, born: date | None = BORN) -> Tie:
        return reconnect_student(
            tenant=slip.tenant, account=account, code=slip.code, birth_date=born, by=family(account), at=NOW
        )

    def test_after_the_tie_has_ended_a_new_key_connects_the_account_again(self, slip: Slip) -> None:
        account = slip.sign_up()
        Tie.objects.update(ended_at=NOW, ended_why="left")
        own = own_record(tenant=slip.tenant, account=account, at=NOW)
        assert (own.student, own.is_ended) == (None, True)
        slip.new_key()
        with pytest.raises(ProofNotAccepted):
            self.reconnect(slip, account, born=date(2000, 1, 1))
        tie = self.reconnect(slip, account)
        assert own_record(tenant=slip.tenant, account=account, at=NOW).tie == tie

    def test_while_it_stands_no_key_is_taken(self, slip: Slip) -> None:
        account = slip.sign_up()
        slip.new_key()
        with pytest.raises(AccountCantRedeem):
            self.reconnect(slip, account)
        assert AccessKey.objects.get(pk=slip.key.pk).state == KeyState.LIVE

    def test_another_student_s_key_is_never_taken(self, slip: Slip) -> None:
        account = slip.sign_up()
        Tie.objects.update(ended_at=NOW, ended_why="left")
        other = Slip(slip.tenant, student_no="00999999")
        with pytest.raises(AccountCantRedeem):
            self.reconnect(other, account)
        assert AccessKey.objects.get(pk=other.key.pk).state == KeyState.LIVE

    def test_nor_a_parent_s(self) -> None:
        letter = Letter()
        account = Slip(letter.tenant).sign_up()
        with pytest.raises(KeyForOtherUse, match="for a parent or carer"):
            prove_student_key(tenant=letter.tenant, account=account, code=letter.code, at=NOW)
        assert AccessKey.objects.get(pk=letter.key.pk).state == KeyState.LIVE

    def test_the_used_key_is_added_already(self, slip: Slip) -> None:
        account = slip.sign_up()
        with pytest.raises(AlreadyTied):
            prove_student_key(tenant=slip.tenant, account=account, code=slip.code, at=NOW)


class TestUsername:
    """R-SU-05."""

    @pytest.mark.parametrize("name", ["ada2014", "ÅsaÖberg", "محمدعلي", "a" * 50, "मीनाक्षी", "ada@home.example"])
    def test_letters_and_digits_of_any_script_or_an_address_will_do(self, name: str) -> None:
        assert why_not_username(name, student_no="00123456") == ""

    @pytest.mark.parametrize("name", ["ada14", "a" * 51, "ada 2014", "ada_2014", "ada.2014", "<b>ada14", "@ada2014"])
    def test_anything_else_is_refused_in_words(self, name: str) -> None:
        assert why_not_username(name, student_no="00123456") != ""

    @pytest.mark.parametrize("name", ["AB123456", "ab123456", "ＡＢ123456"])
    def test_never_the_student_number(self, name: str) -> None:
        assert "student number" in why_not_username(name, student_no="AB123456")

    @pytest.mark.parametrize("kind", [UserKind.FAMILY, UserKind.STUDENT])
    @pytest.mark.parametrize("name", ["ROBIN@home.example", "robin@HOME.example"])
    def test_unique_among_all_accounts_without_regard_to_case(self, slip: Slip, kind: UserKind, name: str) -> None:
        make_account(slip.tenant, email="robin@home.example", kind=kind)
        with pytest.raises(AccountNotMade) as refused:
            counted(slip, username=name)
        assert refused.value.faults == {"username": "This username can't be used here. Choose another."}
        assert not Tie.objects.exists()
        slip.key.refresh_from_db()
        assert (slip.key.state, slip.key.failures) == (KeyState.LIVE, 0)

    def test_a_parent_s_address_on_file_can_t_be_taken_before_they_sign_up_themselves(self, slip: Slip) -> None:
        """Nobody but its reader signs up with it afterwards (R-RD-03); refused in the same words as one that is taken."""
        make_contact(slip.tenant, email="Parent@home.example")
        with pytest.raises(AccountNotMade) as refused:
            slip.sign_up(username="parent@HOME.example")
        assert refused.value.faults == {"username": "This username can't be used here. Choose another."}
        assert slip.nothing_happened()

    def test_an_address_on_file_that_is_the_student_s_own_is_free(self, slip: Slip) -> None:
        make_contact(slip.tenant, type="STUDENT", email="ada@home.example")
        make_contact(make_tenant(), email="ada@home.example")
        assert slip.sign_up(username="ada@home.example").username == "ada@home.example"

    def test_the_same_name_in_another_tenant_is_free(self, slip: Slip) -> None:
        make_account(make_tenant(), email="robin@home.example")
        assert slip.sign_up(username="robin@home.example").username == "robin@home.example"

    def test_everything_wrong_is_told_at_once(self, slip: Slip) -> None:
        with pytest.raises(AccountNotMade) as refused:
            slip.sign_up(username="00123456", email="x", password="short")
        assert set(refused.value.faults) == {"username", "email", "password"}
        assert slip.nothing_happened()

    def test_the_password_has_the_same_rules_as_a_family_s(self, slip: Slip) -> None:
        with pytest.raises(AccountNotMade, match="12 characters"):
            slip.sign_up(password="elevenchars")
        with pytest.raises(AccountNotMade, match="too much like"):
            slip.sign_up(username="adaokafor2014", password="adaokafor2014")


class TestEmail:
    """R-SU-03: optional, unproved until its code is typed, never a parent's."""

    def test_a_parent_s_address_is_refused_in_words_that_don_t_say_whose(self, slip: Slip) -> None:
        make_account(slip.tenant, email="parent@home.example")
        with pytest.raises(AccountNotMade) as refused:
            slip.sign_up(email="Parent@Home.example")
        [said] = refused.value.faults.values()
        assert said == "This address can't be used for your account. Use another, or leave it empty."
        assert slip.nothing_happened()

    def test_a_parent_whose_username_is_a_name_has_an_address_too(self, slip: Slip) -> None:
        parent = make_account(slip.tenant, email="parent@home.example")
        User.objects.filter(pk=parent.pk).update(username="parent7", username_folded="parent7")
        for fields in ({"email": "parent@home.example"}, {"username": "parent@home.example"}):
            with pytest.raises(AccountNotMade):
                slip.sign_up(**fields)

    @pytest.mark.parametrize("fields", [{"email": "ada@home.example"}, {"username": "ada@home.example"}])
    def test_an_address_is_mailed_a_code_and_is_not_the_account_s_yet(self, slip: Slip, fields: dict[str, str]) -> None:
        account = slip.sign_up(**fields)  # type: ignore[arg-type]
        assert (account.email, account.email_confirmed_at) == ("", None)
        assert EmailProof.objects.get().address == "ada@home.example"
        [mail] = Message.objects.for_tenant(slip.tenant)
        assert (mail.kind, mail.address) == ("confirm_email", "ada@home.example")

    def test_the_school_mailbox_hears_of_the_account(self, slip: Slip) -> None:
        """R-SU-07"""
        DirectoryStudent.objects.filter(pk=slip.student.pk).update(email="ada.okafor@school.example")
        account = slip.sign_up()
        [mail] = Message.objects.for_tenant(slip.tenant)
        assert (mail.kind, mail.address, mail.student_id, mail.contact_id) == (
            "own_account",
            "ada.okafor@school.example",
            slip.student.pk,
            None,
        )
        assert mail.account_id == account.pk

    def test_without_a_school_mailbox_nobody_is_mailed(self, slip: Slip) -> None:
        slip.sign_up()
        assert not Message.objects.exists()


class TestTurnedOff:
    """registration-keys §9: refused at the server, whatever the pages show."""

    def test_students_sign_up_only_where_it_is_allowed(self, slip: Slip) -> None:
        slip.set(student_sign_up=False)
        with pytest.raises(SignUpClosed):
            slip.sign_up()
        slip.tenant.settings.refresh_from_db()
        with pytest.raises(SignUpClosed):
            check_student_key(tenant=slip.tenant, account=None, code=slip.code, birth_date=BORN, at=NOW)
        assert slip.nothing_happened()

    def test_the_parents_switch_is_another(self, slip: Slip) -> None:
        slip.set(parent_sign_up=False)
        assert slip.sign_up().kind == UserKind.STUDENT

    def test_a_closed_portal_makes_no_account(self, slip: Slip) -> None:
        slip.set(portal_open=False)
        with pytest.raises(PortalClosed):
            slip.sign_up()
        assert slip.nothing_happened()


def test_a_parent_s_key_names_no_student(slip: Slip) -> None:
    """A contact's id may be some student's as well: that student is not this key's."""
    contact = make_contact(slip.tenant, pk=slip.student.pk)
    make_link(make_student(slip.tenant), contact)
    key = make_key(contact)
    assert student_of_key(tenant=slip.tenant, key_id=slip.key.pk, at=NOW) == slip.student
    assert student_of_key(tenant=slip.tenant, key_id=key.pk, at=NOW) is None


def test_an_expired_key_is_told_to_its_holder(slip: Slip) -> None:
    with pytest.raises(KeyEnded, match="ended on"):
        slip.sign_up(at=NOW + timedelta(days=200))
    assert AccessKey.objects.get().sealed is not None
