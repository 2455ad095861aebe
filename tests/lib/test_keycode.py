"""Keys as symbols and bytes: R-KY-01, R-KY-02, R-KY-03, R-TP-07, security spec §1."""

import unicodedata
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.lib.keycode import (
    ALPHABET,
    KEY_LENGTH,
    NO_MAC,
    KeyCheckFailed,
    KeyCode,
    KeyLengthWrong,
    KeyMissing,
    KeyMistyped,
    KeySymbolRefused,
    Pepper,
    SealBroken,
    SealingKey,
    SeveralKeys,
    draw_key,
    draw_secrets,
    draw_selectors,
    dummy_key,
    is_well_formed,
    mac_of,
    parse_key,
    protect_many,
    proves,
    seal,
    unseal,
)

KEY = "7QK4M-2XW9D-T31HD"
OTHER_KEY = "H3NPR-8V2TC-K7W64"
SYMBOLS = KEY.replace("-", "")

codes = st.builds(KeyCode, st.text(ALPHABET, min_size=4, max_size=4), st.text(ALPHABET, min_size=10, max_size=10))
pepper = Pepper(1, bytes(range(32)))
other_pepper = Pepper(1, bytes(range(1, 33)))
sealing_key = SealingKey(1, bytes(range(2, 34)))
other_sealing_key = SealingKey(1, bytes(range(3, 35)))


class TestCheckSymbol:
    @pytest.mark.parametrize("key", [KEY, OTHER_KEY])
    def test_the_published_keys_are_well_formed(self, key: str) -> None:
        assert is_well_formed(key.replace("-", ""))
        assert parse_key(key).grouped == key

    def test_the_published_slip_is_caught(self) -> None:
        assert not is_well_formed("7QK4M2XW0DT31HR")

    @given(codes)
    def test_every_single_wrong_symbol_is_caught(self, code: KeyCode) -> None:
        symbols = code.symbols
        for place in range(KEY_LENGTH):
            for wrong in set(ALPHABET) - {symbols[place]}:
                assert not is_well_formed(symbols[:place] + wrong + symbols[place + 1 :])

    @given(codes)
    def test_every_swap_of_two_symbols_is_caught(self, code: KeyCode) -> None:
        for left, right in combinations(range(KEY_LENGTH), 2):
            swapped = list(code.symbols)
            swapped[left], swapped[right] = swapped[right], swapped[left]
            assert is_well_formed("".join(swapped)) is (swapped[left] == swapped[right])

    @given(st.text(max_size=20))
    def test_any_text_has_an_answer(self, text: str) -> None:
        assert is_well_formed(text) in {True, False}

    def test_a_preview_key_fails_its_check_symbol(self) -> None:
        assert len(dummy_key()) == len(KEY)
        with pytest.raises(KeyCheckFailed):
            parse_key(dummy_key())


class TestTidying:
    @pytest.mark.parametrize(
        "typed",
        [
            "7qk4m-2xw9d-t31hd",
            "7QK4M2XW9DT31HD",
            " 7QK4 M2XW 9DT3 1HD ",
            "7QK4M–2XW9D—T31HD",
            "7QK4M−2XW9D‑T31HD",
            "７ＱＫ４Ｍ－２ＸＷ９Ｄ－Ｔ３１ＨＤ",
            "٧QK٤M-٢XW٩D-T٣١HD",
            "۷QK۴M-۲XW۹D-T۳۱HD",
            "७QK४M-२XW९D-T३१HD",
            "7QK4M-2XW9D-T3IHD",
            "7QK4M-2XW9D-T3lHD",
            "7QK4M-2XW9D-T3iHD",
            "\u200e7QK4M-2XW9D-T31HD\u200f",
            "\ufeff7QK4M-2XW9D-T31HD\r\n",
            "7QK4M\t2XW9D\n\nT31HD",
            "https://gate.example/s-AlpxF2/key/#k=7QK4M2XW9DT31HD",
            "https://gate.example/s-AlpxF2/key/#k=7QK4M-2XW9D-T31HD&utm=mail",
            "Open https://gate.example/s-AlpxF2/key/#K=7QK4M%2D2XW9D%2DT31HD or ask the office.",
            "Your key: 7QK4M-2XW9D-T31HD. It works once, for you only.",
            "ENTER 7QK4M-2XW9D-T31HD THERE",
            "Enter 7QK4M 2XW9D T31HD there and press the green button",
            "THESE THREE WORDS are no key, but 7QK4M2XW9DT31HD is",
            "7QK4M-2XW9D-T31HD\nand once more 7QK4M-2XW9D-T31HD",
        ],
    )
    def test_a_key_is_found_however_it_is_written(self, typed: str) -> None:
        assert parse_key(typed).grouped == KEY

    def test_the_letter_o_is_read_as_nought(self) -> None:
        with_nought = KeyCode("0000", "0123456789")
        assert parse_key(with_nought.grouped.replace("0", "o")) == with_nought

    @given(codes, st.sampled_from(["NFKC", "lower", "spaces", "sentence", "link", "full width"]))
    def test_what_is_printed_is_read(self, code: KeyCode, way: str) -> None:
        written = {
            "NFKC": unicodedata.normalize("NFKC", code.grouped),
            "lower": code.grouped.lower(),
            "spaces": " ".join(code.symbols),
            "sentence": f"Guten Tag, Ihr Schlüssel ist {code.grouped}; gültig bis 21. Januar.",
            "link": f"https://gate.example/s-AlpxF2/key/#k={code.symbols}",
            "full width": "".join(chr(ord(sign) + 0xFEE0) for sign in code.grouped),
        }[way]
        assert parse_key(written) == code

    @given(st.text(max_size=200))
    def test_no_text_makes_it_fall_over(self, text: str) -> None:
        try:
            assert is_well_formed(parse_key(text).symbols)
        except KeyMistyped as slip:
            assert slip.message


