"""The office helps to a new password and never comes by one (R-AM-04, R-AM-08, R-MU-01, R-MU-03)."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate

from schoolgate.accounts.errors import CodeNotAccepted, LinkNotAccepted, PasswordRefused
from schoolgate.accounts.models import NewAddress, PasswordReset, PrintedCode
from schoolgate.accounts.new_address import LINK_LIFE, ask_new_address, confirm_new_address
from schoolgate.accounts.office_acts import AccountRefused
from schoolgate.accounts.recover import recover_account
from schoolgate.accounts.reset_by_office import (
    CODE_LIFE,
    TOLD_FOR,
    TRIES_FOR_A_CODE,
    office_code_used_at,
    print_code,
    send_reset_link,
    use_printed_code,
)
from schoolgate.audit.models import AuditEntry
from schoolgate.keys.errors import ReasonNeeded
from schoolgate.letters.models import Message
from schoolgate.tenancy.models import User
from schoolgate.tenancy.one_time import one_time_token
from tests.factories.accounts import somebody
from tests.factories.tenancy import NOW, PASSWORD, actor, make_account, make_member, make_tenant

pytestmark = pytest.mark.django_db
CHOSEN = "four words that differ"


@pytest.fixture
def tenant():
    return make_tenant(portal_open=True)


@pytest.fixture
def account(tenant):
    return make_account(tenant, email="amara@home.example")


@pytest.fixture
def pupil(tenant):
    made = make_account(tenant, email="pupil42")
    User.objects.filter(pk=made.pk).update(email="", email_confirmed_at=None)
    made.refresh_from_db()
    return made


def common(tenant, at=NOW):
    return {"tenant": tenant, "by": actor(make_member(tenant)), "at": at}


def token_of(row):
    return f"{row.pk}.{one_time_token(row.nonce)}"


def use(tenant, code, *, username="pupil42", password=CHOSEN, at=NOW):
    return use_printed_code(tenant=tenant, username=username, typed=code, password=password, by=somebody(), at=at)


def test_the_link_goes_to_the_accounts_own_address_and_nothing_comes_back(tenant, account):
    assert send_reset_link(account_id=account.pk, **common(tenant)) is None
    message = Message.objects.get()
    assert (message.kind, message.address) == ("reset_by_office", "amara@home.example")
    token = token_of(PasswordReset.objects.get())
    assert token.partition(".")[2] not in str(message.__dict__)
    recover_account(tenant=tenant, token=token, password=CHOSEN, by=somebody(), at=NOW + timedelta(minutes=59))
    assert authenticate(tenant=tenant, door="portal", username=account.username, password=CHOSEN) == account
    assert AuditEntry.objects.get(act="account.reset_sent").subjects == [["account", account.pk]]


def test_the_link_lives_an_hour(tenant, account):
    send_reset_link(account_id=account.pk, **common(tenant))
    with pytest.raises(LinkNotAccepted):
        recover_account(
            tenant=tenant,
            token=token_of(PasswordReset.objects.get()),
            password=CHOSEN,
            by=somebody(),
            at=NOW + timedelta(hours=1),
        )


def test_no_code_is_printed_for_an_account_with_an_address(tenant, account):
    with pytest.raises(AccountRefused):
        print_code(account_id=account.pk, checked="in person", **common(tenant))


def test_no_link_is_sent_to_an_address_that_nobody_proved(tenant, pupil):
    with pytest.raises(AccountRefused):
        send_reset_link(account_id=pupil.pk, **common(tenant))
    User.objects.filter(pk=pupil.pk).update(email="x@home.example")
    with pytest.raises(AccountRefused):
        send_reset_link(account_id=pupil.pk, **common(tenant))


def test_a_printed_code_sets_a_password_once(tenant, pupil):
    code = print_code(account_id=pupil.pk, checked="in person", **common(tenant))
    use(tenant, f"{code[:4]} {code[4:]}", username="PUPIL42")
    assert authenticate(tenant=tenant, door="portal", username="pupil42", password=CHOSEN) == pupil
    with pytest.raises(CodeNotAccepted):
        use(tenant, code, password="another four words here")


def test_the_audit_says_who_printed_and_how_the_person_was_checked_but_no_code(tenant, pupil):
    code = print_code(account_id=pupil.pk, checked="in person", **common(tenant))
    entry = AuditEntry.objects.get(act="account.code_printed")
    assert entry.reason == "in person"
    assert code not in str(entry.__dict__)
    assert code not in str(PrintedCode.objects.get().__dict__)
    with pytest.raises(ReasonNeeded):
        print_code(account_id=pupil.pk, checked=" ", **common(tenant))


def test_a_code_ends_after_a_day_after_five_wrong_tries_and_by_a_newer_one(tenant, pupil):
    old = print_code(account_id=pupil.pk, checked="in person", **common(tenant))
    code = print_code(account_id=pupil.pk, checked="in person", **common(tenant))
    assert old != code
    with pytest.raises(CodeNotAccepted):
        use(tenant, old)
    with pytest.raises(CodeNotAccepted):
        use(tenant, code, at=NOW + CODE_LIFE)
    for _ in range(TRIES_FOR_A_CODE):
        with pytest.raises(CodeNotAccepted):
            use(tenant, "00000000" if code != "00000000" else "00000001")
    with pytest.raises(CodeNotAccepted):
        use(tenant, code)


def test_a_refused_password_leaves_the_code_and_costs_no_try(tenant, pupil):
    code = print_code(account_id=pupil.pk, checked="in person", **common(tenant))
    for _ in range(TRIES_FOR_A_CODE + 1):
        with pytest.raises(PasswordRefused):
            use(tenant, code, password="short")
    use(tenant, code)


def test_an_unknown_name_looks_like_a_wrong_code(tenant, pupil):
    code = print_code(account_id=pupil.pk, checked="in person", **common(tenant))
    with pytest.raises(CodeNotAccepted):
        use(tenant, code, username="nobody99")


def test_its_owner_is_told_for_thirty_days_whoever_signs_in_first(tenant, pupil):
    assert office_code_used_at(tenant=tenant, account=pupil, at=NOW) is None
    use(tenant, print_code(account_id=pupil.pk, checked="in person", **common(tenant)))
    for after in (timedelta(0), TOLD_FOR - timedelta(seconds=1)):
        assert office_code_used_at(tenant=tenant, account=pupil, at=NOW + after) == NOW
    assert office_code_used_at(tenant=tenant, account=pupil, at=NOW + TOLD_FOR) is None


def ask(tenant, account, email="new@home.example"):
    ask_new_address(account_id=account.pk, email=email, **common(tenant))
    return token_of(NewAddress.objects.filter(ended_at=None).get())


def confirm(tenant, token, account, at=NOW):
    return confirm_new_address(tenant=tenant, token=token, account=account, by=somebody(), at=at)


def test_a_new_address_counts_once_its_owner_has_confirmed_it(tenant, account):
    token = ask(tenant, account)
    account.refresh_from_db()
    assert account.email == "amara@home.example"
    confirm(tenant, token, account)
    account.refresh_from_db()
    assert (account.username, account.email) == ("new@home.example", "new@home.example")
    assert authenticate(tenant=tenant, door="portal", username="new@home.example", password=PASSWORD) == account
    told = {(kind, to) for kind, to in Message.objects.values_list("kind", "address")}
    assert told == {
        ("confirm_new_address", "new@home.example"),
        ("new_address_asked", "amara@home.example"),
        ("account_renamed", "amara@home.example"),
        ("account_renamed", "new@home.example"),
    }
    with pytest.raises(LinkNotAccepted):
        confirm(tenant, token, account)


def test_whoever_holds_the_mail_alone_changes_nothing(tenant, account):
    """Staff could name a mailbox of their own: the link works for the account whose password was proved, and for no other."""
    token = ask(tenant, account)
    with pytest.raises(LinkNotAccepted):
        confirm(tenant, token, make_account(tenant))
    account.refresh_from_db()
    assert account.email == "amara@home.example"


def test_an_address_of_the_office_or_of_another_account_is_refused(tenant, account):
    make_member(tenant, email="office@school.example")
    make_account(tenant, email="other@home.example")
    for email in ("Office@school.example", "other@home.example", "amara@home.example"):
        with pytest.raises(AccountRefused):
            ask_new_address(account_id=account.pk, email=email, **common(tenant))


def test_a_link_ends_after_a_day_and_by_a_newer_one(tenant, account):
    first = ask(tenant, account)
    second = ask(tenant, account, "newer@home.example")
    with pytest.raises(LinkNotAccepted):
        confirm(tenant, first, account)
    with pytest.raises(LinkNotAccepted):
        confirm(tenant, second, account, at=NOW + LINK_LIFE)
