"""Templates: what may stand in them, what is refused and where, and what a letter says (R-TP-03 to R-TP-06)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.letters.as_html import html_of
from schoolgate.letters.as_text import text_of
from schoolgate.letters.errors import TemplateFault, TemplateRefused
from schoolgate.letters.fields import FIELDS, KEY_EMAIL, KEY_LETTER, KINDS, Part, TemplateKind
from schoolgate.letters.merge import merge, parse_template
from schoolgate.letters.shipped import shipped_template
from schoolgate.letters.tree import KeyPanel, Tree
from schoolgate.letters.values import StudentLine, breakable
from tests.letters.samples import KEY, LINK, VALUES, letter_template, values

NEEDED = "\n\n{key}\n\n{expires_on}"


def faults_of(body: str, *, kind: TemplateKind = KEY_LETTER, subject: str = "") -> list[TemplateFault]:
    with pytest.raises(TemplateRefused) as refused:
        parse_template(kind=kind, subject=subject, body=body)
    return refused.value.faults


def first_fault(body: str, *, kind: TemplateKind = KEY_LETTER) -> tuple[int, int, str]:
    fault = faults_of(body, kind=kind, subject="" if kind.channel is Part.LETTER else "Your key")[0]
    return fault.line, fault.column, fault.code


def html(tree: Tree) -> str:
    return html_of(tree, title="x", sender="x", language="en")


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_the_shipped_texts_are_in_order(kind: TemplateKind) -> None:
    assert shipped_template(kind.name, kind.channel)
    assert shipped_template(kind.name, kind.channel, asks_proof=False)


def test_the_default_letter_says_what_a_family_must_know() -> None:
    text = text_of(merge(shipped_template("key", Part.LETTER), VALUES))
    for words in [
        "Dear Ms Okafor,",
        "You will see: Mia Cole (7B) and Finn Cole (4A).",
        KEY,
        "1. Go to https://portal.example.edu.au/s-AlpxF2/",
        "4. Answer one question about your child.",
        "until 18 January 2027",
        "02 5550 1234",
    ]:
        assert words in text
    assert "{" not in text


def test_a_school_that_asks_no_second_proof_does_not_announce_one() -> None:
    text = text_of(merge(shipped_template("key", Part.LETTER, asks_proof=False), VALUES))
    assert "question" not in text


def test_a_section_is_left_out_when_its_field_is_empty() -> None:
    template = shipped_template("key", Part.EMAIL)
    text = text_of(merge(template, values(students=(), school_help="")))
    assert "You will see" not in text
    assert "Lost it" not in text
    assert "open your own access to the portal." in text


def test_a_paragraph_of_nothing_but_empty_fields_is_left_out() -> None:
    template = letter_template("First.\n\n{copy_no}\n\n{school.help} · {copy_no}\n\nLast." + NEEDED)
    text = text_of(merge(template, values(copy_no="", school_help="")))
    assert "First.\n\nLast." in text


def test_an_empty_field_leaves_no_double_blank() -> None:
    template = letter_template("Dear {contact.salutation} {school.help} ,\n\nyou {copy_no} see." + NEEDED)
    text = text_of(merge(template, values(school_help="", copy_no="")))
    assert "Dear Ms Okafor,\n\nyou see." in text


@pytest.mark.parametrize(
    ("students", "said"),
    [
        ((StudentLine("A", "1"),), "A (1)."),
        ((StudentLine("A"), StudentLine("B", "2")), "A and B (2)."),
        ((StudentLine("A"), StudentLine("B"), StudentLine("C")), "A, B and C."),
    ],
)
def test_names_are_joined_as_people_say_them(students: tuple[StudentLine, ...], said: str) -> None:
    template = letter_template("{students.with_class}." + NEEDED)
    assert said in text_of(merge(template, values(students=students)))


@pytest.mark.parametrize(
    ("body", "line", "column", "code"),
    [
        ("Dear {contact.nme},", 1, 6, "field.unknown"),
        ("One\n\nDear {contact.full_name}, {nobody}", 3, 27, "field.unknown"),
        ("See {contact.full_name", 1, 5, "tag.unclosed"),
        ("See\n  {", 2, 3, "tag.unclosed"),
        ("See contact.full_name}", 1, 22, "tag.unopened"),
        ("{#students}You see {students}.", 1, 1, "section.unclosed"),
        ("You see {students}.{/students}", 1, 20, "section.unopened"),
        ("{#students}{#date}x{/students}{/date}", 1, 20, "section.unopened"),
        ("Open {key.link}", 1, 6, "field.forbidden"),
        ("Hi <script>alert(1)</script>", 1, 4, "markup.html"),
        ("Hi\n\n<iframe src=//x>", 3, 1, "markup.html"),
        ("<!-- hidden -->", 1, 1, "markup.html"),
        ("A\n![logo](https://elsewhere.example/x.png)", 2, 1, "markup.image"),
        ("[press](javascript:alert(1))", 1, 9, "markup.link"),
        ("Dear {contact.full_name}, [press](data:text/html,x)", 1, 35, "markup.link"),
        ("[x](https://a.example/{key})", 1, 5, "markup.link"),
        ("# {key}", 1, 3, "field.misplaced"),
        ("- {key.qr}", 1, 3, "field.misplaced"),
        ("Scan {key.qr} now", 1, 6, "field.misplaced"),
        ("{key.qr}\n\n{key.qr}", 3, 1, "field.twice"),
        ("Look {school.logo} here", 1, 6, "field.misplaced"),
        ("A private \ue000 sign", 1, 11, "text.private_sign"),
    ],
)
def test_a_fault_is_refused_with_its_line_and_column(body: str, line: int, column: int, code: str) -> None:
    """R-TP-03, R-TP-05, and §12.2: template with unknown field, script, remote image."""
    assert (line, column, code) in {(f.line, f.column, f.code) for f in faults_of(body + NEEDED)}


def test_a_close_name_is_suggested() -> None:
    assert "{contact.full_name}" in faults_of("{contact.fullname}" + NEEDED)[0].message


def test_every_fault_is_told_at_once_in_order() -> None:
    faults = faults_of("{nobody}\n<b>\n{" + NEEDED)
    assert [fault.line for fault in faults] == [1, 2, 3]


@pytest.mark.parametrize(
    ("field", "kind"),
    [("contact.postal_address", KEY_EMAIL), ("key.qr", KEY_EMAIL), ("letter.ref", KEY_EMAIL), ("key.link", KEY_LETTER)],
)
def test_a_field_for_the_other_kind_is_refused(field: str, kind: TemplateKind) -> None:
    assert first_fault(f"{{{field}}}" + NEEDED, kind=kind) == (1, 1, "field.forbidden")


@pytest.mark.parametrize("field", ["key", "key.link", "students", "students.with_class"])
def test_a_subject_never_holds_a_key_or_a_child(field: str) -> None:
    """design.md §11: the subject names the school, never the key or a child."""
    faults = faults_of("Hello" + NEEDED, kind=KEY_EMAIL, subject=f"For {{{field}}}")
    assert (faults[0].part, faults[0].column, faults[0].code) == ("subject", 5, "field.forbidden")


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ("Hello {expires_on}", "{key}"),
        ("Hello {key}", "{expires_on}"),
        ("Hello {key}{#students}{expires_on}{/students}", "{expires_on}"),
        ("Hello {#school.help}{key}{/school.help}{expires_on}", "{key}"),
    ],
)
def test_a_text_that_issues_keys_shows_the_key_and_its_last_day(body: str, missing: str) -> None:
    """R-TP-04; in a section it might be left out, which doesn't count."""
    faults = faults_of(body)
    assert len(faults) == 1
    assert faults[0].code == "field.missing"
    assert missing in faults[0].message


