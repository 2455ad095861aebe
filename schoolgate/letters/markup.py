"""Light markdown to an allow-listed tree. Markdown that isn't listed here stays text; what could do harm is refused (R-TP-05).

Listed: paragraphs, headings (#, ##, ###), **strong**, *emphasis*, lists, a line break (a backslash or two spaces at the end of
a line), links to https, mailto and tel. The source is CommonMark 0.31 less HTML, images, code, quotes, tables and references.
"""

import re
from collections.abc import Mapping
from typing import cast

from markdown_it import MarkdownIt
from markdown_it.token import Token

from schoolgate.letters.errors import TemplateFault
from schoolgate.letters.tree import (
    Block,
    Break,
    Button,
    Emphasis,
    Field,
    Heading,
    Inline,
    KeyPanel,
    Link,
    ListOf,
    Paragraph,
    Placed,
    Strong,
)

# A field stands in the markdown as one sign of this private area; a template that brings such signs of its own is refused.
FIRST_PLACEHOLDER, LAST_PLACEHOLDER = 0xE000, 0xF8FF
PLACEHOLDER = re.compile(f"[{chr(FIRST_PLACEHOLDER)}-{chr(LAST_PLACEHOLDER)}]")

_SAFE_TARGET = re.compile(r"(?:https://|mailto:|tel:)[^\s<>\"']+\Z", re.IGNORECASE)
_LINK_FIELDS = {"key.link", "portal.url", "action.link"}
_HOSTILE = [
    (
        re.compile(r"<(?!https://|mailto:)(?=[A-Za-z/!?])"),
        "markup.html",
        "HTML isn't used here. Write plain words; for a < sign put a space after it.",
    ),
    (re.compile(r"!\["), "markup.image", "Pictures can't be put in. The school's logo has a place of its own."),
]
_ONLY_SEPARATORS = re.compile(r"[\s·•|,;/–—-]*\Z")
_ONLY_PUNCTUATION = re.compile(r"[\s.:;,!–—-]*\Z")
_PLACED = {"school.logo", "contact.postal_address", "student.label", "letter.ref"}
_KEY_FIELDS = {"key", "key.qr"}


def _reader() -> MarkdownIt:
    reader = MarkdownIt("zero").enable(["heading", "list", "emphasis", "link", "autolink", "newline", "escape"])
    # The library would percent-encode placeholders and wave some schemes through; our own list decides (_Reading.target).
    reader.normalizeLink = str  # type: ignore[method-assign,assignment]
    reader.normalizeLinkText = str  # type: ignore[method-assign,assignment]
    reader.validateLink = bool  # type: ignore[method-assign,assignment]
    return reader


_MARKDOWN = _reader()


def hostile_places(source: str, *, part: str) -> list[TemplateFault]:
    """Everything in a template's text that could run, load or hide something, with its place."""
    faults = []
    for number, line in enumerate(source.split("\n"), 1):
        for pattern, code, message in _HOSTILE:
            faults += [
                TemplateFault(part, number, found.start() + 1, code, message) for found in pattern.finditer(line)
            ]
    return faults


def read_markup(source: str, fields: Mapping[str, str]) -> tuple[tuple[Block, ...], list[TemplateFault]]:
    """The tree of a body, and what is wrong with it. fields: the name of the field behind each placeholder sign."""
    reading = _Reading(source, fields)
    blocks = reading.blocks(_MARKDOWN.parse(source))
    return blocks, reading.faults


