"""schoolgate accounts list · disable · unlock · unlink: the contract of the command line."""

from datetime import timedelta

import pytest
from django.utils import timezone

from schoolgate.audit.models import AuditEntry
from schoolgate.cli import run
from schoolgate.keys.models import Tie
from schoolgate.tenancy.models import User
from tests.factories.keys import make_linked_contact, make_redeemed_key
from tests.factories.tenancy import make_account, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def test_list_has_the_columns_of_the_screen(command, tenant):
    contact = make_linked_contact(tenant)
    account = make_account(tenant, email="amara@home.example")
    make_redeemed_key(contact, account=account)
    make_account(tenant, email="nokey@home.example")
    User.objects.filter(pk=account.pk).update(locked_until=timezone.now() + timedelta(minutes=5))
    code, told = command("accounts", "list", "--tenant", tenant.code)
    assert code == 0
    amara, nokey = told["accounts"]
    assert amara["username"] == "amara@home.example"
    assert len(amara["students"]) == 1
    assert (amara["kind"], amara["locked"], amara["state"], amara["why_none"]) == ("family", "tries", "active", [])
    assert (nokey["students"], nokey["why_none"], nokey["last_sign_in"]) == ([], ["no_key"], None)


def test_list_of_one_name_or_one_contact_and_an_unknown_one(command, tenant):
    contact = make_linked_contact(tenant)
    make_redeemed_key(contact, account=make_account(tenant, email="amara@home.example"))
    make_account(tenant, email="other@home.example")
    for words in (["--username", "AMARA@home.example"], ["--contact", contact.source_id]):
        told = command("accounts", "list", "--tenant", tenant.code, *words)[1]
        assert [row["username"] for row in told["accounts"]] == ["amara@home.example"]
    code, told = command("accounts", "list", "--tenant", tenant.code, "--contact", "nobody")
    assert (code, told) == (0, {"accounts": [], "skipped": {"unknown": 1}})


def test_disable_then_again(command, tenant):
    make_account(tenant, email="amara@home.example")
    words = ("accounts", "disable", "--tenant", tenant.code, "--username", "amara@home.example", "nobody@home.example")
    assert command(*words) == (0, {"disabled": 1, "skipped": {"unknown": 1}})
    assert command(*words) == (0, {"disabled": 0, "skipped": {"disabled": 1, "unknown": 1}})
    assert AuditEntry.objects.get(act="account.disabled").via.startswith("cli:")


def test_unlock(command, tenant):
    account = make_account(tenant, email="amara@home.example")
    User.objects.filter(pk=account.pk).update(locked_until=timezone.now() + timedelta(minutes=5))
    words = ("accounts", "unlock", "--tenant", tenant.code, "--username", "amara@home.example")
    assert command(*words) == (0, {"unlocked": 1, "skipped": {}})
    assert command(*words) == (0, {"unlocked": 0, "skipped": {"not_locked": 1}})


def test_unlink_ends_the_tie_with_this_contact_alone(command, tenant):
    first, second = make_linked_contact(tenant), make_linked_contact(tenant)
    account = make_account(tenant, email="amara@home.example")
    make_redeemed_key(first, account=account)
    kept = make_redeemed_key(second, account=account)
    words = ("accounts", "unlink", "--tenant", tenant.code, "--username", account.username)
    assert command(*words, "--contact", first.source_id) == (0, {"unlinked": 1, "skipped": {}})
    assert Tie.objects.standing().get() == kept


@pytest.mark.parametrize("act", ["disable", "unlock", "unlink"])
def test_an_act_on_nobody_named_is_a_fault_of_usage(tenant, act, monkeypatch):
    monkeypatch.setattr("schoolgate.cli.schema.ensure_schema", lambda: None)
    with pytest.raises(SystemExit) as ended:
        run(["accounts", act, "--tenant", tenant.code])
    assert ended.value.code == 2


def test_an_unknown_tenant_is_refused(command):
    code, told = command("accounts", "list", "--tenant", "ZZZZZZ")
    assert (code, told["error"]["code"]) == (1, "tenant.unknown")
