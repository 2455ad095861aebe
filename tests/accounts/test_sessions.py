"""Sign-out everywhere, another password, the language of an account."""

import pytest
from django.contrib.auth import authenticate

from schoolgate.accounts.change_password import change_password
from schoolgate.accounts.choose_language import choose_language
from schoolgate.accounts.errors import PasswordRefused
from schoolgate.accounts.sign_out_everywhere import sign_out_everywhere
from schoolgate.audit.models import AuditEntry
from tests.factories.accounts import family
from tests.factories.tenancy import NOW, PASSWORD, make_account, make_tenant

pytestmark = pytest.mark.django_db


def test_signing_out_everywhere_ends_every_session_and_is_audited():
    account = make_account(make_tenant())
    before = account.get_session_auth_hash()
    sign_out_everywhere(tenant=account.tenant, account=account, by=family(account), at=NOW)
    account.refresh_from_db()
    assert account.get_session_auth_hash() != before
    assert AuditEntry.objects.filter(act="account.signed_out_everywhere").get().subjects == [["account", account.pk]]


def test_another_password_ends_the_sessions_of_other_devices():
    account = make_account(make_tenant())
    before = account.get_session_auth_hash()
    change_password(
        tenant=account.tenant, account=account, password="four words that differ", by=family(account), at=NOW
    )
    account.refresh_from_db()
    assert account.get_session_auth_hash() != before
    sign_in = {"tenant": account.tenant, "door": "portal", "username": account.username}
    assert authenticate(**sign_in, password=PASSWORD) is None
    assert authenticate(**sign_in, password="four words that differ") == account


def test_a_refused_password_changes_nothing():
    account = make_account(make_tenant())
    with pytest.raises(PasswordRefused):
        change_password(tenant=account.tenant, account=account, password="short", by=family(account), at=NOW)
    account.refresh_from_db()
    assert account.check_password(PASSWORD)


@pytest.mark.parametrize(("asked", "kept"), [("ar", "ar"), ("tlh", ""), ("", "")])
def test_only_a_language_that_is_shipped_is_kept(asked: str, kept: str):
    account = make_account(make_tenant())
    choose_language(tenant=account.tenant, account=account, language=asked)
    account.refresh_from_db()
    assert account.language == kept
