"""What is put in place of the merge fields: facts about one contact, one key and the school, made harmless."""

import re
import unicodedata
from dataclasses import dataclass

# Control signs, overrides and embeddings of direction, byte order marks, line separators, tags, noncharacters and lone surrogates.
# Marks and joiners (U+200C to U+200F) stay: Persian and Indian names need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff"
    "\ufdd0-\ufdef\U000e0000-\U000e007f]"
)
_BLANKS = re.compile(r"[\s\u2028\u2029]+")
_MAX_MARKS = 4  # More marks on one letter than any script needs would print over the lines above.
_LONG_RUN = re.compile(r"(?<!\S)(?!https?://)\S{31,}")
_STRETCH = re.compile(r"\S{30}(?=\S)")


@dataclass(frozen=True)
class StudentLine:
    """A child as a letter names it. detail: class or year, shown in brackets; may be empty. Apart, since each has a direction of its own."""

    name: str
    detail: str = ""


@dataclass(frozen=True)
class MergeValues:
    """The facts for one letter or mail. An empty text or tuple means there is none, and its section is left out.

    contact_*, students: of a parent's letter; student_*: of a student's own. key: in groups. key_link: the address with the key in its fragment (R-KY-09). expires_on, date: in words.
    copy_no: a sentence, empty for the first copy. letter_ref: what the returned-mail code holds.
    more: the fields of account mails, by name.
    """

    contact_full_name: str = ""
    contact_salutation: str = ""
    contact_postal_address: tuple[str, ...] = ()
    students: tuple[StudentLine, ...] = ()
    student_full_name: str = ""
    student_class: str = ""
    student_school: str = ""
    student_label: tuple[str, ...] = ()
    key: str = ""
    key_link: str = ""
    expires_on: str = ""
    portal_url: str = ""
    school_name: str = ""
    school_logo: str = ""
    school_help: str = ""
    date: str = ""
    copy_no: str = ""
    letter_ref: str = ""
    more: tuple[tuple[str, str], ...] = ()

    def of(self, name: str) -> str | tuple[str, ...] | tuple[StudentLine, ...]:
        """The value of a field; empty for one that has none here."""
        if name == "key.qr":
            return self.key_link
        if name == "students.with_class":
            return self.students
        for own, value in self.more:
            if own == name:
                return value
        found: str | tuple[str, ...] | tuple[StudentLine, ...] = getattr(self, name.replace(".", "_"), "")
        return found


def clean(text: str) -> str:
    """Text of people and rosters as it may be printed: one line, no unseen signs, NFC."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = _BLANKS.sub(" ", _UNSEEN.sub("", _BLANKS.sub(" ", text))).strip()
    return _unpiled(unicodedata.normalize("NFC", text))


def breakable(text: str) -> str:
    """With places to break in runs of more than 30 signs, so that a line never leaves the paper.

    Addresses of pages stay as they are, since they are copied from the text layer; the engine breaks them itself.
    """
    return _LONG_RUN.sub(lambda run: _STRETCH.sub(lambda part: part.group() + "\u200b", run.group()), text)


def direction(text: str) -> str:
    """That of the first letter that has one: "ltr", "rtl", or "auto" for digits and signs."""
    if text.isascii():
        return "ltr" if any(sign.isalpha() for sign in text) else "auto"
    for sign in text:
        match unicodedata.bidirectional(sign):
            case "L":
                return "ltr"
            case "R" | "AL":
                return "rtl"
    return "auto"


def _unpiled(text: str) -> str:
    kept, pile = [], 0
    for sign in text:
        pile = pile + 1 if unicodedata.category(sign) in {"Mn", "Me"} else 0
        if pile <= _MAX_MARKS:
            kept.append(sign)
    return "".join(kept)
