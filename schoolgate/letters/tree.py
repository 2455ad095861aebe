"""The parts a letter or mail is made of: what is not in this list can't be written, whatever a template says (R-TP-05)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A merge field that waits for its value, such as ``contact.full_name``."""

    name: str


@dataclass(frozen=True)
class Value:
    """A merged value: text of a person or a school, never read as markup. direction: "ltr", "rtl", or "auto" for none of its own."""

    text: str
    direction: str = "auto"


@dataclass(frozen=True)
class KeyText:
    """The key, in groups, written left to right in a face where 0, 8 and B differ (R-TP-09)."""

    text: str


@dataclass(frozen=True)
class Break:
    """A new line within a paragraph."""


@dataclass(frozen=True)
class Strong:
    children: "tuple[Inline, ...]"


@dataclass(frozen=True)
class Emphasis:
    children: "tuple[Inline, ...]"


@dataclass(frozen=True)
class Link:
    """target: an https, mailto or tel address, or the field whose value is one."""

    target: str | Field
    children: "tuple[Inline, ...]"


Inline = str | Field | Value | KeyText | Break | Strong | Emphasis | Link


@dataclass(frozen=True)
class Paragraph:
    children: tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    level: int
    children: tuple[Inline, ...]


@dataclass(frozen=True)
class ListOf:
    """start: the first number; None for a list with bullets."""

    start: int | None
    items: "tuple[tuple[Block, ...], ...]"


@dataclass(frozen=True)
class KeyPanel:
    """The framed part that shows the key; label: the words beside it. key: in groups, empty before the merge. link: what its QR code opens, empty for none."""

    label: tuple[Inline, ...]
    shows_key: bool
    shows_qr: bool
    key: str = ""
    link: str = ""


@dataclass(frozen=True)
class Button:
    """A link that stands alone in a mail. label: its words."""

    target: str | Field
    label: tuple[Inline, ...]


@dataclass(frozen=True)
class Placed:
    """What the sheet puts in its own place: logo, date, address window, returned-mail reference. names: fields, without their values."""

    names: frozenset[str]


Block = Paragraph | Heading | ListOf | KeyPanel | Button | Placed


@dataclass(frozen=True)
class Tree:
    """One letter or mail. subject: of a mail, plain text; empty for letters."""

    subject: tuple[Inline, ...]
    blocks: tuple[Block, ...]


def plain(children: tuple[Inline, ...]) -> str:
    """The words alone."""
    return "".join(_plain(child) for child in children)


def _plain(node: Inline) -> str:
    match node:
        case str():
            return node
        case Value() | KeyText():
            return node.text
        case Break():
            return "\n"
        case Strong() | Emphasis() | Link():
            return plain(node.children)
        case Field():
            return ""
