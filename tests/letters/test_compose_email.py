"""A mail: two halves that say the same, nothing remote, no way into its headers (R-TP-05, R-TP-11, design.md §11)."""

import re
from email import message_from_bytes, policy

import pytest

from schoolgate.letters.compose_email import MAX_HTML_BYTES, Envelope, compose_email, is_usable_address
from schoolgate.letters.errors import EmailRefused
from schoolgate.letters.fields import Part
from schoolgate.letters.merge import merge
from schoolgate.letters.shipped import shipped_template
from schoolgate.letters.values import MergeValues, StudentLine
from tests.letters.samples import KEY, LINK, VALUES, values

ENVELOPE = Envelope(
    to="amara@example.org",
    sender_name="Wattle Creek College",
    sender="portal@example.edu.au",
    reply_to="office@example.edu.au",
    message_id="<1@example.edu.au>",
)


def sent(facts: MergeValues = VALUES, envelope: Envelope = ENVELOPE):  # type: ignore[no-untyped-def]  # email's own message
    mail = compose_email(merge(shipped_template("key", Part.EMAIL), facts), envelope, language="en")
    return message_from_bytes(mail.message().as_bytes(), policy=policy.default)


def halves(facts: MergeValues = VALUES) -> tuple[str, str]:
    message = sent(facts)
    return message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()


def test_both_halves_show_the_key_and_the_link() -> None:
    """R-TP-09: the same key as text in the plain part; R-KY-09: the key stands in the fragment."""
    for half in halves():
        assert KEY in half
        assert LINK in half.replace("&amp;", "&")


def test_both_halves_say_the_same() -> None:
    plain, html = halves()
    words = re.sub(r"<[^>]+>", " ", html)
    for said in re.findall(r"[A-Za-z]{4,}", plain):
        assert said in words or said in html


def test_nothing_in_it_is_remote_and_it_is_small() -> None:
    """R-TP-11: no pixel, no rewritten link; design.md §11: no images, at most 20 kB."""
    _, html = halves()
    assert "<img" not in html
    assert "url(" not in html
    assert "<script" not in html
    assert set(re.findall(r'(?:href|src)="([^"]*)"', html)) == {LINK}
    assert len(html.encode()) < MAX_HTML_BYTES


def test_the_subject_names_the_school_and_no_child() -> None:
    subject = sent()["Subject"]
    assert subject == "Your key for the Wattle Creek College portal"


def test_it_comes_from_the_school_and_answers_go_to_the_office() -> None:
    message = sent()
    assert message["From"] == "Wattle Creek College <portal@example.edu.au>"
    assert message["Reply-To"] == "office@example.edu.au"
    assert message["To"] == "amara@example.org"
    assert message["Cc"] is None
    assert message["Bcc"] is None
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "address",
    [
        *("a@b", "", "a", "a b@example.org", "a@example.org, c@example.org", "a@example.org\nBcc: c@example.org"),
        *("a@example.org\r\n\r\nbody", "A <a@example.org>", "a@example.org;b@example.org", "a@exa\tmple.org"),
    ],
)
def test_an_address_that_is_not_one_is_refused(address: str) -> None:
    """§12.2: malformed, role list, a@b, with line breaks; no header can be injected."""
    assert not is_usable_address(address)
    if address:
        with pytest.raises(EmailRefused):
            sent(envelope=Envelope(address, "School", "s@example.org", "", "<1@x>"))


def test_a_line_break_in_a_name_stays_out_of_the_headers() -> None:
    message = sent(
        values(school_name="Evil\r\nBcc: all@example.org"),
        Envelope("a@example.org", "Evil\r\nBcc: all@example.org", "s@example.org", "", "<1@x>"),
    )
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]


def test_a_mail_over_the_limit_is_refused() -> None:
    many = tuple(StudentLine("A rather long name " * 10, "7B") for _ in range(200))
    with pytest.raises(EmailRefused) as refused:
        sent(values(students=many))
    assert refused.value.code == "email.too_large"


def test_a_name_from_right_to_left_is_isolated() -> None:
    _, html = halves(values(contact_salutation="محمد"))
    assert "<bdi>محمد</bdi>" in html