@pytest.mark.parametrize("body", ["{key.qr}\n\n{expires_on}", "{key} {key.qr}\n\n{expires_on}"])
def test_the_square_code_alone_is_enough(body: str) -> None:
    assert parse_template(kind=KEY_LETTER, subject="", body=body)


def test_a_mail_with_the_link_alone_is_enough() -> None:
    assert parse_template(kind=KEY_EMAIL, subject="Key", body="[Open]({key.link})\n\n{expires_on}")


def test_words_and_then_the_key_make_the_panel() -> None:
    tree = merge(letter_template("Your key: **{key}** {key.qr}\n\n{expires_on}"), VALUES)
    assert tree.blocks[0] == KeyPanel(("Your key:",), shows_key=True, shows_qr=True, key=KEY, link=LINK)


def test_braces_can_be_written() -> None:
    text = text_of(merge(letter_template("A \\{brace\\} here" + NEEDED), VALUES))
    assert "A {brace} here" in text


def test_a_value_is_never_read_as_markup() -> None:
    """R-TP-05: merge values are escaped."""
    hostile = "**Bold** [x](https://evil.example) {key} # <img src=x onerror=alert(1)>"
    template = letter_template("Dear {contact.full_name}" + NEEDED)
    tree = merge(template, values(contact_full_name=hostile))
    assert hostile in text_of(tree)
    made = html(tree)
    assert "<img" not in made
    assert 'evil.example"' not in made
    assert "&lt;img src=x" in made


@given(st.text(max_size=80))
def test_whatever_a_name_is_the_mail_holds_no_more_tags_than_before(name: str) -> None:
    template = shipped_template("key", Part.EMAIL)
    plain_tags = html(merge(template, VALUES)).count("<")
    assert html(merge(template, values(contact_salutation="x" + name))).count("<") == plain_tags


@given(st.text(alphabet="{}#/*_[]()<>!\\ abkeyxn.\n-1", max_size=60))
def test_any_text_is_either_refused_with_a_place_or_merges(body: str) -> None:
    try:
        template = parse_template(kind=KEY_LETTER, subject="", body=body + NEEDED)
    except TemplateRefused as refused:
        assert all(fault.line >= 1 and fault.column >= 1 for fault in refused.faults)
    else:
        assert "18 January 2027" in text_of(merge(template, VALUES))


def test_nobody_but_the_addressee_can_be_named() -> None:
    """R-TP-06: the list has no field for another contact, a household or a restriction."""
    assert set(FIELDS) == {
        *("contact.full_name", "contact.salutation", "contact.postal_address", "students", "students.with_class"),
        *("key", "key.qr", "key.link", "expires_on", "portal.url", "school.name", "school.logo", "school.help"),
        *("date", "copy_no", "letter.ref"),
    }


def test_an_address_that_fits_a_line_has_no_unseen_places_to_break():
    assert breakable("https://portal.example.org/s-AlpxF2/") == "https://portal.example.org/s-AlpxF2/"


def test_a_long_run_has_places_to_break():
    assert breakable("x" * 70) == "\u200b".join(["x" * 30, "x" * 30, "x" * 10])
