r"""A template's text and one contact's facts to a tree (R-TP-03 to R-TP-06).

A field is ``{contact.full_name}``. A section ``{#school.help}Call {school.help}.{/school.help}`` is left out when its field is
empty; so is a paragraph of which only empty fields are left. ``\{`` is a brace. Values are never read as markup: fields become
placeholders before the markdown is read, and values take their places in the tree afterwards.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache

from schoolgate.letters.errors import TemplateFault, TemplateRefused
from schoolgate.letters.fields import FIELDS, Part, TemplateKind
from schoolgate.letters.markup import FIRST_PLACEHOLDER, PLACEHOLDER, field_names, hostile_places, read_markup
from schoolgate.letters.tree import (
    Block,
    Break,
    Button,
    Emphasis,
    Field,
    Heading,
    Inline,
    KeyPanel,
    KeyText,
    Link,
    ListOf,
    Paragraph,
    Placed,
    Strong,
    Tree,
    Value,
)
from schoolgate.letters.values import MergeValues, StudentLine, clean, direction

MAX_BODY, MAX_SUBJECT = 10_000, 200

_TAG = re.compile(r"\\[{}\\]|\{[^{}\n]*\}|[{}]")
_SPACES = re.compile(r"  +")
_GAP = re.compile(r" +(?=[.,;:!?])")


@dataclass(frozen=True)
class _Tag:
    """One pair of braces. start, end: in the part's text. opens, closes: it begins or ends a section."""

    name: str
    start: int
    end: int
    opens: bool = False
    closes: bool = False


@dataclass(frozen=True)
class ParsedTemplate:
    """A template whose text is in order. body, subject: as written, with line feeds."""

    kind: TemplateKind
    subject: str
    body: str


@dataclass(frozen=True)
class ListWords:
    """How a list of names is joined in a language: "A, B and C"."""

    between: str = ", "
    last: str = " and "


def parse_template(*, kind: TemplateKind, subject: str, body: str) -> ParsedTemplate:
    """Check a template's text. Raises TemplateRefused with every fault, each with line and column.

    Both the text with all sections and the text with none are read, so that no letter can fail later for its markup.
    """
    subject, body = (text.replace("\r\n", "\n").replace("\r", "\n") for text in (subject, body))
    faults = _limits(subject, body, kind)
    for part, text in (("subject", subject), ("body", body)):
        tags, found = _scan(text, part=part)
        faults += found + _field_faults(tags, text, part=part, kind=kind) + hostile_places(text, part=part)
        faults += [
            TemplateFault(
                part, *_place(text, sign.start()), "text.private_sign", "This sign can't be printed. Delete it."
            )
            for sign in PLACEHOLDER.finditer(text)
        ]
    if not faults:
        faults += _read(body, frozenset())[1] + _missing(body, kind)
    if faults:
        raise TemplateRefused(faults)
    _, left_out = _read(body, frozenset(kind.fields))
    if left_out:
        raise TemplateRefused(left_out)
    return ParsedTemplate(kind, subject, body)


def merge(template: ParsedTemplate, values: MergeValues, words: ListWords | None = None) -> Tree:
    """The tree of one letter or mail. Pure; the markdown of a template is read once for each set of empty fields."""
    words = words or ListWords()
    filling = _Filling(values, words)
    blocks = _read(template.body, filling.empty(template.kind))[0]
    subject = _read_subject(template.subject)
    return Tree(filling.inlines(subject), filling.blocks(blocks))


def _limits(subject: str, body: str, kind: TemplateKind) -> list[TemplateFault]:
    faults = []
    if "\n" in subject:
        faults.append(TemplateFault("subject", 1, subject.index("\n") + 1, "subject.lines", "A subject is one line."))
    if len(subject) > MAX_SUBJECT:
        faults.append(
            TemplateFault(
                "subject", 1, MAX_SUBJECT + 1, "subject.too_long", f"A subject has at most {MAX_SUBJECT} signs."
            )
        )
    if kind.channel is Part.EMAIL and not subject.strip():
        faults.append(TemplateFault("subject", 1, 1, "subject.empty", "A mail needs a subject."))
    if not body.strip():
        faults.append(TemplateFault("body", 1, 1, "body.empty", "The text is empty."))
    if len(body) > MAX_BODY:
        faults.append(
            TemplateFault("body", *_place(body, MAX_BODY), "body.too_long", f"A text has at most {MAX_BODY} signs.")
        )
    return faults