class _Reading:
    """One pass over markdown-it's tokens. Anything it doesn't know ends the pass, loudly."""

    def __init__(self, source: str, fields: Mapping[str, str]) -> None:
        self.lines = source.split("\n")
        self.fields = fields
        self.faults: list[TemplateFault] = []
        self.line = 1  # Of the block in hand.
        self.depth = 0  # Of lists.

    def blocks(self, tokens: list[Token]) -> tuple[Block, ...]:
        found: list[Block] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            end = _closing(tokens, at)
            inside = tokens[at + 1 : end]
            if token.map:
                self.line = token.map[0] + 1
            match token.type:
                case "paragraph_open":
                    found += self.paragraph(self.inline_of(inside))
                case "heading_open":
                    found.append(self.heading(int(token.tag[1]), self.inline_of(inside)))
                case "bullet_list_open":
                    found.append(ListOf(None, self.items(inside)))
                case "ordered_list_open":
                    found.append(ListOf(int(token.attrs.get("start", 1)), self.items(inside)))
                case _:
                    raise AssertionError(f"markdown token {token.type}")
            at = end + 1
        return tuple(found)

    def items(self, tokens: list[Token]) -> tuple[tuple[Block, ...], ...]:
        found = []
        at = 0
        self.depth += 1
        while at < len(tokens):
            end = _closing(tokens, at)
            found.append(self.blocks(tokens[at + 1 : end]))
            at = end + 1
        self.depth -= 1
        return tuple(found)

    def heading(self, level: int, children: tuple[Inline, ...]) -> Heading:
        for name in field_names(children) & _KEY_FIELDS:
            self.fault("field.misplaced", f"{{{name}}} can't stand in a heading.", f"{{{name}}}")
        return Heading(min(level, 3), children)

    def paragraph(self, children: tuple[Inline, ...]) -> list[Block]:
        """A paragraph; or, by what it consists of: placed fields, the key panel, a button."""
        names = field_names(children)
        if self.depth:
            for name in names & {*_PLACED, "key.qr"}:
                self.fault("field.misplaced", f"{{{name}}} can't stand in a list.", f"{{{name}}}")
            return [Paragraph(_trimmed(children))]
        if names & _PLACED and _consists_of(children, _PLACED | {"date"}, _ONLY_SEPARATORS):
            return [Placed(frozenset(names))]
        for name in names & {"school.logo", "letter.ref"}:
            self.fault(
                "field.misplaced",
                f"{{{name}}} has a place of its own: put it in a line with no other words.",
                f"{{{name}}}",
            )
        panel = _as_panel(children)
        if panel is not None:
            return [panel]
        if "key.qr" in names:
            self.fault("field.misplaced", "{key.qr} must be the last thing in its paragraph.", "{key.qr}")
        match _trimmed(children):
            case (Link(target, label),):
                return [Button(target, label)]
            case trimmed:
                return [Paragraph(trimmed)] if trimmed else []

    def inline_of(self, tokens: list[Token]) -> tuple[Inline, ...]:
        return self.inlines(tokens[0].children or []) if tokens else ()

    def inlines(self, tokens: list[Token]) -> tuple[Inline, ...]:
        found: list[Inline] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            end = _closing(tokens, at)
            inside = tokens[at + 1 : end]
            match token.type:
                case "text" | "text_special":
                    found += self.text(token.content)
                case "softbreak":
                    found.append(" ")
                case "hardbreak":
                    found.append(Break())
                case "strong_open":
                    found.append(Strong(self.inlines(inside)))
                case "em_open":
                    found.append(Emphasis(self.inlines(inside)))
                case "link_open":
                    found.append(Link(self.target(str(token.attrs["href"])), self.inlines(inside)))
                case _:
                    raise AssertionError(f"markdown token {token.type}")
            at = end + 1
        return tuple(found)

    def text(self, content: str) -> list[Inline]:
        found: list[Inline] = []
        at = 0
        for sign in PLACEHOLDER.finditer(content):
            found += [content[at : sign.start()], Field(self.fields[sign.group()])]
            at = sign.end()
        return [piece for piece in [*found, content[at:]] if piece != ""]

    def target(self, href: str) -> str | Field:
        name = self.fields.get(href)
        if name in _LINK_FIELDS:
            return Field(name)
        if name is not None or not _SAFE_TARGET.match(href) or PLACEHOLDER.search(href):
            self.fault(
                "markup.link",
                "A link leads to an address that begins with https://, mailto: or tel:, or to {key.link} or {portal.url}.",
                href,
            )
        return href

    def fault(self, code: str, message: str, what: str) -> None:
        """Note a fault at the place where ``what`` stands, at or after the line of the block in hand."""
        sought = next((sign for sign, name in self.fields.items() if f"{{{name}}}" == what), what)
        for number, line in enumerate(self.lines[self.line - 1 :], self.line):
            if sought in line:
                self.faults.append(TemplateFault("body", number, line.index(sought) + 1, code, message))
                return
        self.faults.append(TemplateFault("body", self.line, 1, code, message))


def field_names(children: tuple[Inline, ...]) -> set[str]:
    """The fields that occur in these words, at any depth."""
    names: set[str] = set()
    for child in children:
        match child:
            case Field(name):
                names.add(name)
            case Strong(inner) | Emphasis(inner):
                names |= field_names(inner)
            case Link(target, inner):
                names |= field_names(inner) | ({target.name} if isinstance(target, Field) else set())
    return names


def _closing(tokens: list[Token], at: int) -> int:
    """The place of the token that closes the one at ``at``: itself when it stands alone."""
    depth = 0
    for place in range(at, len(tokens)):
        depth += tokens[place].nesting
        if depth == 0:
            return place
    raise AssertionError("markdown tokens out of balance")


def _consists_of(children: tuple[Inline, ...], names: set[str], rest: re.Pattern[str]) -> bool:
    for child in children:
        match child:
            case Field(name) if name in names:
                continue
            case str() if rest.match(child):
                continue
            case Strong(inner) | Emphasis(inner) if _consists_of(inner, names, rest):
                continue
            case Break():
                continue
            case _:
                return False
    return True


def _as_panel(children: tuple[Inline, ...]) -> KeyPanel | None:
    """A paragraph of some words and then the key is the panel; the words are its label."""
    first = next((place for place, child in enumerate(children) if field_names((child,)) & _KEY_FIELDS), None)
    if first is None or not _consists_of(children[first:], _KEY_FIELDS, _ONLY_PUNCTUATION):
        return None
    names = field_names(children[first:])
    return KeyPanel(_trimmed(children[:first]), "key" in names, "key.qr" in names)


def _trimmed(children: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Without blanks and breaks at both ends."""
    found = list(children)
    for end in (0, -1):
        while found and (
            isinstance(found[end], Break) or (isinstance(found[end], str) and not cast(str, found[end]).strip())
        ):
            found.pop(end)
        if found and isinstance(found[end], str):
            text = cast(str, found[end])
            found[end] = text.lstrip() if end == 0 else text.rstrip()
    return tuple(found)
