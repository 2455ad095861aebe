"""A typed key rests sealed, for half an hour, for one tenant (R-RD-03, R13)."""

from datetime import date, timedelta

import pytest

from schoolgate.accounts.typed_key import LIFE, new_typed_key, seal_typed_key, unseal_typed_key
from schoolgate.lib.keycode import parse_key
from schoolgate.tenancy.models import Tenant
from tests.factories.tenancy import NOW

CODE = parse_key("7QK4M-2XW9D-T31HD")
HERE, ELSEWHERE = Tenant(pk=1), Tenant(pk=2)


def test_what_was_sealed_is_read_again():
    typed = new_typed_key(CODE, at=NOW)
    assert unseal_typed_key(seal_typed_key(typed, tenant=HERE), tenant=HERE, at=NOW) == typed


def test_no_part_of_the_key_or_the_answer_stands_in_the_text():
    text = seal_typed_key(new_typed_key(CODE, at=NOW), tenant=HERE)
    assert not any(part in text for part in (CODE.symbols, CODE.secret, CODE.selector, date(2014, 3, 27).isoformat()))


def test_the_half_hour_is_counted_from_the_typing():
    text = seal_typed_key(new_typed_key(CODE, at=NOW), tenant=HERE)
    assert unseal_typed_key(text, tenant=HERE, at=NOW + LIFE - timedelta(seconds=1)) is not None
    assert unseal_typed_key(text, tenant=HERE, at=NOW + LIFE) is None


def test_another_tenant_can_t_open_it():
    text = seal_typed_key(new_typed_key(CODE, at=NOW), tenant=HERE)
    assert unseal_typed_key(text, tenant=ELSEWHERE, at=NOW) is None


@pytest.mark.parametrize("text", ["", "1.", "1.AAAA", "9.AAAA", "x.y", "1.%%%", "1." + "A" * 80])
def test_anything_else_is_no_key(text: str):
    assert unseal_typed_key(text, tenant=HERE, at=NOW) is None


def test_each_typing_has_a_number_of_its_own():
    assert new_typed_key(CODE, at=NOW).number != new_typed_key(CODE, at=NOW).number
