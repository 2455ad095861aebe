"""How a help line is written for families."""

import pytest

from schoolgate.tenancy.templatetags.shown import reached


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("02 5550 1234", '<a href="tel:0255501234" dir="ltr">02 5550 1234</a>'),
        ("+61 (2) 5550-1234", '<a href="tel:+61255501234" dir="ltr">+61 (2) 5550-1234</a>'),
        ("office@wattle.example", '<a href="mailto:office@wattle.example" dir="ltr">office@wattle.example</a>'),
        ("The front office, room 4", "<bdi>The front office, room 4</bdi>"),
        ("javascript:alert(1)", "<bdi>javascript:alert(1)</bdi>"),
        ('"><script>@x', "<bdi>&quot;&gt;&lt;script&gt;@x</bdi>"),
        ("a@b?subject=x", "<bdi>a@b?subject=x</bdi>"),
    ],
)
def test_a_help_line_can_be_pressed_when_it_is_a_number_or_an_address(words, shown):
    assert reached(words) == shown
