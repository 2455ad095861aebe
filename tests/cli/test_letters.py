"""schoolgate keys letters: the contract of the command line, with real files."""

import pytest

from schoolgate.letters import print_letters
from tests.factories.directory import make_contact
from tests.factories.keys import code_of, make_key, make_linked_contact
from tests.factories.tenancy import make_tenant
from tests.letters.pages import codes_in, picture_of, text_of_pages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(help_line="02 5550 1234")


def with_key(tenant, **columns):
    from django.utils import timezone

    contact = make_linked_contact(tenant, **columns)
    return contact, make_key(contact, at=timezone.now())


def test_one_file_with_the_name_that_was_asked_for(command, tenant, tmp_path):
    _contact, key = with_key(tenant)
    out = tmp_path / "letters.pdf"
    code, told = command("keys", "letters", "--tenant", tenant.code, "--all", "--out", out)
    assert (code, told) == (0, {"letters": 1, "pages": 2, "files": [str(out)], "skipped": {}})
    assert code_of(key).grouped in text_of_pages(out.read_bytes())[0]
    assert code_of(key).grouped in codes_in(picture_of(out.read_bytes()))[0]
    assert out.stat().st_mode & 0o077 == 0


def test_over_the_limit_the_files_are_numbered(command, tenant, tmp_path, monkeypatch):
    monkeypatch.setattr(print_letters, "MAX_LETTERS", 2)
    for _ in range(3):
        with_key(tenant)
    code, told = command("keys", "letters", "--tenant", tenant.code, "--all", "--out", tmp_path / "L.pdf")
    assert code == 0
    assert told["files"] == [str(tmp_path / "L-001.pdf"), str(tmp_path / "L-002.pdf")]
    assert (told["letters"], told["pages"]) == (3, 5)


def test_skips_are_counted_by_reason(command, tenant, tmp_path):
    contact, _key = with_key(tenant)
    keyless = make_contact(tenant)
    odd, _key = with_key(tenant, given_name="Ana 🦄")
    code, told = command(
        *("keys", "letters", "--tenant", tenant.code, "--contact", contact.source_id, keyless.source_id),
        *(odd.source_id, "nobody", "--out", tmp_path / "L.pdf"),
    )
    assert code == 0
    assert told["skipped"] == {"missing_glyph": 1, "no_key": 1, "unknown": 1}


def test_nothing_to_do_is_no_fault_and_makes_no_file(command, tenant, tmp_path):
    code, told = command("keys", "letters", "--tenant", tenant.code, "--all", "--out", tmp_path / "L.pdf")
    assert (code, told) == (0, {"letters": 0, "pages": 0, "files": [], "skipped": {}})
    assert not (tmp_path / "L.pdf").exists()


def test_a_place_that_cannot_be_written_is_refused_before_a_copy_is_counted(command, tenant, tmp_path):
    with_key(tenant)
    out = tmp_path / "nowhere" / "L.pdf"
    code, told = command("keys", "letters", "--tenant", tenant.code, "--all", "--out", out)
    assert (code, told["error"]["code"]) == (1, "letters.out")
    assert tenant.delivery_set.count() == 0