def _scan(text: str, *, part: str) -> tuple[list[_Tag], list[TemplateFault]]:
    """The tags of a text in order, and those that don't make sense in themselves."""
    tags: list[_Tag] = []
    faults: list[TemplateFault] = []
    open_tags: list[_Tag] = []
    for found in _TAG.finditer(text):
        written = found.group()
        line, column = _place(text, found.start())
        if written.startswith("\\"):
            continue
        if written == "{":
            faults.append(
                TemplateFault(part, line, column, "tag.unclosed", "This { is never closed. Write \\{ for a brace.")
            )
            continue
        if written == "}":
            faults.append(
                TemplateFault(part, line, column, "tag.unopened", "This } closes nothing. Write \\} for a brace.")
            )
            continue
        inside = written[1:-1].strip()
        tag = _Tag(
            inside.lstrip("#/").strip(), found.start(), found.end(), inside.startswith("#"), inside.startswith("/")
        )
        tags.append(tag)
        if tag.opens:
            open_tags.append(tag)
        elif tag.closes and (not open_tags or open_tags.pop().name != tag.name):
            faults.append(
                TemplateFault(part, line, column, "section.unopened", f"No section {{#{tag.name}}} is open here.")
            )
    faults += [
        TemplateFault(
            part,
            *_place(text, tag.start),
            "section.unclosed",
            f"This section is never closed: {{/{tag.name}}} is missing.",
        )
        for tag in open_tags
    ]
    return tags, faults


def _field_faults(tags: list[_Tag], text: str, *, part: str, kind: TemplateKind) -> list[TemplateFault]:
    """Fields that aren't in the list, or not for this kind of letter or mail."""
    where = Part.SUBJECT if part == "subject" else kind.channel
    words = {Part.SUBJECT: "in a subject", Part.LETTER: "in a letter", Part.EMAIL: "in a mail"}[where]
    faults = []
    for tag in tags:
        field = kind.fields.get(tag.name)
        if field is not None and where in field.parts:
            continue
        line, column = _place(text, tag.start)
        if field is not None or tag.name in FIELDS:
            faults.append(
                TemplateFault(part, line, column, "field.forbidden", f"{{{tag.name}}} can't be used {words}.")
            )
            continue
        near = get_close_matches(tag.name, kind.fields, 1)
        hint = f" Did you mean {{{near[0]}}}?" if near else ""
        faults.append(TemplateFault(part, line, column, "field.unknown", f"There is no field {{{tag.name}}}.{hint}"))
    for sought in ("key", "key.qr"):
        used = [tag for tag in tags if tag.name == sought and not tag.opens and not tag.closes]
        if len(used) > 1 and sought == "key.qr":
            faults.append(
                TemplateFault(part, *_place(text, used[1].start), "field.twice", "{key.qr} can stand in a letter once.")
            )
    return faults


def _missing(body: str, kind: TemplateKind) -> list[TemplateFault]:
    """R-TP-04: whoever gets a key must see it, and until when it works; in a section it might be left out."""
    if not kind.issues_key:
        return []
    tags, _ = _scan(body, part="body")
    always, depth = set(), 0
    for tag in tags:
        depth += tag.opens - tag.closes
        if depth == 0 and not tag.closes:
            always.add(tag.name)
    place = _place(body, len(body))
    ways = ["key", "key.qr"] if kind.channel is Part.LETTER else ["key", "key.link"]
    faults = []
    if not always.intersection(ways):
        needed = " or ".join(f"{{{way}}}" for way in ways)
        faults.append(
            TemplateFault(
                "body",
                *place,
                "field.missing",
                f"The key is missing: put {needed} in the text, outside of any section.",
            )
        )
    if "expires_on" not in always:
        faults.append(
            TemplateFault(
                "body",
                *place,
                "field.missing",
                "The last day is missing: put {expires_on} in the text, outside of any section.",
            )
        )
    return faults