class TestWhatIsSaidOfASlip:
    @pytest.mark.parametrize(
        ("typed", "symbol", "position"),
        [
            ("7UK4M-2XW9D-T31HD", "U", 2),
            ("7qk4m-2xwud-t31hd", "U", 9),
            ("7QK4M-2XW9D-T31H?", "?", 15),
            ("Ä", "Ä", 1),
            ("Your key: 7QK4M-2XW9D-T31HU. It works once, for you only.", "U", 15),
        ],
    )
    def test_a_foreign_sign_is_named_by_place(self, typed: str, symbol: str, position: int) -> None:
        with pytest.raises(KeySymbolRefused) as refused:
            parse_key(typed)
        assert (refused.value.symbol, refused.value.position) == (symbol, position)
        assert symbol in refused.value.message
        assert str(position) in refused.value.message

    @pytest.mark.parametrize(
        ("typed", "count"),
        [("7QK4M-2XW9D-T31H", 14), ("7QK4M-2XW9D-T31HDX", 16), ("7QK4M-2XW9D-T31HD-H3NPR", 20), ("7", 1)],
    )
    def test_too_few_or_too_many_are_counted(self, typed: str, count: int) -> None:
        with pytest.raises(KeyLengthWrong) as refused:
            parse_key(typed)
        assert refused.value.typed == count
        assert refused.value.message == f"15 letters and numbers are needed, {count} typed."

    @pytest.mark.parametrize("typed", ["7QK4M-2XW0D-T31HD", "Your key: 7QK4M-2XW0D-T31HD, works once for you only."])
    def test_a_typing_slip_is_told_without_a_place(self, typed: str) -> None:
        with pytest.raises(KeyCheckFailed, match="typing slip"):
            parse_key(typed)

    @pytest.mark.parametrize(
        "typed",
        [
            f"{KEY} {OTHER_KEY}",
            f"old {KEY}, new {OTHER_KEY}",
            f"https://gate.example/s-AlpxF2/key/#k={SYMBOLS} https://gate.example/s-AlpxF2/key/#k={OTHER_KEY}",
            "Dear parent, you can now follow school life online. " * 3,
        ],
    )
    def test_two_keys_or_none_in_a_text_is_a_request_for_one(self, typed: str) -> None:
        with pytest.raises(SeveralKeys, match="Paste only the key"):
            parse_key(typed)

    @pytest.mark.parametrize("typed", ["", "  \n", "---", "\u200b"])
    def test_nothing_typed_asks_for_the_key(self, typed: str) -> None:
        with pytest.raises(KeyMissing):
            parse_key(typed)

    def test_no_message_repeats_what_was_typed(self) -> None:
        for typed in ("7QK4M-2XW0D-T31HD", "7QK4M-2XW9D-T31H", f"{KEY} {OTHER_KEY}"):
            with pytest.raises(KeyMistyped) as slip:
                parse_key(typed)
            assert "2XW" not in str(slip.value)


