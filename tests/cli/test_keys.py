"""schoolgate keys generate · list · revoke: the contract of the command line.

The directory is filled in this process's database; the commands run in this process too, by the same entry.
"""

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.cli import run
from schoolgate.keys.models import AccessKey
from schoolgate.lib.keycode import parse_key
from tests.factories.directory import make_contact
from tests.factories.keys import make_key, make_linked_contact, make_redeemed_key
from tests.factories.tenancy import make_account, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def test_generate_all_then_list_then_revoke(command, tenant):
    contacts = [make_linked_contact(tenant, family_name=name) for name in ("Abel", "Baker")]
    unlinked = make_contact(tenant, family_name="Charles")
    code, told = command("keys", "generate", "--tenant", tenant.code, "--all")
    assert (code, told) == (0, {"generated": 2, "skipped": {"no_link": 1}})

    code, told = command("keys", "list", "--tenant", tenant.code)
    assert code == 0
    abel, baker, charles = told["keys"]
    assert set(abel) >= {"contact", "name", "email", "username", "students", "state", "selector", "key", "expires"}
    assert [abel["contact"], baker["contact"]] == [contact.source_id for contact in contacts]
    assert (abel["state"], abel["key"], len(abel["students"])) == ("live", None, 1)
    assert abel["selector"] == AccessKey.objects.get(subject_id=contacts[0].pk).selector
    assert charles["contact"] == unlinked.source_id
    assert (charles["state"], charles["selector"], charles["key"], charles["expires"]) == ("none", "", None, None)
    assert not AuditEntry.objects.filter(act="key.shown").exists()

    code, told = command(
        "keys", "revoke", "--tenant", tenant.code, "--contact", abel["contact"], "nobody", "--reason", "Wrong street."
    )
    assert (code, told) == (0, {"revoked": 1, "skipped": {"unknown": 1}})
    assert AuditEntry.objects.get(act="key.revoked").via.startswith("cli:")


def test_reveal_shows_whole_keys_and_is_audited(command, tenant):
    make_linked_contact(tenant)
    command("keys", "generate", "--tenant", tenant.code, "--all")
    _, told = command("keys", "list", "--tenant", tenant.code, "--reveal")
    [row] = told["keys"]
    assert parse_key(row["key"]).selector == row["selector"]
    assert row["expires"] >= "2026-11-24"
    assert AuditEntry.objects.filter(act="key.shown").count() == 1


def test_generate_for_some_names_what_it_skips(command, tenant):
    linked, unlinked, colleague, tied = (
        make_linked_contact(tenant),
        make_contact(tenant),
        make_contact(tenant, type="STAFF"),
        make_linked_contact(tenant),
    )
    make_redeemed_key(tied)
    ids = [linked.source_id, unlinked.source_id, colleague.source_id, tied.source_id, "x-1"]
    code, told = command("keys", "generate", "--tenant", tenant.code, "--contact", *ids)
    assert code == 0
    assert told == {"generated": 1, "skipped": {"no_link": 1, "not_parent": 1, "tied": 1, "unknown": 1}}
    _, again = command("keys", "generate", "--tenant", tenant.code, "--contact", linked.source_id)
    assert again == {"generated": 0, "skipped": {"live_key": 1}}


def test_people_read_why_somebody_is_skipped(command, tenant, capsys):
    make_contact(tenant)
    run(["keys", "generate", "--tenant", tenant.code, "--all"])
    assert "Skipped 1: has no student with portal access (1)." in capsys.readouterr().out


def test_used_keys_are_revoked_only_when_asked(command, tenant):
    contact = make_linked_contact(tenant)
    make_redeemed_key(contact, account=make_account(tenant, email="ada@home.example"))
    words = ["keys", "revoke", "--tenant", tenant.code, "--contact", contact.source_id, "--reason", "Wrong person."]
    assert command(*words) == (0, {"revoked": 0, "skipped": {"tied": 1}})
    _, told = command("keys", "list", "--tenant", tenant.code)
    assert (told["keys"][0]["state"], told["keys"][0]["username"]) == ("redeemed", "ada@home.example")
    assert command(*words, "--used") == (0, {"revoked": 1, "skipped": {}})


def test_refusals_have_a_code_a_sentence_and_a_mend(command, tenant):
    code, told = command("keys", "generate", "--tenant", "nobody", "--all")
    assert (code, told["error"]["code"]) == (1, "tenant.unknown")
    code, told = command("keys", "revoke", "--tenant", tenant.code, "--all", "--reason", " ")
    assert (code, told["error"]["code"]) == (1, "keys.reason")


@pytest.mark.parametrize("words", [["--all", "--contact", "1"], []])
def test_a_selection_is_all_or_some(command, tenant, words):
    with pytest.raises(SystemExit) as ended:
        command("keys", "generate", "--tenant", tenant.code, *words)
    assert ended.value.code == 2


def test_the_key_system_is_told_and_changed(command, tenant):
    """A10: `keys system`; what ended with the old one is told beside."""
    make_key(make_linked_contact(tenant))
    assert command("keys", "system", "--tenant", tenant.code) == (0, {"system": "contact", "live": 1, "ties": 0})
    code, told = command("keys", "system", "--tenant", tenant.code, "--set", "family")
    assert (code, told) == (0, {"system": "family", "live": 0, "ties": 0, "ended": {"live": 1, "ties": 0}})
    code, told = command("keys", "system", "--tenant", tenant.code, "--set", "family")
    assert (code, told["ended"]) == (0, {"live": 0, "ties": 0})
    assert AuditEntry.objects.get(act="key_system.changed").via.startswith("cli:")


def test_connections_stop_a_change_of_the_key_system(command, tenant):
    make_redeemed_key(make_linked_contact(tenant))
    code, told = command("keys", "system", "--tenant", tenant.code, "--set", "student")
    assert (code, told["error"]["code"]) == (1, "keys.ties_stand")
    assert command("keys", "system", "--tenant", tenant.code)[1] == {"system": "contact", "live": 0, "ties": 1}
    code, told = command("keys", "system", "--tenant", tenant.code, "--set", "student", "--end-ties")
    assert (code, told["system"], told["ended"]) == (0, "student", {"live": 0, "ties": 1})