def _place(text: str, at: int) -> tuple[int, int]:
    """Line and column, counted from 1, of a place in a text."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


@lru_cache(maxsize=512)
def _read(body: str, empty: frozenset[str]) -> tuple[tuple[Block, ...], list[TemplateFault]]:
    """The tree of a body without the sections whose field is empty."""
    marked = _with_placeholders(body, empty)
    blocks, faults = read_markup(marked.text, marked.fields)
    return blocks, [marked.in_place(body, fault) for fault in faults]


@lru_cache(maxsize=128)
def _read_subject(subject: str) -> tuple[Inline, ...]:
    marked = _with_placeholders(subject, frozenset())
    found: list[Inline] = []
    at = 0
    for sign in PLACEHOLDER.finditer(marked.text):
        found += [_unescaped(marked.text[at : sign.start()]), Field(marked.fields[sign.group()])]
        at = sign.end()
    return tuple(piece for piece in [*found, _unescaped(marked.text[at:])] if piece != "")


def _unescaped(text: str) -> str:
    return re.sub(r"\\([{}\\])", r"\1", text)


@dataclass(frozen=True)
class _Marked:
    """A text with a placeholder for each field. starts: where each kept piece begins, here and in the text as written."""

    text: str
    fields: dict[str, str]
    starts: list[tuple[int, int]]

    def in_place(self, written: str, fault: TemplateFault) -> TemplateFault:
        """A fault found in this text, with its line and column in the text as written."""
        lines = self.text.split("\n")
        here = sum(len(line) + 1 for line in lines[: fault.line - 1]) + fault.column - 1
        start, original = max(pair for pair in self.starts if pair[0] <= here)
        line, column = _place(written, min(original + here - start, len(written)))
        return replace(fault, line=line, column=column)


def _with_placeholders(text: str, empty: frozenset[str]) -> _Marked:
    tags, _ = _scan(text, part="body")
    pieces: list[str] = []
    fields: dict[str, str] = {}
    starts = [(0, 0)]
    at, length, hidden = 0, 0, 0  # hidden: how many open sections are left out here.

    def keep(piece: str, original: int) -> None:
        nonlocal length
        starts.append((length, original))
        pieces.append(piece)
        length += len(piece)

    for tag in tags:
        if not hidden:
            keep(text[at : tag.start], at)
        at = tag.end
        if tag.opens or tag.closes:
            hidden += (tag.opens - tag.closes) if tag.name in empty else 0
        elif not hidden:
            sign = chr(FIRST_PLACEHOLDER + len(fields))
            fields[sign] = tag.name
            keep(sign, tag.start)
    keep(text[at:], at)
    return _Marked("".join(pieces), fields, starts)


class _Filling:
    """Puts one contact's values in the places of the fields, and leaves out what is empty."""

    def __init__(self, values: MergeValues, words: ListWords) -> None:
        self.values = values
        self.words = words

    def empty(self, kind: TemplateKind) -> frozenset[str]:
        return frozenset(name for name in kind.fields if not self.values.of(name))

    def blocks(self, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        return tuple(filled for block in blocks for filled in self.block(block))

    def block(self, block: Block) -> list[Block]:
        match block:
            case Paragraph(children):
                filled = self.inlines(children)
                return [Paragraph(filled)] if _says_something(children, filled) else []
            case Heading(level, children):
                return [Heading(level, self.inlines(children))]
            case ListOf(start, items):
                kept = tuple(part for item in items if (part := self.blocks(item)))
                return [ListOf(start, kept)] if kept else []
            case KeyPanel(label, shows_key, shows_qr):
                return [
                    KeyPanel(
                        self.inlines(label),
                        shows_key,
                        shows_qr,
                        self.values.key if shows_key else "",
                        self.values.key_link,
                    )
                ]
            case Button(target, label):
                return [Button(self.target(target), self.inlines(label))]
            case Placed():
                return [block]

    def inlines(self, children: tuple[Inline, ...]) -> tuple[Inline, ...]:
        return _tidied([filled for child in children for filled in self.inline(child)])

    def inline(self, node: Inline) -> list[Inline]:
        match node:
            case Field("key"):
                return [KeyText(self.values.key)] if self.values.key else []
            case Field("students" | "students.with_class" as name):
                details = name == "students.with_class"
                return self.joined([_student(line, with_detail=details) for line in self.values.students], self.words)
            case Field("contact.postal_address" | "student.label" as name):
                lines = [line for line in self.values.of(name) if isinstance(line, str)]
                return self.joined(
                    [[shown] for line in lines if (shown := _shown(line)).text],
                    ListWords(", ", ", "),
                )
            case Field(name):
                value = self.values.of(name)
                return [_shown(value)] if isinstance(value, str) and clean(value) else []
            case Strong(children):
                inner = self.inlines(children)
                return [Strong(inner)] if inner else []
            case Emphasis(children):
                inner = self.inlines(children)
                return [Emphasis(inner)] if inner else []
            case Link(target, children):
                return [Link(self.target(target), self.inlines(children))]
            case _:
                return [node]

    def joined(self, parts: Sequence[Sequence[Inline]], words: ListWords) -> list[Inline]:
        found: list[Inline] = []
        for place, part in enumerate(parts):
            if place:
                found.append(words.last if place == len(parts) - 1 else words.between)
            found += part
        return found

    def target(self, target: str | Field) -> str:
        if isinstance(target, str):
            return target
        value = self.values.of(target.name)
        return value if isinstance(value, str) else ""


def _shown(text: str) -> Value:
    text = clean(text)
    return Value(text, direction(text))


def _student(line: StudentLine, *, with_detail: bool) -> list[Inline]:
    """Name and class are apart, so that a name from right to left does not take the brackets with it."""
    return [_shown(line.name), " (", _shown(line.detail), ")"] if with_detail and line.detail else [_shown(line.name)]


def _says_something(before: tuple[Inline, ...], after: tuple[Inline, ...]) -> bool:
    """False for a paragraph that had fields and of which nothing but signs between them is left."""
    if not field_names(before):
        return bool(after)
    return any(
        (isinstance(node, str) and any(sign.isalnum() for sign in node)) or not isinstance(node, str | Break)
        for node in after
    )


def _tidied(nodes: list[Inline]) -> tuple[Inline, ...]:
    """Without the double blanks that an empty field leaves, nor one before a stop."""
    found: list[Inline] = []
    for node in nodes:
        if isinstance(node, str) and found and isinstance(found[-1], str):
            found[-1] += node
        else:
            found.append(node)
    return tuple(_GAP.sub("", _SPACES.sub(" ", node)) if isinstance(node, str) else node for node in found)