class TestDrawing:
    def test_secrets_are_ten_symbols_all_equally_likely(self) -> None:
        drawn = draw_secrets(20_000)
        assert len(set(drawn)) == 20_000
        counted = Counter("".join(drawn))
        assert set(counted) == set(ALPHABET)
        assert all(0.9 < times / (200_000 / 32) < 1.1 for times in counted.values())

    def test_selectors_differ_and_avoid_those_taken(self) -> None:
        taken = {
            f"{first}{second}{third}{fourth}"
            for first in ALPHABET[:-1]
            for second in ALPHABET
            for third in ALPHABET
            for fourth in ALPHABET
        }
        drawn = draw_selectors(2_000, taken=taken)
        assert len(set(drawn)) == 2_000
        assert {selector[0] for selector in drawn} == {ALPHABET[-1]}

    def test_a_single_key_is_well_formed(self) -> None:
        assert is_well_formed(draw_key(taken=()).symbols)


class TestKeeping:
    @given(codes, codes)
    def test_only_the_key_itself_proves(self, code: KeyCode, other: KeyCode) -> None:
        mac = mac_of(code, tenant_id=7, pepper=pepper)
        assert proves(code, mac, tenant_id=7, pepper=pepper)
        assert not proves(code, mac, tenant_id=8, pepper=pepper)
        assert not proves(code, mac, tenant_id=7, pepper=other_pepper)
        assert not proves(code, NO_MAC, tenant_id=7, pepper=pepper)
        assert proves(other, mac, tenant_id=7, pepper=pepper) is (other == code)

    @given(codes)
    def test_a_seal_opens_in_its_own_place_only(self, code: KeyCode) -> None:
        sealed = seal(code, tenant_id=7, key_id=12, pepper_no=1, sealing_key=sealing_key)
        opened = unseal(sealed, selector=code.selector, tenant_id=7, key_id=12, pepper_no=1, sealing_key=sealing_key)
        assert opened == code
        for tenant_id, key_id, pepper_no, key in (
            (8, 12, 1, sealing_key),
            (7, 13, 1, sealing_key),
            (7, 12, 2, sealing_key),
            (7, 12, 1, other_sealing_key),
        ):
            with pytest.raises(SealBroken):
                unseal(
                    sealed,
                    selector=code.selector,
                    tenant_id=tenant_id,
                    key_id=key_id,
                    pepper_no=pepper_no,
                    sealing_key=key,
                )

    @pytest.mark.parametrize("broken", [b"", b"short", bytes(38)])
    def test_a_damaged_seal_is_a_fault(self, broken: bytes) -> None:
        with pytest.raises(SealBroken):
            unseal(broken, selector="7QK4", tenant_id=7, key_id=12, pepper_no=1, sealing_key=sealing_key)

    def test_many_are_kept_as_one_is(self) -> None:
        drawn = zip(draw_selectors(50, taken=()), draw_secrets(50), strict=True)
        keys = [(key_id, selector, secret) for key_id, (selector, secret) in enumerate(drawn)]
        kept = protect_many(keys, tenant_id=7, pepper=pepper, sealing_key=sealing_key)
        for (key_id, selector, secret), (mac, sealed) in zip(keys, kept, strict=True):
            code = KeyCode(selector, secret)
            assert mac == mac_of(code, tenant_id=7, pepper=pepper)
            opened = unseal(sealed, selector=selector, tenant_id=7, key_id=key_id, pepper_no=1, sealing_key=sealing_key)
            assert opened == code

    def test_one_key_sealed_twice_looks_different(self) -> None:
        code = KeyCode("7QK4", "M2XW9DT31H")
        sealed = [seal(code, tenant_id=7, key_id=12, pepper_no=1, sealing_key=sealing_key) for _ in range(2)]
        assert sealed[0] != sealed[1]

    def test_neither_keys_nor_peppers_print_their_secret(self) -> None:
        code = KeyCode("7QK4", "M2XW9DT31H")
        for printed in (str(code), repr(code), f"{code}"):
            assert "M2XW" not in printed
        assert repr(pepper) == "<Pepper 1>"
        assert repr(sealing_key) == "<SealingKey 1>"

    @pytest.mark.parametrize("kind", [Pepper, SealingKey])
    def test_a_pepper_is_thirty_two_bytes(self, kind: type[Pepper | SealingKey]) -> None:
        with pytest.raises(ValueError, match="32"):
            kind(1, b"short")
